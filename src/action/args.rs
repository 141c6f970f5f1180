//! The typed arguments of every action that is carried out outside the screen.
//!
//! Unknown members are refused, missing ones take the default of the command line.

mod audit;
mod change;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::fact::{FactState, Key, Mark, Pattern};

pub use audit::{AuditListArgs, AuditVerifyArgs};
pub use change::{
    ChangeRow, CommandArgs, EditArgs, FlushArgs, LockArgs, QueueListArgs, RedoArgs, ReleaseArgs, ResolveArgs, SetArgs, SubmitArgs, UndoArgs,
};

/// `core.insight.read`. The answer is one line per key that has a fact, in the order asked for, then one error line per key that has
/// not.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadArgs {
    /// Which facts; at least one.
    pub keys: Vec<Key>,
    /// Refuse what was vouched for longer ago than this.
    #[serde(default)]
    pub max_age_ms: Option<u64>,
    /// Ask the sources first, whatever is cached.
    #[serde(default)]
    pub refresh: bool,
    /// Make an undecided conflict an error, after the fact.
    #[serde(default)]
    pub strict: bool,
    /// Print the bare value only; whoever prints looks at it.
    #[serde(default)]
    pub value: bool,
    /// What was believed at this moment instead: a UTC time, or how long ago.
    #[serde(default)]
    pub at: Option<String>,
}

/// `core.chaos.run` on the running engine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChaosRunArgs {
    /// The name of a built-in profile.
    pub profile: String,
    /// On the running engine: what an engine can be asked for.
    #[serde(default)]
    pub live: bool,
    /// How long.
    #[serde(default)]
    pub for_ms: Option<u64>,
    /// Whoever asks knows what it does.
    #[serde(default)]
    pub yes: bool,
}

/// `core.insight.list`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListArgs {
    /// Keys that match; none: all.
    #[serde(default)]
    pub pattern: Option<Pattern>,
    /// Any of these; empty: all.
    #[serde(default, deserialize_with = "states")]
    pub states: Vec<FactState>,
    /// Any of these; empty: all.
    #[serde(default, deserialize_with = "marks")]
    pub marks: Vec<Mark>,
    /// The order.
    #[serde(default)]
    pub sort: SortArg,
    /// Ask the sources first, whatever is cached.
    #[serde(default)]
    pub refresh: bool,
}

/// `core.insight.confidence`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhyArgs {
    /// Which fact.
    pub key: Key,
}

/// `core.insight.watch`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchArgs {
    /// Keys that match; none: all.
    #[serde(default)]
    pub pattern: Option<Pattern>,
}

/// `core.source.refresh`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshArgs {
    /// Sources that could hold keys of this pattern; none: all.
    #[serde(default)]
    pub pattern: Option<Pattern>,
}

/// `core.source.read`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceListArgs {}

/// `core.source.test`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTestArgs {
    /// Which source.
    pub name: String,
}

/// `core.source.detect`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceDetectArgs {
    /// An absolute path, or a URL.
    pub target: String,
    /// Without what is remembered.
    #[serde(default)]
    pub refresh: bool,
}

/// `core.conflict.read`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictListArgs {
    /// The decided ones too.
    #[serde(default)]
    pub all: bool,
    /// At most this many.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// `core.conflict.show`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictShowArgs {
    /// The id or a prefix of it that fits only one.
    pub id: String,
}

/// `core.conflict.watch`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictWatchArgs {
    /// Of those that wait now, at most this many.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// `core.conflict.undo`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictUndoArgs {
    /// The id of the conflict, or a prefix of it that fits only one that was decided.
    pub id: String,
}

/// `core.source.trust`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTrustArgs {
    /// Which source; none: all that observe.
    #[serde(default)]
    pub name: Option<String>,
    /// Only this field.
    #[serde(default)]
    pub field: Option<String>,
    /// Begin anew.
    #[serde(default)]
    pub reset: bool,
}

/// `core.cache.read`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheStatusArgs {}

/// `core.cache.evict`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheEvictArgs {
    /// Keys to forget.
    pub pattern: Pattern,
}

/// `core.cache.compact`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheCompactArgs {}

/// `core.cache.replay`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheReplayArgs {
    /// File with one access per line, or `-`.
    pub trace: String,
    /// Bytes where lines name sizes, else entries.
    pub capacity: u64,
}

/// `core.cache.verify`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheVerifyArgs {}

/// `core.cache.rekey`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RekeyArgs {
    /// `auto keyring passphrase file:PATH`; none: the same kind.
    #[serde(default)]
    pub key: Option<String>,
    /// Keep the data key and wrap it anew only.
    #[serde(default)]
    pub wrap_only: bool,
    /// The new passphrase, for `key` = `passphrase`.
    #[serde(default)]
    pub passphrase: Option<Hidden>,
}

/// `core.cache.damaged`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DamagedListArgs {}

/// `core.cache.discard`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DamagedDropArgs {
    /// Its name or the beginning of it.
    pub id: String,
    /// That it is meant.
    #[serde(default)]
    pub yes: bool,
}

/// `core.app.wipe`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WipeArgs {
    /// That it is meant.
    #[serde(default)]
    pub yes: bool,
}

/// A text that is shown to nobody and wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("(hidden)")
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

/// `core.cache.snapshot`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotArgs {
    /// Where to write it, absolute: whoever owns the data directory writes it, from wherever it was started.
    pub file: String,
}

/// `core.cache.hydrate`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HydrateArgs {
    /// Which snapshot, absolute.
    pub file: String,
    /// Hold afterwards what it holds and nothing else, instead of the newer of each.
    #[serde(default)]
    pub replace: bool,
}

/// `core.insight.history`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryArgs {
    /// Which fact.
    pub key: Key,
    /// How far back; none: as far as it is kept.
    #[serde(default)]
    pub since_ms: Option<u64>,
}

/// Actions without arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmptyArgs {}

/// `core.config.trust`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFileArgs {
    /// Which file.
    pub file: String,
}

/// `core.app.completions`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShellArgs {
    /// `bash elvish fish powershell zsh`
    pub shell: String,
}

/// `core.action.invoke`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvokeArgs {
    /// Which action; none: list them.
    #[serde(default)]
    pub id: Option<String>,
    /// Its arguments.
    #[serde(default)]
    pub payload: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A state to filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateArg {
    /// [`FactState::Fresh`]
    Fresh,
    /// [`FactState::Stale`]
    Stale,
    /// [`FactState::Offline`]
    Offline,
    /// [`FactState::Gone`]
    Gone,
}

/// A mark to filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MarkArg {
    /// [`Mark::Conflict`]
    Conflict,
    /// [`Mark::Drift`]
    Drift,
    /// [`Mark::Pending`]
    Pending,
    /// [`Mark::Locked`]
    Locked,
    /// [`Mark::Quarantined`]
    Quarantined,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortArg {
    /// By key, bytewise.
    #[default]
    Key,
    /// Oldest first.
    Age,
    /// Least believed first.
    Confidence,
}

fn states<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<FactState>, D::Error> {
    Vec::<StateArg>::deserialize(from).map(|states| states.into_iter().map(FactState::from).collect())
}

fn marks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Mark>, D::Error> {
    Vec::<MarkArg>::deserialize(from).map(|marks| marks.into_iter().map(Mark::from).collect())
}

impl From<StateArg> for FactState {
    fn from(state: StateArg) -> Self {
        match state {
            StateArg::Fresh => Self::Fresh,
            StateArg::Stale => Self::Stale,
            StateArg::Offline => Self::Offline,
            StateArg::Gone => Self::Gone,
        }
    }
}

impl From<MarkArg> for Mark {
    fn from(mark: MarkArg) -> Self {
        match mark {
            MarkArg::Conflict => Self::Conflict,
            MarkArg::Drift => Self::Drift,
            MarkArg::Pending => Self::Pending,
            MarkArg::Locked => Self::Locked,
            MarkArg::Quarantined => Self::Quarantined,
        }
    }
}
