//! How long to wait before the next attempt: exponential, with full jitter.
//!
//! Full jitter, because whoever failed together must not come back together. It keeps no state and draws no randomness itself.

use std::time::Duration;

/// The longest delay after so many charged or failed attempts before this one, counted from 0: `base`, growing by `factor`, up to `cap`.
fn ceiling(base: Duration, factor: f64, cap: Duration, attempt: u32) -> Duration {
    // Past a few hundred doublings every power is infinite, and the cap decides.
    let seconds = base.as_secs_f64() * factor.max(1.0).powf(f64::from(attempt));
    Duration::try_from_secs_f64(seconds).unwrap_or(cap).min(cap)
}

/// The delay before the next attempt; `attempt` is 0 after the first failed one. Between nothing and the ceiling, spread evenly by `random`.
#[must_use]
pub fn full_jitter(base: Duration, factor: f64, cap: Duration, attempt: u32, random: u64) -> Duration {
    let nanos = u64::try_from(ceiling(base, factor, cap, attempt).as_nanos()).unwrap_or(u64::MAX);
    // The high half of the product: even to one part in 2^64, without a division.
    let share = (u128::from(random) * (u128::from(nanos) + 1)) >> 64;
    Duration::from_nanos(u64::try_from(share).unwrap_or(nanos))
}

#[cfg(test)]
mod contention_tests;
#[cfg(test)]
mod tests;
