//! Files only their owner can read, replaced whole or not at all.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::error::StoreError;

/// Makes a directory and what is missing above it, 0700. One that is there already is a person's own and stays as it is.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn private_dir(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| StoreError::unwritable(path, &error))
}

/// Takes the rights of group and others away, where they have any.
pub fn close_to_others(path: &Path) -> io::Result<()> {
    let mode = fs::symlink_metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { fs::set_permissions(path, Permissions::from_mode(mode & 0o700)) }
}

/// Opens a file for writing, made 0600 if it is not there.
///
/// # Errors
/// The system's.
pub fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// For what a full disk may do without: that it is full is no failure, anything else is.
pub fn unless_full(error: io::Error) -> io::Result<()> {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) { Ok(()) } else { Err(error) }
}

/// Replaces a file so that after a crash it is the old or the new one: a sibling is written and synced, then renamed, then the
/// directory is synced.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let sibling = sibling(path);
    write_synced(&sibling, bytes).and_then(|()| fs::rename(&sibling, path)).map_err(|error| {
        // The half-written sibling would only take room that is short already.
        let _ = fs::remove_file(&sibling);
        StoreError::unwritable(path, &error)
    })?;
    sync_parent(path)
}

fn sibling(path: &Path) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Syncs the directory that holds `path`, so that a new or a renamed name survives a crash.
pub fn sync_parent(path: &Path) -> Result<(), StoreError> {
    path.parent().map_or(Ok(()), sync_dir)
}

/// Syncs a directory.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn sync_dir(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(|error| StoreError::unwritable(path, &error))
}

/// Bytes a probe writes: enough that a database can go on for a moment with as many.
const PROBE: usize = 1024 * 1024;

/// Whether the disk below `data_dir` takes a file and syncs it; leaves none behind.
pub fn probe(data_dir: &Path) -> Result<(), StoreError> {
    let path = data_dir.join("probe");
    let tried = write_synced(&path, &vec![0xA5; PROBE]);
    // A probe that is left would take the room it was to find.
    let _ = fs::remove_file(&path);
    tried.map_err(|error| StoreError::unwritable(&path, &error))
}

/// Reads a small file; none when there is none. What is longer than `limit` is cut: no file of ours is, so it will not parse.
pub fn read_small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::unwritable(path, &error)),
    }
}
/// Free bytes where this directory is; none where nobody can say.
#[must_use]
pub fn free_at(dir: &Path) -> Option<u64> {
    let room = rustix::fs::statvfs(dir).ok()?;
    Some(room.f_bavail.saturating_mul(room.f_frsize))
}
