//! The row that counts the others, written in the same batch as every change: so the database can be asked whether it still has
//! everything that was put into it.

use serde::{Deserialize, Serialize};

use super::{record, seal};

/// What the database holds after its last write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Drawn when the database was made; another one is another database.
    pub epoch: [u8; 16],
    /// The number of the last write.
    pub write: u64,
    /// Observations.
    pub entries: u64,
    /// Rows of observations and documents.
    pub rows: u64,
    /// Their sealed bytes, names not counted.
    pub bytes: u64,
    /// The sum of their fingerprints, modulo 2^128. A fingerprint is the tag of a sealed record, so a row that is missing or was
    /// replaced by an older one changes the sum.
    pub sum: [u8; 16],
    /// How many records were ever sealed with the current data key.
    pub sealed: u64,
}

/// What a key is charged with when a run ended without a close: what it had sealed and not yet put on disk is not known.
pub const SEALS_UNKNOWN: u64 = 1 << 20;

/// What is counted of a sealed row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its bytes.
    pub len: usize,
    /// Different for any two rows ever sealed.
    pub fingerprint: u128,
}

impl Mark {
    /// That of this row.
    pub fn of(sealed: &[u8]) -> Self {
        Self { len: sealed.len(), fingerprint: seal::fingerprint(sealed) }
    }
}

/// Records one data key may seal with random nonces before another is due: 2^32.
pub const SEALS_PER_KEY: u64 = 1 << 32;

impl Ledger {
    /// Counts a row in.
    pub fn add(&mut self, row: Mark) {
        self.rows += 1;
        self.bytes += row.len as u64;
        self.turn(u128::wrapping_add, row);
    }

    /// Counts a row out.
    pub fn remove(&mut self, row: Mark) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(row.len as u64);
        self.turn(u128::wrapping_sub, row);
    }

    fn turn(&mut self, way: fn(u128, u128) -> u128, row: Mark) {
        self.sum = way(u128::from_le_bytes(self.sum), row.fingerprint).to_le_bytes();
    }

    /// Whether both hold the same rows.
    pub fn same_rows(&self, other: &Self) -> bool {
        (self.rows, self.bytes, self.sum) == (other.rows, other.bytes, other.sum)
    }

    /// As stored.
    pub fn encode(&self) -> Vec<u8> {
        record::encode(self)
    }

    /// From what was stored.
    pub fn decode(body: &[u8]) -> Option<Self> {
        record::decode(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_and_out_again_leave_nothing() {
        let (first, second) = (Mark::of(&[1; 40]), Mark::of(&[0xFF; 50]));
        let mut ledger = Ledger::default();
        ledger.add(second);
        ledger.add(first);
        let both = ledger.clone();
        assert_eq!((both.rows, both.bytes), (2, 90));
        ledger.remove(second);
        assert!(!ledger.same_rows(&both));
        ledger.remove(first);
        assert_eq!(ledger, Ledger::default());
    }

    #[test]
    fn one_row_for_another_of_the_same_length_is_seen() {
        let mut before = Ledger::default();
        before.add(Mark::of(&[1; 40]));
        let mut after = Ledger::default();
        after.add(Mark::of(&[2; 40]));
        assert!(!before.same_rows(&after));
    }

    #[test]
    fn golden() {
        let ledger = Ledger { epoch: [1; 16], write: 300, entries: 2, rows: 3, bytes: 4, sum: [5; 16], sealed: 6 };
        let expected = [&[1_u8][..], &[1; 16], &[0xAC, 2, 2, 3, 4], &[5; 16], &[6]].concat();
        assert_eq!(ledger.encode(), expected);
        assert_eq!(Ledger::decode(&expected), Some(ledger));
    }
}
