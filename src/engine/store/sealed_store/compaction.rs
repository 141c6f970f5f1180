//! Compaction: what is live is copied into a fresh database beside the old one, verified, and put in its place.
//!
//! Reads go on from the old one until the new one is open. Writes go on too while rows are copied: which rows they touch is kept, and those
//! are copied again at the end, while writes wait. The new ledger has the epoch of the old one and one more write, so the manifest on disk
//! fits both, whichever a process that dies here leaves. The old database goes when the new one is open.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    path::Path,
    sync::{Arc, PoisonError},
};

use super::{
    Open, SealedStore,
    books::{Books, Changed},
};
use crate::{
    engine::store::{
        api::Compacted,
        error::StoreError,
        ledger::{Ledger, Mark},
        manifest, names,
        pending::{self, LEDGER_ROW},
        rows::{Backend, OPEN_LIMIT, RowChange, Rows},
        swap,
    },
    fact::{Key, SourceId},
};

/// What was just done: where a process may die, for the tests that kill it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Every row is in the copy; writes are still taken.
    Copied,
    /// The copy holds what it must and is on disk.
    Verified,
    /// The old database has left its place.
    MovedAway,
    /// The new one is there.
    Exchanged,
    /// It is open and answers.
    Opened,
}

impl SealedStore {
    /// As [`crate::engine::store::CacheStore::compact`], telling of every step.
    pub(in crate::engine::store) fn compact_watched(
        &self,
        without: &[(Key, SourceId)],
        step: &dyn Fn(Step),
    ) -> Result<Compacted, StoreError> {
        let Some(backend) = self.backend.clone() else { return Err(StoreError::NoBackend("compaction".to_owned())) };
        let before = self.opened()?.rows.disk_bytes();
        let gone = without.iter().map(|(key, source)| self.keys.namer.of_observation(key, source)).collect();
        {
            let mut books = self.books();
            if books.changed.is_some() {
                return Err(given_up(&StoreError::Unwritable {
                    path: self.data_dir.display().to_string(),
                    cause: "another compaction is under way".to_owned(),
                }));
            }
            books.changed = Some(Changed::default());
        }
        let outcome = self.copy_and_exchange(backend.as_ref(), &gone, step);
        self.books().changed = None;
        // Removes the old database, or a copy that came to nothing.
        swap::clear(&self.data_dir);
        match outcome {
            Ok(()) => Ok(Compacted { before, after: self.opened()?.rows.disk_bytes() }),
            Err(error) => Err(given_up(&error)),
        }
    }

    fn copy_and_exchange(&self, backend: &dyn Backend, gone: &HashSet<Vec<u8>>, step: &dyn Fn(Step)) -> Result<(), StoreError> {
        let place = swap::begin(&self.data_dir)?;
        let fresh = backend.open(&place, OPEN_LIMIT)?;
        let is_gone = |row: &[u8]| names::split_piece(row).is_some_and(|(name, _)| gone.contains(name));
        fresh.fill(self.opened()?.rows.as_ref(), &is_gone)?;
        fresh.flush()?;
        step(Step::Copied);

        // From here on writes wait.
        let mut books = self.books();
        let open = self.opened()?;
        let changed = books.changed.replace(Changed::default()).unwrap_or_default();
        let mut ledger = self.replay(open.rows.as_ref(), fresh.as_ref(), &books, &changed, gone)?;
        let counted = pending::count(fresh.as_ref())?;
        if !counted.same_rows(&ledger) || counted.entries != ledger.entries {
            let (rows, expected) = (counted.rows, ledger.rows);
            return Err(StoreError::Damaged(format!("of {expected} records {rows} were found in the copy, or others")));
        }
        self.forget_window(&mut books)?;
        ledger.write += 1;
        ledger.sealed += 1;
        let sealed = self.keys.sealer.seal(&self.rng, LEDGER_ROW, &ledger.encode())?;
        fresh.apply(&[RowChange::new(LEDGER_ROW, Some(&sealed))])?;
        fresh.flush()?;
        fresh.close()?;
        step(Step::Verified);
        swap::exchange(&self.data_dir, || step(Step::MovedAway))?;
        step(Step::Exchanged);
        let opened = match self.reopen(backend, &ledger) {
            Ok(opened) => opened,
            Err(error) => {
                swap::take_back(&self.data_dir)?;
                return Err(error);
            }
        };
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(Open::over(opened)));
        books.flushed = ledger.write;
        // Without it the next open counts the rows once more; nothing is lost by that.
        if manifest::write(&self.data_dir, &self.keys.manifest, &self.keys.store, &ledger).is_ok() {
            books.manifest = Some(ledger.write);
        }
        books.ledger = ledger;
        step(Step::Opened);
        Ok(())
    }

    /// Copies what was written meanwhile, and works out what the copy must hold.
    fn replay(
        &self,
        rows: &dyn Rows,
        fresh: &dyn Rows,
        books: &Books,
        changed: &Changed,
        gone: &HashSet<Vec<u8>>,
    ) -> Result<Ledger, StoreError> {
        let goes = |row: &[u8]| !changed.wanted.contains(row) && names::split_piece(row).is_some_and(|(name, _)| gone.contains(name));
        for name in changed.rows.iter().filter(|row| !goes(row)) {
            let mut bytes = None;
            rows.get(name, &mut |found| bytes = Some(found.to_vec()))?;
            fresh.apply(&[RowChange::new(name, bytes.as_deref())])?;
        }
        let mut ledger = books.ledger.clone();
        for name in gone {
            rows.scan(name, &mut |row, sealed| {
                // Written again meanwhile, it was wanted after all.
                let whole = names::split_piece(row).is_some_and(|(found, _)| found == name);
                if whole && goes(row) {
                    ledger.remove(Mark::of(sealed));
                    ledger.entries = ledger.entries.saturating_sub(u64::from(pending::is_entry(row)));
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(ledger)
    }

    /// Opens what is in the database's place now, and sees that it is the copy.
    fn reopen(&self, backend: &dyn Backend, expected: &Ledger) -> Result<Box<dyn Rows>, StoreError> {
        let place: &Path = &self.data_dir.join(swap::CURRENT);
        let opened = backend.open(place, OPEN_LIMIT)?;
        let mut found = None;
        opened.get(LEDGER_ROW, &mut |sealed| found = self.keys.sealer.open(LEDGER_ROW, sealed).ok())?;
        if found.and_then(|body| Ledger::decode(&body)).as_ref() == Some(expected) {
            Ok(opened)
        } else {
            Err(StoreError::Damaged("the copy opened with other contents than were written".to_owned()))
        }
    }
}

/// A compaction that fails has changed nothing, whatever it failed of.
fn given_up(error: &StoreError) -> StoreError {
    match error {
        StoreError::Closed => StoreError::Closed,
        StoreError::Unwritable { path, cause } => {
            StoreError::Unwritable { path: path.clone(), cause: format!("{cause}; the cache was not compacted, nothing of it was changed") }
        }
        other => StoreError::Unwritable {
            path: "the compacted cache".to_owned(),
            cause: format!("{other}; the cache was not compacted, nothing of it was changed"),
        },
    }
}
