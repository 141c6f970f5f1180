//! sled, with everything it does not do by itself: every call guarded, `flush` synced, its leftovers removed before it opens.
//!
//! Knows rows of bytes only; nothing here knows what they mean or that they are sealed.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use super::{
    buffered_rows::BufferedRows,
    error::StoreError,
    files,
    guard::{guarded, guarded_within},
    rows::{Backend, EachRow, RowChange, Rows},
};

/// How long a closing process waits for the snapshot.
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(1);

/// How long a database that refused a write is waited for when it is dropped.
const FAILED_LIMIT: Duration = Duration::from_millis(500);

/// A snapshot is a smaller part of the log than this, but for facts of a few bytes.
const SNAPSHOT_SHARE: u64 = 64;
/// What remains of a segment of half a mebibyte is zeroed besides, and small files are written.
const OPENING_LEAST: u64 = 640 * 1024;

/// Rows that came or went and are remembered between two flushes, at most.
const UNSETTLED: usize = 65_536;

/// Memory sled may keep pages in. Decoded facts are kept elsewhere; this is for reading at start and for writing.
const PAGE_CACHE: u64 = 16 * 1024 * 1024;

/// Whatever makes written data durable. `flush` of sled does not: on Linux it calls `sync_file_range`.
pub trait DataSync: Send + Sync {
    /// Waits until what was written is on disk.
    ///
    /// # Errors
    /// The operating system's.
    fn sync_data(&self) -> io::Result<()>;
}

impl DataSync for File {
    fn sync_data(&self) -> io::Result<()> {
        Self::sync_data(self)
    }
}

/// sled as a kind of database.
pub struct Sled;

impl Backend for Sled {
    fn shared(&self) -> Option<std::sync::Arc<dyn Backend>> {
        Some(std::sync::Arc::new(Sled))
    }

    fn name(&self) -> &'static str {
        "sled"
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        // A batch rolls sled's buffer to the file, whatever its size.
        Ok(Box::new(BufferedRows::new(Box::new(SledRows::open(dir, limit)?))))
    }

    /// Settings are always the same. Without a snapshot the log is read from its beginning, and what sled then loses it loses in silence.
    fn spare(&self, dir: &Path) -> Result<Vec<Vec<String>>, StoreError> {
        let mut steps = [Vec::new(), Vec::new()];
        for_each_file(dir, |_, name| {
            if let Some(step) = spare_step(name) {
                steps[step].push(name.to_owned());
            }
            Ok(())
        })?;
        Ok(steps.into_iter().filter(|names| !names.is_empty()).collect())
    }

    /// Without its snapshot and settings it may open where with them it does not: the log has it all.
    fn open_damaged(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        self.open(dir, limit).or_else(|error| {
            hide_what_can_be_made_again(dir)?;
            self.open(dir, limit).map_err(|_| error)
        })
    }
}

/// An open database of sled.
pub struct SledRows {
    /// There until it is dropped.
    db: Option<sled::Db>,
    data: Arc<dyn DataSync>,
    dir: PathBuf,
    /// Rows that came or went, in pages that may be yet to be divided or joined.
    unsettled: Mutex<BTreeSet<Box<[u8]>>>,
    /// Why a write was refused. sled may wait for ever for the end of what it then left half done.
    failed: OnceLock<StoreError>,
}

impl SledRows {
    /// Opens the database in `dir`, which exists, on a thread of its own and for at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when sled panics, hangs or says so; [`StoreError::Unwritable`] when the disk refuses.
    pub fn open(dir: &Path, limit: Duration) -> Result<Self, StoreError> {
        remove_half_snapshots(dir)?;
        let owned = dir.to_owned();
        let db = guarded_within(limit, move || open_sled(&owned, limit))?;
        let path = dir.join("db");
        let data = OpenOptions::new().write(true).open(&path).map_err(|error| StoreError::unwritable(&path, &error))?;
        close_files_to_others(dir)?;
        Ok(Self { db: Some(db), data: Arc::new(data), dir: dir.to_owned(), unsettled: Mutex::default(), failed: OnceLock::new() })
    }

    /// Replaces what syncs, to count it.
    #[cfg(test)]
    pub fn with_sync(mut self, data: Arc<dyn DataSync>) -> Self {
        self.data = data;
        self
    }

    fn db(&self) -> Result<&sled::Db, StoreError> {
        self.db.as_ref().ok_or(StoreError::Closed)
    }

    fn explain(&self, error: sled::Error) -> StoreError {
        explain(&self.dir, error)
    }

    /// sled divides and joins pages for whoever comes by next. That would be a reader, who is to write nothing, so it is done here, before what
    /// was changed is durable; what fails is left to them.
    fn settle(&self, rows: &mut BTreeSet<Box<[u8]>>) {
        let rows = std::mem::take(rows);
        if self.failed.get().is_some() {
            return;
        }
        let _ = guarded(|| rows.iter().try_for_each(|name| self.db()?.contains_key(name).map(drop).map_err(|error| self.explain(error))));
    }

    /// Runs a write, unless one was refused before.
    fn writing(&self, work: impl FnOnce(&sled::Db) -> sled::Result<()>) -> Result<(), StoreError> {
        if let Some(why) = self.failed.get() {
            return Err(why.clone());
        }
        let outcome = guarded(|| work(self.db()?).map_err(|error| self.explain(error)));
        outcome.inspect_err(|why| {
            let _ = self.failed.set(why.clone());
        })
    }
}

impl Rows for SledRows {
    fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError> {
        let found = guarded(|| self.db()?.get(name).map_err(|error| self.explain(error)))?;
        Ok(found.map(|bytes| see(&bytes)).is_some())
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        let mut rows = self.db()?.range(prefix.max(from)..);
        // Only sled's own steps are guarded: a panic of `each` is the caller's.
        while let Some((name, bytes)) = guarded(|| rows.next().transpose().map_err(|error| self.explain(error)))? {
            if !name.starts_with(prefix) || each(&name, &bytes).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        let mut rows = self.db()?.scan_prefix(prefix);
        while let Some((name, bytes)) = guarded(|| rows.next_back().transpose().map_err(|error| self.explain(error)))? {
            if each(&name, &bytes) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for RowChange { name, bytes, .. } in changes {
            match bytes {
                Some(bytes) => batch.insert(*name, *bytes),
                None => batch.remove(*name),
            }
        }
        self.writing(|db| db.apply_batch(batch))?;
        let mut unsettled = self.unsettled.lock().unwrap_or_else(PoisonError::into_inner);
        unsettled.extend(changes.iter().filter(|change| !change.stays).map(|change| Box::from(change.name)));
        if unsettled.len() > UNSETTLED {
            self.settle(&mut unsettled);
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.settle(&mut self.unsettled.lock().unwrap_or_else(PoisonError::into_inner));
        self.writing(|db| db.flush().map(drop))?;
        self.data.sync_data().map_err(|error| StoreError::unwritable(&self.dir.join("db"), &error))
    }

    fn disk_bytes(&self) -> u64 {
        size(&self.dir) + size(&self.dir.join("blobs"))
    }

    /// Opening it writes a new snapshot beside the old one, some six bytes for each row.
    fn room_to_open(&self) -> u64 {
        let newest = newest_snapshot(&self.dir);
        let file = fs::metadata(self.dir.join("db")).map_or(0, |metadata| metadata.len());
        (2 * newest).max(file / SNAPSHOT_SHARE) + OPENING_LEAST
    }

    /// sled splits a page that has more than 16 rows, and writes both halves anew. Rows filled in the order of their names split one page
    /// after the other, so every value would be written about three times, and the file stay that long. Filled with empty rows first, the
    /// pages are split by the time the values come, and each of those is written once.
    fn fill(&self, from: &dyn Rows, without: &dyn Fn(&[u8]) -> bool) -> Result<(), StoreError> {
        for with_bytes in [false, true] {
            let mut outcome = Ok(());
            from.scan(&[], &mut |name, bytes| {
                if !without(name) {
                    let bytes = if with_bytes { bytes } else { &[] };
                    outcome = self.writing(|db| db.insert(name, bytes).map(drop));
                }
                if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            outcome?;
        }
        Ok(())
    }

    /// Has sled write the snapshot that it writes only when it opens. What is in no snapshot yet sled loses whole, from the first damaged
    /// byte on; with one, a damaged byte costs its page.
    fn close(self: Box<Self>) -> Result<(), StoreError> {
        let dir = self.dir.clone();
        self.settle(&mut self.unsettled.lock().unwrap_or_else(PoisonError::into_inner));
        drop(self);
        Self::open(&dir, SNAPSHOT_LIMIT).map(drop)
    }
}

impl Drop for SledRows {
    fn drop(&mut self) {
        // sled writes what it still holds, and panics if it cannot. What had to be durable was flushed before.
        let db = self.db.take();
        let let_go = move || {
            drop(db);
            Ok(())
        };
        let _ = if self.failed.get().is_some() { guarded_within(FAILED_LIMIT, let_go) } else { guarded(let_go) };
    }
}

fn explain(dir: &Path, error: sled::Error) -> StoreError {
    match error {
        // Reading beyond a cut file is damage, whatever the system calls it.
        sled::Error::Io(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => {
            StoreError::Damaged(format!("{} cannot be read: {error}", dir.display()))
        }
        // sled hands an error on as the text a programmer reads; its kind has the words for everybody.
        sled::Error::Io(error) if error.raw_os_error().is_none() && error.kind() != io::ErrorKind::Other => {
            StoreError::unwritable(dir, &error.kind().into())
        }
        sled::Error::Io(error) => StoreError::unwritable(dir, &error),
        sled::Error::Corruption { .. } => StoreError::Damaged(format!("bytes in {} are not what was written", dir.display())),
        other => StoreError::Damaged(format!("{}: {other}", dir.display())),
    }
}

fn open_sled(dir: &Path, limit: Duration) -> Result<sled::Db, StoreError> {
    let mut patience = limit.as_millis();
    loop {
        // Every setting that has a default is written out: a default that changes must not change what is on disk.
        let opened = sled::Config::new()
            .path(dir)
            .cache_capacity(PAGE_CACHE)
            .mode(sled::Mode::LowSpace)
            .flush_every_ms(None)
            .use_compression(false)
            .temporary(false)
            .create_new(false)
            .print_profile_on_drop(false)
            .open();
        match opened {
            // The directory is ours by our own lock, so this is sled's lock of a database that was just dropped here: threads of its
            // pool let go of the file a moment later.
            Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") && patience > 0 => {
                patience -= 1;
                thread::sleep(Duration::from_millis(1));
            }
            other => return other.map_err(|error| explain(dir, error)),
        }
    }
}

/// A kill while sled writes its snapshot leaves this file, and sled refuses to open beside it; the snapshot before it is whole.
fn remove_half_snapshots(dir: &Path) -> Result<(), StoreError> {
    for_each_file(dir, |path, name| if name.starts_with("snap.") && name.ends_with(".generating") { fs::remove_file(path) } else { Ok(()) })
}

/// Bytes of the largest snapshot there is; there is one, but for a moment.
fn newest_snapshot(dir: &Path) -> u64 {
    let files = fs::read_dir(dir).into_iter().flatten().flatten();
    let snapshots = files.filter(|entry| entry.file_name().to_string_lossy().starts_with("snap."));
    snapshots.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).max().unwrap_or(0)
}

/// Renames snapshots and settings so that sled reads its log from the beginning, as if it had none.
fn hide_what_can_be_made_again(dir: &Path) -> Result<(), StoreError> {
    for_each_file(dir, |path, name| if spare_step(name).is_some() { fs::rename(path, dir.join(format!("hidden.{name}"))) } else { Ok(()) })
}

/// As which of [`Sled::spare`]'s steps this file can be done without; none when it is not to be.
fn spare_step(name: &str) -> Option<usize> {
    match name {
        "conf" => Some(0),
        _ => name.starts_with("snap.").then_some(1),
    }
}

/// sled makes its files by the process's umask.
fn close_files_to_others(dir: &Path) -> Result<(), StoreError> {
    for_each_file(dir, |path, _| files::close_to_others(path))
}

fn for_each_file(dir: &Path, mut each: impl FnMut(&Path, &str) -> io::Result<()>) -> Result<(), StoreError> {
    let refused = |error| StoreError::unwritable(dir, &error);
    for entry in fs::read_dir(dir).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        each(&entry.path(), &entry.file_name().to_string_lossy()).map_err(|error| StoreError::unwritable(&entry.path(), &error))?;
    }
    Ok(())
}

fn size(dir: &Path) -> u64 {
    let files = fs::read_dir(dir).into_iter().flatten().flatten().filter_map(|entry| entry.metadata().ok());
    files.filter(fs::Metadata::is_file).map(|metadata| metadata.len()).sum()
}
