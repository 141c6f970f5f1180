//! What the engine is asked and what it answers, as data.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    config::Config,
    fact::{Author, ConflictEntry, ConflictId, Decision, FactState, Insight, Key, Mark, Pattern, Role, SourceId, SourceState, Timestamp},
};

use super::{
    cache::HotStatus,
    cache_event::CacheEvent,
    queue::QueueEvent,
    source::{BadSource, Reported, Skipped, SourceError},
    store::{KeyPolicy, KeyStatus, SnapshotError, Standing, StoreError, StoreOptions, StoreStats},
    world::{Clock, KeyVault, Rng, Secrets},
};

/// What an engine is started with. It reads neither home nor the environment: everything it needs is here.
#[derive(Clone)]
pub struct EngineOptions {
    /// The effective configuration.
    pub config: Arc<Config>,
    /// The data directory, absolute; made 0700 if it is not there.
    pub data_dir: PathBuf,
    /// The state directory, absolute: keys, trust, log.
    pub state_dir: PathBuf,
    /// Never fetch nor send.
    pub offline: bool,
    /// Poll and watch by schedule (`serve`, a screen); false for a one-shot command.
    pub polling: bool,
    /// Nothing runs on a thread of its own: for rehearsals on virtual time.
    pub inline: bool,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub rng: Arc<dyn Rng>,
    /// Who turns a secret's reference into the secret.
    pub secrets: Arc<dyn Secrets>,
    /// The keyring, and whoever knows the cache's passphrase.
    pub vault: Arc<dyn KeyVault>,
    /// Variables that `exec` may be given: name and value. Only the listed ones are passed on.
    pub environment: Arc<Vec<(String, String)>>,
}

/// Why the engine cannot do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A snapshot was not written or not taken.
    #[error("{}: {error}", .file.display())]
    Snapshot {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        error: SnapshotError,
    },
    /// No source of that name.
    #[error("there is no source {0:?}")]
    NoSuchSource(String),
    /// A source of the configuration cannot be built.
    #[error("source {source_name}: {message}")]
    BadSource {
        /// Which.
        source_name: String,
        /// What is wrong with it.
        message: String,
    },
    /// A key cannot be pinned: as much is pinned as may be.
    #[error("{0}")]
    PinsFull(String),
    /// The engine is shutting down or too busy to take the request.
    #[error("{0}")]
    Unavailable(String),
}

impl From<BadSource> for EngineError {
    fn from(bad: BadSource) -> Self {
        Self::BadSource { source_name: bad.source_name, message: bad.message }
    }
}

impl EngineOptions {
    /// What its store is opened with.
    pub(super) fn store(&self) -> StoreOptions {
        StoreOptions {
            data_dir: self.data_dir.clone(),
            state_dir: self.state_dir.clone(),
            backend: self.config.cache.backend.clone(),
            key: self.config.cache.key.clone(),
            clock: Arc::clone(&self.clock),
            rng: Arc::clone(&self.rng),
            vault: Arc::clone(&self.vault),
            policy: KeyPolicy::default(),
        }
    }
}

/// Which facts, in which order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FactQuery {
    /// Keys that match; none: all.
    pub pattern: Option<Pattern>,
    /// Any of these states; empty: all.
    pub states: Vec<FactState>,
    /// Any of these marks; empty: all.
    pub marks: Vec<Mark>,
    /// The order.
    pub sort: SortBy,
}

/// The order of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// By key, bytewise.
    #[default]
    Key,
    /// Oldest first.
    Age,
    /// Least believed first.
    Confidence,
}

/// What can be said of a key nothing is cached for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// No configured source can hold it, or each that could has answered completely once and did not have it.
    NoSuchKey,
    /// These could hold it and have never answered completely.
    Unanswered(Vec<SourceId>),
    /// These had it when they last answered, and it went for want of room.
    LetGo(Vec<SourceId>),
}

/// How one source's refresh went.
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshReport {
    /// Who was asked.
    pub source: SourceId,
    /// Keys it holds after this.
    pub keys: u64,
    /// Keys whose value changed, came or went.
    pub changed: u64,
    /// Items that could not be taken.
    pub failed: u64,
    /// How long it took.
    pub took: Duration,
    /// Why it failed, if it did.
    pub error: Option<SourceError>,
}

/// How a source stands.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceStatus {
    /// Who.
    pub source: SourceId,
    /// `host file exec http prometheus`.
    pub kind: &'static str,
    /// Observed or declared.
    pub role: Role,
    /// Configured trust.
    pub trust: f64,
    /// Whether it is asked at all.
    pub enabled: bool,
    /// Whether it takes changes.
    pub writable: bool,
    /// How its last fetch went.
    pub state: SourceState,
    /// When it last answered completely, if ever.
    pub complete_at: Option<Timestamp>,
    /// When it was last asked.
    pub asked_at: Option<Timestamp>,
    /// Keys it holds.
    pub keys: u64,
    /// Why the last fetch failed.
    pub error: Option<SourceError>,
    /// Items left out of the last answer, by reason.
    pub skipped: Vec<Skipped>,
    /// Keys two items of the last answer claimed.
    pub duplicates: Vec<Key>,
    /// Keys it reported and may not claim, or that were malformed, in the last answer.
    pub rejected_keys: u64,
    /// Share of answered among asked, last five minutes; none: not asked.
    pub availability: Option<f64>,
    /// How often it is asked; none: watched.
    pub interval: Option<Duration>,
}

/// What `source test` found: one fetch that stores nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceTest {
    /// Who.
    pub source: SourceId,
    /// How long it took.
    pub took: Duration,
    /// Up to ten of the items.
    pub sample: Vec<Reported>,
    /// How many there were.
    pub keys: u64,
    /// Whether the answer was complete.
    pub complete: bool,
    /// Items left out, by reason.
    pub skipped: Vec<Skipped>,
    /// Keys two items claimed.
    pub duplicates: Vec<Key>,
    /// Keys it may not claim, or that were malformed.
    pub rejected_keys: u64,
    /// Why it failed, if it did.
    pub error: Option<SourceError>,
}

/// What letting facts go came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EvictReport {
    /// Keys that are not held any more.
    pub keys: u64,
    /// Observations, of those keys and of sources that are not configured any more.
    pub entries: u64,
    /// Their sealed bytes.
    pub bytes: u64,
    /// Keys that were asked to go and stay because they are pinned.
    pub pinned: u64,
}

/// What a compaction came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompactReport {
    /// Bytes on disk before.
    pub before: u64,
    /// Bytes on disk after.
    pub after: u64,
    /// Sealed bytes held after.
    pub live: u64,
    /// What went with it.
    pub evicted: EvictReport,
}

/// How the cache stands with its room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomStatus {
    /// Sealed bytes at which the least recently used go.
    pub high_watermark: u64,
    /// Sealed bytes at which that stops.
    pub low_watermark: u64,
    /// Sealed bytes that are left when the disk is short; none as long as it was not.
    pub disk_bound: Option<u64>,
    /// Keys that went for want of room, ever.
    pub evicted_keys: u64,
    /// Their sealed bytes.
    pub evicted_bytes: u64,
    /// Keys that sources have and the cache has not, by source.
    pub left_out: Vec<(SourceId, u64)>,
    /// Keys that never go.
    pub pins: u64,
    /// Their sealed bytes.
    pub pinned_bytes: u64,
    /// How often the database was compacted.
    pub compactions: u64,
    /// When it last was.
    pub compacted_at: Option<Timestamp>,
}

/// The cache, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheStatus {
    /// `sled memory`.
    pub backend: &'static str,
    /// Where.
    pub data_dir: PathBuf,
    /// Keys with at least one observation.
    pub facts: u64,
    /// The store's own counts.
    pub store: StoreStats,
    /// How it stands with its room.
    pub room: RoomStatus,
    /// How the tier of decoded facts stands.
    pub hot: HotStatus,
    /// What the encryption protects against and what not, in a sentence.
    pub protection: String,
    /// The keys, where what is kept is sealed.
    pub keys: Option<KeyStatus>,
    /// What happened at open that a person should know (healed, moved aside), a sentence each.
    pub notes: Vec<String>,
    /// How the store stands when memory serves in place of the disk; none when all is well.
    pub standing: Option<Standing>,
    /// When any engine last polled here.
    pub polled_at: Option<Timestamp>,
}

/// Something that happened, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineEvent {
    /// A fact is new or differs in value, state or marks.
    InsightChanged(Arc<Insight>),
    /// A conflict opened.
    ConflictOpened(ConflictId, Key),
    /// A conflict is of other values, or stands otherwise; and whether its values are to be masked.
    ConflictChanged(Arc<ConflictEntry>, bool),
    /// A conflict is no more.
    ConflictClosed(ConflictId, Key),
    /// Somebody said what is true, or took that back.
    Decision(DecisionEvent),
    /// A source was asked.
    SourceRefreshed(RefreshReport),
    /// A command took a step.
    Queue(QueueEvent),
    /// All sending was stopped, or goes on; and by whom.
    Held(bool, Author),
    /// Something happened to the cache as a whole.
    Cache(CacheEvent),
    /// A task of the engine failed; the sentence says which.
    Fault(String),
    /// The subscriber was too slow: this many events are missing.
    Missed(u64),
}

/// Somebody decided.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionEvent {
    /// What was done with it.
    pub step: DecisionStep,
    /// The decision.
    pub decision: Arc<Decision>,
    /// Whether its values may not be shown.
    pub secret: bool,
    /// Who did it.
    pub by: Author,
}

/// What was done with a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionStep {
    /// It was made.
    Made,
    /// It was taken back.
    TakenBack,
}

/// An event with its number and time. Numbers count from 1 per engine without gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct StampedEvent {
    /// Its place in the order.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: EngineEvent,
}

impl EngineError {
    /// The stable code a front shows and decides its exit code by.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Busy { .. }) => "store_busy",
            Self::Store(StoreError::NewerFormat { .. }) => "store_newer_format",
            Self::Store(StoreError::KeyUnavailable(_)) => "key_unavailable",
            Self::Store(StoreError::Unwritable { .. }) => "store_unwritable",
            Self::Store(StoreError::Damaged(_)) => "store_damaged",
            Self::Store(StoreError::NoBackend(_) | StoreError::MadeWithout(_)) => "not_in_this_build",
            Self::Store(StoreError::Closed) => "engine_unavailable",
            Self::Snapshot { error, .. } => error.code(),
            Self::NoSuchSource(_) => "no_such_source",
            Self::BadSource { .. } => "bad_source",
            Self::PinsFull(_) => "pins_full",
            Self::Unavailable(_) => "engine_unavailable",
        }
    }
}
