//! Removing a store for good: what it is made of, by name, and nothing else. The keys go first, so that a wipe that is cut short leaves
//! nothing that can be read.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{error::StoreError, keyslots::Wrapping, lock::DirLock, slotfiles};
use crate::{engine::world::KeyVault, fact::Timestamp};

/// First parts of the names that stellar gives what it puts into a data directory, the lock last.
const OURS: &[&str] =
    &["keyslots", "manifest", "window", "reserve", "cache", "journal", "snapshots", "damaged", "opening", "format", "lock"];

/// A store about to be removed. Nobody else can open it meanwhile.
pub struct Wipe {
    data_dir: PathBuf,
    keys: Vec<PathBuf>,
    entry: Option<String>,
    data: Vec<PathBuf>,
    stays: Vec<String>,
    _lock: DirLock,
}

impl Wipe {
    /// Looks at what there is, and keeps others out; none when there is no store.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while another process owns it; [`StoreError::Damaged`] when the directory is not stellar's.
    pub fn begin(data_dir: &Path, state_dir: &Path, now: Timestamp) -> Result<Option<Self>, StoreError> {
        let names = names_in(data_dir)?;
        if names.is_empty() {
            return Ok(None);
        }
        if !names.iter().any(|name| name == "format") {
            return Err(StoreError::Damaged(format!(
                "{} holds no file named format, so it is no data directory of stellar: nothing was removed",
                data_dir.display()
            )));
        }
        let lock = DirLock::acquire(data_dir, now)?;
        let mut stays = Vec::new();
        let (mut keys, mut entry) = (Vec::new(), None);
        match slotfiles::read(data_dir) {
            Ok(slotfiles::Found::Slots { slots, .. }) => {
                keys = own_key_files(state_dir, &slots.store_name())?;
                match slots.wrapping {
                    Wrapping::Keyring(name) => entry = Some(name),
                    Wrapping::KeyFile(path) => stays.push(format!("the key file {}, which is yours", path.display())),
                    Wrapping::StateKeyFile | Wrapping::NumberedKeyFile(_) | Wrapping::Passphrase(_) => {}
                }
            }
            _ if state_dir.join("keys").exists() => stays.push(format!(
                "{}: without readable keyslots nothing says which of its files belong to this cache",
                state_dir.join("keys").display()
            )),
            _ => {}
        }
        let mut data = Vec::new();
        // The keyslots go with the keys.
        for ours in OURS.iter().filter(|ours| **ours != "keyslots") {
            data.extend(names.iter().filter(|name| is_of(name, ours)).map(|name| data_dir.join(name)));
        }
        keys.extend(names.iter().filter(|name| is_of(name, "keyslots")).map(|name| data_dir.join(name)));
        let foreign = names.iter().filter(|name| !OURS.iter().any(|ours| is_of(name, ours)));
        stays.extend(foreign.map(|name| format!("{}, which is not stellar's", data_dir.join(name).display())));
        Ok(Some(Self { data_dir: data_dir.to_owned(), keys, entry, data, stays, _lock: lock }))
    }

    /// What is removed, in this order.
    #[must_use]
    pub fn removes(&self) -> Vec<String> {
        let entry = self.entry.iter().map(|entry| format!("the key {entry:?} in the keyring"));
        let shown = |path: &PathBuf| path.display().to_string();
        self.keys.iter().map(shown).chain(entry).chain(self.data.iter().map(shown)).collect()
    }

    /// What stays, and why.
    #[must_use]
    pub fn stays(&self) -> &[String] {
        &self.stays
    }

    /// Removes it; answers what could not be removed and why, where the rest is gone all the same.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] naming what could not be removed; what comes before it in [`Wipe::removes`] is gone.
    pub fn carry_out(self, vault: &Arc<dyn KeyVault>) -> Result<Vec<String>, StoreError> {
        self.keys.iter().try_for_each(|path| remove(path))?;
        let left =
            self.entry.iter().filter_map(|entry| vault.remove(entry).err().map(|why| format!("the key {entry:?} in the keyring: {why}")));
        let left = left.collect();
        self.data.iter().try_for_each(|path| remove(path))?;
        // Only if it is empty now.
        let _ = fs::remove_dir(&self.data_dir);
        Ok(left)
    }
}

/// Whether a name is this one, or one of its kin such as `cache.new`.
fn is_of(name: &str, ours: &str) -> bool {
    name.strip_prefix(ours).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn own_key_files(state_dir: &Path, store_name: &str) -> Result<Vec<PathBuf>, StoreError> {
    let dir = state_dir.join("keys");
    let is_key = |name: &str| is_of(name, store_name) && Path::new(name).extension().is_some_and(|extension| extension == "key");
    Ok(names_in(&dir)?.into_iter().filter(|name| is_key(name)).map(|name| dir.join(name)).collect())
}

fn names_in(dir: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::unwritable(dir, &error)),
    };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    // A link is removed, never followed.
    let directory = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    match if directory { fs::remove_dir_all(path) } else { fs::remove_file(path) } {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::unwritable(path, &error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_kin() {
        for (name, ours, is) in [
            ("cache", "cache", true),
            ("cache.new", "cache", true),
            ("cached", "cache", false),
            ("keyslots.copy", "keyslots", true),
            ("journal.log", "journal", true),
            ("mine", "manifest", false),
        ] {
            assert_eq!(is_of(name, ours), is, "{name}");
        }
    }

    #[test]
    fn a_directory_that_is_not_stellars_is_refused_and_none_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_millis(0);
        assert!(Wipe::begin(&dir.path().join("gone"), dir.path(), now).unwrap().is_none());
        assert!(Wipe::begin(dir.path(), dir.path(), now).unwrap().is_none());
        fs::write(dir.path().join("cache"), "mine").unwrap();
        let error = Wipe::begin(dir.path(), dir.path(), now).err().unwrap();
        assert!(error.to_string().contains("nothing was removed"), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
