//! Appending: one frame, one `sync_data`, then it counts. What failed never counts, and nothing is written behind it.
//!
//! After a failed write or sync nobody knows what is on disk, and a later sync that succeeds says nothing about it. So the segment is left as it
//! is, and a new one is made whose head says from which entry on the old one does not count. Before that, what was acknowledged is read
//! again.

use super::{
    api::{LONGEST_APPEND, Rotation},
    frame::{Frame, Kind},
    log::{Active, Log, Segment, UNDER_WAY, name_of},
    replay::Course,
};
use crate::engine::store::{LOG_HEAD, LogHead, StoreError};

/// How often sealing starts over because the key changed under it.
const KEY_CHANGES: usize = 3;

impl Log {
    /// Appends entries as one frame; durable when it returns. Answers the number of the first.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]: none of them counts.
    pub fn commit<'a>(&mut self, entries: impl Iterator<Item = &'a Vec<u8>>) -> Result<u64, StoreError> {
        let outcome = self.append(&Frame::of_entries(self.next, entries));
        self.trouble = outcome.as_ref().err().cloned();
        outcome
    }

    fn append(&mut self, frame: &Frame) -> Result<u64, StoreError> {
        let entries = frame.entries().map_or(0, |entries| entries.len() as u64);
        if entries == 0 {
            return Ok(self.next);
        }
        if frame.body.len() > LONGEST_APPEND + LONGEST_APPEND / 4 {
            return Err(StoreError::Unwritable {
                path: self.disk.place(),
                cause: format!("a change of {} bytes is too large, {LONGEST_APPEND} is the most", frame.body.len()),
            });
        }
        let written = self.sealed(frame)?;
        let disk = std::sync::Arc::clone(&self.disk);
        let Some(active) = &mut self.active else { return Err(StoreError::Closed) };
        let end = active.end + written.bytes.len() as u64;
        if end > active.room {
            // Nothing of the frame is written yet, so nothing is in doubt if there is no room.
            active.make_room(end.max(active.room + self.ahead)).map_err(|error| super::log::refused(disk.as_ref(), &error))?;
        }
        if let Err(error) = active.file.write_at(active.end, &written.bytes).and_then(|()| active.file.sync_data()) {
            let why = self.refused(&error);
            self.active = None;
            self.suspect = true;
            // Now, so that what was refused does not come back at the next start. If this fails too, the next append tries again.
            let _ = self.fresh(None);
            return Err(why);
        }
        (active.end, active.chain) = (end, written.chain);
        let number = active.number;
        if let Some(segment) = self.segments.iter_mut().find(|segment| segment.number == number) {
            segment.bytes = end;
        }
        let first = self.next;
        self.next += entries;
        Ok(first)
    }

    /// The frame, sealed for the active segment; a segment has one key, so another key makes another segment.
    fn sealed(&mut self, frame: &Frame) -> Result<super::frame::Written, StoreError> {
        for _ in 0..KEY_CHANGES {
            let current = self.sealer.key_id();
            if self.active.as_ref().is_none_or(|active| active.key != current) {
                self.fresh(None)?;
            }
            let Some(active) = &self.active else { continue };
            let written = frame.write(self.sealer.as_ref(), active.number, active.chain)?;
            if written.key == active.key {
                return Ok(written);
            }
        }
        Err(StoreError::Unwritable { path: self.disk.place(), cause: "the data key changes all the time; try again".to_owned() })
    }

    /// Makes room ahead, if there is not enough; that there is none is no trouble before it is needed.
    pub fn prepare(&mut self) {
        if let Some(active) = &mut self.active
            && active.room - active.end < self.ahead / 2
        {
            let _ = active.make_room(active.end + self.ahead);
        }
    }

    /// Begins a new segment with this state, if it is that of all entries before `next`.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]: the log goes on as it was.
    pub fn rotate(&mut self, next: u64, state: &[u8]) -> Result<Rotation, StoreError> {
        if next != self.next {
            return Ok(Rotation::Moved { next: self.next });
        }
        match &self.completes {
            Some(completes) => self.fresh(Some(&completes.checkpoint(state.to_vec())))?,
            None => self.fresh(Some(state))?,
        }
        Ok(Rotation::Done)
    }

    /// Makes the next segment and writes to it from now on. It is made under another name and renamed, so a crash leaves all of it or
    /// nothing; it counts when its name is synced.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn fresh(&mut self, state: Option<&[u8]>) -> Result<(), StoreError> {
        if self.suspect {
            self.verify_acknowledged()?;
        }
        let number = self.highest + 1;
        let (name, temporary) = (name_of(number), name_of(number) + UNDER_WAY);
        let (made, state_there) = match self.make(number, &temporary, state) {
            Ok(made) => made,
            Err(error) => {
                let _ = self.disk.remove(&temporary);
                return Err(error);
            }
        };
        // From here on nobody knows which segment a crash would leave as the last, so none but the new one may be written to.
        let before = self.active.take();
        self.highest = number;
        if let Err(error) = self.disk.rename(&temporary, &name).and_then(|()| self.disk.sync_dir()) {
            self.suspect = true;
            return Err(self.refused(&error));
        }
        if let Some(mut before) = before {
            // What was made ready is not needed there any more. A file that cannot be cut only takes more room.
            let _ = before.file.cut(before.end);
        }
        self.segments.push(Segment { number, first: Some(self.next), key: Some(made.key), bytes: state_there });
        self.active = Some(made);
        self.suspect = false;
        Ok(())
    }

    fn make(&self, number: u64, temporary: &str, state: Option<&[u8]>) -> Result<(Active, u64), StoreError> {
        let refused = |error| self.refused(&error);
        // The file is there before the key is asked for: whoever drops a key meanwhile sees a segment that does not say which it needs.
        let mut file = self.disk.create(temporary).map_err(refused)?;
        for _ in 0..KEY_CHANGES {
            let key = self.sealer.key_id();
            let head = LogHead { store: self.sealer.store(), key, segment: number, first: self.next };
            let mut bytes = head.encode().to_vec();
            let mut chain = head.chain();
            if let Some(state) = state {
                let frame = Frame { kind: Kind::Checkpoint, first: self.next, body: state.to_vec() };
                let written = frame.write(self.sealer.as_ref(), number, chain)?;
                if written.key != key {
                    continue;
                }
                bytes.extend_from_slice(&written.bytes);
                chain = written.chain;
            }
            let end = bytes.len() as u64;
            let room = end + self.ahead;
            file.make_room(0, room).and_then(|()| file.write_at(0, &bytes)).and_then(|()| file.sync_all()).map_err(refused)?;
            return Ok((Active { number, file, key, end, room, chain }, end));
        }
        Err(StoreError::Unwritable { path: self.disk.place(), cause: "the data key changes all the time; try again".to_owned() })
    }

    /// Reads the last segment again and compares it with what was acknowledged.
    fn verify_acknowledged(&self) -> Result<(), StoreError> {
        let Some(Segment { number, first: Some(first), .. }) = self.segments.last() else { return Ok(()) };
        let bytes = self.disk.read(&name_of(*number), u64::MAX).map_err(|error| self.refused(&error))?;
        let mut course = Course::from(*first);
        let walked = course.through(self.sealer.as_ref(), *number, &bytes, Some(self.next), &mut |_| {})?;
        if course.lost > 0 || walked.is_damaged() || course.next != self.next {
            return Err(StoreError::Unwritable {
                path: self.disk.place(),
                cause: "its last segment is not what was written to it; start stellar again, so that it is repaired".to_owned(),
            });
        }
        Ok(())
    }
}

impl Active {
    /// Up to `to`, durably.
    fn make_room(&mut self, to: u64) -> std::io::Result<()> {
        self.file.make_room(self.room, to)?;
        self.file.sync_all()?;
        self.room = to;
        Ok(())
    }

    /// An open file that frames follow each other in up to `end`.
    pub fn after(number: u64, file: Box<dyn super::disk::LogFile>, key: u32, end: u64, room: u64, chain: u32) -> Self {
        Self { number, file, key, end: end.max(LOG_HEAD as u64), room, chain }
    }
}
