//! What happens to the cache, on the wire. Every payload carries the sentence a person reads beside its numbers.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::CacheEvent,
    fact::{Key, SourceId},
};

/// The payload of an event of the cache; which one it is, the action of its line says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CacheEventPayload {
    /// `core.cache.hydrated`
    Hydrated(HydratedPayload),
    /// `core.cache.resync_required`
    Resync(ResyncPayload),
    /// `core.cache.evicted`, `core.cache.expired`
    Removed(RemovedPayload),
    /// `core.cache.failed_over`
    FailedOver(FailedOverPayload),
    /// `core.cache.recovered`
    Recovered(RecoveredPayload),
    /// `core.cache.quarantined`
    Quarantined(QuarantinedPayload),
    /// `core.cache.compacted`
    Compacted(CompactedPayload),
}

/// What every event of the cache has: its sentence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CacheSentence {
    /// What happened.
    pub message: String,
}

/// Facts came in at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HydratedPayload {
    /// This many observations.
    pub entries: u64,
    /// From where: `snapshot` that a person named; `rebuilt` from the newest good one, because the database could not be used;
    /// `memory`: the same, kept in memory because the disk does not answer.
    #[schemars(extend("enum" = ["snapshot", "rebuilt", "memory"]))]
    pub from: Cow<'static, str>,
    /// What happened, in a sentence.
    pub message: String,
}

/// What is cached of some sources is incomplete; they are asked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResyncPayload {
    /// Which; empty: every source.
    #[schemars(with = "Vec<String>")]
    pub sources: Vec<SourceId>,
    /// What happened, in a sentence.
    pub message: String,
}

/// Records went to make room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemovedPayload {
    /// This many observations.
    pub entries: u64,
    /// Their sealed bytes.
    pub bytes: u64,
    /// What happened, in a sentence.
    pub message: String,
}

/// The disk does not answer; reads are answered from memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailedOverPayload {
    /// Why.
    pub why: String,
    /// What happened, in a sentence.
    pub message: String,
}

/// The disk is well again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveredPayload {
    /// Observations that were written back.
    pub entries: u64,
    /// How long the disk was away, in milliseconds.
    pub after_ms: u64,
    /// What happened, in a sentence.
    pub message: String,
}

/// A record was damaged and put aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuarantinedPayload {
    /// Of which fact, if that could be read.
    #[schemars(with = "Option<String>")]
    pub key: Option<Key>,
    /// Who said it, if that could be read.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub source: Option<SourceId>,
    /// What happened, in a sentence.
    pub message: String,
}

/// The database was copied to a smaller one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CompactedPayload {
    /// Bytes on disk before.
    pub before: u64,
    /// Bytes on disk after.
    pub after: u64,
    /// What happened, in a sentence.
    pub message: String,
}

impl CacheEventPayload {
    /// An event as the action of its line and its payload.
    #[must_use]
    pub fn of(event: &CacheEvent) -> (&'static str, Self) {
        let message = event.to_string();
        match event {
            CacheEvent::Hydrated { entries, from } => {
                let payload = HydratedPayload { entries: *entries, from: from.as_str().into(), message };
                ("core.cache.hydrated", Self::Hydrated(payload))
            }
            CacheEvent::ResyncRequired { sources } => {
                ("core.cache.resync_required", Self::Resync(ResyncPayload { sources: sources.clone(), message }))
            }
            CacheEvent::Evicted { entries, bytes } => {
                ("core.cache.evicted", Self::Removed(RemovedPayload { entries: *entries, bytes: *bytes, message }))
            }
            CacheEvent::Expired { entries, bytes } => {
                ("core.cache.expired", Self::Removed(RemovedPayload { entries: *entries, bytes: *bytes, message }))
            }
            CacheEvent::FailedOver { why } => ("core.cache.failed_over", Self::FailedOver(FailedOverPayload { why: why.clone(), message })),
            CacheEvent::Recovered { entries, after } => {
                let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                ("core.cache.recovered", Self::Recovered(RecoveredPayload { entries: *entries, after_ms, message }))
            }
            CacheEvent::Quarantined { key, source } => {
                let payload = QuarantinedPayload { key: key.clone(), source: source.clone(), message };
                ("core.cache.quarantined", Self::Quarantined(payload))
            }
            CacheEvent::Compacted { before, after } => {
                ("core.cache.compacted", Self::Compacted(CompactedPayload { before: *before, after: *after, message }))
            }
        }
    }
}
