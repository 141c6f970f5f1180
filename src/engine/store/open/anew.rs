//! The long way: a database that cannot be used is set aside, and a new one is made of what is whole in it.
//!
//! Invariants: nothing is deleted; before the old database is moved the marker on disk says where to, so that a start which ends before the
//! new one is whole is taken up by the next: what was made by then is set aside too, and the old one is read again.

use std::path::{Path, PathBuf};

use super::{Checked, DATABASE, Opening, Refused};
use crate::engine::store::{
    aside,
    error::StoreError,
    files,
    keys::Keys,
    kinds,
    log_head::LOG_DIR,
    marker,
    pending::Pending,
    retired,
    rows::Backend,
    salvage::{self, Salvaged},
};

impl Opening<'_> {
    /// A new database, of what can be read in the one that is there.
    pub(super) fn anew(&mut self, keys: &Keys, refused: Refused) -> Result<Checked, StoreError> {
        let data_dir = self.options.data_dir.as_path();
        let Refused { why, readable } = refused;
        let maker = self.maker(&data_dir.join("cache"))?;
        // On a disk that takes nothing a whole database looks damaged too.
        files::probe(data_dir)?;
        let place = aside::place(data_dir, self.options.clock.now())?;
        retired::note(&place, &self.ids)?;
        match place.file_name().map(|name| name.to_string_lossy()).filter(|_| readable) {
            Some(name) => marker::mend(data_dir, &name)?,
            None => marker::condemn_first(data_dir)?,
        }
        self.distrusted = true;
        aside::move_to(&place, data_dir, DATABASE)?;
        self.is_aside(&place, DATABASE, &why);
        let checked = self.create(keys)?;
        if readable { self.take_over(keys, checked, maker.as_deref().unwrap_or(self.backend), &place.join("cache")) } else { Ok(checked) }
    }

    /// As [`Self::anew`], once more after it did not come to its end.
    pub(super) fn anew_again(&mut self, keys: &Keys, place: &Path) -> Result<Checked, StoreError> {
        let data_dir = self.options.data_dir.as_path();
        let (old, why) = (place.join("cache"), "making it anew did not come to its end");
        if !old.exists() {
            // It ended before anything was moved, or somebody dropped the copy.
            return self.anew(keys, Refused { why: why.to_owned(), readable: true });
        }
        let maker = self.maker(&old)?;
        files::probe(data_dir)?;
        if DATABASE.iter().any(|name| data_dir.join(name).exists()) {
            self.set_aside(DATABASE, why)?;
        }
        self.aside = true;
        self.notes.push(format!("{why}: what was set aside in {} is read once more", place.display()));
        let checked = self.create(keys)?;
        self.take_over(keys, checked, maker.as_deref().unwrap_or(self.backend), &old)
    }

    /// What made the database in `cache`, where that is another kind than asked for.
    pub(super) fn maker(&self, cache: &Path) -> Result<Option<std::sync::Arc<dyn Backend>>, StoreError> {
        let named = |maker: &str| kinds::named(maker).map_err(|_| StoreError::MadeWithout(maker.to_owned()));
        kinds::maker_of(cache).filter(|maker| *maker != self.backend.name()).map(named).transpose()
    }

    /// Writes what is whole in a database that was set aside into the new one.
    fn take_over(&mut self, keys: &Keys, mut checked: Checked, maker: &dyn Backend, aside: &Path) -> Result<Checked, StoreError> {
        let Salvaged { records, lost, partial } = salvage::read(keys, maker, aside);
        let found = records.len();
        let mut pending = Pending::new(checked.rows.as_ref());
        for (name, body) in records {
            // In a new database there is nothing of it.
            pending.put(&keys.sealer, self.options.rng.as_ref(), (&name, true), checked.ledger.write + 1, &body)?;
        }
        if let Some(ledger) = pending.write(&checked.ledger, &keys.sealer, self.options.rng.as_ref())? {
            checked.ledger = ledger;
            checked.rows.flush()?;
            files::sync_dir(&self.options.data_dir)?;
        }
        checked.fresh = found == 0;
        let mut damaged = String::new();
        if lost > 0 {
            damaged += &format!(", {lost} were damaged");
        }
        if partial {
            damaged += ", parts of it could not be read";
        }
        self.notes.push(format!("{found} records of it were whole and were taken over{damaged}; what is missing is fetched again"));
        Ok(checked)
    }

    /// Moves these, whatever is there of them, aside and says so.
    pub(super) fn set_aside(&mut self, names: &[&str], why: &str) -> Result<PathBuf, StoreError> {
        let place = aside::set_aside(&self.options.data_dir, names, self.options.clock.now())?;
        retired::note(&place, &self.ids)?;
        self.is_aside(&place, names, why);
        Ok(place)
    }

    fn is_aside(&mut self, place: &Path, names: &[&str], why: &str) {
        self.aside = true;
        let changes = if names.contains(&LOG_DIR) { "" } else { "queued changes are not in it, and " };
        self.notes.push(format!("the cache was set aside in {} because {why}; {changes}facts are fetched again", place.display()));
    }
}
