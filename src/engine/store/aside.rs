//! What cannot be used is moved to `damaged/<date>`, as sealed as it was; nothing is deleted.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::{error::StoreError, files, log_head::LOG_DIR, retired};
use crate::fact::Timestamp;

/// Moves these names of the data directory, where they exist, to a directory of this moment; answers which.
///
/// # Errors
/// [`StoreError::Unwritable`]; what was moved by then stays moved.
pub fn set_aside(data_dir: &Path, names: &[&str], now: Timestamp) -> Result<PathBuf, StoreError> {
    set_aside_from(data_dir, data_dir, names, now)
}

/// As [`set_aside`], of names in `from`, a directory of the data directory.
///
/// # Errors
/// As for [`set_aside`].
pub fn set_aside_from(data_dir: &Path, from_dir: &Path, names: &[&str], now: Timestamp) -> Result<PathBuf, StoreError> {
    let place = place(data_dir, now)?;
    move_to(&place, from_dir, names)?;
    Ok(place)
}

/// A new, empty directory of this moment, not synced before something is moved there.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn place(data_dir: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    let damaged = data_dir.join("damaged");
    files::private_dir(&damaged)?;
    new_place(&damaged, now)
}

/// The directory of this name.
pub fn named(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("damaged").join(name)
}

/// Moves these names of `from_dir`, where they exist, to `place`, durably.
///
/// # Errors
/// As for [`set_aside`].
pub fn move_to(place: &Path, from_dir: &Path, names: &[&str]) -> Result<(), StoreError> {
    for name in names {
        let (from, to) = (from_dir.join(name), place.join(name));
        match fs::rename(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::unwritable(&from, &error)),
        }
    }
    files::sync_dir(place)?;
    files::sync_parent(place)?;
    files::sync_dir(from_dir)
}

/// Keeps a copy of damaged bytes under this name in a directory of this moment, with the data keys that may open it; none: every one may.
/// One that is kept already is not kept twice. Answers where it is.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn keep_copy(data_dir: &Path, name: &str, bytes: &[u8], keys: Option<&[u32]>, now: Timestamp) -> Result<PathBuf, StoreError> {
    let damaged = data_dir.join("damaged");
    files::private_dir(&damaged)?;
    let places = fs::read_dir(&damaged).map_err(|error| StoreError::unwritable(&damaged, &error))?;
    let kept = places.flatten().map(|place| place.path()).find(|place| fs::read(place.join(name)).is_ok_and(|there| there == bytes));
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let place = new_place(&damaged, now)?;
    // The keys first: without them the copy would be there and need every key, with them alone nothing is there.
    if let Some(keys) = keys {
        retired::note(&place, keys)?;
    }
    files::replace(&place.join(name), bytes)?;
    files::sync_dir(&damaged)?;
    files::sync_dir(data_dir)?;
    Ok(place)
}

/// Moves the log of record as a whole to a directory of this moment. Which keys it needs is not known, so every one is kept.
///
/// # Errors
/// [`StoreError::Unwritable`]: it stays where it is.
pub fn set_log_aside(data_dir: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    set_aside(data_dir, &[LOG_DIR], now)
}

fn new_place(damaged: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    // Colons are a burden in file names on other systems.
    let date = now.to_rfc3339().replace(':', "-");
    for again in 0_u32.. {
        let place = damaged.join(if again == 0 { date.clone() } else { format!("{date}.{again}") });
        match DirBuilder::new().mode(0o700).create(&place) {
            Ok(()) => return Ok(place),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StoreError::unwritable(&place, &error)),
        }
    }
    Err(StoreError::Unwritable { path: damaged.display().to_string(), cause: "it has no free name left".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_moved_and_a_second_time_gets_a_place_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_millis(1_767_607_200_000);
        for again in ["2026-01-05T10-00-00.000Z", "2026-01-05T10-00-00.000Z.1"] {
            fs::create_dir(dir.path().join("cache")).unwrap();
            fs::write(dir.path().join("cache/db"), again).unwrap();
            let place = set_aside(dir.path(), &["cache", "manifest"], now).unwrap();
            assert_eq!(place, dir.path().join("damaged").join(again));
            assert_eq!(fs::read_to_string(place.join("cache/db")).unwrap(), again);
            assert!(!dir.path().join("cache").exists());
        }
    }
}
