//! Why a snapshot is not written or not taken, a sentence each.

use crate::engine::store::error::StoreError;

/// What is wrong. Whichever it is, nothing was changed unless the sentence says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// No such file.
    #[error("there is no such file")]
    Missing,
    /// Another file.
    #[error("this is not a snapshot of stellar; nothing was changed")]
    NotASnapshot,
    /// Of a version this build does not read.
    #[error("the snapshot has version {0}, this build reads version 1: use the stellar that wrote it; nothing was changed")]
    OtherVersion(u8),
    /// Of another data directory.
    #[error("the snapshot was made by another store, whose key this one does not hold; nothing was changed")]
    OtherStore,
    /// Sealed with a key that is gone.
    #[error("the snapshot was sealed with key {0}, which this store no longer holds; nothing was changed")]
    OtherKey(u32),
    /// Shorter than it says.
    #[error("the snapshot was cut short: it has {found} bytes of {expected}; nothing was changed")]
    Cut {
        /// Bytes found.
        found: u64,
        /// Bytes it should have.
        expected: u64,
    },
    /// Longer than it says.
    #[error("the snapshot has {0} bytes behind its end; nothing was changed")]
    Tail(u64),
    /// A chunk does not open: bytes differ from what was written.
    #[error("the snapshot is damaged in part {0}: it is not what was written; nothing was changed")]
    Damaged(u64),
    /// A record cannot be read, though its chunk opened.
    #[error("entry {0} of the snapshot is no record of this version; nothing was changed")]
    BadEntry(u64),
    /// An entry whose name sorts before the one it follows.
    #[error("entry {0} of the snapshot is out of order; nothing was changed")]
    OutOfOrder(u64),
    /// An entry that is in it already.
    #[error("entry {0} of the snapshot is in it twice; nothing was changed")]
    Twice(u64),
    /// More or fewer entries than it says.
    #[error("the snapshot holds {found} entries and says {said}; nothing was changed")]
    Miscounted {
        /// Entries found.
        found: u64,
        /// Entries it says.
        said: u64,
    },
    /// The content is not the one its digest speaks of.
    #[error("the content of the snapshot is not the one its digest speaks of; nothing was changed")]
    WrongDigest,
    /// The file changed between being verified and being taken.
    #[error("the snapshot changed while it was read; {0} of its entries were taken, nothing was removed: try again")]
    Changed(u64),
    /// The disk refused in the middle.
    #[error("{error}; {taken} entries of the snapshot were taken before that, nothing was removed: hydrate again when the disk is well")]
    Partly {
        /// Entries taken.
        taken: u64,
        /// What the store said.
        error: StoreError,
    },
    /// The file cannot be read.
    #[error("the snapshot cannot be read: {0}; nothing was changed")]
    Unreadable(String),
    /// What stands at the target is no snapshot.
    #[error("something else stands there, and only a snapshot is replaced by a snapshot: name another file")]
    Occupied,
    /// The content moved while it was written.
    #[error("the cache changed while the snapshot was made: try again")]
    Moved,
    /// The store has no key: it keeps nothing.
    #[error("the cache is kept in memory only and has no key to seal a snapshot with")]
    NoKey,
    /// The store or the disk refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SnapshotError {
    /// The stable code a front shows.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "snapshot_not_found",
            Self::NotASnapshot | Self::Occupied => "not_a_snapshot",
            Self::OtherVersion(_) => "snapshot_other_version",
            Self::OtherStore | Self::OtherKey(_) => "snapshot_other_key",
            Self::Cut { .. }
            | Self::Tail(_)
            | Self::Damaged(_)
            | Self::BadEntry(_)
            | Self::OutOfOrder(_)
            | Self::Twice(_)
            | Self::Miscounted { .. }
            | Self::WrongDigest
            | Self::Changed(_) => "snapshot_damaged",
            Self::Unreadable(_) => "snapshot_unreadable",
            Self::Moved => "cache_moved",
            Self::NoKey => "no_snapshot_of_memory",
            Self::Store(StoreError::Unwritable { .. }) | Self::Partly { .. } => "store_unwritable",
            Self::Store(_) => "store_damaged",
        }
    }
}
