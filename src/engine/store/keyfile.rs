//! Key files: exactly 32 random bytes, readable by their owner alone.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use zeroize::Zeroizing;

use super::{error::StoreError, files};
use crate::engine::world::Rng;

/// The length of a key, in bytes.
pub const LENGTH: usize = 32;

/// Reads a key file.
///
/// # Errors
/// [`StoreError::KeyUnavailable`] when it is missing, unreadable, of another length, or readable by others.
pub fn read(path: &Path) -> Result<Zeroizing<[u8; LENGTH]>, StoreError> {
    let shown = path.display();
    let unavailable = |sentence: String| Err(StoreError::KeyUnavailable(sentence));
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return unavailable(format!(
                "the key file {shown} is missing: put it back from a backup; without it the cache cannot be read, and it is never made anew by itself"
            ));
        }
        Err(error) => return unavailable(format!("the key file {shown} cannot be read: {error}")),
    };
    let mode = match file.metadata() {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) => return unavailable(format!("the key file {shown} cannot be examined: {error}")),
    };
    if mode & 0o077 != 0 {
        return unavailable(format!(
            "the key file {shown} is open to others (mode {mode:04o}): take that away with chmod 600, and think of it as known"
        ));
    }
    // One byte more than a key, so that a longer file shows.
    let mut bytes = Zeroizing::new([0; LENGTH + 1]);
    let mut length = 0;
    while length < bytes.len() {
        match file.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return unavailable(format!("the key file {shown} cannot be read: {error}")),
        }
    }
    match (length, bytes.first_chunk::<LENGTH>()) {
        (LENGTH, Some(key)) => Ok(Zeroizing::new(*key)),
        (length, _) => {
            let longer = if length > LENGTH { "more than " } else { "" };
            let found = length.min(LENGTH);
            unavailable(format!("the key file {shown} holds {longer}{found} bytes instead of exactly {LENGTH}: put the right one back"))
        }
    }
}

/// Makes a key file with a new key, and syncs it: what is sealed with a key must not outlive it.
///
/// # Errors
/// [`StoreError::Unwritable`]; also when there is a file of that name.
pub fn create(path: &Path, rng: &dyn Rng) -> Result<Zeroizing<[u8; LENGTH]>, StoreError> {
    if let Some(dir) = path.parent() {
        files::private_dir(dir)?;
    }
    let mut key = Zeroizing::new([0; LENGTH]);
    rng.fill(&mut *key);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(&*key)?;
        file.sync_all()
    });
    written.map_err(|error| StoreError::unwritable(path, &error))?;
    files::sync_parent(path)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;
    use crate::engine::world::SystemRng;

    fn sentence(path: &Path) -> String {
        match read(path) {
            Err(StoreError::KeyUnavailable(sentence)) => sentence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_made_one_reads_back_and_is_never_made_twice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/a.key");
        let key = create(&path, &SystemRng).unwrap();
        assert_eq!(read(&path).unwrap(), key);
        assert_ne!(*key, [0; LENGTH]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(dir.path().join("keys")).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(matches!(create(&path, &SystemRng), Err(StoreError::Unwritable { .. })));
        assert_eq!(read(&path).unwrap(), key);
    }

    #[test]
    fn each_wrong_one_is_named_with_its_fault() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        assert!(sentence(&path).contains("is missing"));
        for (length, words) in
            [(0, "holds 0 bytes"), (31, "holds 31 bytes"), (33, "holds more than 32 bytes"), (5000, "holds more than 32 bytes")]
        {
            fs::write(&path, vec![7; length]).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            assert!(sentence(&path).contains(words), "{}", sentence(&path));
        }
        fs::write(&path, [7; LENGTH]).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o604)).unwrap();
        assert!(sentence(&path).contains("open to others (mode 0604)"));
        assert!(sentence(dir.path()).contains("key file"));
    }
}
