//! The queue as a screen needs it: how it stands, what waits, what ended lately.

use serde::{Deserialize, Serialize};

use crate::{
    engine::{QueueStatus, SourceQueue},
    fact::{Author, Base, Command, CommandReason, CommandState, SourceId, Timestamp, Value},
};

use super::{Veil, ViewConflict};

/// Breakers by their words.
const BREAKERS: [&str; 4] = ["closed", "open", "half_open", "parked"];

/// What waits for one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ViewSourceQueue {
    source: SourceId,
    depth: u64,
    breaker: String,
    next_at: Option<Timestamp>,
    reason: Option<CommandReason>,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewCommand {
    /// Its id, as short as tells it from the others.
    pub shown: String,
    /// Whether its values are masked.
    pub secret: bool,
    /// The change, its values as they may be shown.
    pub command: Command,
}

/// The queue at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ViewQueue {
    depth: u64,
    states: Vec<(CommandState, u64)>,
    needs_a_person: u64,
    held_by: Option<Author>,
    closed: Option<String>,
    sends: bool,
    sources: Vec<ViewSourceQueue>,
    /// When the oldest that is under way was asked for.
    pub oldest: Option<Timestamp>,
    /// What is under way or was given up.
    pub commands: Vec<ViewCommand>,
    /// What was delivered lately.
    pub ended: Vec<ViewCommand>,
    /// More of what waits than is told.
    pub left_out: u64,
    /// Changes whose target moved.
    pub conflicts: Vec<ViewConflict>,
}

impl ViewCommand {
    /// Puts a change on the wire: its values and what was answered as `veil` shows them.
    #[must_use]
    pub fn of(shown: &str, secret: bool, command: &Command, veil: Veil<'_>) -> Self {
        let veiled = |value: &Value| Value::parse(&veil(value)).unwrap_or_else(|_| Value::string("?"));
        let base = |base: &Base| match base {
            Base::Value(value) => Base::Value(veiled(value)),
            other => other.clone(),
        };
        let mut command =
            Command { value: veiled(&command.value), base: base(&command.base), theirs: base(&command.theirs), ..command.clone() };
        for attempt in &mut command.attempts {
            // What a target said may hold the value.
            let said = veiled(&Value::string(&attempt.said));
            attempt.said = serde_json::from_str(said.as_json_text()).unwrap_or_default();
        }
        Self { shown: shown.to_owned(), secret, command }
    }
}

impl ViewQueue {
    /// How it stands, without its changes.
    #[must_use]
    pub fn of(status: &QueueStatus) -> Self {
        let source = |queue: &SourceQueue| ViewSourceQueue {
            source: queue.source.clone(),
            depth: queue.depth,
            breaker: queue.breaker.to_owned(),
            next_at: queue.next_at,
            reason: queue.reason,
        };
        Self {
            depth: status.depth,
            states: status.states.clone(),
            needs_a_person: status.needs_a_person,
            held_by: status.held_by.clone(),
            closed: status.closed.clone(),
            sends: status.sends,
            sources: status.sources.iter().map(source).collect(),
            ..Self::default()
        }
    }

    /// How it stands; its age is with its oldest.
    #[must_use]
    pub fn status(&self) -> QueueStatus {
        let source = |queue: &ViewSourceQueue| SourceQueue {
            source: queue.source.clone(),
            depth: queue.depth,
            breaker: BREAKERS.into_iter().find(|breaker| *breaker == queue.breaker).unwrap_or("open"),
            next_at: queue.next_at,
            reason: queue.reason,
        };
        QueueStatus {
            depth: self.depth,
            states: self.states.clone(),
            oldest: None,
            needs_a_person: self.needs_a_person,
            held_by: self.held_by.clone(),
            sources: self.sources.iter().map(source).collect(),
            closed: self.closed.clone(),
            sends: self.sends,
        }
    }
}
