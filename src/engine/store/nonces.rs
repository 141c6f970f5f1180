//! Randomness drawn in larger portions: a call to the system for every nonce costs more than sealing a small record.

use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::world::Rng;

const PORTION: usize = 4096;

/// Hands out what it draws, each byte once.
pub struct Nonces {
    from: Arc<dyn Rng>,
    portion: Mutex<Portion>,
}

struct Portion {
    bytes: Box<[u8; PORTION]>,
    used: usize,
}

impl Nonces {
    /// Draws from `from` when first asked.
    pub fn new(from: Arc<dyn Rng>) -> Self {
        Self { from, portion: Mutex::new(Portion { bytes: Box::new([0; PORTION]), used: PORTION }) }
    }
}

impl Rng for Nonces {
    fn fill(&self, buffer: &mut [u8]) {
        if buffer.len() > PORTION {
            self.from.fill(buffer);
            return;
        }
        let mut portion = self.portion.lock().unwrap_or_else(PoisonError::into_inner);
        if PORTION - portion.used < buffer.len() {
            self.from.fill(&mut portion.bytes[..]);
            portion.used = 0;
        }
        let start = portion.used;
        portion.used += buffer.len();
        let end = portion.used;
        buffer.copy_from_slice(&portion.bytes[start..end]);
        portion.bytes[start..end].fill(0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::engine::world::SystemRng;

    #[test]
    fn no_byte_is_handed_out_twice() {
        let nonces = Nonces::new(SystemRng::shared());
        let mut seen = HashSet::new();
        for _ in 0..2_000 {
            let mut nonce = [0; 12];
            nonces.fill(&mut nonce);
            assert_ne!(nonce, [0; 12]);
            assert!(seen.insert(nonce));
        }
        let mut long = vec![0; 3 * PORTION];
        nonces.fill(&mut long);
        assert_ne!(long[2 * PORTION..], vec![0; PORTION]);
    }
}
