//! How Stellar itself is doing, on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::Telemetry,
    fact::{Calibration, SourceId},
};

/// How it stands: `core.telemetry.read`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TelemetryPayload {
    /// How well `p_true` kept its word, by decisions.
    pub calibration: CalibrationPayload,
    /// Decoded facts in memory.
    pub cache: HotPayload,
    /// Changes that wait.
    pub queue: WaitingPayload,
    /// By source.
    pub sources: Vec<AvailabilityPayload>,
}

/// By what decisions found; each null while nothing was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalibrationPayload {
    /// Facts that were decided, each for itself.
    pub asked: Option<ScoresPayload>,
    /// Conflicting facts, estimated: each decision stands for those like it.
    pub conflicting: Option<ScoresPayload>,
    /// All facts, estimated.
    pub all: Option<ScoresPayload>,
    /// How many facts there are.
    pub facts: u64,
    /// How many of them have a decision that stands for them.
    pub represented: u64,
}

/// Scores of judged facts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoresPayload {
    /// How many decisions they come from.
    pub decisions: u64,
    /// The share of believed values that were right, 0 to 1.
    pub right: f64,
    /// The share that majority vote would have had right.
    pub majority_right: f64,
    /// Brier score: mean squared distance of `p_true` from what came out; 0 is perfect.
    pub brier: f64,
    /// Calibration error: how far `p_true` was from the share that was right, on average over tenths; 0 is perfect.
    pub calibration_error: f64,
}

/// How often a fact that was asked for was in memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HotPayload {
    /// It was.
    pub hits: u64,
    /// It was read from disk.
    pub misses: u64,
    /// Bytes they take.
    pub bytes: u64,
    /// The most they may take.
    pub limit: u64,
}

/// Changes that wait to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingPayload {
    /// How many.
    pub depth: u64,
    /// Age of the oldest in milliseconds.
    pub oldest_ms: Option<u64>,
    /// How many wait for a person.
    pub needs_a_person: u64,
}

/// Whether a source answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AvailabilityPayload {
    /// Who.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// Answered among asked in the last five minutes; null: not asked.
    pub availability: Option<f64>,
}

impl ScoresPayload {
    fn of(scores: &Calibration) -> Self {
        Self {
            decisions: scores.judged as u64,
            right: scores.right,
            majority_right: scores.majority,
            brier: scores.brier,
            calibration_error: scores.error,
        }
    }
}

impl TelemetryPayload {
    /// What is said of it.
    #[must_use]
    pub fn of(telemetry: &Telemetry) -> Self {
        let scores = &telemetry.scores;
        let (hot, queue) = (&telemetry.hot, &telemetry.queue);
        Self {
            calibration: CalibrationPayload {
                asked: scores.asked.as_ref().map(ScoresPayload::of),
                conflicting: scores.conflicting.as_ref().map(ScoresPayload::of),
                all: scores.all.as_ref().map(ScoresPayload::of),
                facts: scores.facts,
                represented: scores.represented,
            },
            cache: HotPayload { hits: hot.hits, misses: hot.misses, bytes: hot.bytes, limit: hot.limit },
            queue: WaitingPayload {
                depth: queue.depth,
                oldest_ms: queue.oldest.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
                needs_a_person: queue.needs_a_person,
            },
            sources: telemetry
                .sources
                .iter()
                .map(|(source, availability)| AvailabilityPayload { source: source.clone(), availability: *availability })
                .collect(),
        }
    }
}
