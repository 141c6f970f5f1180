//! Times, ages and sizes in words, and durations read back.

use std::time::Duration;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: write a number and ms, s, m, h or d, such as 250ms, 30s, 15m, 24h or 7d")]
pub struct AmountError;

/// Reads `250ms 30s 15m 24h 7d`, or `0`.
///
/// # Errors
/// [`AmountError`] for anything else, also for what does not fit 64 bits of milliseconds.
pub fn parse_duration(text: &str) -> Result<Duration, AmountError> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let split = text.find(|char: char| !char.is_ascii_digit()).ok_or(AmountError)?;
    let (digits, unit) = text.split_at(split);
    let count: u64 = digits.parse().map_err(|_| AmountError)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(AmountError),
    };
    count.checked_mul(millis).map(Duration::from_millis).ok_or(AmountError)
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

/// A duration as it would be written in the configuration, in its largest whole unit: `90s`, `15m`, `250ms`.
#[must_use]
pub fn duration_exact(span: Duration) -> String {
    let millis = span.as_millis();
    let whole = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    match whole.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None => format!("{millis}ms"),
    }
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
