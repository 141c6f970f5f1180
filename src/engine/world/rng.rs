//! Randomness nobody can guess: keys and nonces are made of it.

use std::{sync::Arc, thread};

/// Bytes nobody can guess.
pub trait Rng: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

impl SystemRng {
    /// The system's randomness, to be handed around.
    #[must_use]
    pub fn shared() -> Arc<dyn Rng> {
        Arc::new(Self)
    }
}

impl Rng for SystemRng {
    fn fill(&self, buffer: &mut [u8]) {
        // A nonce or a key from anything weaker would be worse than waiting, so there is no other way out of here.
        while getrandom::fill(buffer).is_err() {
            thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_fills_the_whole_buffer_differently_each_time() {
        let (mut first, mut second) = ([0; 64], [0; 64]);
        SystemRng.fill(&mut first);
        SystemRng.fill(&mut second);
        assert_ne!(first, second);
        assert_ne!(first[48..], [0; 16]);
    }
}
