//! `keyslots`: the wrapped keys of a store, and where the key that unwraps them is kept. Decided when the store is made or by `rekey`.
//!
//! `[version 2][postcard][BLAKE3 of all before 16]`. The digest tells damage from a wrong key; against forgery the wrapping itself stands.
//! Version 1 had no generation, one data key in use, and key files only; it is read and written anew as version 2.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    error::StoreError,
    seal::{Sealer, Unopened},
    stretch::Stretching,
};
use crate::engine::world::Rng;

/// The version this build writes.
pub const VERSION: u8 = 2;
const DIGEST: usize = 16;

/// Where the wrapping key is. New kinds go to the end: the place in this list is what is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wrapping {
    /// In `<state>/keys/<store>.key`.
    StateKeyFile,
    /// In this file, which a person made.
    KeyFile(PathBuf),
    /// In `<state>/keys/<store>.<number>.key`, made by a `rekey`.
    NumberedKeyFile(u32),
    /// In somebody's head, stretched like this.
    Passphrase(Stretching),
    /// In the system's keyring, under this name.
    Keyring(String),
}

/// What a data key is still for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Records of the database may be sealed with it: the last one seals, those before it are on their way out.
    Live,
    /// Only what was set aside or written elsewhere is.
    Retired,
}

/// A data key and the number its records carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// In every record sealed with it.
    pub id: u32,
    /// The key, sealed.
    pub sealed: Vec<u8>,
    /// What for.
    pub part: Part,
}

/// Everything the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyslots {
    /// Names the store, and its key file.
    pub store: [u8; 16],
    /// Counts the times it was written: of two whole copies the later one holds.
    pub generation: u64,
    /// Where the wrapping key is.
    pub wrapping: Wrapping,
    /// The data keys; the last one seals.
    pub data: Vec<WrappedKey>,
    /// The naming key, sealed.
    pub naming: Vec<u8>,
}

/// Why bytes are no keyslots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The digest or the form is wrong.
    Damaged,
    /// Whole, and of a version that is not known here.
    Newer(u8),
}

#[derive(Deserialize)]
struct First {
    store: [u8; 16],
    wrapping: Wrapping,
    data: Vec<(u32, Vec<u8>)>,
    naming: Vec<u8>,
}

impl Keyslots {
    /// The store's name in hexadecimal, as its key file has it.
    pub fn store_name(&self) -> String {
        self.store.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The data keys that are on their way out of the database.
    pub fn draining(&self) -> Vec<u32> {
        let before = self.data.split_last().map_or(&[][..], |(_, before)| before);
        before.iter().filter(|key| key.part == Part::Live).map(|key| key.id).collect()
    }

    /// As written.
    pub fn encode(&self) -> Vec<u8> {
        // Plain numbers and bytes into a growing vector: postcard has no way to fail. Without a body it would not decode.
        let mut bytes = postcard::to_extend(self, vec![VERSION]).unwrap_or_default();
        let digest = blake3::hash(&bytes);
        bytes.extend_from_slice(&digest.as_bytes()[..DIGEST]);
        bytes
    }

    /// From what was written.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let (body, digest) = bytes.split_last_chunk::<DIGEST>().ok_or(Unreadable::Damaged)?;
        if blake3::hash(body).as_bytes()[..DIGEST] != *digest {
            return Err(Unreadable::Damaged);
        }
        match body.split_first() {
            Some((&VERSION, rest)) => whole(rest),
            Some((1, rest)) => whole::<First>(rest).map(|first| Self {
                store: first.store,
                generation: 0,
                wrapping: first.wrapping,
                data: first.data.into_iter().map(|(id, sealed)| WrappedKey { id, sealed, part: Part::Live }).collect(),
                naming: first.naming,
            }),
            Some((version, _)) if *version > VERSION => Err(Unreadable::Newer(*version)),
            _ => Err(Unreadable::Damaged),
        }
    }
}

fn whole<'a, T: Deserialize<'a>>(rest: &'a [u8]) -> Result<T, Unreadable> {
    match postcard::take_from_bytes(rest) {
        Ok((read, [])) => Ok(read),
        _ => Err(Unreadable::Damaged),
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
    use crate::engine::{store::stretch::Cost, world::SeededRng};

    fn slots() -> Keyslots {
        Keyslots {
            store: [0xAB; 16],
            generation: 300,
            wrapping: Wrapping::KeyFile("/k".into()),
            data: vec![
                WrappedKey { id: 1, sealed: vec![9, 8], part: Part::Retired },
                WrappedKey { id: 2, sealed: vec![7], part: Part::Live },
            ],
            naming: vec![7],
        }
    }

    fn with_digest(body: &[u8]) -> Vec<u8> {
        [body, &blake3::hash(body).as_bytes()[..DIGEST]].concat()
    }

    #[test]
    fn golden() {
        let bytes = slots().encode();
        let body = [&[2_u8][..], &[0xAB; 16], &[0xAC, 2], &[1, 2, b'/', b'k'], &[2, 1, 2, 9, 8, 1, 2, 1, 7, 0], &[1, 7]].concat();
        assert_eq!(bytes, with_digest(&body));
        assert_eq!(Keyslots::decode(&bytes), Ok(slots()));
        assert_eq!(slots().store_name(), "ab".repeat(16));
    }

    #[test]
    fn every_wrapping_is_written_as_it_was() {
        let cost = Cost { memory_kib: 65536, passes: 3, lanes: 1 };
        for (wrapping, golden) in [
            (Wrapping::StateKeyFile, vec![0]),
            (Wrapping::NumberedKeyFile(5), vec![2, 5]),
            (Wrapping::Passphrase(Stretching { salt: [1; 16], cost }), [&[3][..], &[1; 16], &[0x80, 0x80, 4, 3, 1]].concat()),
            (Wrapping::Keyring("s".to_owned()), vec![4, 1, b's']),
        ] {
            assert_eq!(postcard::to_stdvec(&wrapping).unwrap(), golden, "{wrapping:?}");
            let slots = Keyslots { wrapping, ..slots() };
            assert_eq!(Keyslots::decode(&slots.encode()), Ok(slots));
        }
    }

    #[test]
    fn the_first_version_is_still_read() {
        let body = [&[1_u8][..], &[0xAB; 16], &[1, 2, b'/', b'k'], &[1, 1, 2, 9, 8], &[1, 7]].concat();
        let expected = Keyslots { generation: 0, data: vec![WrappedKey { id: 1, sealed: vec![9, 8], part: Part::Live }], ..slots() };
        assert_eq!(Keyslots::decode(&with_digest(&body)), Ok(expected));
    }

    #[test]
    fn a_newer_version_is_no_damage() {
        assert_eq!(Keyslots::decode(&with_digest(&[3, 1, 2])), Err(Unreadable::Newer(3)));
        assert_eq!(Keyslots::decode(&with_digest(&[0, 1, 2])), Err(Unreadable::Damaged));
    }

    #[test]
    fn any_changed_byte_is_damage() {
        let whole = slots().encode();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert_eq!(Keyslots::decode(&bytes), Err(Unreadable::Damaged), "byte {at}");
            assert_eq!(Keyslots::decode(&whole[..at]), Err(Unreadable::Damaged), "cut at {at}");
        }
    }

    #[test]
    fn keys_before_the_last_are_draining_unless_retired() {
        let mut slots = slots();
        assert!(slots.draining().is_empty());
        slots.data[0].part = Part::Live;
        assert_eq!(slots.draining(), [1]);
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
