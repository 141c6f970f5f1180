//! Lengths of time in one unit, as people say them.

use std::time::Duration;

const STEPS: [(u64, &str, &str); 4] = [(86_400, "d", "d"), (3_600, "h", "h"), (60, "m", "min"), (1, "s", "s")];

fn in_one_unit(span: Duration) -> (u64, &'static str, &'static str) {
    let seconds = span.as_secs();
    // An hour and a half stays minutes: cutting it to one hour would say too little.
    STEPS
        .into_iter()
        .find(|(length, ..)| seconds >= 2 * length || (seconds == *length))
        .map_or((seconds, "s", "s"), |(length, short, words)| (seconds / length, short, words))
}

/// A length of time for a narrow column: `3s 12m 4h 2d`, whole units, cut off, changing the unit at twice its length.
#[must_use]
pub fn short(span: Duration) -> String {
    let (count, unit, _) = in_one_unit(span);
    format!("{count}{unit}")
}

/// A length of time for a sentence: `9 s`, `4 min`, `2 h`, `3 d`; below a second `0 s`.
#[must_use]
pub fn words(span: Duration) -> String {
    let (count, _, unit) = in_one_unit(span);
    format!("{count} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unit_at_a_time() {
        for (seconds, narrow, sentence) in [
            (0, "0s", "0 s"),
            (3, "3s", "3 s"),
            (60, "1m", "1 min"),
            (90, "90s", "90 s"),
            (119, "119s", "119 s"),
            (120, "2m", "2 min"),
            (900, "15m", "15 min"),
            (3_600, "1h", "1 h"),
            (5_400, "90m", "90 min"),
            (14_400, "4h", "4 h"),
            (86_400, "1d", "1 d"),
            (172_800, "2d", "2 d"),
            (200_000, "2d", "2 d"),
        ] {
            assert_eq!(short(Duration::from_secs(seconds)), narrow);
            assert_eq!(words(Duration::from_secs(seconds)), sentence);
        }
        assert_eq!(short(Duration::from_millis(999)), "0s");
        assert!(short(Duration::MAX).ends_with('d'));
    }
}
