//! The keys of a store: made once, found again, never made anew while there is anything they would open.
//!
//! A random data key seals records, a random naming key hides names; both are wrapped under HKDF-SHA256 of the key file. The key of the
//! manifest is derived from the naming key, which outlives every data key.

use std::path::{Path, PathBuf};

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    error::StoreError,
    keyfile,
    keyslots::{self, Keyslots, WrappedKey, Wrapping},
    names::Namer,
    seal::Sealer,
    snapshot_key::{SnapshotKey, SnapshotKeys},
};
use crate::{config::CacheKey, engine::world::Rng};

/// A store's keys, ready for use.
pub struct Keys {
    /// Names the store.
    pub store: [u8; 16],
    /// Seals and opens records.
    pub sealer: Sealer,
    /// Hides names.
    pub namer: Namer,
    /// Seal snapshots and open them.
    pub snapshot: SnapshotKeys,
    /// Authenticates the manifest.
    pub manifest: Zeroizing<[u8; 64]>,
    /// What the sealing protects against and what not, in a sentence.
    pub protection: String,
}

/// Refuses the kinds of keys that this build cannot reach.
///
/// # Errors
/// [`StoreError::KeyUnavailable`] naming the kind.
pub fn supported(asked: &CacheKey) -> Result<(), StoreError> {
    let kind = match asked {
        CacheKey::Auto | CacheKey::File(_) => return Ok(()),
        CacheKey::Keyring => "keyring",
        CacheKey::Passphrase => "passphrase",
    };
    Err(StoreError::KeyUnavailable(format!("a cache key from a {kind} is not in this build: set [cache] key to \"auto\" or \"file:PATH\"")))
}

/// Makes new keys, and the key file unless a person named one; writes the keyslots last.
///
/// # Errors
/// [`StoreError::KeyUnavailable`] when the named file will not do; [`StoreError::Unwritable`].
pub fn create(data_dir: &Path, state_dir: &Path, asked: &CacheKey, rng: &dyn Rng) -> Result<Keys, StoreError> {
    let mut store = [0; 16];
    rng.fill(&mut store);
    let mut slots = Keyslots { store, wrapping: Wrapping::StateKeyFile, data: Vec::new(), naming: Vec::new() };
    let outer = if let CacheKey::File(path) = asked {
        slots.wrapping = Wrapping::KeyFile(path.clone());
        keyfile::read(path).map_err(|error| how_to_make(path, error))?
    } else {
        keyfile::create(&state_key_file(state_dir, &slots), rng)?
    };
    let wrapping = wrapping(&outer, &store)?;
    let [data, naming] = [0, 1].map(|_| {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill(&mut *key);
        key
    });
    slots.data.push(WrappedKey { id: 1, sealed: keyslots::wrap(&wrapping, rng, &data_label(1), &data)? });
    slots.naming = keyslots::wrap(&wrapping, rng, NAMING, &naming)?;
    slots.write(data_dir)?;
    assemble(&slots, 1, &data, naming, state_dir)
}

/// Opens the keys that `slots` hold. What they were made with counts, not what is asked for now; a note says where the two differ.
///
/// # Errors
/// [`StoreError::KeyUnavailable`]: which file, what is wrong with it, what to do.
pub fn open(slots: &Keyslots, state_dir: &Path, asked: &CacheKey, notes: &mut Vec<String>) -> Result<Keys, StoreError> {
    let path = match (&slots.wrapping, asked) {
        (Wrapping::StateKeyFile, CacheKey::File(other)) => {
            notes.push(format!(
                "the cache was made with the key file in the state directory and still uses it; [cache] key names {}",
                other.display()
            ));
            state_key_file(state_dir, slots)
        }
        (Wrapping::StateKeyFile, _) => state_key_file(state_dir, slots),
        // The file may have moved; whether it is the same key shows when it is used.
        (Wrapping::KeyFile(_), CacheKey::File(now)) => now.clone(),
        (Wrapping::KeyFile(path), _) => {
            notes.push(format!("the cache was made with the key file {} and still uses it; [cache] key does not name it", path.display()));
            path.clone()
        }
    };
    let outer = keyfile::read(&path)?;
    let wrapping = wrapping(&outer, &slots.store)?;
    let wrong = || {
        StoreError::KeyUnavailable(format!(
            "the key file {} is not the one this cache was made with: put the right one back; nothing was changed",
            path.display()
        ))
    };
    let last = slots.data.last().ok_or_else(wrong)?;
    let data = keyslots::unwrap(&wrapping, &data_label(last.id), &last.sealed).map_err(|_| wrong())?;
    let naming = keyslots::unwrap(&wrapping, NAMING, &slots.naming).map_err(|_| wrong())?;
    assemble(slots, last.id, &data, naming, state_dir)
}

const NAMING: &[u8] = b"naming key";

fn data_label(id: u32) -> Vec<u8> {
    [b"data key ".as_slice(), &id.to_le_bytes()].concat()
}

fn state_key_file(state_dir: &Path, slots: &Keyslots) -> PathBuf {
    state_dir.join("keys").join(format!("{}.key", slots.store_name()))
}

fn wrapping(outer: &Zeroizing<[u8; keyfile::LENGTH]>, store: &[u8; 16]) -> Result<Sealer, StoreError> {
    let key: Zeroizing<[u8; 32]> = derive(&**outer, store, b"stellar 1 wrapping")?;
    Ok(Sealer::new(0, &key))
}

fn assemble(slots: &Keyslots, id: u32, data: &[u8; 32], naming: Zeroizing<[u8; 32]>, state_dir: &Path) -> Result<Keys, StoreError> {
    let manifest = derive(&*naming, &slots.store, b"stellar 1 manifest")?;
    let file = match &slots.wrapping {
        Wrapping::StateKeyFile => state_key_file(state_dir, slots),
        Wrapping::KeyFile(path) => path.clone(),
    };
    let protection = format!(
        "sealed with AES-256-GCM, key file {}: against who gets the data directory or a backup of it alone, not against who can read the key file too, such as the thief of this disk",
        file.display()
    );
    let snapshot = SnapshotKeys { store: slots.store, keys: vec![SnapshotKey::derive(id, &slots.store, data)?] };
    Ok(Keys { store: slots.store, snapshot, sealer: Sealer::new(id, data), namer: Namer::new(naming), manifest, protection })
}

fn derive<const N: usize>(key: &[u8], store: &[u8; 16], label: &[u8]) -> Result<Zeroizing<[u8; N]>, StoreError> {
    let mut derived = Zeroizing::new([0; N]);
    Hkdf::<Sha256>::new(Some(store), key)
        .expand(label, &mut *derived)
        .map_err(|_| StoreError::KeyUnavailable("a key of this length cannot be derived".to_owned()))?;
    Ok(derived)
}

fn how_to_make(path: &Path, error: StoreError) -> StoreError {
    if path.exists() {
        return error;
    }
    let shown = path.display();
    StoreError::KeyUnavailable(format!("there is no key file {shown}: make one with (umask 077; head -c 32 /dev/urandom > {shown})"))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
    };

    use super::*;
    use crate::engine::{store::keyslots::Found, world::SystemRng};

    fn slots(dir: &Path) -> Keyslots {
        match Keyslots::read(dir).unwrap() {
            Found::Slots(slots) => slots,
            other => panic!("{other:?}"),
        }
    }

    fn sealed(keys: &Keys) -> Vec<u8> {
        keys.sealer.seal(&SystemRng, b"n", b"x").unwrap()
    }

    #[test]
    fn made_keys_are_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let made = create(dir.path(), dir.path(), &CacheKey::Auto, &SystemRng).unwrap();
        let mut notes = Vec::new();
        let found = open(&slots(dir.path()), dir.path(), &CacheKey::Auto, &mut notes).unwrap();
        assert_eq!(found.sealer.open(b"n", &sealed(&made)).unwrap(), b"x");
        assert_eq!((found.manifest, found.namer.of_document("d")), (made.manifest, made.namer.of_document("d")));
        assert!(notes.is_empty());
        assert!(found.protection.contains("not against"));
    }

    #[test]
    fn a_missing_or_another_key_file_is_refused_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), dir.path(), &CacheKey::Auto, &SystemRng).unwrap();
        let slots = slots(dir.path());
        let file = state_key_file(dir.path(), &slots);
        fs::write(&file, [1; 32]).unwrap();
        let error = open(&slots, dir.path(), &CacheKey::Auto, &mut Vec::new()).err().unwrap();
        assert!(error.to_string().contains("is not the one this cache was made with"), "{error}");
        fs::remove_file(&file).unwrap();
        let error = open(&slots, dir.path(), &CacheKey::Auto, &mut Vec::new()).err().unwrap();
        assert!(error.to_string().contains("is missing"), "{error}");
        assert!(!file.exists());
    }

    #[test]
    fn a_named_key_file_is_used_where_it_is_and_asked_for_where_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.key");
        let asked = CacheKey::File(path.clone());
        let error = create(dir.path(), dir.path(), &asked, &SystemRng).err().unwrap();
        assert!(error.to_string().contains("head -c 32 /dev/urandom"), "{error}");
        fs::write(&path, [7; 32]).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let made = create(dir.path(), dir.path(), &asked, &SystemRng).unwrap();
        let moved = dir.path().join("moved.key");
        fs::rename(&path, &moved).unwrap();
        let found = open(&slots(dir.path()), dir.path(), &CacheKey::File(moved.clone()), &mut Vec::new()).unwrap();
        assert_eq!(found.sealer.open(b"n", &sealed(&made)).unwrap(), b"x");
        fs::rename(&moved, &path).unwrap();
        let mut notes = Vec::new();
        open(&slots(dir.path()), dir.path(), &CacheKey::Auto, &mut notes).unwrap();
        assert_eq!(notes.len(), 1, "what is recorded counts, and the difference is said");
    }

    #[test]
    fn kinds_that_are_not_built_in_are_named() {
        for (kind, word) in [(CacheKey::Keyring, "keyring"), (CacheKey::Passphrase, "passphrase")] {
            let error = supported(&kind).unwrap_err();
            assert!(
                matches!(&error, StoreError::KeyUnavailable(text) if text.contains(word) && text.contains("not in this build")),
                "{error}"
            );
        }
    }
}
