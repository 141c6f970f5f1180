//! The outside, as small traits: time, randomness, secrets. Real at the edge, simulated in tests.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{config::SecretRef, fact::Timestamp};

/// Two clocks: the wall for stamps, the monotonic for durations.
pub trait Clock: Send + Sync {
    /// Wall-clock time, which may jump.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment, which never goes back.
    fn monotonic(&self) -> Duration;
}

/// Bytes nobody can guess.
pub trait Rng: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Turns a reference into a secret, at the moment it is used.
pub trait Secrets: Send + Sync {
    /// The secret, or a sentence why it cannot be had.
    ///
    /// # Errors
    /// The sentence names the reference, never the secret.
    fn resolve(&self, reference: &SecretRef) -> Result<String, String>;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// Starts the monotonic clock at zero.
    #[must_use]
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self(Instant::now()))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}
