//! Sealing: AES-256-GCM around everything that reaches the disk.
//!
//! A sealed record is `[format 1][key id 4, little endian][nonce 12][ciphertext][tag 16]`; the nonce is random; the associated data are
//! the format and the whole name on disk, whose first byte names the tree. So a record that is moved to another name, another tree or
//! another format does not open.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use aes_gcm::{
    Aes256Gcm, Key, KeyInit, Nonce, Tag,
    aead::{AeadInOut, inout::InOutBuf},
};

use bytes::BufMut;

use super::error::StoreError;
use crate::engine::world::Rng;

/// The format byte of a sealed record.
pub const RECORD_FORMAT: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 12;
const TAG: usize = 16;
const HEAD: usize = 1 + KEY_ID + NONCE;

/// How many bytes sealing adds.
pub const OVERHEAD: usize = HEAD + TAG;

/// Why a sealed record gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unopened {
    /// It was sealed with the key of this id, which is not at hand.
    WrongKey(u32),
    /// Its bytes are not what was written under this name.
    Damaged,
}

/// The data keys at work: one seals, all of them open.
pub struct Sealer {
    ring: RwLock<Ring>,
}

struct Ring {
    current: DataKey,
    older: Vec<DataKey>,
}

struct DataKey {
    id: u32,
    cipher: Aes256Gcm,
}

impl DataKey {
    /// The cipher wipes its copy of the key when dropped.
    fn new(id: u32, key: &[u8; 32]) -> Self {
        Self { id, cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key)) }
    }
}

impl Ring {
    fn key(&self, id: u32) -> Option<&DataKey> {
        if self.current.id == id { Some(&self.current) } else { self.older.iter().find(|key| key.id == id) }
    }
}

impl Sealer {
    /// A sealer with this key.
    pub fn new(id: u32, key: &[u8; 32]) -> Self {
        Self { ring: RwLock::new(Ring { current: DataKey::new(id, key), older: Vec::new() }) }
    }

    /// The key that seals.
    pub fn id(&self) -> u32 {
        self.ring().current.id
    }

    /// Opens with this key too.
    pub fn also_open(&self, id: u32, key: &[u8; 32]) {
        self.ring_mut().older.push(DataKey::new(id, key));
    }

    /// Seals with this key from now on; what was sealed before still opens.
    pub fn promote(&self, id: u32, key: &[u8; 32]) {
        let mut ring = self.ring_mut();
        let former = std::mem::replace(&mut ring.current, DataKey::new(id, key));
        ring.older.push(former);
    }

    /// Opens no longer with this key.
    pub fn forget(&self, id: u32) {
        self.ring_mut().older.retain(|key| key.id != id);
    }

    fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring_mut(&self) -> RwLockWriteGuard<'_, Ring> {
        self.ring.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals `plain` under `name`.
    ///
    /// # Errors
    /// Only for more than 64 GiB.
    pub fn seal(&self, rng: &dyn Rng, name: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.seal_parts(rng, name, &[plain])
    }

    /// As [`Sealer::seal`], of these parts one after the other.
    ///
    /// # Errors
    /// Only for more than 64 GiB.
    pub fn seal_parts(&self, rng: &dyn Rng, name: &[u8], parts: &[&[u8]]) -> Result<Vec<u8>, StoreError> {
        let mut sealed = Vec::with_capacity(OVERHEAD + parts.iter().map(|part| part.len()).sum::<usize>());
        self.seal_into(rng, name, parts, &mut sealed)?;
        Ok(sealed)
    }

    /// As [`Sealer::seal_parts`], into a buffer that is empty and may have room.
    ///
    /// # Errors
    /// Only for more than 64 GiB.
    pub fn seal_into<B: BufMut + AsMut<[u8]>>(
        &self,
        rng: &dyn Rng,
        name: &[u8],
        parts: &[&[u8]],
        sealed: &mut B,
    ) -> Result<(), StoreError> {
        let mut nonce = [0; NONCE];
        rng.fill(&mut nonce);
        let ring = self.ring();
        sealed.put_u8(RECORD_FORMAT);
        sealed.put_u32_le(ring.current.id);
        sealed.put_slice(&nonce);
        parts.iter().for_each(|part| sealed.put_slice(part));
        let body = &mut sealed.as_mut()[HEAD..];
        let tag = associated(name, |data| ring.current.cipher.encrypt_inout_detached(&Nonce::from(nonce), data, body.into()))
            .map_err(|_| StoreError::Unwritable { path: "the store".to_owned(), cause: "a record is too large to seal".to_owned() })?;
        sealed.put_slice(&tag);
        Ok(())
    }

    /// Opens what was sealed under `name`.
    pub fn open(&self, name: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        let mut plain = Vec::new();
        let length = self.open_into(name, sealed, &mut plain)?.len();
        plain.truncate(length);
        Ok(plain)
    }

    /// As [`Sealer::open`], to the beginning of a buffer that may have served before and grows as needed; behind it is what was there.
    pub fn open_into<'a>(&self, name: &[u8], sealed: &[u8], plain: &'a mut Vec<u8>) -> Result<&'a [u8], Unopened> {
        let (head, rest) = sealed.split_first_chunk::<HEAD>().ok_or(Unopened::Damaged)?;
        let (body, tag) = rest.split_last_chunk::<TAG>().ok_or(Unopened::Damaged)?;
        let [format, id_and_nonce @ ..] = head;
        let (id, nonce) = id_and_nonce.split_first_chunk::<KEY_ID>().ok_or(Unopened::Damaged)?;
        let id = u32::from_le_bytes(*id);
        if *format != RECORD_FORMAT {
            return Err(Unopened::Damaged);
        }
        let ring = self.ring();
        let key = ring.key(id).ok_or(Unopened::WrongKey(id))?;
        let nonce = Nonce::try_from(nonce).map_err(|_| Unopened::Damaged)?;
        if plain.len() < body.len() {
            plain.resize(body.len(), 0);
        }
        let plain = &mut plain[..body.len()];
        let buffer = InOutBuf::new(body, plain).map_err(|_| Unopened::Damaged)?;
        associated(name, |data| key.cipher.decrypt_inout_detached(&nonce, data, buffer, &Tag::from(*tag)))
            .map_err(|_| Unopened::Damaged)?;
        Ok(plain)
    }
}

/// Gives the associated data of a record to `work`; only long names cost an allocation.
fn associated<T>(name: &[u8], work: impl FnOnce(&[u8]) -> T) -> T {
    let mut short = [RECORD_FORMAT; 256];
    match short.get_mut(1..=name.len()) {
        Some(place) => {
            place.copy_from_slice(name);
            work(&short[..=name.len()])
        }
        None => work(&[&[RECORD_FORMAT], name].concat()),
    }
}

/// Which key a sealed record says it was sealed with; none when it is too short to say.
pub fn key_of(sealed: &[u8]) -> Option<u32> {
    sealed.get(1..1 + KEY_ID)?.first_chunk().map(|id| u32::from_le_bytes(*id))
}

/// The tag of a sealed record as a number: different for any two records ever sealed.
pub fn fingerprint(sealed: &[u8]) -> u128 {
    sealed.last_chunk::<TAG>().map_or(0, |tag| u128::from_le_bytes(*tag))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::world::SystemRng;

    struct Fixed;
    impl crate::engine::world::Rng for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.iter_mut().zip(0xA0..).for_each(|(byte, value)| *byte = value);
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn golden() {
        let key: [u8; 32] = std::array::from_fn(|at| at as u8);
        let sealer = Sealer::new(3, &key);
        let sealed = sealer.seal(&Fixed, b"\x01name", b"plain text").unwrap();
        assert_eq!(hex(&sealed), GOLDEN);
        assert_eq!(sealer.open(b"\x01name", &sealed).unwrap(), b"plain text");
    }

    /// Computed by another implementation of AES-256-GCM.
    const GOLDEN: &str = "0103000000a0a1a2a3a4a5a6a7a8a9aaab96741d442beb76da1a11219a7219021345045bcf4259f22d349a";

    #[test]
    fn another_key_is_told_from_damage() {
        let sealed = Sealer::new(1, &[1; 32]).seal(&SystemRng, b"n", b"x").unwrap();
        assert_eq!(Sealer::new(2, &[2; 32]).open(b"n", &sealed), Err(Unopened::WrongKey(1)));
        assert_eq!(Sealer::new(1, &[2; 32]).open(b"n", &sealed), Err(Unopened::Damaged));
        assert_eq!(Sealer::new(1, &[1; 32]).open(b"m", &sealed), Err(Unopened::Damaged));
    }

    #[test]
    fn a_new_key_seals_and_the_former_opens_until_it_is_forgotten() {
        let sealer = Sealer::new(1, &[1; 32]);
        let before = sealer.seal(&SystemRng, b"n", b"x").unwrap();
        sealer.promote(2, &[2; 32]);
        let after = sealer.seal(&SystemRng, b"n", b"x").unwrap();
        assert_eq!((sealer.id(), key_of(&before), key_of(&after), key_of(&[1, 2])), (2, Some(1), Some(2), None));
        assert_eq!((sealer.open(b"n", &before).unwrap(), sealer.open(b"n", &after).unwrap()), (b"x".to_vec(), b"x".to_vec()));
        sealer.forget(1);
        assert_eq!(sealer.open(b"n", &before), Err(Unopened::WrongKey(1)));
        sealer.also_open(1, &[1; 32]);
        assert_eq!(sealer.open(b"n", &before).unwrap(), b"x");
        sealer.forget(2);
        assert_eq!(sealer.open(b"n", &after).unwrap(), b"x", "the one that seals stays");
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_noticed(plain in proptest::collection::vec(any::<u8>(), 0..200), at in any::<proptest::sample::Index>(), bit in 0_u8..8) {
            let sealer = Sealer::new(1, &[9; 32]);
            let mut sealed = sealer.seal(&SystemRng, b"name", &plain).unwrap();
            prop_assert_eq!(sealer.open(b"name", &sealed).unwrap(), plain);
            prop_assert!(sealed.len() == OVERHEAD + sealer.open(b"name", &sealed).unwrap().len());
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(sealer.open(b"name", &sealed).is_err());
        }

        #[test]
        fn any_bytes_are_refused_quietly(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(Sealer::new(1, &[9; 32]).open(b"name", &bytes).is_err());
        }
    }
}
