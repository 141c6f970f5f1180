//! Lengths of time in one unit, as people say them.

use std::time::Duration;

use crate::text::{age_short, age_words};

const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];

/// An age for a narrow column: `3s 12m 4h 2d`, whole units, cut off; a unit begins at twice its length.
#[must_use]
pub fn short(age: Duration) -> String {
    age_short(age)
}

/// An age for a sentence: `9 s`, `4 min`, `2 h`, `3 d`; below a second `0 s`. Units as for [`short`].
#[must_use]
pub fn words(age: Duration) -> String {
    age_words(age)
}

/// A configured length for a sentence, exact: `500 ms`, `90 s`, `15 min`, `1 h`, in the largest unit that leaves no rest.
#[must_use]
pub fn setting(span: Duration) -> String {
    let seconds = span.as_secs();
    if span.subsec_millis() > 0 {
        return format!("{} ms", span.as_millis());
    }
    let unit = UNITS.into_iter().find(|(length, ..)| seconds >= *length && seconds.is_multiple_of(*length));
    unit.map_or_else(|| format!("{seconds} s"), |(length, words)| format!("{} {words}", seconds / length))
}

/// A length rounded to the unit in which it is said, so that [`setting`] says it shortly; below two seconds as it is.
#[must_use]
pub fn rounded(span: Duration) -> Duration {
    let seconds = span.as_secs();
    match UNITS.into_iter().find(|(length, ..)| seconds / length >= 2) {
        Some((length, _)) => Duration::from_secs((seconds + length / 2) / length * length),
        None => span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_in_one_unit() {
        for (seconds, narrow, sentence) in [
            (0, "0s", "0 s"),
            (3, "3s", "3 s"),
            (60, "60s", "60 s"),
            (119, "119s", "119 s"),
            (120, "2m", "2 min"),
            (900, "15m", "15 min"),
            (5_400, "90m", "90 min"),
            (14_400, "4h", "4 h"),
            (86_400, "24h", "24 h"),
            (200_000, "2d", "2 d"),
        ] {
            assert_eq!(short(Duration::from_secs(seconds)), narrow);
            assert_eq!(words(Duration::from_secs(seconds)), sentence);
        }
        assert_eq!(short(Duration::from_millis(999)), "0s");
        assert!(short(Duration::MAX).ends_with('d'));
    }

    #[test]
    fn rounded_lengths_are_said_shortly() {
        for (millis, sentence) in [
            (999, "999 ms"),
            (1_999, "1999 ms"),
            (61_400, "61 s"),
            (149_000, "2 min"),
            (150_000, "3 min"),
            (7_199_000, "2 h"),
            (9_100_000, "3 h"),
            (172_799_000, "2 d"),
            (7_776_000_000, "90 d"),
        ] {
            assert_eq!(setting(rounded(Duration::from_millis(millis))), sentence);
        }
    }

    #[test]
    fn settings_are_exact() {
        for (millis, sentence) in [
            (0, "0 s"),
            (500, "500 ms"),
            (1_500, "1500 ms"),
            (90_000, "90 s"),
            (900_000, "15 min"),
            (3_600_000, "1 h"),
            (86_400_000, "1 d"),
        ] {
            assert_eq!(setting(Duration::from_millis(millis)), sentence);
        }
    }
}
