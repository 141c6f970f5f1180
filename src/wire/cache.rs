//! The cache on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::{CacheStatus, Hydrated, Taken},
    fact::Timestamp,
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
    /// Records put aside as damaged since the store was opened.
    pub quarantined: u64,
    /// What the encryption protects against and what not.
    pub protection: String,
    /// What happened when the store was opened that a person should know.
    pub notes: Vec<String>,
    /// Since when and why memory serves in place of the disk; null when all is well.
    #[serde(default)]
    pub failed_over: Option<StandingPayload>,
    /// When any engine last polled here.
    pub polled_at: Option<String>,
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
            quarantined: status.store.quarantined,
            protection: status.protection.clone(),
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
