//! What the queue is asked and what it answers, as data.

use std::{sync::Arc, time::Duration};

use crate::{
    engine::store::StoreError,
    fact::{Author, Base, Command, CommandId, CommandReason, CommandState, Key, Operation, SourceId, Timestamp, Value},
};

/// A change that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeRequest {
    /// Minted by whoever asks: asking again with it is the same change.
    pub id: CommandId,
    /// Which fact.
    pub key: Key,
    /// What it does.
    pub operation: Operation,
    /// The value it is to have.
    pub value: Value,
    /// Who is to take it; none: the one that can, or that the key's rule names.
    pub source: Option<SourceId>,
    /// Until when it may be sent by itself; none: as configured.
    pub expires: Option<Duration>,
    /// Who asks.
    pub author: Author,
    /// The command that it undoes.
    pub undoes: Option<CommandId>,
}

/// What a change would do, or does.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Who takes it.
    pub source: SourceId,
    /// What it starts from.
    pub base: Base,
    /// Until when it may be sent by itself.
    pub deadline: Timestamp,
    /// Changes of the same key at the same target that go before it.
    pub behind: usize,
    /// Nobody takes it: it stays here.
    pub kept_here: bool,
}

/// Why the queue does not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// No source takes changes of this key.
    #[error("no source takes changes of {0}: one that does is writable and has a [[source.write]] that matches, or is a json or toml file")]
    Unwritable(Key),
    /// The source that was named does not take it.
    #[error("{source_name} takes no changes of {key}: it needs writable = true and, for http and exec, a [[source.write]] that matches")]
    NotBy {
        /// Which fact.
        key: Key,
        /// Who was named.
        source_name: String,
    },
    /// Several take it and none was named.
    #[error("{} take changes of {key}: name one with --source, or write_to in its [[key]] rule", list(.sources))]
    SeveralSources {
        /// Which fact.
        key: Key,
        /// Who could.
        sources: Vec<SourceId>,
    },
    /// Belief in it is frozen.
    #[error("{0} is locked: nothing changes it until stellar unlock {0}")]
    Locked(Key),
    /// It is not locked.
    #[error("{0} is not locked")]
    NotLocked(Key),
    /// The value does not fit the key's schema.
    #[error("{key} does not take this value: {why}")]
    BreaksSchema {
        /// Which fact.
        key: Key,
        /// Where and how.
        why: String,
    },
    /// The value is larger than a change may be.
    #[error("the value has {bytes} bytes and a change may have {limit}")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// No command ends so.
    #[error("there is no change {0}; stellar queue list shows them")]
    NoSuchCommand(String),
    /// Several commands end so.
    #[error("{count} changes end with {text}; give more of the id")]
    Ambiguous {
        /// What was given.
        text: String,
        /// How many end so.
        count: usize,
    },
    /// It cannot be done where the command stands.
    #[error("{} is {}: {why}", .id, .state)]
    WrongState {
        /// Which, as it is shown.
        id: String,
        /// Where it stands.
        state: CommandState,
        /// What can be done instead.
        why: &'static str,
    },
    /// Nothing of this person's can be undone or made again.
    #[error("{0}")]
    Nothing(&'static str),
    /// The change was delivered: taking it back is a change of its own that is to be agreed to.
    #[error("{id} was delivered: taking it back sends {key} = {value} to {source_name}; say --yes to do it", value = short(.value))]
    WouldSend {
        /// Which, as it is shown.
        id: String,
        /// Which fact.
        key: Key,
        /// What would be sent.
        value: Value,
        /// To whom.
        source_name: SourceId,
    },
    /// What the change started from is not known, so it cannot be taken back.
    #[error("what {0} replaced is not known, so it cannot be taken back; set the value you want instead")]
    NoBase(String),
    /// What is to be decided is not what was seen.
    #[error("{id} moved while it was looked at: its digest is {digest} now; look again, then decide")]
    Moved {
        /// Which conflict.
        id: String,
        /// Its digest now.
        digest: String,
    },
    /// Changes cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl QueueError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unwritable(_) | Self::NotBy { .. } => "not_writable",
            Self::SeveralSources { .. } => "several_sources",
            Self::Locked(_) => "locked",
            Self::NotLocked(_) => "not_locked",
            Self::BreaksSchema { .. } => "schema_violation",
            Self::TooLarge { .. } => "too_large",
            Self::NoSuchCommand(_) => "command_not_found",
            Self::Ambiguous { .. } => "command_ambiguous",
            Self::WrongState { .. } => "wrong_state",
            Self::Nothing(_) => "nothing_to_undo",
            Self::WouldSend { .. } => "would_send",
            Self::NoBase(_) => "base_unknown",
            Self::Moved { .. } => "conflict_moved",
            Self::Store(_) => "store_unwritable",
        }
    }
}

/// What a person or a rule does to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Treatment {
    /// Take it back before it is delivered.
    Cancel,
    /// Try again, as it is.
    Retry,
    /// Let it go although it is old or its source refused us.
    Release,
    /// Another value.
    Edit(Value),
    /// Start from what the target holds now.
    Rebase,
    /// Ours counts: as [`Treatment::Rebase`], of one whose target moved.
    Mine,
    /// The target's counts: ours ends.
    Theirs,
    /// Forget a dead one.
    Drop,
}

/// How the queue stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueStatus {
    /// Under way.
    pub depth: u64,
    /// How many stand where, of those that are kept.
    pub states: Vec<(CommandState, u64)>,
    /// Age of the oldest that is under way.
    pub oldest: Option<Duration>,
    /// Wait for a person.
    pub needs_a_person: u64,
    /// Who stopped all sending.
    pub held_by: Option<Author>,
    /// Sources with something under way.
    pub sources: Vec<SourceQueue>,
    /// Why changes cannot be kept, if they cannot.
    pub closed: Option<String>,
    /// Whether this engine sends.
    pub sends: bool,
}

/// What waits for one source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceQueue {
    /// Who.
    pub source: SourceId,
    /// Under way.
    pub depth: u64,
    /// `closed open half_open parked`.
    pub breaker: &'static str,
    /// When something is tried next.
    pub next_at: Option<Timestamp>,
    /// Why it does not go on, if it does not.
    pub reason: Option<CommandReason>,
}

/// A command moved: it as it stands now.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueEvent {
    /// The command.
    pub command: Arc<Command>,
    /// Whether its value may not be shown.
    pub secret: bool,
}

fn list(sources: &[SourceId]) -> String {
    sources.iter().map(SourceId::as_str).collect::<Vec<_>>().join(", ")
}

/// A value for a sentence: not longer than a line.
fn short(value: &Value) -> String {
    let text = value.as_json_text();
    if text.len() <= 60 { text.to_owned() } else { format!("{}..", text.chars().take(57).collect::<String>()) }
}
