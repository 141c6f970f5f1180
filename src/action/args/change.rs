//! The arguments of changes and of the queue.
//!
//! A value travels as text, the way it is typed: as JSON's own numbers it would lose digits.

use serde::{Deserialize, Deserializer, de};

use crate::fact::{CommandId, CommandState, Key};

/// `core.input.set`: one change, or several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetArgs {
    /// Which fact; none where `changes` says.
    #[serde(default)]
    pub key: Option<Key>,
    /// The value: JSON if it parses, else a string.
    #[serde(default)]
    pub value: Option<String>,
    /// It is a string whatever it looks like.
    #[serde(default)]
    pub string: bool,
    /// Who is to take it.
    #[serde(default)]
    pub source: Option<String>,
    /// How long it may be sent by itself.
    #[serde(default)]
    pub expires_ms: Option<u64>,
    /// How long to wait for delivery; none: a little.
    #[serde(default)]
    pub wait_ms: Option<u64>,
    /// Change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Minted by whoever asks.
    #[serde(default, deserialize_with = "minted")]
    pub id: Option<CommandId>,
    /// Several changes in the place of one.
    #[serde(default)]
    pub changes: Vec<ChangeRow>,
}

/// One change of several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRow {
    /// Minted by whoever asks.
    #[serde(default, deserialize_with = "minted")]
    pub id: Option<CommandId>,
    /// Which fact.
    pub key: Key,
    /// The value: JSON if it parses, else a string.
    pub value: String,
    /// Who is to take it; none: as all of them say.
    #[serde(default)]
    pub source: Option<String>,
    /// How long it may be sent by itself; none: as all of them say.
    #[serde(default)]
    pub expires_ms: Option<u64>,
    /// The line that it stood on, from 1.
    #[serde(default)]
    pub line: Option<u64>,
}

/// `core.input.submit`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmitArgs {
    /// What is to be said.
    pub text: String,
    /// What it is about.
    #[serde(default)]
    pub key: Option<Key>,
    /// How long to wait for delivery; none: a little.
    #[serde(default)]
    pub wait_ms: Option<u64>,
    /// Minted by whoever asks.
    #[serde(default, deserialize_with = "minted")]
    pub id: Option<CommandId>,
}

/// `core.input.undo`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoArgs {
    /// The end of the command's id; none: the newest that was not delivered.
    #[serde(default)]
    pub which: Option<String>,
    /// Sending what a delivered one replaced is agreed to.
    #[serde(default)]
    pub yes: bool,
    /// Take nothing back.
    #[serde(default)]
    pub dry_run: bool,
    /// Minted by whoever asks.
    #[serde(default, deserialize_with = "minted")]
    pub id: Option<CommandId>,
}

/// `core.input.redo`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedoArgs {
    /// Minted by whoever asks.
    #[serde(default, deserialize_with = "minted")]
    pub id: Option<CommandId>,
}

/// `core.input.field_lock`, `core.input.field_unlock`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockArgs {
    /// Which fact.
    pub key: Key,
}

/// `core.queue.read`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueListArgs {
    /// Any of these; empty: what is under way or was given up.
    #[serde(default, deserialize_with = "states")]
    pub states: Vec<CommandState>,
}

/// What takes one command.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandArgs {
    /// The end of its id.
    pub id: String,
}

/// `core.queue.release`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseArgs {
    /// The end of the id of one command; none: the whole queue.
    #[serde(default)]
    pub id: Option<String>,
}

/// `core.queue.flush`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlushArgs {
    /// How long to wait; none: a little.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// `core.queue.edit`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditArgs {
    /// The end of its id.
    pub id: String,
    /// The value: JSON if it parses, else a string.
    pub value: String,
    /// It is a string whatever it looks like.
    #[serde(default)]
    pub string: bool,
}

/// `core.conflict.resolve`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveArgs {
    /// The id or a prefix of it that fits only one.
    pub id: String,
    /// Ours counts.
    #[serde(default)]
    pub mine: bool,
    /// The target's counts.
    #[serde(default)]
    pub theirs: bool,
    /// What this source says is right.
    #[serde(default)]
    pub accept: Option<String>,
    /// None is right.
    #[serde(default)]
    pub reject: bool,
    /// What the rule believes most is to hold.
    #[serde(default)]
    pub auto: bool,
    /// Who is to get the value that is believed.
    #[serde(default)]
    pub send: Option<String>,
    /// It may be sent.
    #[serde(default)]
    pub yes: bool,
    /// Minted by whoever asks.
    #[serde(default, deserialize_with = "minted")]
    pub decision: Option<CommandId>,
    /// Of what is sent; minted by whoever asks.
    #[serde(default, deserialize_with = "minted")]
    pub command: Option<CommandId>,
    /// This counts: JSON if it parses, else a string.
    #[serde(default)]
    pub value: Option<String>,
    /// What was looked at: decide nothing if it is another by now.
    #[serde(default)]
    pub digest: Option<String>,
    /// Decide nothing.
    #[serde(default)]
    pub dry_run: bool,
}

fn minted<'de, D: Deserializer<'de>>(from: D) -> Result<Option<CommandId>, D::Error> {
    Option::<String>::deserialize(from)?.map(|text| CommandId::parse(&text).map_err(de::Error::custom)).transpose()
}

fn states<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<CommandState>, D::Error> {
    let of = |code: String| CommandState::of(&code).ok_or_else(|| de::Error::custom(format!("there is no state {code:?}")));
    Vec::<String>::deserialize(from)?.into_iter().map(of).collect()
}
