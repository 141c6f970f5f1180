//! The digest of a content: keyed, over the digests of its records in order.

use crate::engine::store::snapshot_key::{DIGEST, SnapshotKey};

/// The digest of one record.
pub fn of_record(key: &SnapshotKey, body: &[u8]) -> [u8; DIGEST] {
    *key.hasher().update(body).finalize().as_bytes()
}

/// Takes the digests of records in order.
pub struct Sum {
    hasher: blake3::Hasher,
    count: u64,
}

impl Sum {
    /// Of nothing yet.
    pub fn new(key: &SnapshotKey) -> Self {
        Self { hasher: key.hasher(), count: 0 }
    }

    /// Takes the next one.
    pub fn add(&mut self, record: &[u8; DIGEST]) {
        self.hasher.update(record);
        self.count += 1;
    }

    /// The digest of all, with how many they were.
    pub fn finish(mut self) -> [u8; DIGEST] {
        *self.hasher.update(&self.count.to_le_bytes()).finalize().as_bytes()
    }
}
