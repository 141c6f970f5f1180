//! The cache on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::upkeep::KeyPayload;
use crate::{engine::CacheStatus, fact::Timestamp};

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
    /// The keys; none where nothing is sealed.
    #[serde(default)]
    pub key: Option<KeyPayload>,
    /// What happened when the store was opened that a person should know.
    pub notes: Vec<String>,
    /// When any engine last polled here.
    pub polled_at: Option<String>,
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
            key: status.keys.as_ref().map(KeyPayload::of),
            notes: status.notes.clone(),
            polled_at: status.polled_at.map(Timestamp::to_rfc3339),
        }
    }
}
