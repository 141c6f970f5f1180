//! The store on disk: observations and documents, sealed, over rows of any backend.
//!
//! Whoever writes takes the books first and the rows then: a compaction that holds the books may have put other rows in their place.

mod books;
mod compaction;
mod reading;

#[cfg(test)]
pub use compaction::Step;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    api::{CacheStore, Compacted, Quarantined, StoreOp, StoreStats, VerifyReport},
    error::StoreError,
    key_keeper::KeyKeeper,
    keys::Keys,
    known::Known,
    ledger::Ledger,
    lock::DirLock,
    log_keys::{LogKeys, LogSealer},
    lookup::{self, Looked},
    manifest, marker,
    names::{self, Tree},
    nonces::Nonces,
    pending::{self, Pending},
    record, records,
    reseal::Pass,
    reserve,
    rows::{Backend, Rows},
    seal::Unopened,
    snapshot_key::SnapshotKeys,
    window,
};
use crate::{
    engine::world::Rng,
    fact::{Key, Observation, SourceId},
};
use books::Books;

/// Observations on disk, sealed. Made by `open_store`; dropped without [`CacheStore::close`] it is what a crash leaves.
pub struct SealedStore {
    pub(super) data_dir: PathBuf,
    pub(super) keys: Keys,
    pub(super) rng: Nonces,
    /// What the log of record is sealed with.
    pub(super) log: Arc<LogKeys>,
    /// How far sealing anew has come.
    pub(super) resealing: Mutex<Pass>,
    /// None is closed.
    open: RwLock<Option<Arc<Open>>>,
    /// Given back after the rows.
    lock: Mutex<Option<DirLock>>,
    /// What a compaction opens its copy with.
    backend: Option<Arc<dyn Backend>>,
    opened_at: u64,
    books: Mutex<Books>,
    quarantined: AtomicU64,
    found: Mutex<Vec<Quarantined>>,
    ailing: OnceLock<StoreError>,
}

/// One open database.
struct Open {
    rows: Box<dyn Rows>,
    /// Of these rows.
    known: Known,
}

impl Open {
    /// Nothing is known of these rows yet.
    fn over(rows: Box<dyn Rows>) -> Self {
        Self { rows, known: Known::default() }
    }
}

impl SealedStore {
    /// A store over open, checked rows. `manifest` is the write that the manifest on disk speaks of.
    pub(super) fn new(
        data_dir: &Path,
        lock: DirLock,
        rows: Box<dyn Rows>,
        keys: Keys,
        rng: Arc<dyn Rng>,
        ledger: Ledger,
        manifest: Option<u64>,
    ) -> Self {
        let opened_at = ledger.write;
        Self {
            data_dir: data_dir.to_owned(),
            log: Arc::new(LogKeys::new(keys.store, Arc::clone(&keys.sealer), Arc::clone(&rng))),
            keys,
            rng: Nonces::new(rng),
            resealing: Mutex::default(),
            open: RwLock::new(Some(Arc::new(Open::over(rows)))),
            lock: Mutex::new(Some(lock)),
            backend: None,
            opened_at,
            books: Mutex::new(Books { ledger, flushed: opened_at, manifest, window: window::is_there(data_dir), changed: None }),
            quarantined: AtomicU64::new(0),
            found: Mutex::default(),
            ailing: OnceLock::new(),
        }
    }

    /// With what a compaction opens its copy; without it there is none.
    #[must_use]
    pub(super) fn with_backend(mut self, backend: Option<Arc<dyn Backend>>) -> Self {
        self.backend = backend;
        self
    }

    /// Keeps room for opening the database on a full disk.
    pub(super) fn keep_reserve(&self) {
        let _ = self.with(|rows| {
            reserve::keep(&self.data_dir, rows.room_to_open());
            Ok(())
        });
    }

    /// What the encryption protects against and what not, in a sentence.
    pub(super) fn protection(&self) -> String {
        self.keys.protection()
    }

    /// Runs `work` on the rows; if the database turns out damaged, the next open will not trust it.
    pub(super) fn with<T>(&self, work: impl FnOnce(&dyn Rows) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let outcome = work(self.opened()?.rows.as_ref());
        if let Err(why @ StoreError::Damaged(_)) = &outcome {
            self.condemn(why);
        }
        outcome
    }

    fn condemn(&self, why: &StoreError) {
        if self.ailing.set(why.clone()).is_ok() {
            marker::condemn(&self.data_dir);
        }
    }

    fn opened(&self) -> Result<Arc<Open>, StoreError> {
        // Only a reference is taken under the lock, so that a caller may use the store from inside a scan.
        self.open.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Closed)
    }

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on the books and on the rows they are about: in this order, or a compaction may put other rows there in between.
    pub(super) fn writing<T>(&self, work: impl FnOnce(&dyn Rows, &mut Books) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut books = self.books();
        self.forget_window(&mut books)?;
        self.with(|rows| work(rows, &mut books))
    }

    /// Before anything is written that the window knows nothing of, the window goes.
    fn forget_window(&self, books: &mut Books) -> Result<(), StoreError> {
        if books.window {
            window::remove(&self.data_dir)?;
            books.window = false;
        }
        Ok(())
    }

    /// Plans and writes one batch.
    fn write(&self, plan: impl FnOnce(&mut Pending<'_>, u64) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.writing(|rows, books| self.write_with(rows, books, plan))
    }

    fn write_with(
        &self,
        rows: &dyn Rows,
        books: &mut Books,
        plan: impl FnOnce(&mut Pending<'_>, u64) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.forget_window(books)?;
        let mut pending = Pending::new(rows);
        plan(&mut pending, books.ledger.write + 1)?;
        books.note_new(pending.names());
        books.ledger.sealed = books.ledger.sealed.saturating_add(self.log.take_sealed());
        if let Some(ledger) = pending.write(&books.ledger, &self.keys.sealer, &self.rng)? {
            books.ledger = ledger;
        }
        Ok(())
    }

    fn put(&self, pending: &mut Pending<'_>, write: u64, name: (&[u8], bool), body: &[u8]) -> Result<(), StoreError> {
        pending.put(&self.keys.sealer, &self.rng, name, write, body)
    }

    pub(super) fn report(&self, key: Option<&Key>, source: Option<SourceId>) {
        self.quarantined.fetch_add(1, Ordering::Relaxed);
        self.found.lock().unwrap_or_else(PoisonError::into_inner).push(Quarantined { key: key.cloned(), source });
    }
}

impl CacheStore for SealedStore {
    fn get(&self, key: &Key) -> Result<Vec<Observation>, StoreError> {
        let open = self.opened()?;
        let prefix = self.keys.namer.of_key(key);
        if let Some(observations) = self.of_known_sources(&open, key, &prefix)? {
            return Ok(observations);
        }
        let mut observations = Vec::new();
        let leaf = names::leaf(&prefix);
        let lesson = self.observations(&open.known, &[prefix], Some(key), &mut |observation| {
            // Names on disk are short hashes; the name inside decides.
            if observation.key == *key {
                observations.push(observation);
            }
        })?;
        if let Some(lesson) = lesson {
            open.known.learn_key(leaf, &lesson);
        }
        Ok(observations)
    }

    fn get_from(&self, key: &Key, source: &SourceId) -> Result<Option<Observation>, StoreError> {
        match self.look_up(self.opened()?.as_ref(), key, source, &self.keys.namer.of_key(key))? {
            Looked::Found(observation) => Ok(Some(observation)),
            Looked::Nothing => Ok(None),
            Looked::Unusual => Ok(self.get(key)?.into_iter().find(|observation| observation.source == *source)),
        }
    }

    fn apply(&self, ops: &[StoreOp]) -> Result<(), StoreError> {
        let mut books = self.books();
        // What is known is known of these rows, so they are taken with the books in hand.
        let open = self.opened()?;
        let mut body = Vec::new();
        let plan = |pending: &mut Pending<'_>, write: u64| {
            ops.iter().try_for_each(|op| match op {
                StoreOp::Put(observation) => {
                    let name = self.keys.namer.of_observation(&observation.key, &observation.source);
                    let is_new = open.known.put(names::leaf_in(&name, &observation.source), &observation.source);
                    body = record::encode_observation_into(std::mem::take(&mut body), observation);
                    self.put(pending, write, (&name, is_new), &body)
                }
                StoreOp::Evict(key, source) => pending.remove(&self.keys.namer.of_observation(key, source)),
            })
        };
        let outcome = self.with(|rows| self.write_with(rows, &mut books, plan));
        open.known.written();
        outcome
    }

    fn scan(&self, segments: &[&str], each: &mut dyn FnMut(Observation)) -> Result<(), StoreError> {
        let open = self.opened()?;
        let lesson = self.observations(&open.known, &self.keys.namer.under(segments), None, &mut |observation| {
            if names::starts_with(&observation.key, segments) {
                each(observation);
            }
        })?;
        if let Some(lesson) = lesson.filter(|_| segments.is_empty()) {
            open.known.learn_all(&lesson);
        }
        Ok(())
    }

    fn ailing(&self) -> Option<StoreError> {
        self.ailing.get().cloned()
    }

    fn get_meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let own = self.keys.namer.of_document(name);
        let mut row = names::with_room(&own);
        names::add_piece(&mut row, 0);
        let read = |body: &[u8]| record::decode_document(body).filter(|(found, _)| *found == name).map(|(_, bytes)| bytes.to_vec());
        match self.with(|rows| lookup::record(&self.keys, rows, &row, read))? {
            Looked::Found(bytes) => return Ok(Some(bytes)),
            Looked::Nothing => return Ok(None),
            Looked::Unusual => {}
        }
        let (mut document, mut suspect) = (None, false);
        self.with(|rows| {
            records::scan(&self.keys, rows, &own, &mut |found| match found.document(&self.keys) {
                Ok((_, bytes)) => document = Some(bytes.to_vec()),
                Err(unopened) => suspect = unopened == Unopened::Damaged,
            })
        })?;
        if suspect {
            self.settle(&own, None, &mut |found| document = found.document(&self.keys).ok().map(|(_, bytes)| bytes.to_vec()))?;
        }
        Ok(document)
    }

    fn put_meta(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let own = self.keys.namer.of_document(name);
        self.write(|pending, write| self.put(pending, write, (&own, false), &record::encode_document(name, bytes)))
    }

    fn flush(&self) -> Result<(), StoreError> {
        loop {
            // Writes may go on meanwhile; what is promised is what was applied before.
            let (open, write) = {
                let books = self.books();
                let open = self.opened()?;
                if books.flushed == books.ledger.write {
                    return Ok(());
                }
                (open, books.ledger.write)
            };
            let flushed = open.rows.flush();
            let mut books = self.books();
            // A compaction put another database there meanwhile: that one is on disk, what came after it perhaps not.
            if self.opened().is_ok_and(|now| !Arc::ptr_eq(&now, &open)) {
                continue;
            }
            if let Err(why @ StoreError::Damaged(_)) = &flushed {
                self.condemn(why);
            }
            flushed?;
            books.flushed = books.flushed.max(write);
            return Ok(());
        }
    }

    fn checkpoint(&self) -> Result<(), StoreError> {
        // Held throughout, so that what the manifest says is what was synced.
        let mut books = self.books();
        self.with(|rows| {
            let write = books.ledger.write;
            if books.flushed != write {
                rows.flush()?;
                books.flushed = write;
            }
            if books.manifest != Some(write) {
                manifest::write(&self.data_dir, &self.keys.manifest, &self.keys.store, &books.ledger)?;
                books.manifest = Some(write);
                reserve::keep(&self.data_dir, rows.room_to_open());
            }
            Ok(())
        })
    }

    fn window_due(&self) -> Option<u64> {
        let books = self.books();
        (!books.window).then_some(books.ledger.write)
    }

    fn outdate_window(&self) -> Result<(), StoreError> {
        self.forget_window(&mut self.books())
    }

    fn keep_window(&self, write: u64, body: &[u8]) -> Result<(), StoreError> {
        self.checkpoint()?;
        let mut books = self.books();
        if books.ledger.write != write || books.manifest != Some(write) {
            return Ok(());
        }
        // Also where writing it ends with an error: it may be there all the same.
        books.window = true;
        window::write(&self.data_dir, &self.keys.snapshot_keys(), &self.rng, &books.ledger, body)
    }

    fn compact(&self, without: &[(Key, SourceId)]) -> Result<Compacted, StoreError> {
        self.compact_watched(without, &|_| {})
    }

    fn take_quarantined(&self) -> Vec<Quarantined> {
        std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn snapshot_keys(&self) -> Option<SnapshotKeys> {
        Some(self.keys.snapshot_keys())
    }

    fn log_sealer(&self) -> Option<Arc<dyn LogSealer>> {
        Some(Arc::clone(&self.log) as Arc<dyn LogSealer>)
    }

    fn stats(&self) -> StoreStats {
        let disk_bytes = self.with(|rows| Ok(rows.disk_bytes())).unwrap_or_default();
        let books = self.books();
        StoreStats {
            entries: books.ledger.entries,
            live_bytes: books.ledger.bytes,
            disk_bytes,
            quarantined: self.quarantined.load(Ordering::Relaxed),
        }
    }

    fn verify(&self) -> Result<VerifyReport, StoreError> {
        let mut report = VerifyReport::default();
        // Held throughout: a write in between would look like a row too many.
        let books = self.books();
        self.with(|rows| {
            report.complete = pending::count(rows)?.same_rows(&books.ledger);
            for tree in [Tree::Observations, Tree::Documents] {
                records::scan(&self.keys, rows, &[tree as u8], &mut |found| {
                    report.checked += 1;
                    match found.check(&self.keys, tree) {
                        Ok(()) => {}
                        Err(Unopened::WrongKey(_)) => report.wrong_key += 1,
                        Err(Unopened::Damaged) => report.damaged += 1,
                    }
                })?;
            }
            Ok(())
        })?;
        Ok(report)
    }

    fn keys(&self) -> Option<&dyn KeyKeeper> {
        Some(self)
    }

    fn close(&self) -> Result<(), StoreError> {
        let outcome = self.checkpoint();
        if outcome == Err(StoreError::Closed) {
            return Ok(());
        }
        // Even if the last write failed the directory is given back.
        let open = self.open.write().unwrap_or_else(PoisonError::into_inner).take();
        let written = self.books().ledger.write != self.opened_at;
        // A reader that is still at it keeps the database open, and so the directory ours until the store is dropped.
        if let Some(Ok(Open { rows, .. })) = open.map(Arc::try_unwrap) {
            if outcome.is_ok() && written {
                // Everything is safe already; if this fails the next open does it.
                let _ = rows.close();
            } else {
                drop(rows);
            }
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
        outcome
    }
}
