//! What the engine knows, as the screen holds it: shared, never copied.

use std::sync::Arc;

use crate::{
    engine::{EngineView, FactMap, SourceStatus},
    fact::{ConflictClass, ConflictEntry, ResolutionState, SourceState, Timestamp},
};

use super::queue::Queue;

/// The engine's state at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Whether more is being read: these are the first facts and not all, and nothing is known of conflicts.
    pub partial: bool,
    /// Every fact, by key.
    pub facts: FactMap,
    /// Every source, in configured order.
    pub sources: Arc<[SourceStatus]>,
    /// Conflicts that wait for a person, most instructive first.
    pub conflicts: Arc<[Arc<ConflictEntry>]>,
    /// Changes that wait to be sent.
    pub queue: Arc<Queue>,
    /// What happened when the store was opened that a person should know, a sentence each.
    pub notes: Arc<[String]>,
}

impl Snapshot {
    /// What the engine shows, with what is to be known about its store.
    #[must_use]
    pub fn of(view: EngineView, notes: Arc<[String]>) -> Self {
        let EngineView { facts, sources, conflicts } = view;
        Self { partial: false, facts, sources, conflicts, queue: Arc::default(), notes }
    }

    /// What is shown while the rest is read.
    #[must_use]
    pub fn first(view: EngineView) -> Self {
        Self { partial: true, ..Self::of(view, Arc::default()) }
    }

    /// The same with another moment of the queue: its conflicts come before those between sources.
    #[must_use]
    pub fn with_queue(mut self, queue: impl Into<Arc<Queue>>) -> Self {
        let queue = queue.into();
        let is_change = |conflict: &&Arc<ConflictEntry>| conflict.class != ConflictClass::Value;
        if !queue.conflicts.is_empty() || self.conflicts.iter().any(|conflict| is_change(&conflict)) {
            let others = self.conflicts.iter().filter(|conflict| !is_change(conflict));
            self.conflicts = queue.conflicts.iter().chain(others).map(Arc::clone).collect();
        }
        self.queue = queue;
        self
    }

    /// Conflicts that nobody has decided.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.conflicts.iter().filter(|conflict| conflict.resolution == ResolutionState::Pending).count()
    }

    /// What waits for a person: conflicts, and changes that are parked or were given up.
    #[must_use]
    pub fn need_you(&self) -> usize {
        self.undecided() + self.queue.need_you()
    }

    /// Sources that answered last time, and sources that are asked at all.
    #[must_use]
    pub fn reachable(&self) -> (usize, usize) {
        let asked = self.sources.iter().filter(|source| source.enabled);
        let answered = asked.clone().filter(|source| source.state == SourceState::Reachable).count();
        (answered, asked.count())
    }

    /// The sources that fail, the one that has failed longest first.
    #[must_use]
    pub fn failing(&self) -> Vec<(&SourceStatus, Timestamp)> {
        let since = |source: &SourceStatus| match source.state {
            SourceState::Failing { since } if source.enabled => Some(since),
            _ => None,
        };
        let mut failing: Vec<_> = self.sources.iter().filter_map(|source| Some((source, since(source)?))).collect();
        failing.sort_by_key(|(_, since)| *since);
        failing
    }

    /// Whether this is a first run: nothing is configured but this host.
    #[must_use]
    pub fn only_this_host(&self) -> bool {
        !self.sources.is_empty() && self.sources.iter().all(|source| source.kind == "host")
    }
}
