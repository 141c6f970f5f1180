//! Weighted Confidence: five factors, their weights, and the score.
//!
//! `score = clamp(sum of weight * value, 0, 1)`. Scores are compared, and put into bands, as whole ten-thousandths, so that the last
//! digits of a float decide nothing.

use std::{fmt, time::Duration};

use super::span;

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

impl FactorKind {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Freshness, Self::SourceTrust, Self::SchemaValidity, Self::TelemetryAlignment, Self::UserOverrides];

    /// The stable code, the same as in the configuration.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Freshness => "freshness",
            Self::SourceTrust => "source_trust",
            Self::SchemaValidity => "schema_validity",
            Self::TelemetryAlignment => "telemetry_alignment",
            Self::UserOverrides => "user_overrides",
        }
    }
}

impl fmt::Display for FactorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// What a factor weighs; normalised so that the five sum to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights(pub [f64; 5]);

/// Why five numbers are no weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// One is negative, NaN or infinite.
    #[error("the weight of {0} is not a number of 0 or more")]
    NotAWeight(FactorKind),
    /// None is above zero, or their sum is beyond all measure.
    #[error("the five weights must add up to something above 0")]
    NoSum,
}

impl Weights {
    /// Scales five weights, in the order of [`FactorKind`], so that they sum to 1.
    ///
    /// # Errors
    /// [`WeightsError`] when one is negative or not finite, or all are zero.
    pub fn new(raw: [f64; 5]) -> Result<Self, WeightsError> {
        for (kind, weight) in FactorKind::ALL.into_iter().zip(raw) {
            if !weight.is_finite() || weight < 0.0 {
                return Err(WeightsError::NotAWeight(kind));
            }
        }
        let sum: f64 = raw.iter().sum();
        if !sum.is_finite() || sum <= 0.0 {
            return Err(WeightsError::NoSum);
        }
        Ok(Self(raw.map(|weight| weight / sum)))
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self([0.35, 0.30, 0.20, 0.10, 0.05])
    }
}

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

impl Validity {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NoSchema => "no_schema",
            Self::Invalid => "invalid",
        }
    }
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
    /// What each factor weighs.
    pub weights: Weights,
    /// What they are computed from.
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

/// The least freshness, however old.
const FRESHNESS_FLOOR: f64 = 0.1;

impl ScoreBasis {
    /// `max(0.1, exp(-ln 2 * age / half_life))`; an age of zero, as of anything from the future, is 1.
    #[must_use]
    pub fn freshness(&self) -> f64 {
        if self.age.is_zero() {
            return 1.0;
        }
        let half_lives = self.age.as_secs_f64() / self.half_life.as_secs_f64();
        (-std::f64::consts::LN_2 * half_lives).exp().max(FRESHNESS_FLOOR)
    }

    /// The value of a factor, -1 to 1.
    #[must_use]
    pub fn value(&self, kind: FactorKind) -> f64 {
        match kind {
            FactorKind::Freshness => self.freshness(),
            FactorKind::SourceTrust => share(self.trust),
            FactorKind::SchemaValidity => match self.validity {
                Validity::Valid => 1.0,
                Validity::NoSchema => 0.5,
                Validity::Invalid => -1.0,
            },
            FactorKind::TelemetryAlignment => self.alignment.map_or(0.5, share),
            FactorKind::UserOverrides => (1.0 + f64::from(self.accepts)) / (2.0 + f64::from(self.accepts) + f64::from(self.rejects)),
        }
    }
}

/// Within 0 to 1; what is no number counts as nothing.
fn share(float: f64) -> f64 {
    if float.is_nan() { 0.0 } else { float.clamp(0.0, 1.0) }
}

impl Confidence {
    /// Scores one observation: engine contract, section 4.
    #[must_use]
    pub fn score(weights: &Weights, basis: &ScoreBasis) -> Self {
        let mut confidence = Self { score: 0.0, weights: *weights, basis: *basis };
        confidence.score = share(confidence.factors().iter().map(|factor| factor.contribution).sum());
        confidence
    }

    /// The five lines, in the order of [`FactorKind`]: worked out anew, because every fact has a score and few are looked at.
    #[must_use]
    pub fn factors(&self) -> [Factor; 5] {
        let mut factors = FactorKind::ALL.map(|kind| Factor { kind, weight: 0.0, value: self.basis.value(kind), contribution: 0.0 });
        for (factor, weight) in factors.iter_mut().zip(self.weights.0) {
            factor.weight = weight;
            factor.contribution = weight * factor.value;
        }
        factors
    }

    /// The score in whole ten-thousandths: what is compared.
    #[must_use]
    pub fn points(&self) -> u32 {
        points(self.score)
    }

    /// The band of the score.
    #[must_use]
    pub fn band(&self) -> Band {
        Band::of(self.score)
    }

    /// A sentence for one factor: what was seen that gave it its value, such as `9 s old, half-life 15 min`.
    #[must_use]
    pub fn signal(&self, kind: FactorKind) -> String {
        let basis = &self.basis;
        match kind {
            FactorKind::Freshness => format!("{} old, half-life {}", span::words(basis.age), span::setting(basis.half_life)),
            FactorKind::SourceTrust => format!("its source is trusted {:.2}", share(basis.trust)),
            FactorKind::SchemaValidity => match basis.validity {
                Validity::Valid => "fits its schema".to_owned(),
                Validity::NoSchema => "there is no schema for it".to_owned(),
                Validity::Invalid => "does not fit its schema".to_owned(),
            },
            FactorKind::TelemetryAlignment => match basis.alignment {
                Some(alignment) => format!("its source answered with {:.2} of full speed and availability, last 5 min", share(alignment)),
                None => "nothing is known yet of how its source answers".to_owned(),
            },
            FactorKind::UserOverrides => match (basis.accepts, basis.rejects) {
                (0, 0) => "nobody has decided on it yet".to_owned(),
                (accepts, rejects) => format!("decided for it {accepts}, against it {rejects}"),
            },
        }
    }
}

/// A share of 0 to 1 in whole ten-thousandths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10,000 by the line itself")]
pub(super) fn points(share_of_one: f64) -> u32 {
    (share(share_of_one) * 10_000.0).round() as u32
}

impl Band {
    /// The band of a score, taken in whole ten-thousandths: 0.75 and above is high, 0.40 and above medium.
    #[must_use]
    pub fn of(score: f64) -> Self {
        match points(score) {
            0..4_000 => Self::Low,
            4_000..7_500 => Self::Medium,
            _ => Self::High,
        }
    }

    /// The word: `high medium low`; also the stable code.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The name of its colour, never shown without the word: `green amber red`.
    #[must_use]
    pub fn colour(self) -> &'static str {
        match self {
            Self::Low => "red",
            Self::Medium => "amber",
            Self::High => "green",
        }
    }
}

impl fmt::Display for Band {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// How often a value of this probability is right, in words: `right about 8 in 10`.
#[must_use]
pub fn right_about(p_true: f64) -> String {
    match points(p_true) {
        0..1_000 => "right less than 1 in 10".to_owned(),
        9_500.. => "nearly always right".to_owned(),
        points => format!("right about {} in 10", ((points + 500) / 1_000).min(9)),
    }
}

#[cfg(test)]
#[path = "confidence_tests.rs"]
mod tests;
