//! Who wins, and who stands for what: the deterministic order of readings.
//!
//! Nothing here depends on the order the readings come in: every comparison ends at the source's name, and last at the value's text.

use std::{borrow::Cow, cmp::Ordering};

use super::{
    confidence::Confidence,
    normal::{Normal, same},
    reading::Reading,
    reason::ReasonCode,
    rule::{CompareRule, Policy},
    time::Timestamp,
    value::Value,
};

/// Scores this close, in ten-thousandths, count as equal: more sources, trust, newness and name decide between their values.
const AS_GOOD: u32 = 100;

/// A reading with a value, scored.
pub(super) struct Entry<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) value: &'a Value,
    pub(super) normal: Cow<'a, Normal>,
    pub(super) confidence: Confidence,
    pub(super) points: u32,
    /// Not after now: a clock that runs ahead must not win by it.
    pub(super) changed: Timestamp,
    /// Which of the different forms it has.
    form: usize,
}

impl<'a> Entry<'a> {
    pub(super) fn new(reading: &'a Reading<'a>, value: &'a Value, normal: Cow<'a, Normal>, confidence: Confidence, now: Timestamp) -> Self {
        let changed = reading.observation.changed_at.min(now);
        Self { reading, value, normal, points: confidence.points(), confidence, changed, form: 0 }
    }

    fn trust(&self) -> f64 {
        self.reading.trust
    }

    /// Trust, then the newer change, then the name; better is less.
    fn by_standing(&self, other: &Self) -> Ordering {
        other
            .trust()
            .total_cmp(&self.trust())
            .then_with(|| other.changed.cmp(&self.changed))
            .then_with(|| self.reading.observation.source.cmp(&other.reading.observation.source))
            .then_with(|| self.value.cmp(other.value))
    }

    /// Score, then standing; better is less.
    pub(super) fn by_score(&self, other: &Self) -> Ordering {
        other.points.cmp(&self.points).then_with(|| self.by_standing(other))
    }
}

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
    /// What decided between values as good as each other, if anything had to.
    pub(super) tie: Option<ReasonCode>,
    /// Whether the rule's own word, `prefer` or `newest`, chose the winner.
    pub(super) by_policy: bool,
}

impl<'a> Ranking<'a> {
    /// Ranks entries; none when there are none.
    pub(super) fn of(mut entries: Vec<Entry<'a>>, compare: &CompareRule, policy: &Policy) -> Option<Self> {
        entries.sort_unstable_by(Entry::by_score);
        let forms = number_forms(&mut entries);
        let chosen = by_policy(&entries, policy);
        let by_policy = chosen.is_some();
        if forms.len() == 1 {
            let class = class_of((0..entries.len()).collect(), &entries);
            return Some(Self { winner: chosen.unwrap_or(0), entries, classes: vec![class], tie: None, by_policy });
        }
        let (winner, tie) = match chosen {
            Some(winner) => (winner, None),
            None => best(&entries, &forms, compare)?,
        };
        let classes = classes(&entries, &forms, winner, compare);
        // Values within tolerance of the winner's were no rivals.
        let tie = tie.filter(|_| classes.len() > 1);
        Some(Self { entries, winner, classes, tie, by_policy })
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

/// For every form, whether it is the same as this one.
fn sames(form: usize, entries: &[Entry<'_>], forms: &[usize], compare: &CompareRule) -> Vec<bool> {
    let normal_of = |form: usize| forms.get(form).and_then(|first| entries.get(*first)).map(|entry| &*entry.normal);
    let Some(this) = normal_of(form) else { return vec![false; forms.len()] };
    (0..forms.len()).map(|other| other == form || normal_of(other).is_some_and(|other| same(this, other, compare))).collect()
}

/// The winner by score, and by support, trust, newness and name among values as good as the best.
fn best(entries: &[Entry<'_>], forms: &[usize], compare: &CompareRule) -> Option<(usize, Option<ReasonCode>)> {
    let top = entries.first()?;
    let good: Vec<&Entry<'_>> = entries.iter().take_while(|entry| entry.points + AS_GOOD >= top.points).collect();
    if good.iter().all(|entry| entry.form == top.form) {
        return Some((0, None));
    }
    let mut support: Vec<Option<u32>> = vec![None; forms.len()];
    let mut support_of = |form: usize| -> u32 {
        let Some(known) = support.get_mut(form) else { return 0 };
        *known.get_or_insert_with(|| {
            let sames = sames(form, entries, forms, compare);
            opinions(entries.iter().filter(|entry| sames.get(entry.form).copied().unwrap_or(false)))
        })
    };
    let mut ranked: Vec<(u32, &Entry<'_>)> = good.into_iter().map(|entry| (support_of(entry.form), entry)).collect();
    ranked.sort_by(|(support, entry), (other_support, other)| other_support.cmp(support).then_with(|| entry.by_standing(other)));
    let (support, chosen) = ranked.first()?;
    let sames = sames(chosen.form, entries, forms, compare);
    let rival = ranked.iter().find(|(_, entry)| !sames.get(entry.form).copied().unwrap_or(false));
    let tie = rival.map(|(other_support, rival)| {
        if support != other_support {
            ReasonCode::MoreSources
        } else if chosen.trust().total_cmp(&rival.trust()).is_ne() {
            ReasonCode::MoreTrusted
        } else if chosen.changed != rival.changed {
            ReasonCode::NewerChange
        } else {
            ReasonCode::FirstByName
        }
    });
    // The value is chosen; the observation shown for it is the best-scoring one that has it.
    let winner = entries.iter().position(|entry| entry.form == chosen.form)?;
    Some((winner, tie))
}

/// Parts the entries into classes: everyone who stands for the winner's value, then everyone left who stands for the best one left, ...
fn classes(entries: &[Entry<'_>], forms: &[usize], winner: usize, compare: &CompareRule) -> Vec<Class> {
    let mut left: Vec<usize> = (0..entries.len()).collect();
    let mut classes = Vec::new();
    let mut leader = Some(winner);
    while let Some(entry) = leader.and_then(|leader| entries.get(leader)) {
        let sames = sames(entry.form, entries, forms, compare);
        let (members, others): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|at| entries.get(*at).is_some_and(|entry| sames.get(entry.form).copied().unwrap_or(false)));
        classes.push(class_of(members, entries));
        leader = others.first().copied();
        left = others;
    }
    classes
}

fn class_of(members: Vec<usize>, entries: &[Entry<'_>]) -> Class {
    let opinions = opinions(members.iter().filter_map(|member| entries.get(*member)));
    Class { members, opinions }
}

/// How many opinions these are, given that they agree: readings of one place count once.
fn opinions<'e, 'a: 'e>(entries: impl Iterator<Item = &'e Entry<'a>>) -> u32 {
    let mut places: Vec<&str> = Vec::new();
    let mut count = 0;
    for entry in entries {
        if let Some(place) = entry.reading.observation.same_origin.as_deref() {
            if places.contains(&place) {
                continue;
            }
            places.push(place);
        }
        count += 1;
    }
    count
}
