//! For tables whose keys are hashes already: what a key begins with is its place.

use std::hash::Hasher;

/// Takes the first eight bytes of what it was given last, which is the key: of a slice it is told the length before.
#[derive(Default)]
pub struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(self.0, |first| u64::from_le_bytes(*first));
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, BuildHasherDefault};

    use super::*;

    #[test]
    fn a_key_begins_with_its_place() {
        let places = BuildHasherDefault::<Hashed>::default();
        let key: [u8; 16] = [1, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2];
        assert_eq!((places.hash_one(key), places.hash_one(u128::from_ne_bytes(key))), (1, 1));
    }
}
