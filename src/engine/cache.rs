//! The facts in memory over the store: a note of what each source says of each key, and decoded what is asked for, ready to be resolved.
//!
//! Invariants: the disk learns a change before memory shows it; an observation whose source only vouches for it again costs no
//! write; observations of sources that are not configured are kept on disk and do not count; decoded values are bounded in bytes.
//!
//! It does not fetch, schedule or decide.

mod hot;
mod ingest;
mod left_out;
mod recency;
mod resealing;
mod room;
mod slot;
mod table;
mod trace;
mod versions;
mod writer;

pub use hot::{Epoch, Hot, HotStatus, HotTier};
pub use ingest::{Ingested, gone, ingest};
pub use left_out::{LeftOut, name_of};
pub use room::{PinsFull, Room, Watermarks};
pub use slot::{RuleBook, Slot};
pub use table::{Note, Table, may_differ};
pub use trace::{TraceCount, TraceError, replay_trace};
pub use writer::Writer;
