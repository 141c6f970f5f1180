//! A passphrase made into a key: Argon2id, with the numbers it was made with kept beside the wrapped keys.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::error::StoreError;
use crate::engine::world::{Passphrase, Rng};

/// How dear one guess is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes that could run beside each other.
    pub lanes: u32,
}

impl Default for Cost {
    /// 64 MiB and three passes: the second recommendation of RFC 9106 on one lane, since one thread computes it.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 }
    }
}

/// No file can make an open dearer than this.
const DEAREST: Cost = Cost { memory_kib: 1024 * 1024, passes: 64, lanes: 16 };

/// Salt and cost of one passphrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretching {
    /// Drawn anew with every passphrase.
    pub salt: [u8; 16],
    /// What it costs.
    pub cost: Cost,
}

impl Stretching {
    /// With a new salt.
    pub fn new(cost: Cost, rng: &dyn Rng) -> Self {
        let mut salt = [0; 16];
        rng.fill(&mut salt);
        Self { salt, cost }
    }

    /// The key of a passphrase.
    ///
    /// # Errors
    /// [`StoreError::KeyUnavailable`] when the cost is beyond reason.
    pub fn stretch(&self, passphrase: &Passphrase) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let refuse = |why: &str| {
            StoreError::KeyUnavailable(format!(
                "the keyslots ask for Argon2id with {memory_kib} KiB, {passes} passes and {lanes} lanes, {why}: put a good copy back; nothing was changed"
            ))
        };
        if memory_kib > DEAREST.memory_kib || passes > DEAREST.passes || lanes > DEAREST.lanes {
            return Err(refuse("which is more than stellar ever writes"));
        }
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|error| refuse(&error.to_string()))?;
        let mut memory = vec![Block::new(); params.block_count()];
        let mut key = Zeroizing::new([0; 32]);
        let stretched = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
            passphrase.as_bytes(),
            &self.salt,
            &mut *key,
            &mut memory,
        );
        memory.iter_mut().for_each(Zeroize::zeroize);
        stretched.map_err(|error| refuse(&error.to_string()))?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, salt: u8, cost: Cost) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        Stretching { salt: [salt; 16], cost }.stretch(&Passphrase::new(text.to_owned()))
    }

    const CHEAP: Cost = Cost { memory_kib: 32, passes: 1, lanes: 1 };

    #[test]
    fn golden() {
        let stretching = Stretching { salt: *b"somesaltsomesalt", cost: Cost { memory_kib: 64, passes: 2, lanes: 1 } };
        let key = stretching.stretch(&Passphrase::new("password".to_owned())).unwrap();
        assert_eq!(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), GOLDEN);
    }

    /// Computed by the reference implementation.
    const GOLDEN: &str = "1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1";

    #[test]
    fn every_part_counts() {
        let key = of("a", 1, CHEAP).unwrap();
        assert_eq!(of("a", 1, CHEAP).unwrap(), key);
        assert_ne!(of("b", 1, CHEAP).unwrap(), key);
        assert_ne!(of("a", 2, CHEAP).unwrap(), key);
        assert_ne!(of("a", 1, Cost { passes: 2, ..CHEAP }).unwrap(), key);
        assert_ne!(of("a", 1, Cost { memory_kib: 64, ..CHEAP }).unwrap(), key);
    }

    #[test]
    fn a_cost_beyond_reason_is_refused_before_it_is_paid() {
        for cost in [Cost { memory_kib: u32::MAX, ..CHEAP }, Cost { passes: u32::MAX, ..CHEAP }, Cost { memory_kib: 1, ..CHEAP }] {
            let error = of("a", 1, cost).unwrap_err().to_string();
            assert!(error.contains("Argon2id") && error.contains("nothing was changed"), "{error}");
        }
    }
}
