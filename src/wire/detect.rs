//! Suggested and added sources on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::source::detect::{Detection, Suggestion};

use super::source::SkippedPayload;

/// A source that could be configured: `core.source.detect`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DetectPayload {
    /// The name its block gives the source.
    pub source: String,
    /// `file exec http prometheus`
    pub kind: String,
    /// Which detector says so; of a rule of the user's, its name.
    pub detector: String,
    /// The path or URL it was found at.
    pub place: String,
    /// How sure the detector is, 0 to 1.
    pub confidence: f64,
    /// Why.
    pub reasons: Vec<DetectReasonPayload>,
    /// The `[[source]]` to put into the configuration, TOML.
    pub block: String,
}

/// Why a source was suggested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DetectReasonPayload {
    /// A stable code.
    pub code: Cow<'static, str>,
    /// A sentence.
    pub text: String,
}

/// What was seen on the way, the last line of `source detect`: `core.source.detected`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DetectedPayload {
    /// How many suggestions there were.
    pub suggestions: u64,
    /// Files that were looked into; an address counts as one.
    pub looked_into: u64,
    /// How many of these were remembered and not read again.
    pub remembered: u64,
    /// What was passed over, by reason.
    pub left_out: Vec<SkippedPayload>,
    /// What is wrong with rules of the user's, a sentence each.
    pub problems: Vec<String>,
}

/// What became of a source to be added: `core.source.add`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceAddPayload {
    /// The configuration file.
    pub file: String,
    /// The sources, by name.
    pub sources: Vec<String>,
    /// Whether they are there now.
    pub added: bool,
    /// Every line that was or would be added, behind a `+`.
    pub diff: String,
    /// What happened, in a sentence.
    pub message: String,
}

impl DetectPayload {
    /// Puts a suggestion on the wire.
    #[must_use]
    pub fn of(suggestion: &Suggestion) -> Self {
        let reasons = suggestion.reasons.iter().map(|reason| DetectReasonPayload { code: reason.code.into(), text: reason.text.clone() });
        Self {
            source: suggestion.name.clone(),
            kind: suggestion.kind.clone(),
            detector: suggestion.detector.clone(),
            place: suggestion.place.clone(),
            confidence: suggestion.confidence,
            reasons: reasons.collect(),
            block: suggestion.block.clone(),
        }
    }
}

impl DetectedPayload {
    /// Puts what was seen on the way on the wire.
    #[must_use]
    pub fn of(found: &Detection) -> Self {
        Self {
            suggestions: found.suggestions.len() as u64,
            looked_into: found.looked_into,
            remembered: found.remembered,
            left_out: found.left_out.iter().map(|(reason, count)| SkippedPayload { reason: reason.clone(), count: *count }).collect(),
            problems: found.problems.clone(),
        }
    }
}
