//! Durations, sizes and tolerances as they are written in the file, and back.

use std::time::Duration;

use crate::fact::Tolerance;

/// Duration units, longest first, in milliseconds.
const DURATIONS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Size units, largest first, in bytes.
const SIZES: [(&str, u64); 5] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// The longest duration taken: 100 years.
const LONGEST_MS: u64 = 36_500 * 86_400_000;

/// Reads `250ms 30s 15m 24h 7d`: a whole number and one unit, at most 100 years.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    scaled(text, &DURATIONS).filter(|millis| *millis <= LONGEST_MS).map(Duration::from_millis)
}

/// Writes a duration in the longest unit that keeps it exact; finer than a millisecond is cut off.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    exact(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &DURATIONS, "0s")
}

/// Reads `512B 64KiB 256MiB 2GiB`: a whole number and one binary unit.
#[must_use]
pub fn parse_size(text: &str) -> Option<u64> {
    scaled(text, &SIZES)
}

/// Writes a size in the largest unit that keeps it exact.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    exact(bytes, &SIZES, "0B")
}

/// Reads a relative tolerance, `"2%"` or `"0.5%"`; 0 to 100 percent.
pub(super) fn parse_percent(text: &str) -> Option<Tolerance> {
    let number = text.strip_suffix('%')?.trim_end();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let percent: f64 = number.parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(Tolerance::Relative(percent / 100.0))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_take_one_whole_number_and_one_unit() {
        for (text, millis) in
            [("250ms", 250), ("30s", 30_000), ("15m", 900_000), ("24h", 86_400_000), ("7d", 604_800_000), ("0s", 0), ("007s", 7_000)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in
            ["", "30", "s", "-1s", "+1s", "1.5h", "1h30m", "30 s", "30S", "1w", "99999999999999999999s", "36501d", "18446744073709551615d"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_binary() {
        for (text, bytes) in [("64KiB", 65_536), ("256MiB", 268_435_456), ("1B", 1), ("2GiB", 2_147_483_648), ("0B", 0)] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["64", "64KB", "64kib", "1.5MiB", "-1B", "", "16777216TiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    #[test]
    fn percents() {
        assert_eq!(parse_percent("2%"), Some(Tolerance::Relative(0.02)));
        assert_eq!(parse_percent("0.5 %"), Some(Tolerance::Relative(0.005)));
        for text in ["2", "%", "101%", "-1%", "NaN%", "inf%", "1e1%", "1.2.3%"] {
            assert_eq!(parse_percent(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(millis in 0..LONGEST_MS, bytes in any::<u64>()) {
            prop_assert_eq!(parse_duration(&format_duration(Duration::from_millis(millis))), Some(Duration::from_millis(millis)));
            prop_assert_eq!(parse_size(&format_size(bytes)), Some(bytes));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = (parse_duration(&text), parse_size(&text), parse_percent(&text));
        }
    }
}
