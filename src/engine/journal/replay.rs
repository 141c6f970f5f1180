//! From frames to entries: each once, in order, up to where the next segment begins.

use super::{
    api::Replayed,
    frame::{Frame, Kind},
    walk::{Walked, walk},
};
use crate::engine::store::{LogSealer, StoreError};

/// How far a replay has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// The number of the entry that comes next.
    pub next: u64,
    /// Entries that were passed without being there.
    pub lost: u64,
    /// Entries that were given.
    pub entries: u64,
}

impl Course {
    /// Before the entry of this number.
    pub fn from(next: u64) -> Self {
        Self { next, lost: 0, entries: 0 }
    }

    /// Goes through a segment. `limit` is where the next one begins: what this one holds from there on was never acknowledged.
    ///
    /// # Errors
    /// As for [`walk`].
    pub fn through(
        &mut self,
        sealer: &dyn LogSealer,
        number: u64,
        bytes: &[u8],
        limit: Option<u64>,
        each: &mut dyn FnMut(Replayed<'_>),
    ) -> Result<Walked, StoreError> {
        let limit_or_end = limit.unwrap_or(u64::MAX);
        let walked = walk(sealer, number, bytes, &mut |frame| {
            self.take(frame, limit_or_end, each);
            frame.first < limit_or_end
        })?;
        if let Some(limit) = limit {
            self.lost += limit.saturating_sub(self.next);
            self.next = self.next.max(limit);
        }
        Ok(walked)
    }

    fn take(&mut self, frame: &Frame, limit: u64, each: &mut dyn FnMut(Replayed<'_>)) {
        match frame.kind {
            // All but the first one met say what is known already.
            Kind::Checkpoint => {
                if self.entries == 0 && self.lost == 0 && frame.first == self.next {
                    each(Replayed::Checkpoint { next: frame.first, state: &frame.body });
                }
            }
            Kind::Entries => {
                for (sequence, bytes) in (frame.first..).zip(frame.entries().unwrap_or_default()) {
                    if sequence < self.next || sequence >= limit {
                        continue;
                    }
                    self.lost += sequence - self.next;
                    self.next = sequence + 1;
                    self.entries += 1;
                    each(Replayed::Entry { sequence, bytes });
                }
            }
        }
    }
}
