//! sled, with everything it does not do by itself: every call guarded, `flush` synced, its leftovers removed before it opens.
//!
//! Knows rows of bytes only; nothing here knows what they mean or that they are sealed.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use super::{
    error::StoreError,
    files,
    guard::{guarded, guarded_within},
};

/// How long opening may take before the database counts as damaged.
pub const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// How long a closing process waits for the snapshot.
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(1);

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

/// One row: name and bytes.
pub type Row = (sled::IVec, sled::IVec);

/// An open database.
pub struct Backend {
    /// There until it is dropped.
    db: Option<sled::Db>,
    data: Arc<dyn DataSync>,
    dir: PathBuf,
}

impl Backend {
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
        Ok(Self { db: Some(db), data: Arc::new(data), dir: dir.to_owned() })
    }

    /// The bytes of a row.
    ///
    /// # Errors
    /// As for every call here: [`StoreError::Damaged`] or [`StoreError::Unwritable`].
    pub fn get(&self, row: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        guarded(|| self.db()?.get(row).map_err(|error| self.explain(error)))
    }

    /// Gives every row that starts with `prefix` to `each`, in order.
    ///
    /// # Errors
    /// As for [`Backend::get`].
    pub fn scan(&self, prefix: &[u8], each: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        let mut rows = self.db()?.scan_prefix(prefix);
        // Only sled's own steps are guarded: a panic of `each` is the caller's.
        while let Some(row) = guarded(|| rows.next().transpose().map_err(|error| self.explain(error)))? {
            each(row);
        }
        Ok(())
    }

    /// As [`Backend::scan`], from the end, until `each` answers false.
    ///
    /// # Errors
    /// As for [`Backend::get`].
    pub fn scan_back(&self, prefix: &[u8], each: &mut dyn FnMut(Row) -> bool) -> Result<(), StoreError> {
        let mut rows = self.db()?.scan_prefix(prefix);
        while let Some(row) = guarded(|| rows.next_back().transpose().map_err(|error| self.explain(error)))? {
            if !each(row) {
                break;
            }
        }
        Ok(())
    }

    /// Writes all of it or nothing, to memory.
    ///
    /// # Errors
    /// As for [`Backend::get`].
    pub fn apply(&self, batch: sled::Batch) -> Result<(), StoreError> {
        guarded(|| self.db()?.apply_batch(batch).map_err(|error| self.explain(error)))
    }

    /// Puts everything written so far on disk, and waits for the disk.
    ///
    /// # Errors
    /// As for [`Backend::get`].
    pub fn flush(&self) -> Result<(), StoreError> {
        guarded(|| self.db()?.flush().map(drop).map_err(|error| self.explain(error)))?;
        self.data.sync_data().map_err(|error| StoreError::unwritable(&self.dir.join("db"), &error))
    }

    /// Ends it, and has sled write the snapshot that it writes only when it opens. What is in no snapshot yet sled loses whole, from the
    /// first damaged byte on; with one, a damaged byte costs its page.
    ///
    /// # Errors
    /// As for [`Backend::open`].
    pub fn snapshot_and_close(self) -> Result<(), StoreError> {
        let dir = self.dir.clone();
        drop(self);
        Self::open(&dir, SNAPSHOT_LIMIT).map(drop)
    }

    /// Bytes on disk.
    pub fn disk_bytes(&self) -> u64 {
        size(&self.dir) + size(&self.dir.join("blobs"))
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
}

impl Drop for Backend {
    fn drop(&mut self) {
        // sled writes what it still holds, and panics if it cannot. What had to be durable was flushed before.
        let db = self.db.take();
        let _ = guarded(move || {
            drop(db);
            Ok(())
        });
    }
}

fn explain(dir: &Path, error: sled::Error) -> StoreError {
    match error {
        // Reading beyond a cut file is damage, whatever the system calls it.
        sled::Error::Io(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => {
            StoreError::Damaged(format!("{} cannot be read: {error}", dir.display()))
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

/// Renames snapshots and settings so that sled reads its log from the beginning, as if it had none.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn hide_what_can_be_made_again(dir: &Path) -> Result<(), StoreError> {
    for_each_file(dir, |path, name| {
        if name.starts_with("snap.") || name == "conf" { fs::rename(path, dir.join(format!("hidden.{name}"))) } else { Ok(()) }
    })
}

/// sled makes its files by the process's umask.
fn close_files_to_others(dir: &Path) -> Result<(), StoreError> {
    for_each_file(dir, |path, _| files::close_to_others(path))
}

fn for_each_file(dir: &Path, each: impl Fn(&Path, &str) -> io::Result<()>) -> Result<(), StoreError> {
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
