//! The log's directory on the file system: `journal.log` in the data directory, 0700, its files 0600.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::disk::{LogDisk, LogFile};
use crate::engine::{
    store::{LOG_DIR, StoreError, aside_of_log as aside},
    world::Clock,
};

/// The real one.
pub struct RealLogDisk {
    data_dir: PathBuf,
    dir: PathBuf,
    clock: Arc<dyn Clock>,
}

impl RealLogDisk {
    /// In this data directory; the clock dates what is set aside. Whoever makes it owns the directory's lock.
    #[must_use]
    pub fn new(data_dir: &Path, clock: Arc<dyn Clock>) -> Self {
        Self { data_dir: data_dir.to_owned(), dir: data_dir.join(LOG_DIR), clock }
    }
}

impl LogDisk for RealLogDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        if !self.dir.is_dir() {
            aside::private_dir(&self.dir).map_err(io::Error::other)?;
            File::open(&self.data_dir)?.sync_all()?;
        }
        let names = fs::read_dir(&self.dir)?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        let mut names: Vec<_> = names.collect::<io::Result<_>>()?;
        names.sort();
        Ok(names)
    }

    fn read(&self, name: &str, at_most: u64) -> io::Result<Vec<u8>> {
        let file = File::open(self.dir.join(name))?;
        let mut bytes = Vec::with_capacity(usize::try_from(file.metadata()?.len().min(at_most)).unwrap_or(0));
        file.take(at_most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn LogFile>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(self.dir.join(name))?;
        Ok(Box::new(RealLogFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<(Box<dyn LogFile>, u64)> {
        let file = OpenOptions::new().read(true).write(true).open(self.dir.join(name))?;
        let length = file.metadata()?.len();
        Ok((Box::new(RealLogFile(file)), length))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.dir.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn keep_damaged(&self, name: &str, bytes: &[u8], keys: Option<&[u32]>) -> Result<String, StoreError> {
        Ok(aside::keep_copy(&self.data_dir, name, bytes, keys, self.clock.now())?.display().to_string())
    }

    fn set_aside(&self) -> Result<String, StoreError> {
        Ok(aside::set_log_aside(&self.data_dir, self.clock.now())?.display().to_string())
    }

    fn place(&self) -> String {
        self.dir.display().to_string()
    }
}

struct RealLogFile(File);

impl LogFile for RealLogFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }

    fn make_room(&mut self, from: u64, to: u64) -> io::Result<()> {
        reserve(&self.0, from, to)?;
        // Room that was only reserved becomes data with its first write, and that is one more thing to sync; zeros are data already.
        let zeros = [0; 64 * 1024];
        let mut at = from;
        while at < to {
            let piece = usize::try_from(to - at).unwrap_or(usize::MAX).min(zeros.len());
            self.0.write_all_at(&zeros[..piece], at)?;
            at += piece as u64;
        }
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// Asks for the room as a whole, so that a disk without it says so before anything is written. A file system that cannot be asked is told by
/// the writing.
#[cfg(target_os = "linux")]
fn reserve(file: &File, from: u64, to: u64) -> io::Result<()> {
    use rustix::{
        fs::{FallocateFlags, fallocate},
        io::Errno,
    };
    match fallocate(file, FallocateFlags::empty(), from, to - from) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File, _: u64, _: u64) -> io::Result<()> {
    Ok(())
}
