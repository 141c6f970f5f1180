//! One moment of history.

use crate::fact::{Band, Timestamp, Value};

/// Values longer than this are not kept.
const LONGEST_VALUE: usize = 4 * 1024;

/// What was believed about a key from one moment on.
#[derive(Clone, Debug, PartialEq)]
pub struct Believed {
    /// From when on.
    pub at: Timestamp,
    /// The value; none when nothing was believed, or it was too long.
    pub value: Option<Value>,
    /// Whether there was a value too long to be kept.
    pub too_long: bool,
    /// 0 to 1, to 1e-4; none when nothing was observed.
    pub confidence: Option<f64>,
    /// The confidence in a word.
    pub band: Option<Band>,
}

impl Believed {
    /// This value, believed so far, from `at` on.
    pub(super) fn new(value: Option<&Value>, score: Option<f64>, at: Timestamp) -> Self {
        let too_long = value.is_some_and(|value| value.as_json_text().len() > LONGEST_VALUE);
        Self::from_units(at, value.cloned().filter(|_| !too_long), too_long, score.map(to_units))
    }

    /// From what is stored.
    pub(super) fn from_units(at: Timestamp, value: Option<Value>, too_long: bool, units: Option<u16>) -> Self {
        let confidence = units.map(|units| f64::from(units) / UNITS);
        Self { at, value, too_long, confidence, band: confidence.map(Band::of) }
    }

    /// The confidence as it is stored.
    pub(super) fn units(&self) -> Option<u16> {
        self.confidence.map(to_units)
    }

    /// Whether both say the same of the value.
    pub(super) fn same_value(&self, other: &Self) -> bool {
        (&self.value, self.too_long) == (&other.value, other.too_long)
    }
}

const UNITS: f64 = 10_000.0;

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10000 after clamping")]
fn to_units(score: f64) -> u16 {
    (score.clamp(0.0, 1.0) * UNITS).round() as u16
}
