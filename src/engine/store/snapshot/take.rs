//! Writing a snapshot: beside its place first, synced, then renamed, so that the old one stays until the new one is whole.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    OnProgress, Progress, STEP,
    chunks::ChunkWriter,
    digest,
    error::SnapshotError,
    gather::{Gathered, gather},
    head::MAGIC,
};
use crate::engine::store::{api::CacheStore, error::StoreError, files, record, snapshot_key::SnapshotKeys};

/// A snapshot that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Observations in it.
    pub entries: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Of its content: equal for equal contents under one data key.
    pub digest: [u8; 32],
}

/// Writes a snapshot of the store to `path`, 0600. What is there is replaced if it is a snapshot, and refused if it is anything else.
///
/// # Errors
/// [`SnapshotError::Moved`] when the content changed meanwhile; [`SnapshotError::Occupied`]; the store's and the disk's. Whichever it is,
/// what stood at `path` still does, and nothing was left beside it.
pub fn take(store: &dyn CacheStore, keys: &SnapshotKeys, path: &Path, progress: OnProgress<'_>) -> Result<Taken, SnapshotError> {
    free_or_snapshot(path)?;
    let gathered = gather(store, keys, progress)?;
    write(store, &gathered, path, progress)
}

/// As [`take`], of what was gathered before.
///
/// # Errors
/// As for [`take`].
pub fn write(store: &dyn CacheStore, gathered: &Gathered, path: &Path, progress: OnProgress<'_>) -> Result<Taken, SnapshotError> {
    write_through(store, gathered, path, progress, |file| file)
}

/// A file that can be waited for.
pub trait Target: Write {
    /// Waits until all of it is on disk.
    ///
    /// # Errors
    /// The operating system's.
    fn sync(&self) -> io::Result<()>;
}

impl Target for File {
    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }
}

/// As [`write`], with something between the content and the file.
pub fn write_through<T: Target>(
    store: &dyn CacheStore,
    gathered: &Gathered,
    path: &Path,
    progress: OnProgress<'_>,
    through: impl FnOnce(File) -> T,
) -> Result<Taken, SnapshotError> {
    let unwritable = |path: &Path, error: &io::Error| SnapshotError::Store(StoreError::unwritable(path, error));
    let part = part_of(path);
    let outcome = create(&part).map_err(|error| unwritable(&part, &error)).and_then(|file| {
        let target = pour(store, gathered, through(file), progress).map_err(|poured| match poured {
            Poured::Refused(error) => error,
            // Named by the place that was asked for: nobody knows the sibling.
            Poured::Disk(error) => unwritable(path, &error),
        })?;
        target.sync().and_then(|()| fs::rename(&part, path)).map_err(|error| unwritable(path, &error))?;
        Ok(files::sync_parent(path)?)
    });
    if outcome.is_err() {
        // Half a snapshot is nothing, and would take room that may be short.
        let _ = fs::remove_file(&part);
    }
    let Gathered { head, .. } = gathered;
    outcome.map(|()| Taken { entries: head.entries, file_bytes: head.file_len().unwrap_or(u64::MAX), digest: head.digest })
}

enum Poured {
    Refused(SnapshotError),
    Disk(io::Error),
}

/// Writes head and content. Only what the digest speaks of is ever sealed: a record that moved ends it.
fn pour<W: Write>(store: &dyn CacheStore, gathered: &Gathered, mut out: W, progress: OnProgress<'_>) -> Result<W, Poured> {
    let refused = |error: StoreError| Poured::Refused(error.into());
    let encoded = gathered.head.encode();
    out.write_all(&encoded).map_err(Poured::Disk)?;
    let mut writer = ChunkWriter::new(out, gathered.key.cipher(&gathered.head.digest).map_err(refused)?, &encoded);
    let mut done = 0;
    for group in gathered.entries.chunk_by(|one, other| one.key == other.key) {
        let Some(first) = group.first() else { continue };
        let mut found = store.get(&first.key).map_err(refused)?;
        found.sort_unstable_by(|one, other| one.source.cmp(&other.source));
        if found.len() != group.len() {
            return Err(Poured::Refused(SnapshotError::Moved));
        }
        for (entry, observation) in group.iter().zip(&found) {
            let body = record::encode_observation(observation);
            if digest::of_record(&gathered.key, &body) != entry.digest {
                return Err(Poured::Refused(SnapshotError::Moved));
            }
            let length = u32::try_from(body.len()).map_err(|_| Poured::Disk(io::Error::other("a record is longer than 4 GiB")))?;
            writer.write(&length.to_le_bytes()).and_then(|()| writer.write(&body)).map_err(Poured::Disk)?;
            done += 1;
            if done % STEP == 0 {
                progress(Progress { step: "writing", done, total: gathered.head.entries });
            }
        }
    }
    writer.finish().map_err(Poured::Disk)
}

/// Whether a snapshot may take this place: nothing is there, or an empty file, or a snapshot.
pub fn free_or_snapshot(path: &Path) -> Result<(), SnapshotError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::unwritable(path, &error).into()),
    };
    if !metadata.is_file() {
        return Err(SnapshotError::Occupied);
    }
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start))
        .map_err(|error| StoreError::unwritable(path, &error))?;
    if start.is_empty() || start == MAGIC { Ok(()) } else { Err(SnapshotError::Occupied) }
}

/// What the names of half-written snapshots end with.
pub const PART: &str = ".part";

/// A hidden sibling that nobody else writes at the same time.
fn part_of(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}-{number}{PART}", std::process::id()))
}

fn create(part: &Path) -> io::Result<File> {
    let new = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(part);
    match new() {
        // Of a process of the same number that died; never followed if it is a link.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(part).and_then(|()| new()),
        other => other,
    }
}
