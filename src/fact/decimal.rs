//! Numbers as exact decimals: equality, order and distance without rounding.

use std::cmp::Ordering;

/// A JSON number in its one form: a mantissa without trailing zeros times a power of ten. Equal numbers are `==`, however they were
/// spelled: 1, 1.0, 10e-1. Zero has no sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Decimal {
    /// A mantissa of at most 38 digits.
    Small { mantissa: i128, exponent: i32 },
    /// A longer one: its digits, without leading or trailing zeros.
    Big { negative: bool, digits: Box<str>, exponent: i64 },
}

/// The longest exponent of a number that is taken, in digits.
pub(super) const MAX_EXPONENT_DIGITS: usize = 9;

impl Decimal {
    /// Bytes of memory it takes beside itself.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Small { .. } => 0,
            Self::Big { digits, .. } => digits.len(),
        }
    }

    const ZERO: Self = Self::Small { mantissa: 0, exponent: 0 };

    /// Reads a text that is a JSON number; none when it is not, or its exponent has more than nine digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(whole) = small_whole(text) {
            return Some(whole);
        }
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (number, power) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], power_of(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let joined = format!("{whole}{fraction}");
        let digits = joined.trim_start_matches('0').trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self::ZERO);
        }
        let trailing = joined.len() - joined.trim_end_matches('0').len();
        let exponent = power - i64::try_from(fraction.len()).ok()? + i64::try_from(trailing).ok()?;
        match (digits.parse::<i128>(), i32::try_from(exponent)) {
            (Ok(mantissa), Ok(exponent)) if digits.len() <= 38 => {
                Some(Self::Small { mantissa: if negative { -mantissa } else { mantissa }, exponent })
            }
            _ => Some(Self::Big { negative, digits: digits.into(), exponent }),
        }
    }

    /// The shortest decimal that stands for this finite float.
    pub(super) fn of_float(float: f64) -> Option<Self> {
        if float.is_finite() { Self::parse(&format!("{float:e}")) } else { None }
    }

    /// A float within two units in the last place; infinite beyond its range.
    #[expect(clippy::cast_precision_loss, reason = "rounding is what it is for")]
    pub(super) fn roughly(&self) -> f64 {
        match self {
            // Powers of ten up to the 22nd are floats exactly.
            Self::Small { mantissa, exponent: exponent @ 0..=22 } => *mantissa as f64 * 10_f64.powi(*exponent),
            Self::Small { mantissa, exponent: exponent @ -22..0 } => *mantissa as f64 / 10_f64.powi(-*exponent),
            _ => self.canonical().parse().unwrap_or(f64::NAN),
        }
    }

    /// The one spelling of it: `-123e-4`.
    pub(super) fn canonical(&self) -> String {
        match self {
            Self::Small { mantissa, exponent } => format!("{mantissa}e{exponent}"),
            Self::Big { negative, digits, exponent } => format!("{}{digits}e{exponent}", if *negative { "-" } else { "" }),
        }
    }

    fn is_negative(&self) -> bool {
        match self {
            Self::Small { mantissa, .. } => *mantissa < 0,
            Self::Big { negative, .. } => *negative,
        }
    }

    /// Digits of the magnitude, and the power of ten of a leading `0.` before them.
    fn magnitude(&self) -> (String, i64) {
        let (digits, exponent) = match self {
            Self::Small { mantissa, exponent } => (mantissa.unsigned_abs().to_string(), i64::from(*exponent)),
            Self::Big { digits, exponent, .. } => (digits.to_string(), *exponent),
        };
        let power = exponent + i64::try_from(digits.len()).unwrap_or(i64::MAX);
        (digits, power)
    }

    fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// Whether the two are at most `limit` apart; none when that takes more than 38 digits to say.
    pub(super) fn within(&self, other: &Self, limit: &Self) -> Option<bool> {
        let exponent = self.small()?.1.min(other.small()?.1).min(limit.small()?.1);
        let distance = self.scaled(exponent)?.checked_sub(other.scaled(exponent)?)?.checked_abs()?;
        Some(distance <= limit.scaled(exponent)?)
    }

    /// Whether the two are at most the fraction `of` of the larger magnitude apart; none when that takes more than 38 digits to say.
    pub(super) fn within_fraction(&self, other: &Self, of: &Self) -> Option<bool> {
        let (fraction, fraction_exponent) = of.small()?;
        let exponent = self.small()?.1.min(other.small()?.1);
        let (left, right) = (self.scaled(exponent)?, other.scaled(exponent)?);
        let limit = Self::Small { mantissa: left.abs().max(right.abs()).checked_mul(fraction)?, exponent: fraction_exponent };
        let distance = Self::Small { mantissa: left.checked_sub(right)?.checked_abs()?, exponent: 0 };
        distance.within(&Self::ZERO, &limit)
    }

    fn small(&self) -> Option<(i128, i32)> {
        match self {
            // Zero aligns with everything and must not pull the common exponent up or down.
            Self::Small { mantissa: 0, .. } => Some((0, i32::MAX)),
            Self::Small { mantissa, exponent } => Some((*mantissa, *exponent)),
            Self::Big { .. } => None,
        }
    }

    fn scaled(&self, exponent: i32) -> Option<i128> {
        let (mantissa, own) = self.small()?;
        if mantissa == 0 {
            return Some(0);
        }
        let power = u32::try_from(own.checked_sub(exponent)?).ok()?;
        mantissa.checked_mul(10_i128.checked_pow(power)?)
    }
}

/// The common case, a whole number of a few digits, without allocating.
fn small_whole(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !(1..=18).contains(&digits.len())
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
        || (digits.len() > 1 && digits.starts_with('0'))
    {
        return None;
    }
    let (mut mantissa, mut exponent) = (text.parse::<i64>().ok()?, 0);
    while mantissa != 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        exponent += 1;
    }
    Some(Decimal::Small { mantissa: i128::from(mantissa), exponent })
}

fn power_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let significant = digits.trim_start_matches('0');
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) || significant.len() > MAX_EXPONENT_DIGITS {
        return None;
    }
    let power = if significant.is_empty() { 0 } else { significant.parse::<i64>().ok()? };
    Some(if text.starts_with('-') { -power } else { power })
}

impl Ord for Decimal {
    /// By value.
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Self::Small { mantissa: left, exponent: 0 }, Self::Small { mantissa: right, exponent: 0 }) = (self, other) {
            return left.cmp(right);
        }
        match (self.is_negative(), other.is_negative()) {
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            _ => {}
        }
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let ((left, left_power), (right, right_power)) = (self.magnitude(), other.magnitude());
        // Without leading and trailing zeros, digits after `0.` compare as text.
        let by_size = left_power.cmp(&right_power).then_with(|| left.cmp(&right));
        if self.is_negative() { by_size.reverse() } else { by_size }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn spellings_of_one_number_are_equal() {
        for spelling in ["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.000", "100e-2"] {
            assert_eq!(decimal(spelling), decimal("1"), "{spelling}");
        }
        for zero in ["0", "-0", "0.0", "0e9", "-0.00e-3"] {
            assert_eq!(decimal(zero), Decimal::ZERO, "{zero}");
        }
        assert_ne!(decimal("9007199254740993"), decimal("9007199254740992"));
        let long = "1".repeat(60);
        assert_eq!(decimal(&long), decimal(&format!("{long}.000")));
        assert_ne!(decimal(&long), decimal(&format!("{long}2")));
        assert_eq!(decimal("1e0000000000000003"), decimal("1000"));
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", "-", "01", "1.", ".5", "+1", "1e", "1e+", "NaN", "0x1", "1e9999999999", "1 ", "٣", "1.2.3"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn distances_are_exact() {
        assert_eq!(decimal("1.3").within(&decimal("1.2"), &decimal("0.1")), Some(true));
        assert_eq!(decimal("1.30000000000000001").within(&decimal("1.2"), &decimal("0.1")), Some(false));
        assert_eq!(decimal("9007199254740993").within(&decimal("9007199254740992"), &decimal("0.5")), Some(false));
        assert_eq!(decimal("100").within_fraction(&decimal("98"), &decimal("0.02")), Some(true));
        assert_eq!(decimal("100").within_fraction(&decimal("97.99"), &decimal("0.02")), Some(false));
        assert_eq!(decimal("0").within_fraction(&decimal("0"), &decimal("0.02")), Some(true));
        assert_eq!(decimal("1e300").within(&decimal("1e-300"), &decimal("1")), None);
    }

    proptest! {
        #[test]
        fn order_is_that_of_integers(left in any::<i64>(), right in any::<i64>(), zeros in 0_usize..5) {
            let (one, other) = (decimal(&left.to_string()), decimal(&format!("{right}.{}", "0".repeat(zeros + 1))));
            prop_assert_eq!(one.cmp(&other), left.cmp(&right));
            prop_assert_eq!(one == other, left == right);
        }

        #[test]
        fn order_is_that_of_floats(left in -1e6_f64..1e6, right in -1e6_f64..1e6) {
            let (one, other) = (Decimal::of_float(left).unwrap(), Decimal::of_float(right).unwrap());
            prop_assert_eq!(one.cmp(&other), left.partial_cmp(&right).unwrap());
            prop_assert!((one.roughly() - left).abs() <= 2.0 * f64::EPSILON * left.abs());
        }

        #[test]
        fn no_text_panics(text in "[-+0-9.eE]{0,40}|\\PC{0,10}") {
            if let Some(number) = Decimal::parse(&text) {
                prop_assert_eq!(Decimal::parse(&number.canonical()), Some(number));
            }
        }
    }
}
