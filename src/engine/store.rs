//! The cache on disk, behind [`CacheStore`]: sealed observations, deletable at any time at the cost of a refetch.
//!
//! Invariants: nothing reaches the disk unsealed; what a put acknowledged after `flush` survives a crash; nothing damaged is
//! deleted, it is moved aside; callers name no backend; a panic inside the database is an error here, never a dead process; a read
//! of whole records writes nothing. What is written gathers in memory until a flush, a scan, or a few hundred KiB: one batch then.
//!
//! It does not evict by itself, does not know how old is too old, and fetches nothing.

mod api;
mod aside;
mod buffered_rows;
mod error;
mod files;
mod format;
mod guard;
mod keyfile;
mod keys;
mod keyslots;
mod known;
mod ledger;
mod lock;
mod lookup;
mod manifest;
mod marker;
mod memory;
mod names;
mod nonces;
mod open;
mod pending;
mod pieces;
mod record;
mod records;
mod rows;
mod salvage;
mod seal;
mod sealed_store;
mod sled_rows;

pub use api::{CacheStore, Quarantined, StoreOp, StoreStats, VerifyReport};
pub use error::StoreError;
pub use guard::inside_guard;
pub use memory::MemoryStore;
pub use open::{OpenedStore, StoreOptions, open_store};

#[cfg(test)]
mod tests;
