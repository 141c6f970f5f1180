//! Which layout the data directory has. The one file that every later version must be able to read.

use std::path::Path;

use super::{error::StoreError, files};

/// The layout this build writes and reads.
pub const FORMAT: u32 = 1;

const NAME: &str = "format";
const FIRST_WORDS: &str = "stellar data format ";

/// Reads the directory's format, or writes ours where there is none; true when it had none.
///
/// # Errors
/// [`StoreError::NewerFormat`] for a later one; [`StoreError::Damaged`] for a file that is none of ours: it is left as it is.
pub fn check(data_dir: &Path) -> Result<bool, StoreError> {
    match found(data_dir)? {
        None => {
            files::replace(&data_dir.join(NAME), format!("{FIRST_WORDS}{FORMAT}\n").as_bytes())?;
            Ok(true)
        }
        Some(FORMAT) => Ok(false),
        Some(found) => Err(StoreError::NewerFormat { found, supported: FORMAT }),
    }
}

/// The format the directory says it has, ours or a later one; none where it says nothing. Writes nothing.
///
/// # Errors
/// [`StoreError::Damaged`] for a file that is none of ours.
pub fn found(data_dir: &Path) -> Result<Option<u32>, StoreError> {
    let path = data_dir.join(NAME);
    let Some(bytes) = files::read_small(&path, 64)? else { return Ok(None) };
    // A bare number is taken too: what a later version writes around it is not known here.
    let found = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().trim_start_matches(FIRST_WORDS).parse().ok());
    // No format below 1 was ever written.
    found.filter(|found| *found >= FORMAT).map(Some).ok_or_else(|| {
        StoreError::Damaged(format!(
            "{} does not name a format; if no newer stellar has used this directory, remove that file and start again",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_the_golden_one_and_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(check(dir.path()), Ok(true));
        assert_eq!(std::fs::read(dir.path().join("format")).unwrap(), b"stellar data format 1\n");
        assert_eq!(check(dir.path()), Ok(false));
    }

    #[test]
    fn a_newer_one_is_refused_by_name_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("format"), "stellar data format 7\n").unwrap();
        let error = check(dir.path()).unwrap_err();
        assert_eq!(error, StoreError::NewerFormat { found: 7, supported: 1 });
        assert!(error.to_string().contains("format 7"), "{error}");
        assert_eq!(std::fs::read(dir.path().join("format")).unwrap(), b"stellar data format 7\n");
    }

    #[test]
    fn anything_else_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "stellar data format \n", "stellar data format 0\n", "\u{0}\u{0}\u{0}", "stellar data format 99999999999\n"] {
            std::fs::write(dir.path().join("format"), text).unwrap();
            assert!(matches!(check(dir.path()), Err(StoreError::Damaged(_))), "{text:?}");
        }
    }
}
