//! The chain of the audit as it is written: records get their number and hash when what is before them in the log is certain.
//!
//! It is done by who writes, and not by who decides: of what was handed over, some may be refused, and what follows must not go on from that.
//! A checkpoint carries the head behind its state, so that a start need not look for it in older segments.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::{
    audit::{Hash, Head, genesis, link},
    journal::Completes,
};

use super::entry::{Entry, What};

/// What stands between a state and the head behind it.
const MARK: &[u8; 13] = b"stellar audit";
/// Bytes of the mark, the count and the hash.
const TRAILER: usize = MARK.len() + 8 + 32;

/// The chain, by who writes it.
pub struct Chaining {
    genesis: Head,
    heads: Mutex<Heads>,
}

struct Heads {
    /// Of what counts.
    durable: Head,
    /// With the group that is being written.
    next: Head,
}

impl Chaining {
    /// The chain of this store, before its first record.
    pub fn new(store: [u8; 16]) -> Self {
        let genesis = genesis(store);
        Self { genesis, heads: Mutex::new(Heads { durable: genesis, next: genesis }) }
    }

    /// Where it begins.
    pub fn genesis(&self) -> Head {
        self.genesis
    }

    /// How far it has come on disk.
    pub fn head(&self) -> Head {
        self.heads().durable
    }

    fn heads(&self) -> MutexGuard<'_, Heads> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, head: Head) {
        *self.heads() = Heads { durable: head, next: head };
    }

    /// Takes the head that a checkpoint carries; gives the state without it.
    pub fn take_checkpoint<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let Some((state, trailer)) = bytes.len().checked_sub(TRAILER).and_then(|at| bytes.split_at_checked(at)) else { return bytes };
        let head = trailer.strip_prefix(MARK).and_then(|rest| {
            let (count, hash) = rest.split_first_chunk::<8>()?;
            Some(Head { count: u64::from_le_bytes(*count), hash: Hash::try_from(hash).ok()? })
        });
        match head {
            Some(head) => {
                self.set(head);
                state
            }
            // One from before there was an audit.
            None => bytes,
        }
    }

    /// Takes an entry that was read at a start.
    pub fn take_entry(&self, bytes: &[u8]) {
        if Entry::is_audit(bytes)
            && let Some(What::Audit(record)) = Entry::decode(bytes).map(|entry| entry.what)
        {
            self.set(Head { count: record.seq(), hash: record.hash() });
        }
    }
}

impl Completes for Chaining {
    fn complete(&self, entries: &mut dyn Iterator<Item = &mut Vec<u8>>) {
        let mut heads = self.heads();
        for bytes in entries.filter(|bytes| Entry::is_audit(bytes)) {
            let Some(Entry { at, what: What::Audit(mut record) }) = Entry::decode(bytes) else { continue };
            let count = heads.next.count + 1;
            let hash = link(&heads.next.hash, count, at, &record);
            record.place(count, hash);
            record.write_place(bytes);
            heads.next = Head { count, hash };
        }
    }

    fn settled(&self, durable: bool) {
        let mut heads = self.heads();
        if durable {
            heads.durable = heads.next;
        } else {
            heads.next = heads.durable;
        }
    }

    fn checkpoint(&self, mut state: Vec<u8>) -> Vec<u8> {
        let Head { count, hash } = self.head();
        state.extend_from_slice(MARK);
        state.extend_from_slice(&count.to_le_bytes());
        state.extend_from_slice(&hash);
        state
    }
}
