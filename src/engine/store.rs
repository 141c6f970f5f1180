//! The cache on disk, behind [`CacheStore`]: sealed observations, deletable at any time at the cost of a refetch.
//!
//! Invariants: nothing reaches the disk unsealed; what a put acknowledged after `flush` survives a crash; nothing damaged is
//! deleted, it is moved aside; callers name no backend; a panic inside the database is an error here, never a dead process; a read
//! of whole records writes nothing. Over sled, what is written gathers in memory until a flush, or a few hundred KiB: one batch then.
//!
//! It does not evict by itself, does not know how old is too old, and fetches nothing.

mod api;
mod aside;
mod buffered_rows;
mod damaged;
mod error;
mod failover;
mod fault_disk;
mod files;
mod format;
mod glimpse;
mod guard;
mod hashed;
mod key_keeper;
mod key_keeping;
mod keyfile;
mod keys;
mod keyslots;
mod kinds;
mod known;
mod laid_over;
mod ledger;
mod lock;
mod log_head;
mod log_keys;
mod lookup;
mod manifest;
mod marker;
mod marks;
mod memory;
mod names;
mod nonces;
mod open;
mod outer;
mod pending;
mod pieces;
mod protection;
mod record;
mod records;
#[cfg(feature = "redb")]
mod redb_rows;
mod reseal;
mod reserve;
mod retired;
mod rows;
mod salvage;
mod seal;
mod sealed_store;
mod sled_rows;
mod slotfiles;
mod snapshot;
mod snapshot_key;
mod standing;
mod stretch;
mod swap;
mod window;
mod wipe;

pub use api::{CacheStore, Compacted, Quarantined, StoreOp, StoreStats, VerifyReport};
pub use damaged::{DamagedCopy, NotOne, discard as discard_damaged, list as damaged_copies};
pub use error::StoreError;
pub use failover::{open_over, open_resilient};
pub use fault_disk::{Counts, FaultBackend, FaultDisk};
pub use files::free_at;
pub use glimpse::read_window;
pub use key_keeper::{KeyChange, KeyKeeper, KeyStatus, OuterChange, Resealing};
pub use log_head::{BadHead, HEAD as LOG_HEAD, LOG_DIR, LogHead};
pub use log_keys::{LogKeys, LogSealer, SealedEntry};
pub use memory::MemoryStore;
pub use open::{OpenedStore, StoreOptions, open_store};
pub use outer::{KeyPolicy, needs_passphrase};
pub use record::{decode as decode_body, decode_observation, encode as encode_body, encode_observation};
pub use seal::Unopened;
pub use snapshot::{Good, Hydrated, Mode, OnProgress, Progress, SnapshotError, Taken, Verified};
pub use snapshot_key::SnapshotKeys;
pub use standing::{Standing, Turn};
pub use stretch::Cost;
pub use wipe::Wipe;

/// What the log of record needs of a data directory beside its own files.
pub mod aside_of_log {
    pub use super::{
        aside::{keep_copy, set_log_aside},
        files::private_dir,
    };
}

/// Snapshots: taking, hydrating, the shelf of the data directory.
pub mod snapshots {
    pub use super::snapshot::{hydrate, newest_at, newest_good, restore_newest, shelve, take, take_in, verify};
}

#[cfg(test)]
mod tests;
