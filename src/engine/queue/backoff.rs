//! Full jitter.
use std::time::Duration;
/// Delay.
#[must_use]
pub fn full_jitter(base: Duration, factor: f64, cap: Duration, attempt: u32, random: u64) -> Duration {
    let most = (base.as_secs_f64() * factor.powi(i32::try_from(attempt.min(64)).unwrap_or(64))).min(cap.as_secs_f64());
    Duration::from_secs_f64(most * (random >> 11) as f64 / (1_u64 << 53) as f64)
}
