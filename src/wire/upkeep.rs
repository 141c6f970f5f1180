//! Keys, verification, what was set aside and what was removed, on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{DamagedCopy, KeyStatus, store::VerifyReport};

/// How the keys of the cache stand, within `core.cache.read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CacheKeyPayload {
    /// Where the key is that wraps the others: `auto file passphrase keyring`
    pub kind: Cow<'static, str>,
    /// The number of the data key that seals.
    pub data_key: u32,
    /// Records sealed with it so far.
    pub sealed: u64,
    /// How many it may seal before another takes over by itself.
    pub limit: u64,
    /// Former data keys that only files beside the database were sealed with.
    pub retired: Vec<u32>,
    /// How far a change of the data key has come; none: none is under way.
    pub resealing: Option<ResealingPayload>,
}

/// How far a change of the data key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResealingPayload {
    /// Rows looked at.
    pub done: u64,
    /// Rows there are.
    pub total: u64,
}

impl CacheKeyPayload {
    /// Puts it on the wire.
    #[must_use]
    pub fn of(status: &KeyStatus) -> Self {
        Self {
            kind: status.kind.into(),
            data_key: status.id,
            sealed: status.sealed,
            limit: status.limit,
            retired: status.retired.clone(),
            resealing: status.resealing.map(|resealing| ResealingPayload { done: resealing.done, total: resealing.total }),
        }
    }
}

/// A change of keys that is done: `core.cache.rekey`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RekeyPayload {
    /// Where the key is that wraps the others: `auto file passphrase keyring`
    pub kind: Cow<'static, str>,
    /// The number of the data key that seals.
    pub data_key: u32,
    /// Whether it is new, and everything is sealed with it.
    pub resealed: bool,
    /// Former data keys that stay because files beside the database were sealed with them.
    pub retired: Vec<u32>,
    /// What the sealing protects against and what not.
    pub protection: String,
}

impl RekeyPayload {
    /// Puts it on the wire.
    #[must_use]
    pub fn of(status: &KeyStatus, resealed: bool) -> Self {
        Self {
            kind: status.kind.into(),
            data_key: status.id,
            resealed,
            retired: status.retired.clone(),
            protection: status.protection.clone(),
        }
    }
}

/// What one verification found: `core.cache.verify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerifyPayload {
    /// Records opened.
    pub checked: u64,
    /// Records whose bytes are not what was written.
    pub damaged: u64,
    /// Records sealed with a key that is not at hand: no damage.
    pub wrong_key: u64,
    /// Whether the records found are exactly those that were written.
    pub complete: bool,
}

impl VerifyPayload {
    /// Puts it on the wire.
    #[must_use]
    pub fn of(report: &VerifyReport) -> Self {
        Self { checked: report.checked, damaged: report.damaged, wrong_key: report.wrong_key, complete: report.complete }
    }
}

/// Something that was set aside: `core.cache.damaged`, and `core.cache.discard` when it was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DamagedPayload {
    /// Its name: the moment it was set aside.
    pub id: String,
    /// Where it is, or was.
    pub path: String,
    /// What is in it.
    pub holds: Vec<String>,
    /// Bytes on disk.
    pub bytes: u64,
}

impl DamagedPayload {
    /// Puts it on the wire.
    #[must_use]
    pub fn of(copy: &DamagedCopy) -> Self {
        Self { id: copy.id.clone(), path: copy.path.to_string_lossy().into_owned(), holds: copy.holds.clone(), bytes: copy.bytes }
    }
}

/// What was removed for good: `core.app.wipe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WipePayload {
    /// The data directory.
    pub data_dir: String,
    /// What was removed, in this order; empty when there was nothing.
    pub removed: Vec<String>,
    /// What stays, and why.
    pub stays: Vec<String>,
}
