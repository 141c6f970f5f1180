//! The facts in memory over the store: what each source says of each key, ready to be resolved.
//!
//! Invariants: the disk learns a change before memory shows it; an observation whose source only vouches for it again costs no
//! write; observations of sources that are not configured are kept on disk and do not count.
//!
//! It does not fetch, schedule or decide.

mod ingest;
mod resealing;
mod slot;
mod table;
mod writer;

pub use ingest::ingest;
pub use slot::{RuleBook, Slot};
pub use table::Table;
pub use writer::Writer;
