//! Reading one segment from its first byte to its last: frames in order, around damage where there is any.
//!
//! What opens counts, whatever its checksum says; what does not is damage if a frame that opens comes after it, and the end of the log if
//! none does. The checksum tells a wrong key from damage, and both from an end.

use std::ops::Range;

use super::frame::{Frame, Kind, Met, meet};
use crate::engine::store::{BadHead, LOG_HEAD, LogHead, LogSealer, StoreError};

/// What one segment came to.
#[derive(Clone, Debug)]
pub struct Walked {
    /// Its head; none when that is damaged.
    pub head: Option<LogHead>,
    /// The last frame of entries.
    pub last: Range<usize>,
    /// Where the last frame of all ends.
    pub end: usize,
    /// What the checksum of a next frame goes on from.
    pub chain: u32,
    /// Bytes that are no frame and have frames behind them.
    pub damaged: Vec<Range<usize>>,
    /// Bytes behind the last frame that are not as they were made ready; empty after a clean end.
    pub tail: Range<usize>,
    /// Frames that opened.
    pub opened: u64,
    /// Frames with a wrong checksum that opened all the same.
    pub healed: u64,
    /// Stretches that did not open although their checksum is right.
    pub refused: u64,
}

impl Walked {
    /// Whether something of what was written is not there, or not as it was.
    pub fn is_damaged(&self) -> bool {
        self.head.is_none() || !self.damaged.is_empty() || self.healed > 0
    }

    /// What of segment `number` is not as it was written, where anything is not; `lost` entries of it are not there.
    pub fn damage(&self, number: u64, lost: u64) -> Option<String> {
        let mut parts = Vec::new();
        if self.head.is_none() {
            parts.push(format!("bytes 0 to {} are not its head", LOG_HEAD - 1));
        }
        parts.extend(self.damaged.iter().map(|range| format!("bytes {} to {} do not open", range.start, range.end.saturating_sub(1))));
        if self.healed > 0 {
            parts.push(format!("{} of its frames have another checksum than they were written with", self.healed));
        }
        if lost > 0 {
            parts.push(format!("{lost} of its entries are not there"));
        }
        (!parts.is_empty()).then(|| format!("segment {number} of the log of changes is not as it was written: {}", parts.join("; ")))
    }

    /// Whether more can be written behind it.
    pub fn is_clean(&self) -> bool {
        !self.is_damaged() && self.tail.is_empty()
    }
}

/// Gives every frame of segment `number` to `each`, which may end it by answering false.
///
/// # Errors
/// [`StoreError::NewerFormat`]; [`StoreError::KeyUnavailable`] for a frame of a data key that is not at hand.
pub fn walk(sealer: &dyn LogSealer, number: u64, bytes: &[u8], each: &mut dyn FnMut(&Frame) -> bool) -> Result<Walked, StoreError> {
    let head = match LogHead::decode(bytes) {
        Ok(head) if head.segment == number && head.store == sealer.store() => Some(head),
        Ok(_) | Err(BadHead::Damaged) => None,
        Err(BadHead::Newer(version)) => return Err(StoreError::NewerFormat { found: u32::from(version), supported: 1 }),
    };
    // What was made ready and not written is zeros.
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut chain = head.as_ref().map(LogHead::chain);
    let mut at = if head.is_some() { LOG_HEAD } else { 0 };
    let mut walked = Walked { head, last: at..at, end: at, chain: 0, damaged: Vec::new(), tail: 0..0, opened: 0, healed: 0, refused: 0 };
    // Where something begins that is no frame.
    let mut bad: Option<usize> = None;
    while at < written {
        match meet(sealer, number, &bytes[at..], chain) {
            Met::Whole { frame, length, chain: next, summed } => {
                if let Some(from) = bad.take() {
                    // The head's own damage is said by its absence.
                    if from > 0 || at > LOG_HEAD {
                        walked.damaged.push(from..at);
                    }
                }
                walked.opened += 1;
                walked.healed += u64::from(!summed);
                if frame.kind == Kind::Entries {
                    walked.last = at..at + length;
                }
                at += length;
                chain = Some(next);
                walked.end = at;
                if !each(&frame) {
                    break;
                }
            }
            Met::WrongKey(id) => {
                return Err(StoreError::KeyUnavailable(format!(
                    "the log of changes is sealed with data key {id} of the cache, which is not at hand; nothing was changed: put the file \
                     keyslots back that has it"
                )));
            }
            Met::Nothing { summed } => {
                walked.refused += u64::from(summed);
                bad.get_or_insert(at);
                chain = None;
                at += 1;
            }
        }
    }
    walked.chain = chain.unwrap_or_default();
    if let Some(from) = bad {
        walked.tail = from..written;
    }
    Ok(walked)
}
