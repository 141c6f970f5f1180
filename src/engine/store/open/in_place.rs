//! Mending without moving a row: what is damaged beside the rows is set aside alone - the manifest, or what the database makes anew by
//! itself - and the database stays, if it has every row it counts.
//!
//! Most of the files of a database are few of its bytes and cost every row a way to a new one, so this is what a start takes first.
//!
//! Invariants: nothing is believed here that was not counted, row by row; from before a file of the database is moved until it was counted
//! the marker on disk says that the database failed, so that a start which ends in between leaves the long way to the next one; nothing
//! is deleted.

use std::path::Path;

use super::{Checked, Count, Opening};
use crate::engine::store::{
    aside, error::StoreError, files, keys::Keys, ledger::Ledger, manifest, marker, reserve, retired, rows::OPEN_LIMIT,
};

impl Opening<'_> {
    /// A database that does not open, once more without what it can do without; none where that does not make it whole.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]: the marker stays as it is then.
    pub(super) fn without_spare(&mut self, keys: &Keys, cache: &Path, manifest: &manifest::Found) -> Result<Option<Checked>, StoreError> {
        let data_dir = self.options.data_dir.as_path();
        let steps = self.backend.spare(cache)?;
        // Whether it is whole only the manifest knows: read anew, it may be whole as it was once.
        if !matches!(manifest, manifest::Found::Held(_)) || steps.is_empty() {
            return Ok(None);
        }
        // On a disk that takes nothing a whole database looks damaged too.
        files::probe(data_dir)?;
        let place = aside::place(data_dir, self.options.clock.now())?;
        // No row is in it, so it needs no data key.
        retired::note(&place, &[])?;
        marker::condemn_first(data_dir)?;
        self.distrusted = true;
        for names in &steps {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            aside::move_to(&place, cache, &names)?;
            if let Some(rows) = healthy(reserve::with_room(data_dir, || self.backend.open(cache, OPEN_LIMIT)))? {
                let Some((ledger, manifest)) = healthy(self.check(keys, rows.as_ref(), manifest, Count::Always))? else { break };
                files::sync_dir(cache)?;
                self.notes.push(format!(
                    "a part of the cache that holds no facts was damaged; it was set aside in {} and made anew, and all {} records are there",
                    place.display(),
                    ledger.entries
                ));
                return Ok(Some(Checked { rows, ledger, manifest, fresh: false }));
            }
        }
        self.notes.push(format!("the cache was tried without files of it that hold no facts, and they are in {}", place.display()));
        Ok(None)
    }

    /// After every row was counted, of a database whose manifest cannot tell whether it is the newest there was.
    pub(super) fn without_manifest(&mut self, ledger: &Ledger) -> Result<(), StoreError> {
        let data_dir = self.options.data_dir.as_path();
        let where_to = if data_dir.join(manifest::NAME).exists() {
            let place = aside::set_aside(data_dir, &[manifest::NAME], self.options.clock.now())?;
            retired::note(&place, &[])?;
            format!("is damaged or of another store, and was set aside in {}", place.display())
        } else {
            "is gone".to_owned()
        };
        self.aside = true;
        self.notes.push(format!(
            "the manifest of the cache {where_to}; the database has all {} records that it counts, and as it may be older than it was, facts \
             are fetched again",
            ledger.entries
        ));
        Ok(())
    }
}

/// That it is damaged is no error here: there is another way.
fn healthy<T>(outcome: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match outcome {
        Ok(done) => Ok(Some(done)),
        Err(StoreError::Damaged(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
