//! Snapshots: everything the cache believes in one sealed file, the same bytes for the same content.
//!
//! What is in it: every observation, in the order of its key and then of its source, both bytewise. What is not: how recently it was
//! read, counters, how sources answered, history, the moment of the snapshot. So two snapshots of one content under one data key are
//! equal byte for byte, and a schedule can tell whether anything changed.
//!
//! ```text
//! [magic 8][version 1][store 16][key id 4][digest 32][entries 8][bytes 8]         head, 77 bytes, little endian
//! then chunks of 64 KiB, the last one shorter: [ciphertext][tag 16]
//! inside, over the borders of chunks: [length 4][body of the record] ...
//! ```
//! The digest is BLAKE3, keyed, over the keyed digests of the records in order and their number. The key of the file is
//! HKDF(data key, digest), the nonce is the number of the chunk, the associated data are the head: the same key and nonce never meet
//! another plaintext, and no chunk fits anywhere else.
//!
//! Invariants: nothing of a file is used before all of it was verified; memory holds the names, never all values; a file is replaced
//! whole or not at all; what is no snapshot is never overwritten.
//!
//! It takes no decision about when; it locks nothing: content that moves while it is written is noticed, and the caller tries again.

mod chunks;
mod digest;
mod error;
mod gather;
mod head;
mod hydrate;
mod reader;
mod shelf;
mod take;

pub use error::SnapshotError;
pub use hydrate::{Hydrated, Mode, hydrate, take_in};
pub use reader::{Verified, verify};
pub use shelf::{Good, newest_at, newest_good, restore_newest, shelve};
pub use take::{Taken, take};

/// How far long work is: what is being done, how much of how much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// In a word or two.
    pub step: &'static str,
    /// Records done.
    pub done: u64,
    /// Records there are; 0 while that is not known.
    pub total: u64,
}

/// Who is told how far it is; called every few hundred records.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress);

/// Between two calls.
const STEP: u64 = 512;

#[cfg(test)]
mod tests;
