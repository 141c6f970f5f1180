//! Which facts the list shows, in which order. Pure and off the loop: with many facts it takes longer than a key may.

use std::{cmp::Reverse, sync::Arc};

use crate::{
    engine::SortBy,
    fact::{Insight, Key},
};

use super::fuzzy::Fuzzy;

/// What is to be arranged.
#[derive(Clone, Debug)]
pub struct Arrange {
    /// Answers to older ones are dropped.
    pub generation: u64,
    /// Every fact, by key.
    pub facts: Arc<[Arc<Insight>]>,
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
    pub facts: Arc<[Arc<Insight>]>,
    /// Indices into them, in order.
    pub rows: Arc<[u32]>,
    /// Where the selected one stands now; none when it is not among them.
    pub position: Option<usize>,
}

/// Filters and sorts. With a filter and by key, what fits best comes first; equal rows keep the order of keys.
#[must_use]
pub fn arrange(question: &Arrange) -> Arranged {
    let facts = &question.facts;
    let fact = |row: &u32| usize::try_from(*row).ok().and_then(|row| facts.get(row));
    let all = 0..u32::try_from(facts.len()).unwrap_or(u32::MAX);
    let mut rows: Vec<u32> = match Fuzzy::new(&question.query) {
        None => all.collect(),
        Some(mut query) => {
            let scored = |row: u32| Some((query.score(fact(&row)?.key.as_str())?, row));
            let mut scored: Vec<(u32, u32)> = all.filter_map(scored).collect();
            scored.sort_by_key(|(score, row)| (Reverse(*score), *row));
            scored.into_iter().map(|(_, row)| row).collect()
        }
    };
    match question.sort {
        SortBy::Key => {}
        SortBy::Age => rows.sort_by_key(|row| fact(row).map(|fact| fact.observed_at)),
        SortBy::Confidence => {
            // In ten-thousandths: so they compare as the engine compares them.
            rows.sort_by_key(|row| fact(row).and_then(|fact| fact.confidence.as_ref()).map_or(0, crate::fact::Confidence::points));
        }
    }
    let position = question.selected.as_ref().and_then(|key| rows.iter().position(|row| fact(row).is_some_and(|fact| fact.key == *key)));
    Arranged { generation: question.generation, facts: Arc::clone(facts), rows: rows.into(), position }
}
