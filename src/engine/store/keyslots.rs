//! `keyslots`: the wrapped keys of a store, and where the key that unwraps them is kept. Decided once, when the store is made.
//!
//! `[version 1][postcard][BLAKE3 of all before 16]`. The digest tells damage from a wrong key; against forgery the wrapping itself stands.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    error::StoreError,
    files, record,
    seal::{Sealer, Unopened},
};
use crate::engine::world::Rng;

const NAME: &str = "keyslots";
const DIGEST: usize = 16;

/// Where the wrapping key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wrapping {
    /// In `<state>/keys/<store>.key`.
    StateKeyFile,
    /// In this file, which a person made.
    KeyFile(PathBuf),
}

/// A data key and the number its records carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// In every record sealed with it.
    pub id: u32,
    /// The key, sealed.
    pub sealed: Vec<u8>,
}

/// Everything the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyslots {
    /// Names the store, and its key file.
    pub store: [u8; 16],
    /// Where the wrapping key is.
    pub wrapping: Wrapping,
    /// The data keys; the last one seals.
    pub data: Vec<WrappedKey>,
    /// The naming key, sealed.
    pub naming: Vec<u8>,
}

/// What was found in place of the file.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// No file.
    Nothing,
    /// A file whose digest or form is wrong.
    Damaged,
    /// Keyslots.
    Slots(Keyslots),
}

/// Whether a store was ever made here.
pub fn are_there(data_dir: &Path) -> bool {
    data_dir.join(NAME).exists()
}

impl Keyslots {
    /// Reads the file.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when it cannot be read.
    pub fn read(data_dir: &Path) -> Result<Found, StoreError> {
        let bytes = files::read_small(&data_dir.join(NAME), 64 * 1024)?;
        Ok(bytes.map_or(Found::Nothing, |bytes| Self::decode(&bytes).map_or(Found::Damaged, Found::Slots)))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn write(&self, data_dir: &Path) -> Result<(), StoreError> {
        files::replace(&data_dir.join(NAME), &self.encode())
    }

    /// The store's name in hexadecimal, as its key file has it.
    pub fn store_name(&self) -> String {
        self.store.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = record::encode(self);
        let digest = blake3::hash(&bytes);
        bytes.extend_from_slice(&digest.as_bytes()[..DIGEST]);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, digest) = bytes.split_last_chunk::<DIGEST>()?;
        if blake3::hash(body).as_bytes()[..DIGEST] != *digest {
            return None;
        }
        record::decode(body)
    }
}

/// Seals a key with the wrapping key; `label` keeps one from being taken for another.
///
/// # Errors
/// None that a 32-byte key can cause.
pub fn wrap(wrapping: &Sealer, rng: &dyn Rng, label: &[u8], key: &Zeroizing<[u8; 32]>) -> Result<Vec<u8>, StoreError> {
    wrapping.seal(rng, label, &**key)
}

/// The key again.
pub fn unwrap(wrapping: &Sealer, label: &[u8], sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, Unopened> {
    let plain = Zeroizing::new(wrapping.open(label, sealed)?);
    plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| Unopened::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::world::SeededRng;

    fn slots() -> Keyslots {
        Keyslots {
            store: [0xAB; 16],
            wrapping: Wrapping::KeyFile("/k".into()),
            data: vec![WrappedKey { id: 1, sealed: vec![9, 8] }],
            naming: vec![7],
        }
    }

    #[test]
    fn golden() {
        let bytes = slots().encode();
        let expected = [&[1_u8][..], &[0xAB; 16], &[1, 2, b'/', b'k'], &[1, 1, 2, 9, 8], &[1, 7]].concat();
        assert_eq!(bytes[..bytes.len() - DIGEST], expected);
        assert_eq!(bytes[bytes.len() - DIGEST..], blake3::hash(&expected).as_bytes()[..DIGEST]);
        assert_eq!(slots().store_name(), "ab".repeat(16));
    }

    #[test]
    fn any_changed_byte_is_damage_and_nothing_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Keyslots::read(dir.path()), Ok(Found::Nothing));
        slots().write(dir.path()).unwrap();
        assert_eq!(Keyslots::read(dir.path()), Ok(Found::Slots(slots())));
        let whole = slots().encode();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert_eq!(Keyslots::decode(&bytes), None, "byte {at}");
            assert_eq!(Keyslots::decode(&whole[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn a_wrapped_key_opens_under_its_own_label_only() {
        let wrapping = Sealer::new(0, &[1; 32]);
        let key = Zeroizing::new([5; 32]);
        let sealed = wrap(&wrapping, &SeededRng::new(1), b"data", &key).unwrap();
        assert_eq!(unwrap(&wrapping, b"data", &sealed), Ok(key));
        assert_eq!(unwrap(&wrapping, b"naming", &sealed), Err(Unopened::Damaged));
        assert_eq!(unwrap(&Sealer::new(0, &[2; 32]), b"data", &sealed), Err(Unopened::Damaged));
    }
}
