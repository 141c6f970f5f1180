//! The contract every store keeps.

use std::{sync::Arc, time::Duration};

use crate::fact::{Key, Observation, SourceId};

use super::{
    error::StoreError,
    key_keeper::KeyKeeper,
    log_keys::LogSealer,
    pieces, record,
    snapshot_key::SnapshotKeys,
    standing::{Standing, Turn},
};

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

/// What a compaction came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes on disk before.
    pub before: u64,
    /// Bytes on disk after.
    pub after: u64,
}

/// What one verification found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Records read.
    pub checked: u64,
    /// Records that would not open.
    pub damaged: u64,
    /// Records sealed with a key this store does not hold: no damage, but unreadable here.
    pub wrong_key: u64,
    /// Whether the records found are exactly those that were written: none missing, none of an older state.
    pub complete: bool,
}

/// A record that was put aside because it would not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Which fact, where that is known: the name is inside the record.
    pub key: Option<Key>,
    /// Who said it, as far as the name on disk tells.
    pub source: Option<SourceId>,
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

    /// One source's observation of `key`.
    ///
    /// # Errors
    /// As for [`CacheStore::get`].
    fn get_from(&self, key: &Key, source: &SourceId) -> Result<Option<Observation>, StoreError> {
        Ok(self.get(key)?.into_iter().find(|observation| observation.source == *source))
    }

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

    /// As [`CacheStore::apply`], and answers only when it is on disk. Never answered from memory.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]; then it may not count as done, whatever is found later.
    fn apply_durably(&self, ops: &[StoreOp]) -> Result<(), StoreError> {
        self.apply(ops)?;
        self.flush()
    }

    /// The damage that reads went around: what they answer may be incomplete until the store is opened again.
    fn ailing(&self) -> Option<StoreError> {
        None
    }

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

    /// As [`CacheStore::flush`], and records outside the backend what must be found at the next open (the manifest).
    ///
    /// # Errors
    /// As for [`CacheStore::apply`].
    fn checkpoint(&self) -> Result<(), StoreError> {
        self.flush()
    }

    /// The write that a window kept now would speak of; none where one of it is kept already, and for a store that keeps none.
    fn window_due(&self) -> Option<u64> {
        None
    }

    /// Takes the window away, before something changes that it speaks of and the backend does not hold.
    ///
    /// # Errors
    /// As for [`CacheStore::apply`]; then it is still there.
    fn outdate_window(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Keeps beside the backend what the next start shows before it opens it: what is there after this write, until the next one. Does
    /// nothing where that has come already.
    ///
    /// # Errors
    /// As for [`CacheStore::checkpoint`]; without it the next start is slower.
    fn keep_window(&self, _write: u64, _body: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }

    /// Copies what is live to a fresh database and puts that in the place of the old one, leaving out what these sources say of these keys.
    /// Reads go on meanwhile, writes wait for the end of it. A store without a disk just forgets what is to be left out.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]: it was given up, and nothing was changed.
    fn compact(&self, without: &[(Key, SourceId)]) -> Result<Compacted, StoreError> {
        let ops: Vec<_> = without.iter().map(|(key, source)| StoreOp::Evict(key.clone(), source.clone())).collect();
        self.apply(&ops)?;
        let disk = self.stats().disk_bytes;
        Ok(Compacted { before: disk, after: disk })
    }

    /// The bytes this observation takes among [`StoreStats::live_bytes`].
    fn weight(&self, observation: &Observation) -> u64 {
        pieces::sealed_len(record::encoded_len(observation))
    }

    /// How it stands when memory serves in place of the disk; none when all is well.
    fn standing(&self) -> Option<Standing> {
        None
    }

    /// Tries to go back to the disk, if that is due. Answers how long until it is due again; none when the disk serves. Waits for the
    /// disk, so it is nothing for a thread that answers.
    fn heal(&self) -> Option<Duration> {
        None
    }

    /// That it went over or back since this was last asked, in order.
    fn take_turns(&self) -> Vec<Turn> {
        Vec::new()
    }

    /// Has `wake` called at every turn, from whatever thread it happens on. The first one given stays.
    fn on_turn(&self, _wake: Box<dyn Fn() + Send + Sync>) {}

    /// What was put aside since this was last asked; each is to be fetched again.
    fn take_quarantined(&self) -> Vec<Quarantined> {
        Vec::new()
    }

    /// What seals its snapshots and opens them; none for a store without keys.
    fn snapshot_keys(&self) -> Option<SnapshotKeys> {
        None
    }

    /// What seals the log of record, for as long as the process lives: it goes on when the database is set aside or opened again. None for a
    /// store without keys, which can promise nothing.
    fn log_sealer(&self) -> Option<Arc<dyn LogSealer>> {
        None
    }

    /// Counts, cheap.
    fn stats(&self) -> StoreStats;

    /// Opens every record; deletes nothing.
    ///
    /// # Errors
    /// As for [`CacheStore::get`].
    fn verify(&self) -> Result<VerifyReport, StoreError>;

    /// The keys, where what is kept is sealed.
    fn keys(&self) -> Option<&dyn KeyKeeper> {
        None
    }

    /// Writes the manifest and ends cleanly; the store answers nothing afterwards.
    ///
    /// # Errors
    /// As for [`CacheStore::apply`].
    fn close(&self) -> Result<(), StoreError>;
}
