//! The sealed store as the keeper of its keys.

use std::sync::PoisonError;

use super::{
    api::CacheStore,
    error::StoreError,
    key_keeper::{KeyChange, KeyKeeper, KeyStatus, Resealing},
    names::{self, Tree},
    pending,
    reseal::{self, Pass},
    retired::Needed,
    sealed_store::SealedStore,
};

impl SealedStore {
    fn drop_keys(&self, ids: &[u32]) -> Result<(), StoreError> {
        let needed = Needed::beside(&self.data_dir, self.with(reseal::quarantined_keys)?);
        self.keys.drained(ids, &|id| needed.holds(id))
    }
}

impl KeyKeeper for SealedStore {
    fn key_status(&self) -> KeyStatus {
        let (sealed, total) = {
            let books = self.books();
            (books.ledger.sealed.saturating_add(self.log.sealed()), books.ledger.rows)
        };
        let done = self.resealing.lock().unwrap_or_else(PoisonError::into_inner).done;
        let resealing = (!self.keys.draining().is_empty()).then(|| Resealing { done: done.min(total), total });
        KeyStatus {
            kind: self.keys.kind(),
            protection: self.keys.protection(),
            id: self.keys.sealer.id(),
            sealed,
            limit: self.keys.limit(),
            retired: self.keys.retired(),
            resealing,
        }
    }

    fn change_key(&self, change: KeyChange) -> Result<Vec<String>, StoreError> {
        let reseal = change.reseal;
        let notes = self.keys.change(change)?;
        if reseal {
            *self.resealing.lock().unwrap_or_else(PoisonError::into_inner) = Pass::default();
            // The new key has sealed nothing yet; written at once, or a crash would charge it with what the former one sealed. A database
            // that refuses this says so again when the first batch is sealed anew; the change itself stands.
            let _ = self
                .writing(|rows, books| {
                    books.ledger.sealed = 0;
                    let _ = self.log.take_sealed();
                    books.ledger = pending::write_ledger(rows, &books.ledger, &self.keys.sealer, &self.rng)?;
                    Ok(())
                })
                .and_then(|()| self.flush());
        }
        Ok(notes)
    }

    fn reseal_some(&self) -> Result<bool, StoreError> {
        let former = self.keys.draining();
        if former.is_empty() {
            return Ok(false);
        }
        let mut pass = self.resealing.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = self.writing(|rows, books| {
            let mut batch = reseal::step(&self.keys, rows, &books.ledger, &self.rng, &mut pass)?;
            books.note_resealed(std::mem::take(&mut batch.rows));
            if let Some(ledger) = &batch.ledger {
                books.ledger = ledger.clone();
            }
            Ok(batch)
        })?;
        for name in &batch.damaged {
            self.report(None, names::source_in(name).filter(|_| name.first() == Some(&(Tree::Observations as u8))));
        }
        // What is sealed anew must be on disk before the key goes that opens what is there now.
        self.flush()?;
        if batch.ended {
            self.checkpoint()?;
            self.drop_keys(&former)?;
            *pass = Pass::default();
        }
        Ok(!batch.ended)
    }

    fn drop_unneeded(&self) -> Result<(), StoreError> {
        let retired = self.keys.retired();
        if retired.is_empty() { Ok(()) } else { self.drop_keys(&retired) }
    }

    fn is_key_due(&self) -> bool {
        // An eighth is left for what is written while everything is sealed anew.
        let limit = self.keys.limit();
        self.books().ledger.sealed.saturating_add(self.log.sealed()) >= limit - limit / 8
    }
}
