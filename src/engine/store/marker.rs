//! `opening`: there while the database is being opened, so that an open which took the process with it is known the next time.
//!
//! It guards against the process dying, not the machine, so it is not synced: what the process wrote outlives it in the system's
//! memory, and after a power cut the manifest tells the rest. Only where it says that a database is not to be believed until it was counted
//! it is.

use std::{fs, path::Path};

use super::{error::StoreError, files};

/// From this many unfinished opens on, the store counts as damaged.
const TWICE: u32 = 2;

const NAME: &str = "opening";
const FAILED: &str = "failed\n";
const MENDING: &str = "mending ";
/// Bytes that are read of it.
const LONGEST: u64 = 256;

/// What an earlier marker says of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Nothing, or one open that did not end: it may have been a kill.
    Trusted,
    /// Two opens that did not end: a third would not either.
    EndedTwice,
    /// It failed while it was in use, or was being mended where it is.
    Failed,
    /// It was being made anew of what is in this place of `damaged/`.
    Mending(String),
    /// The same, and that took the process with it twice.
    MendingEndedTwice(String),
}

/// Writes the marker, and tells what the one before it said.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn set(data_dir: &Path) -> Result<Earlier, StoreError> {
    let found = files::read_small(&data_dir.join(NAME), LONGEST)?;
    let text = found.as_ref().map(|bytes| String::from_utf8_lossy(bytes));
    // What failed in use stays so until it was set aside.
    if text.as_deref() == Some(FAILED) {
        return Ok(Earlier::Failed);
    }
    if let Some((place, count)) = text.as_deref().and_then(read_mending) {
        if count >= TWICE {
            return Ok(Earlier::MendingEndedTwice(place.to_owned()));
        }
        write(data_dir, &mending(place, count + 1))?;
        return Ok(Earlier::Mending(place.to_owned()));
    }
    // A marker whose number was not written yet is still a marker.
    let count: u32 = text.map_or(0, |text| text.trim().parse().unwrap_or(1));
    write(data_dir, &format!("{}\n", count.saturating_add(1)))?;
    Ok(if count >= TWICE { Earlier::EndedTwice } else { Earlier::Trusted })
}

fn mending(place: &str, count: u32) -> String {
    format!("{MENDING}{count} {place}\n")
}

fn read_mending(text: &str) -> Option<(&str, u32)> {
    let (count, place) = text.strip_prefix(MENDING)?.strip_suffix('\n')?.split_once(' ')?;
    // A name and no way to somewhere else.
    let named = Path::new(place).file_name().is_some_and(|name| name == place);
    Some((place, count.parse().ok()?)).filter(|_| named)
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

/// As [`condemn`], on disk before it answers: what is done next may end in the middle, with the machine too.
///
/// # Errors
/// [`StoreError::Unwritable`]: nothing may be done.
pub fn condemn_first(data_dir: &Path) -> Result<(), StoreError> {
    files::replace(&data_dir.join(NAME), FAILED.as_bytes())
}

/// Before a database is moved to this place of `damaged/`, to be made anew of what is whole there: durably, as [`condemn_first`]. Without it a
/// start that ends in between would leave an empty database that looks like a new one.
///
/// # Errors
/// [`StoreError::Unwritable`]: nothing may be moved.
pub fn mend(data_dir: &Path, place: &str) -> Result<(), StoreError> {
    files::replace(&data_dir.join(NAME), mending(place, 1).as_bytes())
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
        clear(dir.path()).unwrap();
        condemn_first(dir.path()).unwrap();
        assert_eq!(set(dir.path()), Ok(Earlier::Failed), "until it was set aside and the marker cleared");
    }

    #[test]
    fn a_mend_says_of_what_until_it_ended_the_process_twice() {
        let dir = tempfile::tempdir().unwrap();
        mend(dir.path(), "2026-01-05T10-00-00.000Z.1").unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join("opening")).unwrap(), "mending 1 2026-01-05T10-00-00.000Z.1\n");
        let place = || "2026-01-05T10-00-00.000Z.1".to_owned();
        assert_eq!(set(dir.path()), Ok(Earlier::Mending(place())));
        assert_eq!(set(dir.path()), Ok(Earlier::MendingEndedTwice(place())));
        assert_eq!(set(dir.path()), Ok(Earlier::MendingEndedTwice(place())), "until it was set aside and the marker cleared");
        for elsewhere in ["../x", "a/b", "/etc", "..", ""] {
            std::fs::write(dir.path().join("opening"), mending(elsewhere, 1)).unwrap();
            assert_eq!(set(dir.path()), Ok(Earlier::Trusted), "{elsewhere}: counts as a marker");
        }
    }

    #[test]
    fn a_marker_without_its_number_counts_once() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("opening"), "").unwrap();
        assert_eq!(set(dir.path()), Ok(Earlier::Trusted));
        assert_eq!(set(dir.path()), Ok(Earlier::EndedTwice));
    }
}
