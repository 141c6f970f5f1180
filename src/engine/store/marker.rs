//! `opening`: there while the database is being opened, so that an open which took the process with it is known the next time.
//!
//! It guards against the process dying, not the machine, so it is never synced: what the process wrote outlives it in the system's
//! memory, and after a power cut the manifest tells the rest.

use std::{fs, path::Path};

use super::{error::StoreError, files};

/// From this many unfinished opens on, the store counts as damaged.
const TWICE: u32 = 2;

/// Writes the marker; true when the marker has now been found twice: opening again would only fail a third time.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn set(data_dir: &Path) -> Result<bool, StoreError> {
    let found = unfinished(data_dir)?;
    write(data_dir, found.saturating_add(1))?;
    Ok(found >= TWICE)
}

/// Removes the marker: the open ended, well or with an error in hand.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn clear(data_dir: &Path) -> Result<(), StoreError> {
    let path = data_dir.join("opening");
    fs::remove_file(&path).map_err(|error| StoreError::unwritable(&path, &error))
}

/// Makes the next open count the store as damaged: the database failed while it was in use.
pub fn condemn(data_dir: &Path) {
    // If even this cannot be written the next open finds out by itself.
    let _ = write(data_dir, TWICE);
}

fn unfinished(data_dir: &Path) -> Result<u32, StoreError> {
    let bytes = files::read_small(&data_dir.join("opening"), 16)?;
    // A marker whose number was not written yet is still a marker.
    Ok(bytes.map_or(0, |bytes| std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(1)))
}

fn write(data_dir: &Path, count: u32) -> Result<(), StoreError> {
    let path = data_dir.join("opening");
    let refused = |error| StoreError::unwritable(&path, &error);
    let file = files::open_private(&path).map_err(refused)?;
    file.set_len(0).map_err(refused)?;
    std::io::Write::write_all(&mut &file, format!("{count}\n").as_bytes()).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_twice_is_damage_and_a_finished_open_forgets() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(set(dir.path()), Ok(false));
        assert_eq!(set(dir.path()), Ok(false), "found once: it may have been a kill");
        assert_eq!(set(dir.path()), Ok(true), "found twice");
        clear(dir.path()).unwrap();
        assert_eq!(set(dir.path()), Ok(false));
        condemn(dir.path());
        assert_eq!(set(dir.path()), Ok(true));
    }

    #[test]
    fn a_marker_without_its_number_counts_once() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("opening"), "").unwrap();
        assert_eq!(set(dir.path()), Ok(false));
        assert_eq!(set(dir.path()), Ok(true));
    }
}
