//! The facts in memory over the store: what each source says of each key, ready to be resolved.
//!
//! Invariants: the disk learns a change before memory shows it; an observation whose source only vouches for it again costs no
//! write; observations of sources that are not configured are kept on disk and do not count.
//!
//! It does not fetch, schedule or decide.

mod ingest;
mod left_out;
mod recency;
mod resealing;
mod room;
mod slot;
mod table;
mod trace;
mod writer;

pub use ingest::{Ingested, ingest};
pub use left_out::{LeftOut, name_of};
pub use room::{PinsFull, Room, Watermarks};
pub use slot::{RuleBook, Slot};
pub use table::Table;
pub use trace::{TraceCount, TraceError, replay_trace};
pub use writer::Writer;
