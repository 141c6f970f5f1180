//! The log of record: what must not be lost, in the order it was promised, sealed, on disk before anybody is told that it is.
//!
//! Invariants: an append is durable when it answers, and there at every later start, in order, once; what was refused does not count, and
//! nothing is written behind a write that failed; nothing damaged is deleted or passed over in silence; nothing reaches the disk unsealed.
//! There is no index: state is what the newest checkpoint and the entries behind it come to.
//!
//! It does not know what entries mean, makes no checkpoint by itself, and removes no segment.

mod api;
mod disk;
mod frame;
mod handle;
mod log;
mod open;
mod real_disk;
mod replay;
mod reseal;
mod sim_disk;
mod walk;
mod write;

pub use api::{
    AHEAD, Completes, Findings, JournalOptions, JournalStatus, LONGEST_APPEND, LogWriter, ROTATE_AT, Replayed, Rotation, ScanReport,
};
pub use disk::{LogDisk, LogFile};
pub use handle::Journal;
pub use real_disk::RealLogDisk;
pub use sim_disk::{SimCopy, SimCounts, SimLogDisk};

#[cfg(test)]
mod tests;
