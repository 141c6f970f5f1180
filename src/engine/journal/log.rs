//! The log as whoever writes it holds it: its segments, the one that is written to, the number of the next entry.

use std::{io, path::Path, sync::Arc};

use super::{
    api::{Completes, JournalStatus},
    disk::{LogDisk, LogFile},
};
use crate::engine::store::{LOG_HEAD, LogSealer, StoreError};

/// The number of the first entry of all.
pub const FIRST: u64 = 1;

const ENDING: &str = ".seg";
/// Behind the name of a segment that is being made.
pub const UNDER_WAY: &str = ".new";

/// One segment, as far as it must be known without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its place in the order.
    pub number: u64,
    /// The number of the first entry written to it; none when nothing in it says.
    pub first: Option<u64>,
    /// The data key it is sealed with; none when its head does not say.
    pub key: Option<u32>,
    /// Bytes written.
    pub bytes: u64,
}

/// The segment that is written to.
pub struct Active {
    /// Which it is: the last one.
    pub number: u64,
    /// Open.
    pub file: Box<dyn LogFile>,
    /// The key it is sealed with.
    pub key: u32,
    /// Where the next frame goes.
    pub end: u64,
    /// Up to where zeros are ready.
    pub room: u64,
    /// What the next checksum goes on from.
    pub chain: u32,
}

/// The log, open for writing.
pub struct Log {
    /// Where it is.
    pub disk: Arc<dyn LogDisk>,
    /// What seals it.
    pub sealer: Arc<dyn LogSealer>,
    /// In order.
    pub segments: Vec<Segment>,
    /// The highest number a segment was ever given, durable or not.
    pub highest: u64,
    /// None when nothing may be written to the last segment any more; the next append makes another.
    pub active: Option<Active>,
    /// The number of the next entry.
    pub next: u64,
    /// Whether a write or a sync failed since the last segment was made: what is on disk is then read again before anything is built on it.
    pub suspect: bool,
    /// Why the last append was refused.
    pub trouble: Option<StoreError>,
    /// Segments that cannot be sealed anew, because nothing of them opens.
    pub sealed_for_good: Vec<u64>,
    /// Bytes at which another segment is due.
    pub rotate_at: u64,
    /// Bytes that are made ready ahead.
    pub ahead: u64,
    /// Who completes entries, if anybody does.
    pub completes: Option<Arc<dyn Completes>>,
}

impl Log {
    /// How it stands.
    pub fn status(&self) -> JournalStatus {
        let end = self.active.as_ref().map_or(0, |active| active.end);
        JournalStatus {
            next: self.next,
            segments: self.segments.len() as u64,
            bytes: self.segments.iter().map(|segment| segment.bytes).sum(),
            room: self.active.as_ref().map_or(0, |active| active.room - active.end),
            rotation_due: end.saturating_sub(LOG_HEAD as u64) >= self.rotate_at,
            // Counted by whoever asks: the key may have changed since.
            to_reseal: 0,
            trouble: self.trouble.clone(),
        }
    }

    /// Whether a former key sealed it and the present one can.
    pub fn is_to_reseal(&self, segment: &Segment) -> bool {
        is_to_reseal(segment, self.sealer.key_id(), &self.sealed_for_good)
    }

    /// Where the entries of a segment end that count: where the next one begins.
    pub fn limit_of(&self, number: u64) -> u64 {
        limit(&self.segments, number).unwrap_or(self.next)
    }

    /// The disk's refusal, as a person needs it.
    pub fn refused(&self, error: &io::Error) -> StoreError {
        refused(self.disk.as_ref(), error)
    }
}

/// Whether another key than this one sealed it, and it opens.
pub fn is_to_reseal(segment: &Segment, key: u32, for_good: &[u64]) -> bool {
    segment.key != Some(key) && !for_good.contains(&segment.number)
}

/// The first entry of the next segment that says it.
pub fn limit(segments: &[Segment], number: u64) -> Option<u64> {
    segments.iter().filter(|segment| segment.number > number).find_map(|segment| segment.first)
}

/// The disk's refusal, as a person needs it.
pub fn refused(disk: &dyn LogDisk, error: &io::Error) -> StoreError {
    StoreError::unwritable(Path::new(&disk.place()), error)
}

/// The name of a segment.
pub fn name_of(number: u64) -> String {
    format!("{number:08}{ENDING}")
}

/// The number in such a name.
pub fn number_in(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(ENDING)?;
    (digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}
