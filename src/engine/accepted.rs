//! What targets accepted and the cache lost: brought back from the log of record when an engine opens.
//!
//! The cache takes an accepted value without waiting for the disk, because the log has it. A process that is killed before its next poll
//! may leave a cache that still holds what was there before, and it would be shown as what the source says until somebody asks again.
//!
//! Invariants: what a source was asked for later than the change was accepted stands; nothing is written here, it goes to disk with the next
//! write.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use crate::fact::{Command, Content, Key, Observation, Timestamp};

use super::core::Core;

/// What was accepted so shortly before the last poll that the cache remembers may have missed it.
const SLACK: Duration = Duration::from_secs(1);

/// What the target of a change says from the moment it accepted it on, until it says otherwise.
pub(super) fn accepted(command: Command, revision: Option<Arc<str>>, at: Timestamp) -> Observation {
    Observation {
        key: command.key,
        source: command.source,
        content: Content::Value(command.value),
        observed_at: at,
        changed_at: at,
        fetched_at: at,
        revision,
        live: false,
        same_origin: None,
    }
}

impl Core {
    pub(super) fn recall_accepted(&self) {
        let behind = self.accepted_and_lost();
        if !behind.is_empty() {
            self.write_facts().unwritten = behind;
        }
    }

    fn accepted_and_lost(&self) -> HashMap<Key, Vec<Observation>> {
        let polled = *self.polled_at.lock().unwrap_or_else(PoisonError::into_inner);
        let mut behind: HashMap<Key, Vec<Observation>> = HashMap::new();
        for (command, at) in self.desk.state().last_accepted() {
            // What the cache remembers of a poll it wrote after everything that was accepted before.
            let is_written = polled.is_some_and(|polled| at.plus(SLACK) < polled);
            if is_written || self.position(&command.source).is_none() {
                continue;
            }
            // A cache that cannot be read says so to whoever reads it.
            let Ok(held) = self.store.get(&command.key) else { continue };
            let held = held.iter().find(|held| held.source == command.source);
            let content = Content::Value(command.value.clone());
            if held.is_none_or(|held| held.fetched_at < at && held.content != content) {
                behind.entry(command.key.clone()).or_default().push(accepted(command.clone(), command.revision.clone(), at));
            }
        }
        behind
    }
}
