//! Times, ages and sizes in words, and durations read back.

use std::time::Duration;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: write a number and ms, s, m, h or d, such as 250ms, 30s, 15m, 24h or 7d")]
pub struct AmountError;

/// Duration units, longest first, in milliseconds.
const DURATIONS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Size units, largest first, in bytes.
const SIZES: [(&str, u64); 5] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// The longest duration taken: 100 years.
const LONGEST_MS: u64 = 36_500 * 86_400_000;

/// Reads `250ms 30s 15m 24h 7d`, a whole number and one unit, or `0`; at most 100 years.
///
/// # Errors
/// [`AmountError`] for anything else.
pub fn parse_duration(text: &str) -> Result<Duration, AmountError> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    scaled(text, &DURATIONS).filter(|millis| *millis <= LONGEST_MS).map(Duration::from_millis).ok_or(AmountError)
}

/// Reads `512B 64KiB 256MiB 2GiB`: a whole number and one binary unit.
#[must_use]
pub fn parse_size(text: &str) -> Option<u64> {
    scaled(text, &SIZES)
}

/// A duration as it would be written in the configuration, in its largest whole unit: `90s`, `15m`, `250ms`. Finer than a millisecond is
/// cut off.
#[must_use]
pub fn duration_exact(span: Duration) -> String {
    exact(u64::try_from(span.as_millis()).unwrap_or(u64::MAX), &DURATIONS, "0s")
}

/// A size as it would be written in the configuration, in the largest unit that keeps it exact: `64KiB`.
#[must_use]
pub fn size_exact(bytes: u64) -> String {
    exact(bytes, &SIZES, "0B")
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

fn exact(amount: u64, units: &[(&str, u64)], zero: &str) -> String {
    if amount == 0 {
        return zero.to_owned();
    }
    units
        .iter()
        .find(|(_, scale)| amount.is_multiple_of(*scale))
        .map_or_else(|| amount.to_string(), |(name, scale)| format!("{}{name}", amount / scale))
}

/// An age for a sentence, in one unit, rounded down: `9 s`, `4 min`, `3 h`, `2 d`. The unit changes at twice its length, so that an hour
/// and a half stays `90 min`: cutting it to one hour would say too little.
#[must_use]
pub fn age_words(age: Duration) -> String {
    let (count, _, unit) = one_unit(age);
    format!("{count} {unit}")
}

/// The same for a column: `9s 4m 3h 2d`.
#[must_use]
pub fn age_short(age: Duration) -> String {
    let (count, unit, _) = one_unit(age);
    format!("{count}{unit}")
}

fn one_unit(age: Duration) -> (u64, &'static str, &'static str) {
    const STEPS: [(u64, &str, &str); 3] = [(86_400, "d", "d"), (3_600, "h", "h"), (60, "m", "min")];
    let seconds = age.as_secs();
    STEPS
        .into_iter()
        .find(|(length, ..)| seconds / length >= 2)
        .map_or((seconds, "s", "s"), |(length, short, words)| (seconds / length, short, words))
}

/// A size in binary units, one decimal from KiB up: `512 B`, `12.4 GiB`.
#[must_use]
pub fn bytes_words(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes.abs() < 1024.0 {
        return format!("{bytes} B");
    }
    let mut size = bytes / 1024.0;
    let mut unit = 0;
    while size.abs() >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}
