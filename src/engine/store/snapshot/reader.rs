//! Reading a snapshot: everything verified before anything is handed out, then read again.

use std::{
    cmp::Ordering,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    OnProgress, Progress, STEP,
    chunks::ChunkReader,
    digest,
    digest::Sum,
    error::SnapshotError,
    head::{HEAD, Head},
};
use crate::{
    engine::store::{
        record,
        snapshot_key::{SnapshotKey, SnapshotKeys},
    },
    fact::{Key, Observation, SourceId},
};

/// A snapshot that was read to its end and found whole.
pub struct Verified<R = File> {
    from: R,
    encoded: [u8; HEAD],
    head: Head,
    key: SnapshotKey,
}

/// Opens a file and verifies all of it.
///
/// # Errors
/// Every [`SnapshotError`] that speaks of the snapshot.
pub fn verify(path: &Path, keys: &SnapshotKeys, progress: OnProgress<'_>) -> Result<Verified, SnapshotError> {
    Verified::open(path, keys, progress)
}

impl Verified {
    /// Opens a file and verifies all of it.
    ///
    /// # Errors
    /// Every [`SnapshotError`] that speaks of the snapshot.
    pub fn open(path: &Path, keys: &SnapshotKeys, progress: OnProgress<'_>) -> Result<Self, SnapshotError> {
        let refused = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => SnapshotError::Missing,
            _ => SnapshotError::Unreadable(error.to_string()),
        };
        // Looked at before it is opened: a pipe would wait for a writer for ever.
        if !fs::metadata(path).map_err(refused)?.is_file() {
            return Err(SnapshotError::NotASnapshot);
        }
        Self::verify(File::open(path).map_err(refused)?, keys, progress)
    }
}

impl<R: Read + Seek> Verified<R> {
    /// Verifies a snapshot from its beginning to its end: version, store, key, length, every tag, the order, the count, the digest.
    ///
    /// # Errors
    /// Every [`SnapshotError`] that speaks of the snapshot.
    pub fn verify(mut from: R, keys: &SnapshotKeys, progress: OnProgress<'_>) -> Result<Self, SnapshotError> {
        let mut start = Vec::with_capacity(HEAD);
        from.by_ref().take(HEAD as u64).read_to_end(&mut start).map_err(|error| unreadable(&error))?;
        let head = Head::decode(&start)?;
        if head.store != keys.store {
            return Err(SnapshotError::OtherStore);
        }
        let key = keys.of(head.key).ok_or(SnapshotError::OtherKey(head.key))?.clone();
        let found = from.seek(SeekFrom::End(0)).map_err(|error| unreadable(&error))?;
        let expected = head.file_len().unwrap_or(u64::MAX);
        match found.cmp(&expected) {
            Ordering::Less => return Err(SnapshotError::Cut { found, expected }),
            Ordering::Greater => return Err(SnapshotError::Tail(found - expected)),
            Ordering::Equal => {}
        }
        let mut verified = Self { from, encoded: head.encode(), head, key };
        verified.each("verifying", progress, &mut |_| Ok(()))?;
        Ok(verified)
    }

    /// What it says of itself, which is true.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Gives every observation to `each`, in order.
    ///
    /// # Errors
    /// What `each` says; the file's, if it changed since it was verified.
    pub fn each(
        &mut self,
        step: &'static str,
        progress: OnProgress<'_>,
        each: &mut dyn FnMut(Observation) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError> {
        self.from.seek(SeekFrom::Start(HEAD as u64)).map_err(|error| unreadable(&error))?;
        let cipher = self.key.cipher(&self.head.digest)?;
        let mut reader = ChunkReader::new(&mut self.from, cipher, &self.encoded, self.head.bytes);
        let mut sum = Sum::new(&self.key);
        let mut last: Option<(Key, SourceId)> = None;
        let mut body = Vec::new();
        let mut count = 0;
        while reader.left() > 0 {
            count += 1;
            let mut length = [0; 4];
            if reader.left() < length.len() as u64 {
                return Err(SnapshotError::BadEntry(count));
            }
            reader.fill(&mut length)?;
            let length = u32::from_le_bytes(length);
            if u64::from(length) > reader.left() {
                return Err(SnapshotError::BadEntry(count));
            }
            body.resize(usize::try_from(length).map_err(|_| SnapshotError::BadEntry(count))?, 0);
            reader.fill(&mut body)?;
            let observation = record::decode_observation(&body).ok_or(SnapshotError::BadEntry(count))?;
            let name = (observation.key.clone(), observation.source.clone());
            match last.as_ref().map_or(Ordering::Greater, |last| name.cmp(last)) {
                Ordering::Greater => last = Some(name),
                Ordering::Equal => return Err(SnapshotError::Twice(count)),
                Ordering::Less => return Err(SnapshotError::OutOfOrder(count)),
            }
            sum.add(&digest::of_record(&self.key, &body));
            each(observation)?;
            if count % STEP == 0 {
                progress(Progress { step, done: count, total: self.head.entries });
            }
        }
        reader.finish()?;
        if count != self.head.entries {
            return Err(SnapshotError::Miscounted { found: count, said: self.head.entries });
        }
        if sum.finish() == self.head.digest { Ok(()) } else { Err(SnapshotError::WrongDigest) }
    }
}

fn unreadable(error: &io::Error) -> SnapshotError {
    SnapshotError::Unreadable(error.to_string())
}
