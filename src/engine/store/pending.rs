//! One write under way: the rows it changes, and what that does to the ledger.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::ControlFlow,
};

use bytes::Bytes;

use super::{
    error::StoreError,
    ledger::{Ledger, Mark, SEALS_PER_KEY},
    names::{self, Tree},
    pieces::{self, Slab},
    rows::{RowChange, Rows},
    seal::Sealer,
};
use crate::engine::world::Rng;

/// The name of the ledger's row.
pub const LEDGER_ROW: &[u8] = &[Tree::Ledger as u8];

/// Rows about to change.
pub struct Pending<'a> {
    held: &'a dyn Rows,
    rows: BTreeMap<Vec<u8>, Change>,
    slab: Slab,
}

struct Change {
    old: Option<Mark>,
    new: New,
}

/// What a row is to be.
enum New {
    Same,
    Nothing,
    Bytes(Bytes),
}

impl Change {
    fn current_len(&self) -> Option<usize> {
        match &self.new {
            New::Same => self.old.map(|old| old.len),
            New::Nothing => None,
            New::Bytes(bytes) => Some(bytes.len()),
        }
    }
}

impl<'a> Pending<'a> {
    /// Nothing yet.
    pub fn new(held: &'a dyn Rows) -> Self {
        Self { held, rows: BTreeMap::new(), slab: Slab::default() }
    }

    /// Replaces the record `name` by this body, sealed as part of this write; fewer pieces than before leave none behind. Of what `is_new`
    /// the database certainly has nothing, and is not asked.
    ///
    /// # Errors
    /// The backend's; when the body is too long.
    pub fn put(
        &mut self,
        sealer: &Sealer,
        rng: &dyn Rng,
        (name, is_new): (&[u8], bool),
        write: u64,
        body: &[u8],
    ) -> Result<(), StoreError> {
        let rows = pieces::seal(&mut self.slab, sealer, rng, name, write, body)?;
        if is_new {
            return rows.into_iter().try_for_each(|(row, sealed)| self.set_new(row, sealed));
        }
        self.remove_from(name, u16::try_from(rows.len()).unwrap_or(u16::MAX))?;
        rows.into_iter().try_for_each(|(row, sealed)| self.set(row, Some(sealed)))
    }

    fn set_new(&mut self, row: Vec<u8>, sealed: Bytes) -> Result<(), StoreError> {
        // Every test that writes holds what is said of a row against the database; where that cannot be read, nothing is said.
        #[cfg(test)]
        if let Ok(mark) = self.held.mark(&row) {
            assert_eq!(mark, None, "{row:?}");
        }
        let new = New::Bytes(sealed);
        match self.rows.entry(row) {
            Entry::Occupied(mut known) => known.get_mut().new = new,
            Entry::Vacant(free) => drop(free.insert(Change { old: None, new })),
        }
        Ok(())
    }

    /// Removes the record `name`, if it is there.
    ///
    /// # Errors
    /// The backend's.
    pub fn remove(&mut self, name: &[u8]) -> Result<(), StoreError> {
        self.remove_from(name, 0)
    }

    /// Sets or removes one row.
    ///
    /// # Errors
    /// The backend's.
    pub fn set(&mut self, row: Vec<u8>, new: Option<Bytes>) -> Result<(), StoreError> {
        self.change(row)?.new = new.map_or(New::Nothing, New::Bytes);
        Ok(())
    }

    fn remove_from(&mut self, name: &[u8], first: u16) -> Result<(), StoreError> {
        if let Some(before) = first.checked_sub(1) {
            let ends = self.change(names::piece(name, before))?.current_len().is_none_or(|length| !pieces::has_next(length));
            if ends {
                return Ok(());
            }
        }
        for number in first..=u16::MAX {
            let change = self.change(names::piece(name, number))?;
            let Some(length) = change.current_len() else { break };
            change.new = New::Nothing;
            if !pieces::has_next(length) {
                break;
            }
        }
        Ok(())
    }

    /// The names of the rows it touches.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.keys().map(Vec::as_slice)
    }

    /// The row's change, which at first is none.
    fn change(&mut self, row: Vec<u8>) -> Result<&mut Change, StoreError> {
        match self.rows.entry(row) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(free) => {
                let old = self.held.mark(free.key())?;
                Ok(free.insert(Change { old, new: New::Same }))
            }
        }
    }

    /// Writes the rows and the ledger that follows from them in one batch; answers that ledger, or none where nothing changes.
    ///
    /// # Errors
    /// The backend's; [`StoreError::KeyUnavailable`] when the data key has sealed all it may.
    pub fn write(self, before: &Ledger, sealer: &Sealer, rng: &dyn Rng) -> Result<Option<Ledger>, StoreError> {
        let mut after = before.clone();
        let mut changes: Vec<RowChange<'_>> = Vec::with_capacity(self.rows.len() + 1);
        for (row, Change { old, new }) in &self.rows {
            let new = match new {
                New::Bytes(bytes) => Some(bytes),
                New::Nothing if old.is_some() => None,
                New::Nothing | New::Same => continue,
            };
            let entry = u64::from(is_entry(row));
            if is_counted(row) {
                if let Some(old) = old {
                    after.remove(*old);
                    after.entries = after.entries.saturating_sub(entry);
                }
                if let Some(new) = new {
                    after.add(Mark::of(new));
                    after.entries += entry;
                    after.sealed += 1;
                }
            }
            changes.push(RowChange { name: row, bytes: new.map(|bytes| &bytes[..]), shared: new, stays: old.is_some() && new.is_some() });
        }
        if changes.is_empty() {
            return Ok(None);
        }
        after.write += 1;
        after.sealed += 1;
        if after.sealed > SEALS_PER_KEY {
            return Err(StoreError::KeyUnavailable(
                "the cache's data key has sealed as many records as is safe: stellar cache rekey makes another".to_owned(),
            ));
        }
        let ledger = sealer.seal(rng, LEDGER_ROW, &after.encode())?;
        changes.push(RowChange::new(LEDGER_ROW, Some(&ledger)));
        self.held.apply(&changes)?;
        Ok(Some(after))
    }
}

/// Writes the ledger alone, for a data key that has sealed nothing of it yet.
///
/// # Errors
/// The backend's.
pub fn write_ledger(rows: &dyn Rows, before: &Ledger, sealer: &Sealer, rng: &dyn Rng) -> Result<Ledger, StoreError> {
    let after = Ledger { write: before.write + 1, sealed: before.sealed + 1, ..before.clone() };
    let sealed = sealer.seal(rng, LEDGER_ROW, &after.encode())?;
    rows.apply(&[RowChange::new(LEDGER_ROW, Some(&sealed))])?;
    Ok(after)
}

/// Whether the ledger counts this row: the ledger itself and what is quarantined it does not.
fn is_counted(row: &[u8]) -> bool {
    row.first().is_some_and(|tree| *tree == Tree::Observations as u8 || *tree == Tree::Documents as u8)
}

/// Whether this row is the first piece of an observation: there is one per entry.
pub fn is_entry(row: &[u8]) -> bool {
    row.first() == Some(&(Tree::Observations as u8)) && names::split_piece(row).is_some_and(|(_, number)| number == 0)
}

/// Counts what the database holds: entries, rows, bytes and their sum.
///
/// # Errors
/// The backend's.
pub fn count(rows: &dyn Rows) -> Result<Ledger, StoreError> {
    let mut counted = Ledger::default();
    for tree in [Tree::Observations, Tree::Documents] {
        rows.scan(&[tree as u8], &mut |row, sealed| {
            counted.add(Mark::of(sealed));
            counted.entries += u64::from(is_entry(row));
            ControlFlow::Continue(())
        })?;
    }
    Ok(counted)
}
