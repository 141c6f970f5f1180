//! What seals snapshots: derived from a data key, so that a snapshot opens wherever that data key is held and nowhere else.

use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{error::StoreError, seal::Sealer};

/// The length of a snapshot's digest.
pub const DIGEST: usize = 32;

/// The snapshot keys that a store holds: one per data key, the last one seals.
#[derive(Clone)]
pub struct SnapshotKeys {
    /// Names the store.
    pub store: [u8; 16],
    /// In the order the data keys were made; never empty.
    pub keys: Vec<SnapshotKey>,
}

impl SnapshotKeys {
    /// The one that seals.
    #[must_use]
    pub fn current(&self) -> Option<&SnapshotKey> {
        self.keys.last()
    }

    /// The one of this data key.
    #[must_use]
    pub fn of(&self, id: u32) -> Option<&SnapshotKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

/// What is derived from one data key: HKDF-SHA256, salted with the store's name.
#[derive(Clone)]
pub struct SnapshotKey {
    /// The data key's id.
    pub id: u32,
    root: Zeroizing<[u8; 32]>,
    digest: Zeroizing<[u8; 32]>,
}

impl SnapshotKey {
    /// Derives from a data key.
    ///
    /// # Errors
    /// None that keys of this length can cause.
    pub fn derive(id: u32, store: &[u8; 16], data: &[u8; 32]) -> Result<Self, StoreError> {
        let root = expand(data, store, b"stellar 1 snapshot")?;
        let digest = expand(&*root, store, b"digest")?;
        Ok(Self { id, root, digest })
    }

    /// A digest that says nothing to who does not hold the key: few values could be guessed from a plain one.
    pub fn hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&self.digest)
    }

    /// The cipher of the one file whose content has this digest.
    ///
    /// # Errors
    /// As for [`SnapshotKey::derive`].
    pub fn cipher(&self, digest: &[u8; DIGEST]) -> Result<Aes256Gcm, StoreError> {
        let key: Zeroizing<[u8; 32]> = expand(&*self.root, digest, b"file")?;
        Ok(Aes256Gcm::new(&aes_gcm::Key::<Aes256Gcm>::from(*key)))
    }

    /// Seals the first window, under a key that seals nothing else.
    ///
    /// # Errors
    /// Never in practice: the length is fixed.
    pub fn window(&self) -> Result<Sealer, StoreError> {
        let key: Zeroizing<[u8; 32]> = expand(&*self.root, b"", b"window")?;
        Ok(Sealer::new(self.id, &key))
    }
}

fn expand(key: &[u8], salt: &[u8], label: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mut derived = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), key)
        .expand(label, &mut *derived)
        .map_err(|_| StoreError::KeyUnavailable("a key of this length cannot be derived".to_owned()))?;
    Ok(derived)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_store_or_another_data_key_derives_another_key() {
        let digest = |store, data| *SnapshotKey::derive(1, &[store; 16], &[data; 32]).unwrap().hasher().finalize().as_bytes();
        assert_eq!(digest(1, 1), digest(1, 1));
        assert_ne!(digest(1, 1), digest(2, 1));
        assert_ne!(digest(1, 1), digest(1, 2));
    }
}
