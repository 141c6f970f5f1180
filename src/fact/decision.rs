//! Decisions on what is true: what was said, by whom, and on which values.
//!
//! A decision holds while no competing value leaves the tolerance of what it was then. Who comes over to the accepted value does not end it;
//! a value nobody had, one that moved, or that nobody has the accepted one any more does.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    calibration::Judged,
    command::{Author, CommandId},
    conflict::{ConflictClass, ConflictId, ResolutionState},
    field::FieldName,
    key::Key,
    lesson::Lesson,
    normal::{Normal, same},
    rule::CompareRule,
    source::SourceId,
    time::Timestamp,
    value::Value,
};

/// What was decided. Variants are only ever added, at the end: it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// A person says that this is right.
    Accepted(Value),
    /// A person says that none is right.
    Rejected,
    /// A person has what the rule believes most hold, which is this; nobody says that it is right.
    ByRule(Value),
}

impl Verdict {
    /// The stable code: `accepted rejected by_rule`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Rejected => "rejected",
            Self::ByRule(_) => "by_rule",
        }
    }

    /// The value that is to be believed.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Accepted(value) | Self::ByRule(value) => Some(value),
            Self::Rejected => None,
        }
    }
}

/// What a source said when it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who.
    pub source: SourceId,
    /// What.
    pub value: Value,
    /// Whether it was right by what was decided.
    pub is_right: bool,
}

/// What was believed before it was decided, in millionths where it is a share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// `p_true` before any correction.
    pub p_true: u32,
    /// `p_true` as it was shown.
    pub shown: u32,
    /// Whether the believed value was right.
    pub is_right: bool,
    /// Whether the value most sources had was right.
    pub majority_is_right: bool,
    /// How many conflicting facts of its tenth of `p_true` there were: one of so many was asked about.
    pub one_of: u32,
    /// The policy in force: `auto ask prefer newest merge`.
    pub policy: Arc<str>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Minted by whoever decides: the same decision twice is one.
    pub id: CommandId,
    /// When.
    pub at: Timestamp,
    /// Which fact.
    pub key: Key,
    /// What sort of conflict.
    pub class: ConflictClass,
    /// What competed, as the conflict's digest has it.
    pub digest: Arc<str>,
    /// What trust is learned for.
    pub field: FieldName,
    /// What was decided.
    pub verdict: Verdict,
    /// Whose value was accepted, when one was named.
    pub from: Option<SourceId>,
    /// Every live observed source, by name, with its value.
    pub said: Vec<Said>,
    /// What was believed before.
    pub found: Found,
    /// The decision it takes the place of, which held until then.
    pub replaces: Option<CommandId>,
    /// Who.
    pub author: Author,
}

const MILLION: f64 = 1_000_000.0;

/// A share in millionths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a million by the line itself")]
#[must_use]
pub fn millionths(share: f64) -> u32 {
    if share.is_nan() { 0 } else { (share.clamp(0.0, 1.0) * MILLION).round() as u32 }
}

/// One source's value now, as a decision is held against it.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    /// Who.
    pub source: &'a SourceId,
    /// What.
    pub value: &'a Value,
    /// The same in the form it is compared in.
    pub normal: &'a Normal,
}

impl Decision {
    /// The id of the conflict it is about.
    #[must_use]
    pub fn conflict(&self) -> ConflictId {
        ConflictId::of(&self.key, self.class)
    }

    /// How far a conflict is decided by it while it holds.
    #[must_use]
    pub fn resolution(&self) -> ResolutionState {
        match self.verdict {
            Verdict::Accepted(_) => ResolutionState::UserAccepted,
            Verdict::Rejected => ResolutionState::UserRejected,
            Verdict::ByRule(_) => ResolutionState::AutoResolved,
        }
    }

    /// Whether it still holds for what its sources say now.
    #[must_use]
    pub fn holds(&self, now: &[Now<'_>], compare: &CompareRule) -> bool {
        let accepted = self.verdict.value().map(|value| Comparable::new(value, compare));
        let then: Vec<Comparable<'_>> = self.said.iter().map(|said| Comparable::new(&said.value, compare)).collect();
        let is_accepted = |now: &Now<'_>| accepted.as_ref().is_some_and(|accepted| accepted.is(now));
        let stays = |now: &Now<'_>| match self.said.iter().position(|said| said.source == *now.source) {
            Some(at) => then.get(at).is_some_and(|then| then.is(now)),
            // A source that had no value: one more voice for what was known then.
            None => then.iter().any(|then| then.is(now)),
        };
        if !now.iter().all(|now| is_accepted(now) || stays(now)) {
            return false;
        }
        let had_support = self.said.iter().any(|said| said.is_right);
        accepted.is_none() || !had_support || now.iter().any(is_accepted)
    }

    /// What it teaches; none where nobody said what is right.
    #[must_use]
    pub fn lesson(&self) -> Option<Lesson> {
        if matches!(self.verdict, Verdict::ByRule(_)) {
            return None;
        }
        let verdicts = self.said.iter().map(|said| (said.source.clone(), said.is_right)).collect();
        Some(Lesson { at: self.at, field: self.field.clone(), verdicts })
    }

    /// How what was believed before came out, with the `p_true` it had before any correction; none where nobody said what is right.
    #[must_use]
    pub fn judged(&self) -> Option<Judged> {
        let found = &self.found;
        let judged = Judged {
            p_true: f64::from(found.p_true) / MILLION,
            is_right: found.is_right,
            majority_is_right: found.majority_is_right,
            weight: f64::from(found.one_of.max(1)),
        };
        (!matches!(self.verdict, Verdict::ByRule(_))).then_some(judged)
    }

    /// The same, with the `p_true` that was shown.
    #[must_use]
    pub fn shown(&self) -> Option<Judged> {
        self.judged().map(|judged| Judged { p_true: f64::from(self.found.shown) / MILLION, ..judged })
    }
}

/// A value that is brought to its form only where its text is another.
struct Comparable<'a> {
    value: &'a Value,
    compare: &'a CompareRule,
    normal: std::cell::OnceCell<Normal>,
}

impl<'a> Comparable<'a> {
    fn new(value: &'a Value, compare: &'a CompareRule) -> Self {
        Self { value, compare, normal: std::cell::OnceCell::new() }
    }

    fn is(&self, now: &Now<'_>) -> bool {
        self.value == now.value || same(self.normal.get_or_init(|| Normal::of(self.value, self.compare)), now.normal, self.compare)
    }
}

/// What every source says, judged by what is accepted; by name, so that one decision is written in one way.
#[must_use]
pub fn said_of<'a>(now: impl IntoIterator<Item = (&'a SourceId, Cow<'a, Value>)>, verdict: &Verdict, compare: &CompareRule) -> Vec<Said> {
    let accepted = verdict.value().map(|value| Normal::of(value, compare));
    let is_right = |value: &Value| accepted.as_ref().is_some_and(|accepted| same(accepted, &Normal::of(value, compare), compare));
    let mut said: Vec<Said> = now
        .into_iter()
        .map(|(source, value)| Said { source: source.clone(), is_right: is_right(&value), value: value.into_owned() })
        .collect();
    said.sort_by(|one, other| one.source.cmp(&other.source));
    said
}

#[cfg(test)]
#[path = "decision_tests.rs"]
mod tests;
