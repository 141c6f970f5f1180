//! The cache on disk, behind [`CacheStore`]: sealed observations, deletable at any time at the cost of a refetch.
//!
//! Invariants: nothing reaches the disk unsealed; what a put acknowledged after `flush` survives a crash; nothing damaged is
//! deleted, it is moved aside; callers name no backend.

use crate::fact::{Key, Observation, SourceId};

/// What went wrong with the store, with the sentence a person needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process owns the data directory; holds its pid if known.
    #[error("the data directory is in use{}", .pid.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    Busy {
        /// The owner.
        pid: Option<u32>,
    },
    /// The directory was written by a newer Stellar.
    #[error("the data directory has format {found}, this build reads up to {supported}: use the newer stellar")]
    NewerFormat {
        /// What the directory says.
        found: u32,
        /// What this build knows.
        supported: u32,
    },
    /// The wrapping key cannot be had; says which and what to do.
    #[error("{0}")]
    KeyUnavailable(String),
    /// The disk refuses: full, read-only, failing.
    #[error("cannot write {path}: {cause}")]
    Unwritable {
        /// Which file or directory.
        path: String,
        /// The operating system's words.
        cause: String,
    },
    /// The bytes are damaged and could not be healed.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

/// Counts of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Records held.
    pub entries: u64,
    /// Sealed bytes of the records held.
    pub live_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Records put aside as damaged since open.
    pub quarantined: u64,
}

/// What one verification found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Records read.
    pub checked: u64,
    /// Records that would not open.
    pub damaged: u64,
}

/// One change to the store.
#[derive(Clone, Debug)]
pub enum StoreOp {
    /// Insert or replace what a source says of a key.
    Put(Observation),
    /// Forget what a source says of a key.
    Evict(Key, SourceId),
}

/// A place that keeps observations. `&self` everywhere: reads run on the caller's thread, writes on one.
pub trait CacheStore: Send + Sync {
    /// Every source's observation of `key`.
    ///
    /// # Errors
    /// A damaged record is quarantined and left out, not an error; [`StoreError`] is for the store itself.
    fn get(&self, key: &Key) -> Result<Vec<Observation>, StoreError>;

    /// Applies all of `ops` or none, without waiting for the disk.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the disk refuses.
    fn apply(&self, ops: &[StoreOp]) -> Result<(), StoreError>;

    /// Calls `each` for every observation whose key starts with these whole segments (none: all), in no promised order.
    ///
    /// # Errors
    /// As for [`CacheStore::get`].
    fn scan(&self, segments: &[&str], each: &mut dyn FnMut(Observation)) -> Result<(), StoreError>;

    /// Small named documents beside the observations (source health, checkpoints), sealed like them.
    ///
    /// # Errors
    /// As for [`CacheStore::get`].
    fn get_meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Stores such a document.
    ///
    /// # Errors
    /// As for [`CacheStore::apply`].
    fn put_meta(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// Makes everything applied so far durable: backend flush, then `sync_data`.
    ///
    /// # Errors
    /// As for [`CacheStore::apply`].
    fn flush(&self) -> Result<(), StoreError>;

    /// Counts, cheap.
    fn stats(&self) -> StoreStats;

    /// Opens every record; deletes nothing.
    ///
    /// # Errors
    /// As for [`CacheStore::get`].
    fn verify(&self) -> Result<VerifyReport, StoreError>;

    /// Writes the manifest and ends cleanly; the store answers nothing afterwards.
    ///
    /// # Errors
    /// As for [`CacheStore::apply`].
    fn close(&self) -> Result<(), StoreError>;
}
