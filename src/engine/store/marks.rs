//! Marks of rows, so that a write need not read what it replaces.
//!
//! Invariants: a mark that is held is that of the row as it is read now - a wrong one would make the ledger count wrong, and the next open take
//! the database for damaged; so a write sets those of its rows, and what was read before it is not kept after it. The first
//! so many rows are held, others are not known. Lost with the process.

use std::{
    collections::HashMap,
    hash::BuildHasherDefault,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{hashed::Hashed, ledger::Mark, rows::RowChange};

/// Rows whose marks are held, of 40 bytes each: as many as a table of 2^17 places takes.
const ROWS: usize = (1 << 17) / 8 * 7;

/// Marks of the rows of one open database.
#[derive(Default)]
pub struct Marks(Mutex<Held>);

#[derive(Default)]
struct Held {
    rows: HashMap<[u8; 16], Packed, BuildHasherDefault<Hashed>>,
    /// Moves with every write.
    turn: u64,
}

/// A mark without the padding a number of 128 bits asks for.
#[derive(Clone, Copy)]
struct Packed {
    fingerprint: [u8; 16],
    len: u32,
}

/// What was read since this was taken is as it was read, unless something was written.
#[derive(Clone, Copy, Debug)]
pub struct Since(u64);

/// Rows go by the whole hash of their names, as two of one hash would take each other's mark.
fn hash(name: &[u8]) -> [u8; 16] {
    blake3::hash(name).as_bytes().first_chunk().copied().unwrap_or_default()
}

impl Packed {
    fn of(mark: Mark) -> Option<Self> {
        Some(Self { fingerprint: mark.fingerprint.to_le_bytes(), len: u32::try_from(mark.len).ok()? })
    }

    fn mark(self) -> Mark {
        Mark { len: self.len as usize, fingerprint: u128::from_le_bytes(self.fingerprint) }
    }
}

impl Held {
    fn set(&mut self, name: [u8; 16], mark: Option<Mark>) {
        match mark.and_then(Packed::of) {
            Some(mark) => {
                if self.rows.len() < ROWS || self.rows.contains_key(&name) {
                    self.rows.insert(name, mark);
                }
            }
            None => drop(self.rows.remove(&name)),
        }
    }
}

impl Marks {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That of this row, if it is known.
    pub fn of(&self, name: &[u8]) -> Option<Mark> {
        let name = hash(name);
        self.held().rows.get(&name).map(|packed| packed.mark())
    }

    /// To be taken before a row is read that is to be [`Marks::learn`]ed.
    pub fn since(&self) -> Since {
        Since(self.held().turn)
    }

    /// What was read of a row.
    pub fn learn(&self, since: Since, name: &[u8], sealed: &[u8]) {
        // One that is held already is right, and there is no room for more.
        if self.held().rows.len() >= ROWS {
            return;
        }
        let (name, mark) = (hash(name), Mark::of(sealed));
        let mut held = self.held();
        if held.turn == since.0 {
            held.set(name, Some(mark));
        }
    }

    /// What rows are from now on; to be called when whoever reads finds them so. Called before, what a reader still found would be learned.
    pub fn write(&self, changes: &[RowChange<'_>]) {
        let marks: Vec<_> = changes.iter().map(|change| (hash(change.name), change.bytes.map(Mark::of))).collect();
        let mut held = self.held();
        held.turn += 1;
        marks.into_iter().for_each(|(name, mark)| held.set(name, mark));
    }

    /// Nothing is known any more.
    pub fn forget(&self) {
        let mut held = self.held();
        held.turn += 1;
        held.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_write_is_not_learned_after_it() {
        let marks = Marks::default();
        let since = marks.since();
        marks.learn(since, b"a", &[1; 40]);
        assert_eq!(marks.of(b"a"), Some(Mark::of(&[1; 40])));
        marks.write(&[RowChange::new(b"a", Some(&[2; 50])), RowChange::new(b"b", None)]);
        marks.learn(since, b"a", &[1; 40]);
        marks.learn(since, b"c", &[1; 40]);
        assert_eq!((marks.of(b"a"), marks.of(b"b"), marks.of(b"c")), (Some(Mark::of(&[2; 50])), None, None));
        let since = marks.since();
        marks.forget();
        marks.learn(since, b"a", &[2; 50]);
        assert_eq!(marks.of(b"a"), None);
        marks.write(&[RowChange::new(b"a", Some(&[2; 50]))]);
        marks.write(&[RowChange::new(b"a", None)]);
        assert_eq!(marks.of(b"a"), None, "a row that is gone has none");
    }

    #[test]
    fn the_first_so_many_are_held_and_stay_true() {
        let marks = Marks::default();
        let sealed = |at: usize| at.to_le_bytes().repeat(4);
        for at in 0..ROWS + 10 {
            marks.write(&[RowChange::new(&at.to_le_bytes(), Some(&sealed(at)))]);
        }
        assert_eq!(marks.held().rows.len(), ROWS);
        assert_eq!((marks.of(&7_usize.to_le_bytes()), marks.of(&ROWS.to_le_bytes())), (Some(Mark::of(&sealed(7))), None));
        marks.write(&[RowChange::new(&7_usize.to_le_bytes(), Some(&sealed(8)))]);
        assert_eq!(marks.of(&7_usize.to_le_bytes()), Some(Mark::of(&sealed(8))));
    }
}
