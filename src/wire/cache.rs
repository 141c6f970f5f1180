//! The cache on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::upkeep::CacheKeyPayload;
use crate::{
    engine::{CacheStatus, CompactReport, EvictReport, Hydrated, Taken, TraceCount},
    fact::{SourceId, Timestamp},
    text::bytes_words,
};

/// The cache, in numbers: `core.cache.read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CachePayload {
    /// `sled memory`
    pub backend: Cow<'static, str>,
    /// Where.
    pub data_dir: String,
    /// Keys with at least one observation.
    pub facts: u64,
    /// Records held.
    pub entries: u64,
    /// Sealed bytes of the records held.
    pub live_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Sealed bytes at which the least recently used go.
    #[serde(default)]
    pub high_watermark: u64,
    /// Sealed bytes at which that stops.
    #[serde(default)]
    pub low_watermark: u64,
    /// Sealed bytes that are left where the disk is short of room; none as long as it was not.
    #[serde(default)]
    pub disk_bound: Option<u64>,
    /// Keys that went for want of room, ever.
    #[serde(default)]
    pub evicted_keys: u64,
    /// Their sealed bytes.
    #[serde(default)]
    pub evicted_bytes: u64,
    /// Sources that have keys the cache has not, because they went.
    #[serde(default)]
    pub left_out: Vec<LeftOutPayload>,
    /// Keys that never go.
    #[serde(default)]
    pub pins: u64,
    /// Their sealed bytes.
    #[serde(default)]
    pub pinned_bytes: u64,
    /// How often the database was compacted.
    #[serde(default)]
    pub compactions: u64,
    /// When it last was.
    #[serde(default)]
    pub compacted_at: Option<String>,
    /// How the tier of decoded facts stands in whoever answers.
    #[serde(default)]
    pub hot: HotPayload,
    /// Records put aside as damaged since the store was opened.
    pub quarantined: u64,
    /// What the encryption protects against and what not.
    pub protection: String,
    /// The keys; none where nothing is sealed.
    #[serde(default)]
    pub key: Option<CacheKeyPayload>,
    /// What happened when the store was opened that a person should know.
    pub notes: Vec<String>,
    /// Since when and why memory serves in place of the disk; null when all is well.
    #[serde(default)]
    pub failed_over: Option<StandingPayload>,
    /// When any engine last polled here.
    pub polled_at: Option<String>,
}

/// Decoded facts in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HotPayload {
    /// The most they may take, in bytes of memory.
    pub limit: u64,
    /// What they take.
    pub bytes: u64,
    /// Keys of which all is decoded.
    pub keys: u64,
    /// How often a key that was asked for was among them since the start.
    pub hits: u64,
    /// How often one had to be read.
    pub misses: u64,
}

/// How much of a source is not cached for want of room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOutPayload {
    /// Who.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// How many of its keys.
    pub keys: u64,
}

/// What was let go: `core.cache.evict`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheEvictPayload {
    /// Keys that are not cached any more.
    pub keys: u64,
    /// Records of them.
    pub entries: u64,
    /// Their sealed bytes.
    pub bytes: u64,
    /// Matching keys that stay because they are pinned.
    pub pinned: u64,
    /// What happened, in a sentence.
    pub message: String,
}

/// What a compaction came to: `core.cache.compact`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheCompactPayload {
    /// Bytes on disk before.
    pub before: u64,
    /// Bytes on disk after.
    pub after: u64,
    /// Sealed bytes held after.
    pub live_bytes: u64,
    /// Keys that went with it.
    pub evicted_keys: u64,
    /// Their sealed bytes.
    pub evicted_bytes: u64,
    /// What happened, in a sentence.
    pub message: String,
}

/// What a trace came to: `core.cache.replay`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheReplayPayload {
    /// Accesses.
    pub requests: u64,
    /// Accesses to what was held.
    pub hits: u64,
    /// All others.
    pub misses: u64,
    /// The size of the cache.
    pub capacity: u64,
    /// What the capacity counted: `bytes` where lines named sizes, else `entries`.
    #[schemars(extend("enum" = ["bytes", "entries"]))]
    pub unit: Cow<'static, str>,
}

impl CacheEvictPayload {
    /// Puts it on the wire.
    #[must_use]
    pub fn of(gone: &EvictReport) -> Self {
        let EvictReport { keys, entries, bytes, pinned } = *gone;
        let mut message = format!("{keys} key(s) let go, {}", size(bytes));
        if keys > 0 {
            message += "; they come back with the next answer of their sources";
        }
        if pinned > 0 {
            message += &format!("; {pinned} pinned key(s) stay");
        }
        Self { keys, entries, bytes, pinned, message }
    }
}

impl CacheCompactPayload {
    /// Puts it on the wire.
    #[must_use]
    pub fn of(done: &CompactReport) -> Self {
        let mut message = format!("compacted from {} to {} on disk", size(done.before), size(done.after));
        if done.evicted.keys > 0 {
            message += &format!("; {} key(s) went, {}", done.evicted.keys, size(done.evicted.bytes));
        }
        Self {
            before: done.before,
            after: done.after,
            live_bytes: done.live,
            evicted_keys: done.evicted.keys,
            evicted_bytes: done.evicted.bytes,
            message,
        }
    }
}

impl CacheReplayPayload {
    /// Puts it on the wire.
    #[must_use]
    pub fn of(count: &TraceCount, capacity: u64) -> Self {
        let unit = if count.sized { "bytes" } else { "entries" };
        Self { requests: count.requests, hits: count.hits, misses: count.misses, capacity, unit: unit.into() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn size(bytes: u64) -> String {
    bytes_words(bytes as f64)
}

/// Memory serves in place of the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StandingPayload {
    /// Since when.
    pub since: String,
    /// Why, in a sentence.
    pub why: String,
    /// Changes that wait to be written back.
    pub waiting: u64,
}

/// A snapshot that was written: `core.cache.snapshot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotPayload {
    /// Where.
    pub file: String,
    /// Observations in it.
    pub entries: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Of its content, in hexadecimal: equal for equal contents under one key.
    pub digest: String,
}

/// A snapshot that was taken in: `core.cache.hydrate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HydratePayload {
    /// Which.
    pub file: String,
    /// Observations in it.
    pub entries: u64,
    /// Those that were taken.
    pub taken: u64,
    /// Those that were left, because what is there is the same or newer.
    pub kept: u64,
    /// Observations that went because the snapshot does not hold them.
    pub removed: u64,
}

impl SnapshotPayload {
    /// Puts what was written on the wire.
    #[must_use]
    pub fn of(file: &str, taken: &Taken) -> Self {
        let digest = taken.digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { file: file.to_owned(), entries: taken.entries, bytes: taken.file_bytes, digest }
    }
}

impl HydratePayload {
    /// Puts what was taken on the wire.
    #[must_use]
    pub fn of(file: &str, hydrated: &Hydrated) -> Self {
        let Hydrated { entries, taken, kept, removed } = *hydrated;
        Self { file: file.to_owned(), entries, taken, kept, removed }
    }
}

impl CachePayload {
    /// Puts the numbers on the wire.
    #[must_use]
    pub fn of(status: &CacheStatus) -> Self {
        Self {
            backend: status.backend.into(),
            data_dir: status.data_dir.to_string_lossy().into_owned(),
            facts: status.facts,
            entries: status.store.entries,
            live_bytes: status.store.live_bytes,
            disk_bytes: status.store.disk_bytes,
            high_watermark: status.room.high_watermark,
            low_watermark: status.room.low_watermark,
            disk_bound: status.room.disk_bound,
            evicted_keys: status.room.evicted_keys,
            evicted_bytes: status.room.evicted_bytes,
            left_out: status.room.left_out.iter().map(|(source, keys)| LeftOutPayload { source: source.clone(), keys: *keys }).collect(),
            pins: status.room.pins,
            pinned_bytes: status.room.pinned_bytes,
            compactions: status.room.compactions,
            compacted_at: status.room.compacted_at.map(Timestamp::to_rfc3339),
            hot: HotPayload {
                limit: status.hot.limit,
                bytes: status.hot.bytes,
                keys: status.hot.keys,
                hits: status.hot.hits,
                misses: status.hot.misses,
            },
            quarantined: status.store.quarantined,
            protection: status.protection.clone(),
            key: status.keys.as_ref().map(CacheKeyPayload::of),
            notes: status.notes.clone(),
            failed_over: status.standing.as_ref().map(|standing| StandingPayload {
                since: standing.since.to_rfc3339(),
                why: standing.why.clone(),
                waiting: standing.waiting,
            }),
            polled_at: status.polled_at.map(Timestamp::to_rfc3339),
        }
    }
}
