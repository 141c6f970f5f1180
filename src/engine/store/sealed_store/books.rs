//! What is known of the writes: their numbers, and while a compaction copies, the rows they touch.

use std::collections::BTreeSet;

use crate::engine::store::ledger::Ledger;

/// What was written, what is on disk, what the manifest says: the numbers of writes.
pub struct Books {
    pub(in crate::engine::store) ledger: Ledger,
    pub(in crate::engine::store) flushed: u64,
    pub(super) manifest: Option<u64>,
    /// Whether there may be a window on disk.
    pub(super) window: bool,
    /// While a compaction copies.
    pub(super) changed: Option<Changed>,
}

/// The rows that were written while a compaction copied them.
#[derive(Default)]
pub struct Changed {
    /// All of them: the copy may hold what they were before.
    pub rows: BTreeSet<Vec<u8>>,
    /// Those that say something new. One that is only sealed with another key is not wanted again by that.
    pub wanted: BTreeSet<Vec<u8>>,
}

impl Books {
    /// Notes rows about to be written with another content.
    pub(super) fn note_new<'a>(&mut self, rows: impl Iterator<Item = &'a [u8]>) {
        if let Some(changed) = &mut self.changed {
            for row in rows {
                changed.rows.insert(row.to_vec());
                changed.wanted.insert(row.to_vec());
            }
        }
    }

    /// Notes rows that were sealed anew, or moved away because they would not open.
    pub(in crate::engine::store) fn note_resealed(&mut self, rows: Vec<Vec<u8>>) {
        if let Some(changed) = &mut self.changed {
            changed.rows.extend(rows);
        }
    }
}
