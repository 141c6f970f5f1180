//! Which facts the list shows, in which order. Pure and off the loop: with many facts it takes longer than a key may.

use std::{cmp::Reverse, sync::Arc};

use crate::{
    engine::{FactMap, SortBy},
    fact::{Confidence, Insight, Key, Timestamp},
};

use super::fuzzy::Fuzzy;

/// What is to be arranged.
#[derive(Clone, Debug)]
pub struct Arrange {
    /// Answers to older ones are dropped.
    pub generation: u64,
    /// Every fact, by key.
    pub facts: FactMap,
    /// For when: a confidence moves with time.
    pub now: Timestamp,
    /// What was typed to filter them.
    pub query: String,
    /// The order.
    pub sort: SortBy,
    /// The fact that is selected.
    pub selected: Option<Key>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Arranged {
    /// Of the question.
    pub generation: u64,
    /// The facts the rows speak of.
    pub facts: FactMap,
    /// Indices into them, in order.
    pub rows: Arc<[u32]>,
    /// Where the selected one stands now; none when it is not among them.
    pub position: Option<usize>,
}

/// Filters and sorts. With a filter and by key, what fits best comes first; equal rows keep the order of keys.
#[must_use]
pub fn arrange(question: &Arrange) -> Arranged {
    let facts = &question.facts;
    let numbered = || (0_u32..).zip(facts.iter());
    let fitting: Vec<(u32, &Arc<Insight>)> = match Fuzzy::new(&question.query) {
        None => numbered().collect(),
        Some(mut query) => {
            let scored = |(row, insight): (u32, _)| {
                let insight: &Arc<Insight> = insight;
                Some((query.score(insight.key.as_str())?, row, insight))
            };
            let mut scored: Vec<_> = numbered().filter_map(scored).collect();
            scored.sort_by_key(|(score, row, _)| (Reverse(*score), *row));
            scored.into_iter().map(|(_, row, insight)| (row, insight)).collect()
        }
    };
    let rows: Vec<u32> = match question.sort {
        SortBy::Key => fitting.into_iter().map(|(row, _)| row).collect(),
        SortBy::Age => by(fitting, |insight| insight.observed_at),
        // In ten-thousandths: so they compare as the engine compares them.
        SortBy::Confidence => by(fitting, |insight| believed_at(insight, question.now)),
    };
    let place = question.selected.as_ref().and_then(|key| facts.position(key)).and_then(|place| u32::try_from(place).ok());
    let position = place.and_then(|place| rows.iter().position(|row| *row == place));
    Arranged { generation: question.generation, facts: facts.clone(), rows: rows.into(), position }
}

/// Rows by what is read of each fact once.
fn by<T: Ord>(fitting: Vec<(u32, &Arc<Insight>)>, read: impl Fn(&Insight) -> T) -> Vec<u32> {
    let mut rows: Vec<(T, u32)> = fitting.into_iter().map(|(row, insight)| (read(insight), row)).collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// How far a fact is believed at a moment, in ten-thousandths: it was resolved some time before.
fn believed_at(insight: &Insight, now: Timestamp) -> u32 {
    let Some(confidence) = &insight.confidence else { return 0 };
    let mut basis = confidence.basis;
    if !basis.age.is_zero() {
        basis.age = basis.age.max(now.since(insight.observed_at));
    }
    Confidence::score(&confidence.weights, &basis).points()
}
