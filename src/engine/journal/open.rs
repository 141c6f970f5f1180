//! Opening: which segments there are, the newest checkpoint, everything behind it; what is not whole is kept, counted and said.

use std::{io, sync::Arc};

use super::{
    api::{Findings, JournalOptions, Replayed},
    frame::Kind,
    log::{Active, FIRST, Log, Segment, UNDER_WAY, limit, name_of, number_in, refused},
    replay::Course,
    walk::{Walked, walk},
};
use crate::engine::store::{BadHead, LOG_HEAD, LogHead, LogSealer, StoreError};

/// Opens the log and gives what counts to `fold`.
///
/// # Errors
/// [`StoreError::NewerFormat`] and [`StoreError::KeyUnavailable`]: nothing was changed. [`StoreError::Unwritable`] when it cannot be read, or
/// what was found cannot be made durable. What `fold` was given by then is to be forgotten.
pub fn open(
    options: &JournalOptions,
    sealer: Arc<dyn LogSealer>,
    fold: &mut dyn FnMut(Replayed<'_>),
) -> Result<(Log, Findings), StoreError> {
    let mut opening = Opening { options, sealer, findings: Findings::default() };
    let segments = opening.segments()?;
    let (segments, course, end) = opening.replay(segments, fold)?;
    opening.log(segments, course, end)
}

/// The end of the last segment.
struct End {
    walked: Walked,
    /// The bytes of its last frame of entries.
    frame: Vec<u8>,
}

struct Opening<'a> {
    options: &'a JournalOptions,
    sealer: Arc<dyn LogSealer>,
    findings: Findings,
}

impl Opening<'_> {
    fn refused(&self, error: &io::Error) -> StoreError {
        refused(self.options.disk.as_ref(), error)
    }

    fn read(&self, number: u64, at_most: u64) -> Result<Vec<u8>, StoreError> {
        self.options.disk.read(&name_of(number), at_most).map_err(|error| self.refused(&error))
    }

    /// What is there, in order. A log of another store is set aside as a whole: nothing here opens it.
    fn segments(&mut self) -> Result<Vec<Segment>, StoreError> {
        let names = self.options.disk.list().map_err(|error| self.refused(&error))?;
        let mut segments = Vec::new();
        let mut foreign = 0;
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_in(name)).collect();
        numbers.sort_unstable();
        for number in numbers {
            let head = self.read(number, LOG_HEAD as u64)?;
            let segment = match LogHead::decode(&head) {
                Err(BadHead::Newer(version)) => return Err(StoreError::NewerFormat { found: u32::from(version), supported: 1 }),
                Ok(head) if head.store != self.sealer.store() => {
                    foreign += 1;
                    Segment { number, first: None, key: None, bytes: 0 }
                }
                Ok(head) if head.segment == number => Segment { number, first: Some(head.first), key: Some(head.key), bytes: 0 },
                Ok(_) | Err(BadHead::Damaged) => {
                    let bytes = self.read(number, u64::MAX)?;
                    let mut first = None;
                    walk(self.sealer.as_ref(), number, &bytes, &mut |frame| {
                        first = Some(frame.first);
                        false
                    })?;
                    Segment { number, first, key: None, bytes: 0 }
                }
            };
            segments.push(segment);
        }
        if foreign > 0 && segments.iter().all(|segment| segment.first.is_none()) {
            let place = self.options.disk.set_aside()?;
            self.findings.notes.push(format!(
                "THE LOG OF CHANGES THAT WAS HERE IS ANOTHER STORE'S and cannot be opened with the keys of this one. It was moved to {place} as it \
                 was, and nothing of it was deleted"
            ));
            self.options.disk.list().map_err(|error| self.refused(&error))?;
            return Ok(Vec::new());
        }
        // What was being made when a process died holds nothing that is not somewhere else.
        for name in names.iter().filter(|name| name.ends_with(UNDER_WAY)) {
            let _ = self.options.disk.remove(name);
        }
        Ok(segments)
    }

    /// The place in the list of the newest segment that begins with a checkpoint.
    fn newest_checkpoint(&self, segments: &[Segment]) -> Result<Option<usize>, StoreError> {
        for (at, segment) in segments.iter().enumerate().rev() {
            let bytes = self.read(segment.number, u64::MAX)?;
            let mut found = false;
            walk(self.sealer.as_ref(), segment.number, &bytes, &mut |frame| {
                found = frame.kind == Kind::Checkpoint && Some(frame.first) == segment.first;
                false
            })?;
            if found {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn replay(
        &mut self,
        mut segments: Vec<Segment>,
        fold: &mut dyn FnMut(Replayed<'_>),
    ) -> Result<(Vec<Segment>, Course, Option<End>), StoreError> {
        let start = self.newest_checkpoint(&segments)?;
        let from = start.and_then(|at| segments[at].first).unwrap_or(FIRST);
        let mut course = Course::from(from);
        let (mut opened, mut summed, mut end) = (0, 0, None);
        let mut kept: Vec<(u64, Walked, Vec<u8>)> = Vec::new();
        let many = segments.len();
        for at in 0..many {
            let number = segments[at].number;
            if at < start.unwrap_or(0) {
                // Its length is not worth reading it for; what the disk says will do.
                segments[at].bytes = self.options.disk.open(&name_of(number)).map_or(0, |(_, length)| length);
                continue;
            }
            let bytes = self.read(number, u64::MAX)?;
            let before = course.lost;
            let walked = course.through(self.sealer.as_ref(), number, &bytes, limit(&segments, number), fold)?;
            segments[at].bytes = walked.end as u64;
            opened += walked.opened;
            summed += walked.refused;
            let is_last = at + 1 == many;
            let torn = is_last && !walked.tail.is_empty();
            let frame = bytes.get(walked.last.clone()).unwrap_or_default().to_vec();
            if walked.is_damaged() || course.lost > before || torn {
                kept.push((number, walked.clone(), bytes));
            }
            if is_last {
                end = Some(End { walked, frame });
            }
        }
        if opened == 0 && summed > 0 {
            return Err(StoreError::KeyUnavailable(
                "the data key of the cache does not open the log of changes, whose checksums are right: it is not the key it was sealed with. \
                 Nothing was changed; put the file keyslots back that belongs to it"
                    .to_owned(),
            ));
        }
        for (number, walked, bytes) in kept {
            self.keep(number, &walked, &bytes);
        }
        self.findings.lost = course.lost;
        self.findings.wants_checkpoint |= course.lost > 0;
        if course.lost > 0 {
            self.findings.notes.push(format!(
                "{} {} of the log of changes cannot be read any more",
                course.lost,
                if course.lost == 1 { "ENTRY" } else { "ENTRIES" }
            ));
        }
        Ok((segments, course, end))
    }

    /// Keeps a copy of what is not whole. That it cannot be copied is said; it stays in the log either way.
    fn keep(&mut self, number: u64, walked: &Walked, bytes: &[u8]) {
        let keys = walked.head.map(|head| vec![head.key]);
        let torn = !walked.is_damaged() && walked.damaged.is_empty();
        let (name, part) = if torn {
            (format!("{}.tail", name_of(number)), bytes.get(walked.tail.clone()).unwrap_or_default())
        } else {
            let end = walked.tail.end.max(walked.end);
            (name_of(number), bytes.get(..end).unwrap_or_default())
        };
        let place = match self.options.disk.keep_damaged(&name, part, keys.as_deref()) {
            Ok(place) => format!("a copy is in {place}"),
            Err(error) => format!("it is left where it is, no copy could be made: {error}"),
        };
        self.findings.wants_checkpoint = true;
        self.findings.notes.push(if torn {
            format!(
                "the end of the log of changes is not whole: the last run ended while it wrote there, and then nothing that was acknowledged is \
                 missing, or it was damaged since; {place}"
            )
        } else {
            format!("segment {number} of the log of changes is damaged; what is whole in it was read, and {place}")
        });
    }

    fn log(self, segments: Vec<Segment>, course: Course, end: Option<End>) -> Result<(Log, Findings), StoreError> {
        let JournalOptions { disk, rotate_at, ahead, completes, .. } = self.options;
        let highest = segments.last().map_or(0, |segment| segment.number);
        let mut log = Log {
            disk: Arc::clone(disk),
            sealer: Arc::clone(&self.sealer),
            segments,
            highest,
            active: None,
            next: course.next,
            suspect: false,
            trouble: None,
            sealed_for_good: Vec::new(),
            rotate_at: *rotate_at,
            ahead: *ahead,
            completes: completes.clone(),
        };
        if let Some(End { walked, frame }) = end
            && let Ok((mut file, room)) = disk.open(&name_of(highest))
        {
            // What a process wrote outlives it, and is not on disk for that: nobody may build on it before it is. Only the last frame may be
            // in doubt, and it is written again: after a sync that failed another one succeeds without it.
            if !frame.is_empty() {
                let durable = file.write_at(walked.last.start as u64, &frame).and_then(|()| file.sync_data());
                durable.map_err(|error| self.refused(&error))?;
            }
            let key = walked.head.map(|head| head.key);
            if walked.is_clean() && key == Some(self.sealer.key_id()) && disk.sync_dir().is_ok() {
                let end = walked.end as u64;
                log.active = Some(Active::after(highest, file, self.sealer.key_id(), end, room.max(end), walked.chain));
            }
        }
        if log.active.is_none() {
            // A disk that takes nothing can be read all the same; the next append says so.
            log.trouble = log.fresh(None).err();
        }
        log.prepare();
        Ok((log, self.findings))
    }
}
