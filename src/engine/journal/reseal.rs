//! Sealing anew what a former data key sealed: one segment at a time, as a sibling that takes its place when it is whole.

use super::{
    frame::Frame,
    log::{Log, UNDER_WAY, name_of},
    walk::walk,
};
use crate::engine::store::{LogHead, StoreError};

impl Log {
    /// Seals the next segment anew, durably; answers whether more are left.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]: the segment is as it was; calling this again goes on.
    pub fn reseal_some(&mut self) -> Result<bool, StoreError> {
        let current = self.sealer.key_id();
        if self.active.as_ref().is_none_or(|active| active.key != current) {
            self.fresh(None)?;
        }
        let active = self.active.as_ref().map(|active| active.number);
        let next =
            self.segments.iter().find(|segment| Some(segment.number) != active && self.is_to_reseal(segment)).map(|found| found.number);
        let Some(number) = next else { return Ok(false) };
        self.reseal(number, current)?;
        Ok(self.segments.iter().any(|segment| self.is_to_reseal(segment)))
    }

    fn reseal(&mut self, number: u64, key: u32) -> Result<(), StoreError> {
        let (name, temporary) = (name_of(number), name_of(number) + UNDER_WAY);
        let limit = self.limit_of(number);
        let bytes = self.disk.read(&name, u64::MAX).map_err(|error| self.refused(&error))?;
        let mut frames: Vec<Frame> = Vec::new();
        let walked = match walk(self.sealer.as_ref(), number, &bytes, &mut |frame| {
            // A checkpoint stands before the first entry, so at the limit of an empty segment too.
            let counts = frame.first < limit || frame.kind == super::frame::Kind::Checkpoint;
            if counts {
                frames.push(frame.clone());
            }
            counts
        }) {
            Ok(walked) => walked,
            Err(StoreError::KeyUnavailable(_)) => {
                self.sealed_for_good.push(number);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let at = self.segments.iter().position(|segment| segment.number == number);
        let first = at.and_then(|at| self.segments[at].first).or_else(|| frames.first().map(|frame| frame.first));
        let reached = frames.last().map_or(first, |frame| Some(frame.first + frame.entries().map_or(0, |entries| entries.len() as u64)));
        let Some(first) = first else {
            // Nothing in it opens and nothing says what it held.
            self.sealed_for_good.push(number);
            return Ok(());
        };
        if walked.is_damaged() || (!walked.tail.is_empty() && reached != Some(limit)) {
            // What does not open is not in the new one.
            self.disk.keep_damaged(&name, &bytes[..walked.tail.end.max(walked.end)], walked.head.map(|head| vec![head.key]).as_deref())?;
        }
        let head = LogHead { store: self.sealer.store(), key, segment: number, first };
        let mut written = head.encode().to_vec();
        let mut chain = head.chain();
        for frame in &frames {
            let sealed = frame.write(self.sealer.as_ref(), number, chain)?;
            if sealed.key != key {
                // Another key took over meanwhile; the next call seals with that one.
                return Ok(());
            }
            written.extend_from_slice(&sealed.bytes);
            chain = sealed.chain;
        }
        let made = self.disk.create(&temporary).and_then(|mut file| file.write_at(0, &written).and_then(|()| file.sync_all()));
        if let Err(error) = made {
            let _ = self.disk.remove(&temporary);
            return Err(self.refused(&error));
        }
        self.disk.rename(&temporary, &name).and_then(|()| self.disk.sync_dir()).map_err(|error| self.refused(&error))?;
        if let Some(segment) = at.and_then(|at| self.segments.get_mut(at)) {
            (segment.key, segment.first, segment.bytes) = (Some(key), Some(first), written.len() as u64);
        }
        Ok(())
    }
}
