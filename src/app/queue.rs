//! The queue of changes as the screen holds it: what waits, what ended lately, and who holds it up.

use std::sync::Arc;

use crate::{
    engine::{QueueStatus, SourceQueue},
    fact::{Command, CommandId, ConflictEntry, Key, Operation, SourceId, Timestamp},
};

/// A change as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id, as short as tells it from the others.
    pub shown: String,
    /// Whether its values are masked.
    pub secret: bool,
    /// The change itself.
    pub command: Command,
}

/// The queue at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// How it stands; its age is in `oldest`, so that two moments alike are equal.
    pub status: QueueStatus,
    /// When the oldest that is under way was asked for.
    pub oldest: Option<Timestamp>,
    /// What is under way or was given up, in the order in which it was asked for.
    pub commands: Arc<[Listed]>,
    /// What was delivered lately, the newest first.
    pub ended: Arc<[Listed]>,
    /// More of what waits than is listed.
    pub left_out: u64,
    /// Changes whose target moved, as conflicts.
    pub conflicts: Arc<[Arc<ConflictEntry>]>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            status: QueueStatus::default(),
            oldest: None,
            commands: Arc::from([]),
            ended: Arc::from([]),
            left_out: 0,
            conflicts: Arc::from([]),
        }
    }
}

impl Queue {
    /// Changes that wait for a person and are no conflict: those are counted with the conflicts.
    #[must_use]
    pub fn need_you(&self) -> usize {
        let all = usize::try_from(self.status.needs_a_person).unwrap_or(usize::MAX);
        all.saturating_sub(self.conflicts.len())
    }

    /// The change of this id, if it is listed.
    #[must_use]
    pub fn find(&self, id: CommandId) -> Option<&Listed> {
        self.commands.iter().chain(self.ended.iter()).find(|listed| listed.command.id == id)
    }

    /// How a source with something waiting stands.
    #[must_use]
    pub fn of_source(&self, source: &SourceId) -> Option<&SourceQueue> {
        self.status.sources.iter().find(|queue| queue.source == *source)
    }

    /// The source that holds most up: one that is not sent to, with the most that waits for it.
    #[must_use]
    pub fn held_up(&self) -> Option<&SourceQueue> {
        self.status.sources.iter().filter(|queue| queue.breaker != "closed").max_by_key(|queue| queue.depth)
    }

    /// The newest change of this user that was not delivered.
    #[must_use]
    pub fn newest_of(&self, user: &str) -> Option<&Listed> {
        let own = |listed: &&Listed| is_of(&listed.command, user) && listed.command.state.is_under_way();
        self.commands.iter().rev().find(own)
    }

    /// The newest delivered change of this user that was not taken back: by a change of its own that can be sent.
    #[must_use]
    pub fn newest_delivered_of(&self, user: &str) -> Option<&Listed> {
        let taken_back = |id: CommandId| self.commands.iter().chain(self.ended.iter()).any(|listed| listed.command.undoes == Some(id));
        let own = |listed: &&Listed| {
            let command = &listed.command;
            is_of(command, user) && command.undoes.is_none() && command.base.value().is_some() && !taken_back(command.id)
        };
        self.ended.iter().find(own)
    }

    /// Whether something of this key is under way.
    #[must_use]
    pub fn waits_for(&self, key: &Key) -> bool {
        self.commands.iter().any(|listed| listed.command.key == *key && listed.command.state.is_under_way())
    }
}

fn is_of(command: &Command, user: &str) -> bool {
    command.author.user == user && command.operation == Operation::Set
}
