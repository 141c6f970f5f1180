//! One process owns a data directory: an operating system's lock, held for life, gone with the process however it ends.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
    sync::Arc,
};

use super::{error::StoreError, files};
use crate::fact::Timestamp;

/// Ownership of a data directory; ends when the last of its clones is dropped.
#[derive(Clone, Debug)]
pub struct DirLock {
    _file: Arc<File>,
}

impl DirLock {
    /// Takes the lock and writes pid and time into it, for whoever finds it taken.
    ///
    /// # Errors
    /// [`StoreError::Busy`] with the owner's pid; [`StoreError::Unwritable`] when the file cannot be made.
    pub fn acquire(data_dir: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let path = data_dir.join("lock");
        let refused = |error: io::Error| StoreError::unwritable(&path, &error);
        let mut file = files::open_private(&path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { pid: owner(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(refused(error)),
        }
        // The text is for people and for the error above; the lock itself is the system's, so nothing here is synced, and a full disk is
        // no reason not to read what is on it.
        let text = format!("{} {}\n", std::process::id(), now.to_rfc3339());
        file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).or_else(files::unless_full).map_err(refused)?;
        Ok(Self { _file: Arc::new(file) })
    }
}

fn owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(64).read_to_string(&mut text).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_has_it_and_the_next_gets_it() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_millis(1_767_607_200_000);
        let first = DirLock::acquire(dir.path(), now).unwrap();
        let busy = DirLock::acquire(dir.path(), now).unwrap_err();
        assert_eq!(busy, StoreError::Busy { pid: Some(std::process::id()) });
        let text = std::fs::read_to_string(dir.path().join("lock")).unwrap();
        assert_eq!(text, format!("{} 2026-01-05T10:00:00.000Z\n", std::process::id()));
        drop(first);
        DirLock::acquire(dir.path(), now).unwrap();
    }

    #[test]
    fn what_an_earlier_owner_wrote_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("lock"), "999999999 some day\nlonger than what is written next by far").unwrap();
        let _held = DirLock::acquire(dir.path(), Timestamp::from_millis(0)).unwrap();
        assert!(std::fs::read_to_string(dir.path().join("lock")).unwrap().ends_with("1970-01-01T00:00:00.000Z\n"));
    }
}
