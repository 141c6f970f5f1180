//! The deterministic resolver: from the readings of one key to what is believed about it.
//!
//! Pure: the same readings, settings and `now` give the same fact, whatever order the readings come in. It decides belief only; it starts
//! no change and forgets nobody's value.

use std::{borrow::Cow, time::Duration};

use super::{
    confidence::{Confidence, Validity},
    conflict::ResolutionState,
    decision::{Decision, Now, Verdict},
    dispute::{self, Standing},
    entry::Entry,
    insight::{Agreement, FactState, Insight, Mark, Marks, SourceState, SourceView},
    key::Key,
    likeness::Likeness,
    normal::{Normal, same},
    observation::Content,
    ranking::Ranking,
    reading::{Reading, ResolveSettings},
    reason::ReasonCode,
    rule::{ClassOfValue, CompareRule, KeyRule, Policy},
    source::Role,
    time::Timestamp,
    value::Value,
    weigh,
};

/// How far ahead of ours a source's clock may be before it is said.
pub const CLOCK_SLACK: Duration = Duration::from_secs(2);

/// Resolves the readings of one key at one moment; none when no reading counts.
///
/// Each observed reading is scored, as the engine contract has it; the strongest value wins, which is the best score where single sources
/// differ, and what they weigh together where several stand for one value (`weigh`); among values within 0.01 of the strongest the one
/// more sources stand for, then trust, newer change and name. `prefer` and `newest` choose the winner themselves. Declared readings never
/// compete: the best of them is `wanted` where it differs. Absent ones compete only when every observed source has lost the key. Overtaken
/// ones compete only where nothing else is there. A change dated in the future counts as made now.
///
/// `p_true`: each source is right with odds `t / (1 - t)`, `t = trust * (0.5 + 0.5 * freshness)`, at most 0.99. With T the sum of the odds
/// of those who stand for the winner's value, n how many opinions they are, and R that sum for each other value,
/// `p = 1 / (1 + sum of (R / T)^2 + 1 / (T * n^2))`, where the last term stands for "none of them". A source alone is right as often as it
/// is trusted; each opinion that joins it, and each that it stands against, counts for more than its share. Values that break the schema
/// do not stand against one that fits it.
///
/// Each `Reading::normal` must have been made with this rule's compare settings.
#[must_use]
pub fn resolve(key: &Key, rule: Option<&KeyRule>, readings: &[Reading<'_>], settings: &ResolveSettings, now: Timestamp) -> Option<Insight> {
    resolve_decided(key, rule, readings, settings, now, None)
}

/// As [`resolve`], with what was decided last on the values of the key.
///
/// While that decision holds it says what is believed: what it accepts wins whatever its score, also where no source says it; what it rejects is
/// shown as before. What it says of the probability is a person's word, right 99 times in 100.
#[must_use]
pub fn resolve_decided(
    key: &Key,
    rule: Option<&KeyRule>,
    readings: &[Reading<'_>],
    settings: &ResolveSettings,
    now: Timestamp,
    decision: Option<&Decision>,
) -> Option<Insight> {
    let plain = CompareRule::default();
    let (compare, policy) = rule.map_or((&plain, &Policy::Auto), |rule| (&rule.compare, &rule.policy));
    let context = Context { rule, settings, compare, now };

    let mut counted = readings.iter().filter(|reading| reading.claims).peekable();
    counted.peek()?;
    let (mut live, mut absent, mut declared) = (Vec::with_capacity(readings.len()), Vec::new(), Vec::new());
    let mut overtaken = Vec::new();
    for reading in counted {
        match (reading.role, &reading.observation.content) {
            (Role::Declared, _) => declared.push(reading),
            (Role::Observed, Content::Value(_)) if reading.overtaken => overtaken.push(reading),
            (Role::Observed, Content::Value(value)) => live.push(context.entry(reading, value)),
            (Role::Observed, Content::Absent(_)) => absent.push(reading),
        }
    }
    declared.sort_by(|one, other| best_declared_first(one, other));
    absent.sort_by(|one, other| one.observation.source.cmp(&other.observation.source));

    overtaken.sort_by(|one, other| one.observation.source.cmp(&other.observation.source));
    if live.is_empty() {
        // With nothing newer than it there is nothing that overtook it.
        for reading in overtaken.drain(..) {
            live.extend(reading.observation.value().map(|value| context.entry(reading, value)));
        }
    }

    let is_gone = live.is_empty();
    let competing =
        if is_gone { absent.iter().filter_map(|reading| Some(context.entry(reading, reading.last_value()?))).collect() } else { live };
    let standing = match decision.filter(|_| !is_gone) {
        Some(decision) if holds(decision, &competing, compare) => Standing::Holds(decision),
        Some(_) => Standing::Ended,
        None => Standing::Undecided,
    };
    let accepted = standing.held().and_then(|decision| Some((decision.verdict.value()?, decision.from.as_ref())));
    let ranking = Ranking::of(competing, compare, policy, settings.likeness.as_deref(), accepted);
    let conflict =
        ranking.as_ref().filter(|_| !is_gone).and_then(|ranking| dispute::of(key, ranking, policy, settings.auto_margin, standing));
    let case = Case { context, ranking: ranking.as_ref(), absent: &absent, declared: &declared, overtaken: &overtaken, is_gone };
    let (wanted, state) = (case.wanted(), case.state());

    let mut marks = Marks::default();
    if conflict.as_ref().is_some_and(|conflict| conflict.resolution == ResolutionState::Pending) {
        marks.insert(Mark::Conflict);
    }
    let is_declared_only = case.is_declared_only();
    if wanted.is_some() && !is_declared_only {
        marks.insert(Mark::Drift);
    }
    let mut reason_codes = conflict.as_ref().map(|conflict| conflict.reason_codes.clone()).unwrap_or_default();
    case.reasons(wanted.is_some(), &mut reason_codes);

    let shown = case.shown()?;
    let winner = ranking.as_ref().and_then(Ranking::winning);
    let mut insight = Insight {
        key: key.clone(),
        value: winner.map(|winner| winner.value.clone()),
        state,
        marks,
        confidence: winner.map(|winner| winner.confidence),
        p_true: ranking.as_ref().map_or(0.0, |ranking| p_true(ranking, settings.likeness.as_deref())),
        agreement: case.agreement(),
        age: shown.age(now),
        observed_at: shown.observed_at,
        changed_at: shown.observation.changed_at,
        ttl: shown.ttl,
        sources: case.views(),
        left_out: None,
        reason_codes,
        conflict: conflict.map(Into::into),
        wanted,
        unit: rule.map_or("", |rule| &rule.unit).into(),
        secret: ClassOfValue::of(key, rule) == ClassOfValue::Secret,
        pending: None,
    };
    if let Some(decision) = standing.held() {
        decided(&mut insight, decision, ranking.as_ref().is_some_and(|ranking| ranking.is_chosen));
    }
    Some(insight)
}

/// The probability that what a person says is right.
const SAID_BY_A_PERSON: f64 = 0.99;

fn holds(decision: &Decision, competing: &[Entry<'_>], compare: &CompareRule) -> bool {
    let now: Vec<Now<'_>> = competing
        .iter()
        .map(|entry| Now { source: &entry.reading.observation.source, value: entry.value, normal: &entry.normal })
        .collect();
    decision.holds(&now, compare)
}

/// Puts a decision that holds into what is believed.
fn decided(insight: &mut Insight, decision: &Decision, is_said: bool) {
    match &decision.verdict {
        Verdict::Accepted(_) => insight.p_true = SAID_BY_A_PERSON,
        Verdict::Rejected => insight.p_true = 1.0 - SAID_BY_A_PERSON,
        Verdict::ByRule(_) => {}
    }
    if let Some(value) = decision.verdict.value().filter(|_| !is_said) {
        insight.value = Some(value.clone());
        insight.confidence = None;
        insight.agreement = Agreement { supporting: 0, opposing: insight.agreement.supporting + insight.agreement.opposing };
        for view in &mut insight.sources {
            (view.wins, view.agrees) = (false, false);
        }
    }
}

/// Trust, then the newer change, then the name.
fn best_declared_first(one: &Reading<'_>, other: &Reading<'_>) -> std::cmp::Ordering {
    let (left, right) = (one.observation, other.observation);
    other
        .trust
        .total_cmp(&one.trust)
        .then_with(|| right.changed_at.cmp(&left.changed_at))
        .then_with(|| left.source.cmp(&right.source))
        .then_with(|| left.value().cmp(&right.value()))
}

/// The probability that the winner's value is right: see [`resolve`].
fn p_true(ranking: &Ranking<'_>, likeness: Option<&Likeness>) -> f64 {
    let validity = |members: &[&Entry<'_>]| members.first().map(|entry| entry.confidence.basis.validity);
    let mut of_classes = ranking.classes.iter().map(|class| ranking.members(class).collect::<Vec<_>>());
    let first = of_classes.next().unwrap_or_default();
    let (winner, opinions) = weigh::odds(&first, likeness);
    // Where the rule says which values there can be, and the winner is one, those that cannot be are no rivals.
    let is_barred = |members: &[&Entry<'_>]| validity(&first) == Some(Validity::Valid) && validity(members) == Some(Validity::Invalid);
    let rivals = of_classes.filter(|members| !is_barred(members)).map(|members| weigh::odds(&members, likeness).0);
    let against: f64 = rivals.map(|odds| (odds / winner) * (odds / winner)).sum();
    let p = 1.0 / (1.0 + against + 1.0 / (winner * opinions * opinions));
    if p.is_nan() { 0.0 } else { p }
}

#[derive(Clone, Copy)]
struct Context<'a> {
    rule: Option<&'a KeyRule>,
    settings: &'a ResolveSettings,
    compare: &'a CompareRule,
    now: Timestamp,
}

impl<'a> Context<'a> {
    fn normal(&self, reading: &Reading<'a>, value: &Value) -> Cow<'a, Normal> {
        reading.normal.map_or_else(|| Cow::Owned(Normal::of(value, self.compare)), Cow::Borrowed)
    }

    fn entry(&self, reading: &'a Reading<'a>, value: &'a Value) -> Entry<'a> {
        let confidence = Confidence::score(&self.settings.weights, &reading.basis(self.rule, self.settings, self.now));
        Entry::new(reading, value, self.normal(reading, value), confidence, self.now)
    }
}

/// Everything that is known once the ranking stands.
struct Case<'a> {
    context: Context<'a>,
    ranking: Option<&'a Ranking<'a>>,
    absent: &'a [&'a Reading<'a>],
    declared: &'a [&'a Reading<'a>],
    /// Says what a change of our own replaced since it was asked.
    overtaken: &'a [&'a Reading<'a>],
    /// No observed source has the key now.
    is_gone: bool,
}

impl<'a> Case<'a> {
    fn winner(&self) -> Option<&'a Entry<'a>> {
        self.ranking.and_then(Ranking::winning)
    }

    fn best_declared(&self) -> Option<&'a Reading<'a>> {
        self.declared.iter().copied().find(|reading| reading.observation.value().is_some())
    }

    /// No observed source has ever spoken of it.
    fn is_declared_only(&self) -> bool {
        self.is_gone && self.absent.is_empty() && self.best_declared().is_some()
    }

    /// The reading whose times the fact carries.
    fn shown(&self) -> Option<&'a Reading<'a>> {
        let first = || self.absent.first().or(self.declared.first()).copied();
        self.winner().map(|winner| winner.reading).or_else(|| self.best_declared().filter(|_| self.absent.is_empty())).or_else(first)
    }

    /// Whether the reading's value is the same as the winner's.
    fn agrees(&self, reading: &Reading<'a>) -> bool {
        let (Some(winner), Some(value)) = (self.winner(), reading.observation.value()) else { return false };
        same(&winner.normal, &self.context.normal(reading, value), self.context.compare)
    }

    fn wanted(&self) -> Option<Value> {
        let declared = self.best_declared()?;
        // What nobody has any more differs from what is wanted, whatever its last value was.
        if !self.is_gone && self.agrees(declared) { None } else { declared.observation.value().cloned() }
    }

    fn state(&self) -> FactState {
        let Some(shown) = self.shown() else { return FactState::Gone };
        if self.is_gone && !self.is_declared_only() {
            FactState::Gone
        } else if matches!(shown.state, SourceState::Failing { .. }) {
            FactState::Offline
        } else if shown.role == Role::Observed && shown.age(self.context.now) > shown.ttl {
            FactState::Stale
        } else {
            FactState::Fresh
        }
    }

    /// Counts live observed sources only: what is gone has neither.
    fn agreement(&self) -> Agreement {
        let Some(ranking) = self.ranking.filter(|_| !self.is_gone) else { return Agreement::default() };
        let mut opinions = ranking.classes.iter().map(|class| class.opinions);
        Agreement { supporting: opinions.next().unwrap_or(0), opposing: opinions.sum() }
    }

    /// Adds to the conflict's own reasons, most important first.
    fn reasons(&self, differs: bool, out: &mut Vec<ReasonCode>) {
        let is_declared_only = self.is_declared_only();
        let mut add = |when: bool, reason: ReasonCode| {
            if when {
                out.push(reason);
            }
        };
        add(differs && !is_declared_only, ReasonCode::DeclaredDiffers);
        add(is_declared_only, ReasonCode::DeclaredOnly);
        add(self.is_gone && !is_declared_only, ReasonCode::AbsentEverywhere);
        let now = self.context.now;
        if let Some(winner) = self.winner() {
            add(winner.reading.validity == super::confidence::Validity::Invalid, ReasonCode::SchemaInvalid);
        }
        if let Some(shown) = self.shown() {
            add(matches!(shown.state, SourceState::Failing { .. }), ReasonCode::SourceUnreachable);
            add(shown.role == Role::Observed && !self.is_gone && shown.age(now) > shown.ttl, ReasonCode::PastTtl);
        }
        add(!self.is_gone && !self.absent.is_empty(), ReasonCode::AbsentSomewhere);
        let latest = now.plus(CLOCK_SLACK);
        let entries = self.ranking.map(|ranking| &*ranking.entries).unwrap_or_default();
        let mut all = entries.iter().map(|entry| entry.reading).chain(self.absent.iter().copied()).chain(self.declared.iter().copied());
        add(all.any(|reading| reading.observed_at > latest), ReasonCode::ClockSkew);
        let Some(ranking) = self.ranking.filter(|_| !self.is_gone) else { return };
        let readings: usize = ranking.classes.iter().map(|class| class.members.len()).sum();
        let opinions: u32 = ranking.classes.iter().map(|class| class.opinions).sum();
        add(usize::try_from(opinions).is_ok_and(|opinions| opinions < readings), ReasonCode::SameOrigin);
        add(readings == 1 && self.overtaken.is_empty(), ReasonCode::SingleSource);
        add(!self.overtaken.is_empty(), ReasonCode::OwnWriteNewer);
        add(ranking.classes.len() == 1 && opinions > 1, ReasonCode::Agreement);
    }

    /// The winner first, then by score; what was overtaken, declared and absent last.
    fn views(&self) -> Vec<SourceView> {
        let entries = self.ranking.map(|ranking| &*ranking.entries).unwrap_or_default();
        let mut views = Vec::with_capacity(entries.len() + self.declared.len() + self.absent.len());
        let winner = self.winner();
        let standing = self.ranking.and_then(|ranking| ranking.classes.first()).map(|class| &*class.members).unwrap_or_default();
        if let Some(winner) = winner {
            let score = (!self.is_gone).then_some(winner.confidence.score);
            views.push(view(winner.reading, score, true, !self.is_gone));
        }
        if !self.is_gone {
            // Members come in the order of entries, so one pass tells who stands for the winner's value.
            let mut standing = standing.iter().copied().peekable();
            for (at, entry) in entries.iter().enumerate() {
                let agrees = standing.next_if_eq(&at).is_some();
                if !winner.is_some_and(|winner| std::ptr::eq(winner, entry)) {
                    views.push(view(entry.reading, Some(entry.confidence.score), false, agrees));
                }
            }
        }
        views.extend(self.overtaken.iter().map(|reading| view(reading, None, false, false)));
        views.extend(self.declared.iter().map(|reading| view(reading, None, false, self.agrees(reading))));
        let is_winner = |reading: &Reading<'_>| winner.is_some_and(|winner| std::ptr::eq(winner.reading, reading));
        views.extend(self.absent.iter().filter(|reading| !is_winner(reading)).map(|reading| view(reading, None, false, false)));
        views
    }
}

fn view(reading: &Reading<'_>, score: Option<f64>, wins: bool, agrees: bool) -> SourceView {
    let observation = reading.observation;
    SourceView {
        source: observation.source.clone(),
        role: reading.role,
        content: observation.content.clone(),
        trust: reading.trust,
        accepts: reading.accepts,
        rejects: reading.rejects,
        score,
        state: reading.state,
        validity: reading.validity,
        violation: reading.violation.cloned(),
        observed_at: reading.observed_at,
        changed_at: observation.changed_at,
        fetched_at: observation.fetched_at,
        revision: observation.revision.clone(),
        live: reading.live,
        same_origin: observation.same_origin.clone(),
        wins,
        agrees,
    }
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
