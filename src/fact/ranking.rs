//! Who wins, and who stands for what: the deterministic order of readings.
//!
//! The strongest value wins (`weigh` says what strength is), and the best-scoring observation that has it is shown for it.
//!
//! Nothing here depends on the order the readings come in: every comparison ends at the source's name, and last at the value's text.

use std::collections::HashSet;

use super::{
    entry::Entry,
    likeness::Likeness,
    normal::{Normal, same},
    reason::ReasonCode,
    rule::{CompareRule, Policy},
    source::SourceId,
    value::Value,
    weigh,
};

/// Strengths this close, in ten-thousandths, count as equal: more sources, trust, newness and name decide between the values.
const AS_GOOD: u32 = 100;

/// Entries whose values are the same, best first, as indices.
pub(super) struct Class {
    pub(super) members: Vec<usize>,
    /// How many opinions they are: readings of one place count once.
    pub(super) opinions: u32,
}

/// The outcome: entries best first.
pub(super) struct Ranking<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// Index of the winner.
    pub(super) winner: usize,
    /// The winner's class first, the others by their best score.
    pub(super) classes: Vec<Class>,
    /// How much stronger the winner's value is than the strongest that differs from it, in ten-thousandths.
    pub(super) lead: u32,
    /// What decided between values as good as each other, or against a better score, if anything had to.
    pub(super) tie: Option<ReasonCode>,
    /// Whether the rule's own word, `prefer` or `newest`, chose the winner.
    pub(super) by_policy: bool,
    /// Whether a decision chose the winner.
    pub(super) is_chosen: bool,
}

impl<'a> Ranking<'a> {
    /// Ranks entries; none when there are none.
    ///
    /// What was decided goes before what the policy says: the value of the source it names, else the best that stands for it.
    pub(super) fn of(
        mut entries: Vec<Entry<'a>>,
        compare: &CompareRule,
        policy: &Policy,
        likeness: Option<&Likeness>,
        decided: Option<(&Value, Option<&SourceId>)>,
    ) -> Option<Self> {
        if let Some(likeness) = likeness {
            for entry in &mut entries {
                entry.alike = likeness.place(&entry.reading.observation.source);
            }
        }
        entries.sort_unstable_by(Entry::by_score);
        let forms = number_forms(&mut entries);
        let decided = decided.and_then(|(value, from)| by_decision(&entries, value, from, compare));
        let is_chosen = decided.is_some();
        let chosen = decided.or_else(|| by_policy(&entries, policy));
        let by_policy = chosen.is_some() && !is_chosen;
        if forms.len() == 1 {
            let class = class_of((0..entries.len()).collect(), &entries);
            return Some(Self { winner: chosen.unwrap_or(0), entries, classes: vec![class], lead: 0, tie: None, by_policy, is_chosen });
        }
        let field = Field::of(&entries, &forms, compare, likeness);
        let (form, tie) = match chosen.and_then(|chosen| entries.get(chosen)) {
            Some(chosen) => (chosen.form, None),
            None => field.strongest(&entries)?,
        };
        // The value is chosen; the observation shown for it is the best-scoring one that has it.
        let winner = chosen.or_else(|| entries.iter().position(|entry| entry.form == form))?;
        let lead = field.lead(form);
        let classes = field.classes(&entries, winner);
        // Values within tolerance of the winner's were no rivals.
        let tie = tie.filter(|_| classes.len() > 1);
        Some(Self { entries, winner, classes, lead, tie, by_policy, is_chosen })
    }

    pub(super) fn winning(&self) -> Option<&Entry<'a>> {
        self.entries.get(self.winner)
    }

    /// The entries of a class, best first.
    pub(super) fn members<'s>(&'s self, class: &'s Class) -> impl Iterator<Item = &'s Entry<'a>> {
        class.members.iter().filter_map(|member| self.entries.get(*member))
    }

    /// The best score of anything that differs from the winner's value.
    pub(super) fn best_rival(&self) -> Option<u32> {
        self.classes.iter().skip(1).flat_map(|class| self.members(class)).map(|entry| entry.points).max()
    }
}

/// Numbers the different forms; gives for each the index of one entry that has it.
fn number_forms(entries: &mut [Entry<'_>]) -> Vec<usize> {
    let mut firsts: Vec<usize> = Vec::with_capacity(2);
    for at in 0..entries.len() {
        let (before, rest) = entries.split_at_mut(at);
        let Some(entry) = rest.first_mut() else { break };
        let known = firsts.iter().position(|first| before.get(*first).is_some_and(|other| other.normal == entry.normal));
        entry.form = known.unwrap_or(firsts.len());
        if known.is_none() {
            firsts.push(at);
        }
    }
    firsts
}

fn by_decision(entries: &[Entry<'_>], value: &Value, from: Option<&SourceId>, compare: &CompareRule) -> Option<usize> {
    let accepted = Normal::of(value, compare);
    let is_accepted = |entry: &Entry<'_>| same(&accepted, &entry.normal, compare);
    let named = entries.iter().position(|entry| Some(&entry.reading.observation.source) == from && is_accepted(entry));
    named.or_else(|| entries.iter().position(|entry| entry.value == value)).or_else(|| entries.iter().position(is_accepted))
}

fn by_policy(entries: &[Entry<'_>], policy: &Policy) -> Option<usize> {
    match policy {
        Policy::Prefer(source) => entries.iter().position(|entry| entry.reading.observation.source == *source),
        Policy::Newest => {
            let newest = entries.iter().map(|entry| entry.changed).max()?;
            entries.iter().position(|entry| entry.changed == newest)
        }
        Policy::Auto | Policy::Ask | Policy::Merge => None,
    }
}

/// The different forms that compete.
struct Field {
    /// For every form, which forms are the same as it.
    sames: Vec<Vec<bool>>,
    /// For every form, what all who stand for it are together.
    backings: Vec<Backing>,
}

/// What all who stand for a form are together.
#[derive(Clone, Copy, Default)]
struct Backing {
    strength: u32,
    opinions: u32,
}

impl Field {
    fn of(entries: &[Entry<'_>], forms: &[usize], compare: &CompareRule, likeness: Option<&Likeness>) -> Self {
        let normals: Vec<&Normal> = forms.iter().filter_map(|first| entries.get(*first)).map(|entry| &*entry.normal).collect();
        let mut sames = vec![vec![true; normals.len()]; normals.len()];
        for (one, normal) in normals.iter().enumerate() {
            for (other, other_normal) in normals.iter().enumerate().skip(one + 1) {
                let is_same = same(normal, other_normal, compare);
                for (row, column) in [(one, other), (other, one)] {
                    if let Some(cell) = sames.get_mut(row).and_then(|row| row.get_mut(column)) {
                        *cell = is_same;
                    }
                }
            }
        }
        let mut backings: Vec<Backing> = Vec::with_capacity(sames.len());
        for (form, row) in sames.iter().enumerate() {
            // A thousand forms within tolerance of each other have the same standing for them, who are weighed once.
            let twin = sames.iter().zip(row).take(form).position(|(other, is_same)| *is_same && other == row);
            let known = twin.and_then(|twin| backings.get(twin)).copied();
            backings.push(known.unwrap_or_else(|| Backing::of(&standing_for(row, entries), likeness)));
        }
        Self { sames, backings }
    }

    fn same(&self, one: usize, other: usize) -> bool {
        self.sames.get(one).and_then(|row| row.get(other)).copied().unwrap_or(false)
    }

    fn backing(&self, form: usize) -> Backing {
        self.backings.get(form).copied().unwrap_or_default()
    }

    fn strength(&self, form: usize) -> u32 {
        self.backing(form).strength
    }

    /// The strongest form, and by support, trust, newness and name among those as good as it; and what decided, if that had to.
    fn strongest(&self, entries: &[Entry<'_>]) -> Option<(usize, Option<ReasonCode>)> {
        let top = self.backings.iter().map(|backing| backing.strength).max()?;
        // Each form by the best observation that has it.
        let leader = |form: usize| entries.iter().find(|entry| entry.form == form);
        let leaders = (0..self.backings.len()).filter_map(|form| Some((form, leader(form)?)));
        let good = leaders.filter(|(form, _)| self.strength(*form) + AS_GOOD >= top);
        let exactly = |form: usize| opinions(entries.iter().filter(|entry| entry.form == form));
        let mut ranked: Vec<_> = good.map(|(form, leader)| (self.backing(form).opinions, exactly(form), form, leader)).collect();
        // Among forms within tolerance of each other the one most sources have to the letter is shown.
        ranked.sort_by(|(support, exactly, _, leader), (other_support, others_exactly, _, other)| {
            other_support.cmp(support).then_with(|| others_exactly.cmp(exactly)).then_with(|| leader.by_standing(other))
        });
        let (support, exactly, chosen, leader) = *ranked.first()?;
        let rival = ranked.iter().find(|(_, _, form, _)| !self.same(chosen, *form));
        let tie = rival.map(|(other_support, others_exactly, _, rival)| {
            if support != *other_support || exactly != *others_exactly {
                ReasonCode::MoreSources
            } else if leader.trust().total_cmp(&rival.trust()).is_ne() {
                ReasonCode::MoreTrusted
            } else if leader.changed != rival.changed {
                ReasonCode::NewerChange
            } else {
                ReasonCode::FirstByName
            }
        });
        let outscored = || {
            let best = entries.iter().find(|entry| self.same(chosen, entry.form)).map(|entry| entry.points);
            let rivals = entries.iter().find(|entry| !self.same(chosen, entry.form)).map(|entry| entry.points);
            (best < rivals).then_some(ReasonCode::Together)
        };
        Some((chosen, tie.or_else(outscored)))
    }

    /// How much stronger the form is than the strongest that differs from it; nothing when it is not.
    fn lead(&self, form: usize) -> u32 {
        let rivals = (0..self.backings.len()).filter(|other| !self.same(form, *other));
        self.strength(form).saturating_sub(rivals.map(|rival| self.strength(rival)).max().unwrap_or(0))
    }

    /// Parts the entries into classes: everyone who stands for the winner's value, then everyone left who stands for the best one left, ...
    fn classes(&self, entries: &[Entry<'_>], winner: usize) -> Vec<Class> {
        let mut left: Vec<usize> = (0..entries.len()).collect();
        let mut classes = Vec::new();
        let mut leader = Some(winner);
        while let Some(form) = leader.and_then(|leader| entries.get(leader)).map(|entry| entry.form) {
            let (members, others): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|at| entries.get(*at).is_some_and(|entry| self.same(form, entry.form)));
            classes.push(class_of(members, entries));
            leader = others.first().copied();
            left = others;
        }
        classes
    }
}

impl Backing {
    fn of(entries: &[&Entry<'_>], likeness: Option<&Likeness>) -> Self {
        Self { strength: weigh::strength(entries, likeness), opinions: opinions(entries.iter().copied()) }
    }
}

/// Everyone whose form is marked in the row, best first.
fn standing_for<'e, 'a>(row: &[bool], entries: &'e [Entry<'a>]) -> Vec<&'e Entry<'a>> {
    entries.iter().filter(|entry| row.get(entry.form).copied().unwrap_or(false)).collect()
}

fn class_of(members: Vec<usize>, entries: &[Entry<'_>]) -> Class {
    let opinions = opinions(members.iter().filter_map(|member| entries.get(*member)));
    Class { members, opinions }
}

/// How many opinions these are, given that they agree: readings of one place count once.
fn opinions<'e, 'a: 'e>(entries: impl Iterator<Item = &'e Entry<'a>>) -> u32 {
    let mut places = HashSet::new();
    let of_its_own = |entry: &&'e Entry<'a>| entry.reading.observation.same_origin.as_deref().is_none_or(|place| places.insert(place));
    u32::try_from(entries.filter(of_its_own).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "ranking_tests.rs"]
mod tests;
