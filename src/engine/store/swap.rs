//! One database directory in the place of another, so that a process or a machine that ends in between leaves one that is whole.
//!
//! `cache.new` is a copy being made, `cache.old` what the copy took the place of. Whenever `cache` is not there, `cache.old` is what it was:
//! it goes back. Whenever both are there, `cache` was verified before it took its place, and the old one is only still to be removed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{error::StoreError, files};

/// The database in use.
pub const CURRENT: &str = "cache";
/// A copy that is being made.
pub const NEW: &str = "cache.new";
/// What a copy took the place of.
pub const OLD: &str = "cache.old";

/// An empty directory for a copy; what an earlier one left there goes.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn begin(data_dir: &Path) -> Result<PathBuf, StoreError> {
    remove(&data_dir.join(NEW))?;
    remove(&data_dir.join(OLD))?;
    let place = data_dir.join(NEW);
    files::private_dir(&place)?;
    Ok(place)
}

/// Puts the finished copy in the place of the database, durably; `between` is called between the two steps.
///
/// # Errors
/// [`StoreError::Unwritable`]: the database is where it was.
pub fn exchange(data_dir: &Path, between: impl FnOnce()) -> Result<(), StoreError> {
    let (current, new, old) = places(data_dir);
    files::sync_dir(&new)?;
    fs::rename(&current, &old).map_err(|error| StoreError::unwritable(&current, &error))?;
    between();
    if let Err(error) = fs::rename(&new, &current) {
        fs::rename(&old, &current).map_err(|error| StoreError::unwritable(&current, &error))?;
        return Err(StoreError::unwritable(&new, &error));
    }
    files::sync_dir(data_dir)
}

/// Undoes an exchange whose database turned out not to open.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn take_back(data_dir: &Path) -> Result<(), StoreError> {
    let (current, new, old) = places(data_dir);
    fs::rename(&current, &new).map_err(|error| StoreError::unwritable(&current, &error))?;
    fs::rename(&old, &current).map_err(|error| StoreError::unwritable(&old, &error))?;
    files::sync_dir(data_dir)
}

/// Before the database is opened: if an exchange was cut off half way, what was there goes back.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn recover(data_dir: &Path) -> Result<(), StoreError> {
    let (current, _, old) = places(data_dir);
    if current.exists() || !old.exists() {
        return Ok(());
    }
    fs::rename(&old, &current).map_err(|error| StoreError::unwritable(&old, &error))?;
    files::sync_dir(data_dir)
}

/// After the database passed its checks: what is left of a compaction goes. What cannot be removed waits for the next time.
pub fn clear(data_dir: &Path) {
    let (_, new, old) = places(data_dir);
    let _ = remove(&new);
    let _ = remove(&old);
}

fn places(data_dir: &Path) -> (PathBuf, PathBuf, PathBuf) {
    (data_dir.join(CURRENT), data_dir.join(NEW), data_dir.join(OLD))
}

fn remove(place: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::unwritable(place, &error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(dir: &Path, name: &str, text: &str) {
        fs::create_dir_all(dir.join(name)).unwrap();
        fs::write(dir.join(name).join("db"), text).unwrap();
    }

    fn current(dir: &Path) -> String {
        fs::read_to_string(dir.join(CURRENT).join("db")).unwrap()
    }

    #[test]
    fn an_exchange_goes_through_back_or_is_taken_up_where_it_was_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        put(dir, CURRENT, "one");
        put(dir, NEW, "two");
        let mut cut_off = None;
        exchange(dir, || {
            assert!(!dir.join(CURRENT).exists());
            recover(dir).unwrap();
            cut_off = Some(current(dir));
            fs::rename(dir.join(CURRENT), dir.join(OLD)).unwrap();
        })
        .unwrap();
        assert_eq!((cut_off.as_deref(), current(dir).as_str()), (Some("one"), "two"));
        recover(dir).unwrap();
        assert_eq!(current(dir), "two", "what is in its place stays there");
        take_back(dir).unwrap();
        assert_eq!(current(dir), "one");
        clear(dir);
        assert!(!dir.join(NEW).exists() && !dir.join(OLD).exists());
    }

    #[test]
    fn without_a_copy_nothing_moves() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), CURRENT, "one");
        assert!(exchange(dir.path(), || {}).is_err());
        assert_eq!(current(dir.path()), "one");
    }
}
