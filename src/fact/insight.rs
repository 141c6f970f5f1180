//! A fact: a key with what is believed about it, and why.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use super::{
    command::{CommandId, CommandState},
    confidence::{Confidence, ScoreBasis, Validity},
    conflict::ConflictEntry,
    key::Key,
    observation::Content,
    reason::ReasonCode,
    rule::{ClassOfValue, KeyRule},
    source::{Role, SourceId},
    time::Timestamp,
    value::Value,
};

/// How current a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactState {
    /// Within its TTL, and the winner's source answered last time.
    Fresh,
    /// Past its TTL.
    Stale,
    /// The winner's source failed its last fetch, TTL or not.
    Offline,
    /// Its sources answered completely without it; the last value is kept.
    Gone,
}

/// What else is to be said of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// Live observed values differ and nothing has decided.
    Conflict,
    /// A declared source differs from what is observed.
    Drift,
    /// A local change is under way.
    Pending,
    /// Belief is frozen.
    Locked,
    /// A record of it was damaged and put aside.
    Quarantined,
}

/// A set of [`Mark`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Marks(u8);

impl Marks {
    /// Adds a mark.
    pub fn insert(&mut self, mark: Mark) {
        self.0 |= 1 << mark as u8;
    }

    /// Takes a mark away.
    pub fn remove(&mut self, mark: Mark) {
        self.0 &= !(1 << mark as u8);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it has the mark.
    #[must_use]
    pub fn contains(self, mark: Mark) -> bool {
        self.0 & (1 << mark as u8) != 0
    }

    /// The marks, in the order of [`Mark`].
    pub fn iter(self) -> impl Iterator<Item = Mark> {
        [Mark::Conflict, Mark::Drift, Mark::Pending, Mark::Locked, Mark::Quarantined].into_iter().filter(move |mark| self.contains(*mark))
    }
}

/// How a source stands at its last fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SourceState {
    /// It has answered nothing yet.
    #[default]
    Unknown,
    /// Its last fetch succeeded.
    Reachable,
    /// Its last fetch failed, and every one since this moment.
    Failing {
        /// The first failure after the last success.
        since: Timestamp,
    },
}

/// One source's part in a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceView {
    /// Who.
    pub source: SourceId,
    /// Observed or declared.
    pub role: Role,
    /// What it says.
    pub content: Content,
    /// 0 to 1.
    pub trust: f64,
    /// How often a person's decisions found it right here.
    pub accepts: u32,
    /// How often they found it wrong.
    pub rejects: u32,
    /// Its own confidence; none for a declared or absent one.
    pub score: Option<f64>,
    /// How its last fetch went.
    pub state: SourceState,
    /// Whether its value fits the schema.
    pub validity: Validity,
    /// Where and how it does not: `/replicas breaks "minimum" of its schema`. Names members of the value, which a secret does not show.
    pub violation: Option<Arc<str>>,
    /// When the origin last vouched for it.
    pub observed_at: Timestamp,
    /// When it last changed there.
    pub changed_at: Timestamp,
    /// When it was last asked and answered.
    pub fetched_at: Timestamp,
    /// The origin's mark of the version.
    pub revision: Option<Arc<str>>,
    /// Under a live watch.
    pub live: bool,
    /// The shared place it reads from, if that is known.
    pub same_origin: Option<Arc<str>>,
    /// Whether its observation wins.
    pub wins: bool,
    /// Whether its value is within tolerance of the winner's.
    pub agrees: bool,
}

/// Those who speak of a fact and are not held with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// How many.
    pub count: usize,
    /// Another one as soon as any of them says anything else or stands otherwise: the first 128 bits of a BLAKE3 hash.
    pub digest: u128,
}

/// How many live observed sources stand for the value and against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Agreement {
    /// Standing for the believed value, the winner included.
    pub supporting: u32,
    /// Standing for another.
    pub opposing: u32,
}

/// A key with what is believed about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Insight {
    /// Which fact.
    pub key: Key,
    /// What is believed; none when only declared sources speak of it.
    pub value: Option<Value>,
    /// How current.
    pub state: FactState,
    /// What else.
    pub marks: Marks,
    /// The winner's score with its arithmetic; none when there is no winner.
    pub confidence: Option<Confidence>,
    /// Probability that the value is right, 0 to 1.
    pub p_true: f64,
    /// For and against.
    pub agreement: Agreement,
    /// Since the winner's `observed_at`, at the `now` it was resolved for.
    pub age: Duration,
    /// The winner's.
    pub observed_at: Timestamp,
    /// The winner's.
    pub changed_at: Timestamp,
    /// How long the winner's value counts as fresh.
    pub ttl: Duration,
    /// Everyone who speaks of the key: the winner first, then by score, declared and absent last.
    pub sources: Vec<SourceView>,
    /// Those of them that are not held here; none where all are.
    pub left_out: Option<LeftOut>,
    /// Why, most important first.
    pub reason_codes: Vec<ReasonCode>,
    /// The conflict the key has, decided or not.
    pub conflict: Option<Arc<ConflictEntry>>,
    /// What the best declared source wants, if it differs or nothing is observed.
    pub wanted: Option<Value>,
    /// Display unit from the key's rule, or empty.
    pub unit: Arc<str>,
    /// Whether the value is to be masked.
    pub secret: bool,
    /// The change of it that is under way.
    pub pending: Option<Pending>,
}

impl Insight {
    /// A key of which nothing is known but that a change of it is under way.
    #[must_use]
    pub fn of_pending(key: &Key, pending: Pending, state: FactState, rule: Option<&KeyRule>, now: Timestamp) -> Self {
        let mut marks = Marks::default();
        marks.insert(Mark::Pending);
        Self {
            key: key.clone(),
            value: None,
            state,
            marks,
            confidence: None,
            p_true: 0.0,
            agreement: Agreement::default(),
            age: now.since(pending.since),
            observed_at: pending.since,
            changed_at: pending.since,
            ttl: Duration::ZERO,
            sources: Vec::new(),
            left_out: None,
            reason_codes: Vec::new(),
            conflict: None,
            wanted: None,
            unit: rule.map_or("", |rule| &rule.unit).into(),
            secret: ClassOfValue::of(key, rule) == ClassOfValue::Secret,
            pending: Some(pending),
        }
    }

    /// The same, put forward to `now`, which is no earlier than the moment it was resolved for and so soon after it that nothing has turned: its
    /// age and what follows from that are those of `now`. What is under a live watch is observed now.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let is_live = |view: &SourceView| view.live && !matches!(view.state, SourceState::Failing { .. });
        let shown_live = self.age.is_zero() && self.sources.iter().any(|view| is_live(view) && view.observed_at == self.observed_at);
        let mut fact = self.clone();
        for view in fact.sources.iter_mut().filter(|view| is_live(view)) {
            view.observed_at = now;
        }
        if shown_live {
            fact.observed_at = now;
        } else {
            fact.age = now.since(fact.observed_at);
        }
        if let Some(confidence) = &mut fact.confidence {
            let basis = ScoreBasis { age: fact.age, ..confidence.basis };
            *confidence = Confidence::score(&confidence.weights, &basis);
            let winner = fact.sources.iter_mut().find(|view| view.wins);
            if let Some(score) = winner.and_then(|view| view.score.as_mut()) {
                *score = confidence.score;
            }
        }
        fact
    }

    /// Whether no source has ever said anything of it.
    #[must_use]
    pub fn is_unheard_of(&self) -> bool {
        self.sources.is_empty()
    }
}

/// A change that is under way: what is believed stays what it is until the target has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The value it brings.
    pub value: Value,
    /// Which command; the last, where several wait.
    pub command: CommandId,
    /// Since when it waits.
    pub since: Timestamp,
    /// Where it stands.
    pub state: CommandState,
}

/// A text that names no state or no mark; says which there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} {text:?}; there are {}", .known.join(", "))]
pub struct UnknownName {
    /// `state` or `mark`.
    pub what: &'static str,
    /// What was asked for.
    pub text: String,
    /// What there is.
    pub known: Vec<&'static str>,
}

impl FactState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Fresh, Self::Stale, Self::Offline, Self::Gone];

    /// The stable code, also the word for people.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Offline => "offline",
            Self::Gone => "gone",
        }
    }
}

impl Mark {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Conflict, Self::Drift, Self::Pending, Self::Locked, Self::Quarantined];

    /// The stable code, also the word for people.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Drift => "drift",
            Self::Pending => "pending",
            Self::Locked => "locked",
            Self::Quarantined => "quarantined",
        }
    }
}

impl FromStr for FactState {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.code() == text).ok_or_else(|| UnknownName {
            what: "state",
            text: text.to_owned(),
            known: Self::ALL.map(Self::code).to_vec(),
        })
    }
}

impl FromStr for Mark {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|mark| mark.code() == text).ok_or_else(|| UnknownName {
            what: "mark",
            text: text.to_owned(),
            known: Self::ALL.map(Self::code).to_vec(),
        })
    }
}

impl fmt::Display for FactState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

impl SourceState {
    /// The stable code: `unknown reachable failing`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Reachable => "reachable",
            Self::Failing { .. } => "failing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for state in FactState::ALL {
            assert_eq!(state.code().parse(), Ok(state));
        }
        for mark in Mark::ALL {
            assert_eq!(mark.code().parse(), Ok(mark));
        }
        let error = "old".parse::<FactState>().unwrap_err();
        assert_eq!(error.to_string(), "there is no state \"old\"; there are fresh, stale, offline, gone");
        assert!("fresh".parse::<Mark>().is_err());
    }

    #[test]
    fn marks_are_a_set() {
        let mut marks = Marks::default();
        assert!(marks.is_empty());
        marks.insert(Mark::Locked);
        marks.insert(Mark::Conflict);
        marks.insert(Mark::Locked);
        assert_eq!(marks.iter().collect::<Vec<_>>(), [Mark::Conflict, Mark::Locked]);
        marks.remove(Mark::Conflict);
        assert!(!marks.contains(Mark::Conflict) && marks.contains(Mark::Locked) && !marks.is_empty());
    }
}
