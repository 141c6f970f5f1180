//! Sealing anew what a former data key sealed: one bounded batch at a time, from the first row to the last.
//!
//! Everything written meanwhile is sealed with the new key, so one pass from end to end leaves nothing behind; a pass that was cut short
//! starts again and walks over what it had done.

use std::{collections::BTreeSet, ops::ControlFlow};

use super::{
    error::StoreError,
    keys::Keys,
    ledger::Ledger,
    names::{self, Tree},
    pending::{self, LEDGER_ROW, Pending},
    pieces::SealedRow,
    records,
    rows::Rows,
    seal::{self, Unopened},
};
use crate::engine::world::Rng;

/// Rows one batch looks at.
const ROWS: usize = 512;
/// Sealed bytes one batch changes, about.
const BYTES: usize = 1024 * 1024;

/// How far a pass has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// The next row; empty at the start.
    from: Vec<u8>,
    /// Rows looked at.
    pub done: u64,
}

/// What one batch did.
pub struct Batch {
    /// The ledger, where anything was written.
    pub ledger: Option<Ledger>,
    /// The rows it changed.
    pub rows: Vec<Vec<u8>>,
    /// Names of records that did not open, and were put aside.
    pub damaged: Vec<Vec<u8>>,
    /// Whether this was the last.
    pub ended: bool,
}

/// Seals the next batch anew. To be called while nothing else writes.
///
/// # Errors
/// The backend's; the pass stays where it was.
pub fn step(keys: &Keys, rows: &dyn Rows, before: &Ledger, rng: &dyn Rng, pass: &mut Pass) -> Result<Batch, StoreError> {
    let former = keys.draining();
    let mut names = BTreeSet::new();
    let (mut seen, mut bytes, mut next) = (0, 0, None);
    rows.scan_from(&[], &pass.from, &mut |row, sealed| {
        if seen >= ROWS || bytes >= BYTES {
            next = Some(row.to_vec());
            return ControlFlow::Break(());
        }
        seen += 1;
        let ours = is_sealed_record(row) && seal::key_of(sealed).is_some_and(|id| former.contains(&id));
        if let Some((name, _)) = names::split_piece(row).filter(|_| ours) {
            names.insert(name.to_vec());
            bytes += sealed.len();
        }
        ControlFlow::Continue(())
    })?;
    let mut pending = Pending::new(rows);
    let mut damaged = Vec::new();
    for name in names {
        let Record { rows: found, body } = record(keys, rows, &name)?;
        match body {
            Ok(body) => pending.put(&keys.sealer, rng, (&name, false), before.write + 1, &body)?,
            // Of a key that is not here: nothing to be done with it, and no damage.
            Err(Unopened::WrongKey(_)) => {}
            Err(Unopened::Damaged) => {
                for (row, sealed) in found {
                    let aside = [&[Tree::Quarantine as u8], row.as_slice()].concat();
                    pending.set(row, None)?;
                    pending.set(aside, Some(sealed.into()))?;
                }
                damaged.push(name);
            }
        }
    }
    let changed = pending.names().map(<[u8]>::to_vec).collect();
    let mut ledger = pending.write(before, &keys.sealer, rng)?;
    let ended = next.is_none();
    if ended && ledger.is_none() && is_ledger_of(&former, rows)? {
        ledger = Some(pending::write_ledger(rows, before, &keys.sealer, rng)?);
    }
    pass.from = next.unwrap_or_default();
    pass.done += seen as u64;
    Ok(Batch { ledger, rows: changed, damaged, ended })
}

/// Whether the ledger is still sealed with one of these keys: where there was nothing to seal anew, no write sealed it again.
fn is_ledger_of(former: &[u32], rows: &dyn Rows) -> Result<bool, StoreError> {
    let mut id = None;
    rows.get(LEDGER_ROW, &mut |sealed| id = seal::key_of(sealed))?;
    Ok(id.is_some_and(|id| former.contains(&id)))
}

struct Record {
    rows: Vec<SealedRow>,
    body: Result<Vec<u8>, Unopened>,
}

/// The record of exactly this name.
fn record(keys: &Keys, rows: &dyn Rows, name: &[u8]) -> Result<Record, StoreError> {
    let mut found = Record { rows: Vec::new(), body: Err(Unopened::Damaged) };
    records::scan(keys, rows, name, &mut |record| {
        // Longer names may begin like this one.
        if record.name == name {
            found = Record { rows: record.rows.to_vec(), body: record.body.map(<[u8]>::to_vec) };
        }
    })?;
    Ok(found)
}

/// Whether a row belongs to a record: the ledger is sealed anew with every write, and what is quarantined stays as it was found.
fn is_sealed_record(row: &[u8]) -> bool {
    row.first().is_some_and(|tree| *tree != Tree::Ledger as u8 && *tree != Tree::Quarantine as u8)
}

/// The data keys that quarantined rows say they were sealed with.
///
/// # Errors
/// The backend's.
pub fn quarantined_keys(rows: &dyn Rows) -> Result<BTreeSet<u32>, StoreError> {
    let mut ids = BTreeSet::new();
    rows.scan(&[Tree::Quarantine as u8], &mut |_, sealed| {
        ids.extend(seal::key_of(sealed));
        ControlFlow::Continue(())
    })?;
    Ok(ids)
}
