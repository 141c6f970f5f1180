//! `opening`: there while the database is being opened, so that an open which took the process with it is known the next time.
//!
//! It guards against the process dying, not the machine, so it is never synced: what the process wrote outlives it in the system's
//! memory, and after a power cut the manifest tells the rest.

use std::{fs, path::Path};

use super::{error::StoreError, files};

/// From this many unfinished opens on, the store counts as damaged.
const TWICE: u32 = 2;

const NAME: &str = "opening";
const FAILED: &str = "failed\n";

/// What an earlier marker says of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Nothing, or one open that did not end: it may have been a kill.
    Trusted,
    /// Two opens that did not end: a third would not either.
    EndedTwice,
    /// It failed while it was in use.
    Failed,
}

/// Writes the marker, and tells what the one before it said.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn set(data_dir: &Path) -> Result<Earlier, StoreError> {
    let found = files::read_small(&data_dir.join(NAME), 16)?;
    // A marker whose number was not written yet is still a marker.
    let number = |bytes: Vec<u8>| std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(1);
    let (earlier, count) = match found {
        Some(bytes) if bytes == FAILED.as_bytes() => (Earlier::Failed, 0),
        Some(bytes) => match number(bytes) {
            count if count >= TWICE => (Earlier::EndedTwice, count),
            count => (Earlier::Trusted, count),
        },
        None => (Earlier::Trusted, 0),
    };
    // What failed in use stays so until it was set aside.
    if earlier != Earlier::Failed {
        write(data_dir, &format!("{}\n", count.saturating_add(1)))?;
    }
    Ok(earlier)
}

/// Whether there is one: an open is under way, or did not end, or the database failed.
pub fn is_set(data_dir: &Path) -> bool {
    data_dir.join(NAME).exists()
}

/// Removes the marker: the open ended, well or with an error in hand.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn clear(data_dir: &Path) -> Result<(), StoreError> {
    let path = data_dir.join(NAME);
    fs::remove_file(&path).map_err(|error| StoreError::unwritable(&path, &error))
}

/// Makes the next open count the store as damaged: the database failed while it was in use.
pub fn condemn(data_dir: &Path) {
    // If even this cannot be written the next open finds out by itself.
    let _ = write(data_dir, FAILED);
}

/// On a full disk it stays empty, which counts as once: what is on such a disk is to be read.
fn write(data_dir: &Path, text: &str) -> Result<(), StoreError> {
    let path = data_dir.join(NAME);
    let refused = |error| StoreError::unwritable(&path, &error);
    let file = files::open_private(&path).map_err(refused)?;
    file.set_len(0).map_err(refused)?;
    std::io::Write::write_all(&mut &file, text.as_bytes()).or_else(files::unless_full).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_twice_is_damage_and_a_finished_open_forgets() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(set(dir.path()), Ok(Earlier::Trusted));
        assert_eq!(set(dir.path()), Ok(Earlier::Trusted), "found once: it may have been a kill");
        assert_eq!(set(dir.path()), Ok(Earlier::EndedTwice), "found twice");
        clear(dir.path()).unwrap();
        assert_eq!(set(dir.path()), Ok(Earlier::Trusted));
        condemn(dir.path());
        assert_eq!(set(dir.path()), Ok(Earlier::Failed));
        assert_eq!(set(dir.path()), Ok(Earlier::Failed), "until it was set aside and the marker cleared");
    }

    #[test]
    fn a_marker_without_its_number_counts_once() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("opening"), "").unwrap();
        assert_eq!(set(dir.path()), Ok(Earlier::Trusted));
        assert_eq!(set(dir.path()), Ok(Earlier::EndedTwice));
    }
}
