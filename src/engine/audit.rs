//! Who did what, when, from where, and how it ended: records in a chain of hashes.
//!
//! Invariants: each record's hash covers the whole record and the hash before it, so nothing in the chain can be altered, left out, put
//! elsewhere or taken from another chain without a place where it no longer fits; a record holds no value, and where it stands for an entry of
//! the log it commits to that entry's bytes.
//!
//! It neither reads nor writes: records stand in the log of record, beside the entries that they cover, in the same frame.

mod caller;
mod chain;
mod hash;
mod record;
mod verify;

pub use caller::{Caller, caller, on_behalf_of};
pub use chain::{Head, genesis, link};
pub use hash::{Hash, hash_of_hex};
pub use record::{AuditRecord, Cover, Deed, Ending, Note, Who};
pub use verify::{AuditFinding, AuditReport, Verifier};

#[cfg(test)]
mod tests;
