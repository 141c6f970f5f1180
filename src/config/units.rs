//! Tolerances as they are written in the file.

use crate::fact::Tolerance;

/// Reads a relative tolerance, `"2%"` or `"0.5%"`; 0 to 100 percent.
pub(super) fn parse_percent(text: &str) -> Option<Tolerance> {
    let number = text.strip_suffix('%')?.trim_end();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let percent: f64 = number.parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(Tolerance::Relative(percent / 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents() {
        assert_eq!(parse_percent("2%"), Some(Tolerance::Relative(0.02)));
        assert_eq!(parse_percent("0.5 %"), Some(Tolerance::Relative(0.005)));
        for text in ["2", "%", "101%", "-1%", "NaN%", "inf%", "1e1%", "1.2.3%"] {
            assert_eq!(parse_percent(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = parse_percent(&text);
        }
    }
}
