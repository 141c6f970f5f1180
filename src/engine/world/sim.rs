//! A world under control: time that moves when told, randomness that repeats. For tests, rehearsals and replays, never for keys on disk.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::fact::Timestamp;

use super::{clock::Clock, rng::Rng};

/// A clock that stands still until it is moved. Starts at 2026-01-05T10:00:00Z.
#[derive(Debug)]
pub struct SimClock {
    wall: AtomicI64,
    monotonic: AtomicU64,
}

impl SimClock {
    /// A clock whose wall shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { wall: AtomicI64::new(start.as_millis()), monotonic: AtomicU64::new(0) }
    }

    /// Moves both clocks on, by whole milliseconds.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.monotonic.fetch_add(millis, Ordering::SeqCst);
        self.wall.fetch_add(i64::try_from(millis).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the wall clock, forwards or back, as an operator or a time service may.
    pub fn jump_to(&self, now: Timestamp) {
        self.wall.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::new(Timestamp::from_millis(1_767_607_200_000))
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic.load(Ordering::SeqCst))
    }
}

/// Repeatable bytes: the output of BLAKE3, keyed by the seed, read on from call to call.
#[derive(Debug)]
pub struct SeededRng(Mutex<blake3::OutputReader>);

impl SeededRng {
    /// The same seed gives the same bytes in the same order of calls.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof()))
    }
}

impl Rng for SeededRng {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_differs() {
        let draw = |seed| {
            let rng = SeededRng::new(seed);
            let mut bytes = [0; 40];
            rng.fill(&mut bytes[..13]);
            rng.fill(&mut bytes[13..]);
            bytes
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn the_wall_may_jump_back_and_durations_never_do() {
        let clock = SimClock::default();
        assert_eq!(clock.now().to_rfc3339(), "2026-01-05T10:00:00.000Z");
        clock.advance(Duration::from_secs(90));
        clock.jump_to(Timestamp::from_millis(0));
        assert_eq!((clock.now().as_millis(), clock.monotonic()), (0, Duration::from_secs(90)));
    }
}
