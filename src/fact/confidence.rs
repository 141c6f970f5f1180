//! Weighted Confidence: five factors, their weights, and the score.

use std::time::Duration;

/// The five factors, in the order they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactorKind {
    /// `max(0.1, exp(-ln 2 * age / half_life))`
    Freshness,
    /// Learned trust of the source for this field; for now the configured one.
    SourceTrust,
    /// 1 valid, 0.5 no schema, -1 invalid.
    SchemaValidity,
    /// APDEX times availability over the last five minutes; 0.5 unknown.
    TelemetryAlignment,
    /// `(1 + accepts) / (2 + accepts + rejects)`
    UserOverrides,
}

/// What a factor weighs; normalised so that the five sum to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights(pub [f64; 5]);

/// Whether a value fits its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Validity {
    /// It fits.
    Valid,
    /// There is no schema for it.
    #[default]
    NoSchema,
    /// It does not fit.
    Invalid,
}

/// The raw facts one observation is scored from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreBasis {
    /// Age by `observed_at`; zero for a live or declared reading.
    pub age: Duration,
    /// After which age freshness is one half.
    pub half_life: Duration,
    /// 0 to 1.
    pub trust: f64,
    /// Against the key's schema.
    pub validity: Validity,
    /// APDEX times availability, 0 to 1; none when unknown.
    pub alignment: Option<f64>,
    /// Decisions of a person for this source here.
    pub accepts: u32,
    /// Decisions of a person against it here.
    pub rejects: u32,
}

/// One line of the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor {
    /// Which.
    pub kind: FactorKind,
    /// Normalised weight, 0 to 1.
    pub weight: f64,
    /// Value, -1 to 1.
    pub value: f64,
    /// `weight * value`.
    pub contribution: f64,
}

/// A score with the arithmetic it came from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence {
    /// `clamp(sum of contributions, 0, 1)`.
    pub score: f64,
    /// The five lines, in the order of [`FactorKind`].
    pub factors: [Factor; 5],
    /// What they were computed from.
    pub basis: ScoreBasis,
}

/// A score in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Band {
    /// Below 0.40.
    Low,
    /// 0.40 to below 0.75.
    Medium,
    /// 0.75 and above.
    High,
}
