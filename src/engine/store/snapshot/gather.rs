//! The first pass over a store: which records there are, in their order, and the digest of it all. Values are read and let go.

use super::{OnProgress, Progress, STEP, digest, digest::Sum, error::SnapshotError, head::Head};
use crate::{
    engine::store::{
        api::CacheStore,
        record,
        snapshot_key::{DIGEST, SnapshotKey, SnapshotKeys},
    },
    fact::{Key, SourceId},
};

/// One record: its name, and what it must still be when it is written.
pub struct Entry {
    /// Which fact.
    pub key: Key,
    /// Who said it.
    pub source: SourceId,
    /// Of its body.
    pub digest: [u8; DIGEST],
}

/// What a snapshot of this moment would be.
pub struct Gathered {
    /// In order.
    pub entries: Vec<Entry>,
    /// What the file begins with.
    pub head: Head,
    /// What seals it.
    pub key: SnapshotKey,
}

/// Reads the whole store once.
///
/// # Errors
/// [`SnapshotError::NoKey`], and the store's.
pub fn gather(store: &dyn CacheStore, keys: &SnapshotKeys, progress: OnProgress<'_>) -> Result<Gathered, SnapshotError> {
    let key = keys.current().ok_or(SnapshotError::NoKey)?.clone();
    let total = store.stats().entries;
    let mut entries = Vec::new();
    let mut bytes = 0;
    store.scan(&[], &mut |observation| {
        let body = record::encode_observation(&observation);
        bytes += 4 + body.len() as u64;
        entries.push(Entry { digest: digest::of_record(&key, &body), key: observation.key, source: observation.source });
        if (entries.len() as u64).is_multiple_of(STEP) {
            progress(Progress { step: "reading", done: entries.len() as u64, total });
        }
    })?;
    entries.sort_unstable_by(|one, other| (&one.key, &one.source).cmp(&(&other.key, &other.source)));
    let mut sum = Sum::new(&key);
    entries.iter().for_each(|entry| sum.add(&entry.digest));
    let head = Head { store: keys.store, key: key.id, digest: sum.finish(), entries: entries.len() as u64, bytes };
    Ok(Gathered { entries, head, key })
}
