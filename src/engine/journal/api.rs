//! What goes into the log and what comes out of it, as plain types.

use std::sync::Arc;

use super::disk::LogDisk;
use crate::engine::store::{LogSealer, StoreError};

/// Bytes of a segment at which another is due.
pub const ROTATE_AT: u64 = 4 * 1024 * 1024;
/// Bytes that are made ready ahead of what is written, so that they can be acknowledged although the disk is full.
pub const AHEAD: u64 = 1024 * 1024;
/// Bytes that one append may have in all.
pub const LONGEST_APPEND: usize = 8 * 1024 * 1024;

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogWriter {
    /// A thread of its own: what arrives while it syncs is the next group.
    Thread,
    /// Whoever appends, at once: for rehearsals on virtual time, where nothing else may run.
    Inline,
}

/// Who completes entries when their order is certain, and no sooner: by what came right before them. Called by who writes, one group after
/// the other.
pub trait Completes: Send + Sync {
    /// Completes the entries of one group, in order, in place: their number stays.
    fn complete(&self, entries: &mut dyn Iterator<Item = &mut Vec<u8>>);

    /// The group that was completed last counts, or does not.
    fn settled(&self, durable: bool);

    /// Completes the state that a segment begins with; everything before it counts.
    fn checkpoint(&self, state: Vec<u8>) -> Vec<u8>;
}

/// What a log is opened with.
#[derive(Clone)]
pub struct JournalOptions {
    /// Where it is.
    pub disk: Arc<dyn LogDisk>,
    /// What it is sealed with; none when nothing is kept on disk, and then nothing can be promised.
    pub sealer: Option<Arc<dyn LogSealer>>,
    /// Who writes.
    pub writer: LogWriter,
    /// Bytes of a segment at which another is due; [`ROTATE_AT`] but in tests.
    pub rotate_at: u64,
    /// Bytes that are made ready ahead; [`AHEAD`] but in tests.
    pub ahead: u64,
    /// Who completes entries, if anybody does.
    pub completes: Option<Arc<dyn Completes>>,
}

impl JournalOptions {
    /// As it is used, by a thread.
    #[must_use]
    pub fn new(disk: Arc<dyn LogDisk>, sealer: Option<Arc<dyn LogSealer>>) -> Self {
        Self { disk, sealer, writer: LogWriter::Thread, rotate_at: ROTATE_AT, ahead: AHEAD, completes: None }
    }

    /// For rehearsals: a log that is written at once by whoever asks, in segments so short that they turn often.
    pub fn rehearsed(disk: Arc<dyn LogDisk>) -> Self {
        Self { writer: LogWriter::Inline, rotate_at: 32 * 1024, ahead: 8 * 1024, ..Self::new(disk, None) }
    }
}

/// Something found when the log is opened, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed<'a> {
    /// The state that every entry before `next` came to. Only ever the first.
    Checkpoint {
        /// The number of the first entry that is not in it.
        next: u64,
        /// As it was given to [`super::Journal::rotate`].
        state: &'a [u8],
    },
    /// One entry, each once, numbers rising by one unless some are lost.
    Entry {
        /// Its number.
        sequence: u64,
        /// As it was appended.
        bytes: &'a [u8],
    },
}

/// What opening found besides entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What a person should read, a sentence each.
    pub notes: Vec<String>,
    /// Entries that were written and are not there any more, or not readable.
    pub lost: u64,
    /// Whether a checkpoint is wanted soon: without one the same damage is met again at every start.
    pub wants_checkpoint: bool,
}

/// What reading everything found besides entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanReport {
    /// Entries that were read.
    pub entries: u64,
    /// Entries that should be there and are not.
    pub lost: u64,
    /// Segments that are not as they were written.
    pub damaged_segments: u64,
    /// Where, a sentence each.
    pub damage: Vec<String>,
}

/// How the log stands. Cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalStatus {
    /// The number the next entry gets; all before it are durable.
    pub next: u64,
    /// Segments there are.
    pub segments: u64,
    /// Bytes written in all of them.
    pub bytes: u64,
    /// Bytes that can be acknowledged although the disk is full.
    pub room: u64,
    /// Whether the segment that is written to is long enough for another.
    pub rotation_due: bool,
    /// Segments that a former data key sealed.
    pub to_reseal: u64,
    /// Why nothing can be appended, as of the last time it was tried.
    pub trouble: Option<StoreError>,
}

/// How a rotation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The new segment begins with the checkpoint.
    Done,
    /// Entries came in between that the checkpoint does not have: nothing was done, try again with them.
    Moved {
        /// The number the next entry gets.
        next: u64,
    },
}
