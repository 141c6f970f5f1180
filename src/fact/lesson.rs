//! What an answer teaches: of every source that had a value, whether it was right.
//!
//! It counts for all of them, not only for the one that was accepted, and for nobody who was silent, declared or absent.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    field::FieldName,
    insight::Insight,
    normal::{Normal, same},
    observation::Content,
    rule::CompareRule,
    source::{Role, SourceId},
    time::Timestamp,
    value::Value,
};

/// The name of an answer: one for each question, so that the same answer told twice counts once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LessonId(Arc<str>);

impl LessonId {
    /// The name as whoever asked gives it, such as a conflict's id with its digest.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What one answer says of those who had a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lesson {
    /// When it was given.
    pub at: Timestamp,
    /// What it is about.
    pub field: FieldName,
    /// Every source that had a value, and whether it was right.
    pub verdicts: BTreeMap<SourceId, bool>,
}

impl Lesson {
    /// What the answer `accepted` says of those who have a value of the fact; none: that nobody is right.
    ///
    /// A source is right if its value is the same as the accepted one under the rule.
    #[must_use]
    pub fn of(insight: &Insight, field: FieldName, accepted: Option<&Value>, compare: &CompareRule, at: Timestamp) -> Self {
        let accepted = accepted.map(|value| Normal::of(value, compare));
        let verdict = |value: &Value| accepted.as_ref().is_some_and(|accepted| same(accepted, &Normal::of(value, compare), compare));
        let verdicts = insight
            .sources
            .iter()
            .filter_map(|view| match (&view.content, view.role) {
                (Content::Value(value), Role::Observed) => Some((view.source.clone(), verdict(value))),
                _ => None,
            })
            .collect();
        Self { at, field, verdicts }
    }
}
