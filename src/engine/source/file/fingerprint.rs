//! How a file is known not to have moved: path, mtime, size, digest.

use std::{fs::Metadata, os::unix::fs::MetadataExt};

use crate::fact::Timestamp;

/// What the file system says of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    seconds: i64,
    nanos: i64,
    size: u64,
    inode: u64,
}

impl Stat {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { seconds: metadata.mtime(), nanos: metadata.mtime_nsec(), size: metadata.len(), inode: metadata.ino() }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The modification time.
    pub(super) fn changed_at(&self) -> Option<Timestamp> {
        let millis = self.seconds.checked_mul(1000)?.checked_add(self.nanos / 1_000_000)?;
        Some(Timestamp::from_millis(millis))
    }
}

/// A file as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) stat: Stat,
    pub(super) digest: blake3::Hash,
    pub(super) read_at: Timestamp,
}

/// File systems stamp in steps of up to two seconds (FAT); within one, a second write of the same size leaves no trace.
const GRAIN_MILLIS: i64 = 2000;

impl Print {
    /// Whether the content is surely what was read, going by the stat alone.
    pub(super) fn vouches_for(&self, stat: &Stat, now: Timestamp) -> bool {
        let settled = stat.changed_at().is_some_and(|changed| self.read_at.as_millis().saturating_sub(changed.as_millis()) > GRAIN_MILLIS);
        self.stat == *stat && settled && now >= self.read_at
    }
}
