//! A fact on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fact::{Confidence, Content, Insight, Key, SourceId, SourceState, SourceView, Value};

use super::{
    decision::{LastsPayload, TrustPayload},
    mask::{Mask, is_false},
};

/// What is said of a hidden value that breaks its schema: where would tell names of its members.
const MISFIT: &str = "it does not fit its schema";

/// What is believed about a key, and why: `core.insight.read`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InsightPayload {
    /// Which fact.
    #[schemars(with = "String")]
    pub key: Key,
    /// What is believed; null also when only declared sources speak of it (`declared_only` among the reasons).
    #[schemars(with = "serde_json::Value")]
    pub value: Option<Value>,
    /// How current.
    #[schemars(extend("enum" = ["fresh", "stale", "offline", "gone"]))]
    pub state: Cow<'static, str>,
    /// What else is to be said of it: `conflict drift pending locked quarantined`.
    pub marks: Vec<Cow<'static, str>>,
    /// 0 to 1; the sum of the contributions; null when nothing is observed.
    pub confidence: Option<f64>,
    /// The confidence in a word: `high medium low`.
    pub band: Option<Cow<'static, str>>,
    /// Probability that the value is right, 0 to 1.
    pub p_true: f64,
    /// The arithmetic, five lines, or none when nothing is observed.
    pub factors: Vec<FactorPayload>,
    /// Live observed sources for and against the value.
    pub agreement: AgreementPayload,
    /// Since the origin last vouched for the value, in milliseconds.
    pub age_ms: u64,
    /// When the origin last vouched for it.
    pub observed_at: String,
    /// When it last changed there.
    pub changed_at: String,
    /// How long it counts as fresh, in milliseconds.
    pub ttl_ms: u64,
    /// Everyone who speaks of the key, the winner first.
    pub sources: Vec<SourceViewPayload>,
    /// Why it stands as it does, most important first.
    pub reason_codes: Vec<Cow<'static, str>>,
    /// The conflict the key has, decided or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_id: Option<String>,
    /// What the best declared source wants, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub wanted: Option<Value>,
    /// The change of it that is under way; `value` stays what is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingPayload>,
    /// How often each source of it was right about such facts, where decisions taught that; only in `core.insight.confidence`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust: Vec<TrustPayload>,
    /// The half-life of the believed value and where it comes from; only in `core.insight.confidence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<LastsPayload>,
    /// Display unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Whether the values are hidden because they are secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
}

/// A change that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PendingPayload {
    /// The value it brings.
    #[schemars(with = "serde_json::Value")]
    pub value: Value,
    /// Which command; the last, where several wait.
    pub command_id: String,
    /// Since when it waits.
    pub since: String,
    /// Where it stands.
    pub state: Cow<'static, str>,
}

/// One line of the arithmetic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FactorPayload {
    /// Which: `freshness source_trust schema_validity telemetry_alignment user_overrides`.
    pub factor: Cow<'static, str>,
    /// Normalised, 0 to 1.
    pub weight: f64,
    /// -1 to 1.
    pub value: f64,
    /// Weight times value.
    pub contribution: f64,
    /// What was seen that gave it its value, in words.
    pub signal: String,
}

/// How many live observed sources stand for the value and against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreementPayload {
    /// For, the winner included.
    #[serde(rename = "for")]
    pub supporting: u32,
    /// Against.
    #[serde(rename = "against")]
    pub opposing: u32,
}

/// One source's part in a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceViewPayload {
    /// Who.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// What its values mean.
    #[schemars(extend("enum" = ["observed", "declared"]))]
    pub role: Cow<'static, str>,
    /// What it says; when it is absent, what it said last.
    #[schemars(with = "serde_json::Value")]
    pub value: Option<Value>,
    /// Its last complete answer did not have the key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub absent: bool,
    /// 0 to 1.
    pub trust: f64,
    /// Its own confidence, 0 to 1; null for a declared or absent one.
    pub score: Option<f64>,
    /// How its last fetch went.
    #[schemars(extend("enum" = ["unknown", "reachable", "failing"]))]
    pub state: Cow<'static, str>,
    /// Since when every fetch failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    /// When the origin last vouched for it.
    pub observed_at: String,
    /// When it last changed there.
    pub changed_at: String,
    /// When it was last asked and answered.
    pub fetched_at: String,
    /// The origin's mark of the version.
    pub revision: Option<String>,
    /// Under a live watch.
    #[serde(default, skip_serializing_if = "is_false")]
    pub live: bool,
    /// The shared place it reads from; two readings of one place are no second opinion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_origin: Option<String>,
    /// Whether its observation wins.
    pub wins: bool,
    /// Whether its value is within tolerance of the believed one.
    pub agrees: bool,
    /// Where its value breaks the key's schema, and which keyword of it; told by `why`. Of a secret value only that it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation: Option<String>,
}

impl InsightPayload {
    /// Puts a fact on the wire; its values are masked when they are secret and `reveal` is false.
    #[must_use]
    pub fn of(insight: &Insight, reveal: bool) -> Self {
        let mask = Mask::new(insight.secret, reveal);
        Self {
            key: insight.key.clone(),
            value: insight.value.as_ref().map(|value| mask.value(value)),
            state: insight.state.code().into(),
            marks: insight.marks.iter().map(|mark| mark.code().into()).collect(),
            confidence: insight.confidence.map(|confidence| confidence.score),
            band: insight.confidence.map(|confidence| confidence.band().word().into()),
            p_true: insight.p_true,
            factors: insight.confidence.as_ref().map(FactorPayload::all_of).unwrap_or_default(),
            agreement: AgreementPayload { supporting: insight.agreement.supporting, opposing: insight.agreement.opposing },
            age_ms: u64::try_from(insight.age.as_millis()).unwrap_or(u64::MAX),
            observed_at: insight.observed_at.to_rfc3339(),
            changed_at: insight.changed_at.to_rfc3339(),
            ttl_ms: u64::try_from(insight.ttl.as_millis()).unwrap_or(u64::MAX),
            sources: insight.sources.iter().map(|view| SourceViewPayload::of(view, mask)).collect(),
            reason_codes: insight.reason_codes.iter().map(|reason| reason.code().into()).collect(),
            conflict_id: insight.conflict.as_ref().map(|conflict| conflict.id.to_string()),
            wanted: insight.wanted.as_ref().map(|value| mask.value(value)),
            pending: insight.pending.as_ref().map(|pending| PendingPayload {
                value: mask.value(&pending.value),
                command_id: pending.command.to_string(),
                since: pending.since.to_rfc3339(),
                state: pending.state.code().into(),
            }),
            trust: Vec::new(),
            lasts: None,
            unit: insight.unit.as_ref().to_owned(),
            masked: mask.hides(),
        }
    }

    /// With where each source's value breaks the schema; of hidden values only that they do.
    #[must_use]
    pub fn with_violations(mut self, insight: &Insight) -> Self {
        for (told, view) in self.sources.iter_mut().zip(&insight.sources) {
            let broken = view.violation.as_deref();
            told.violation = broken.map(|where_and_how| if self.masked { MISFIT } else { where_and_how }.to_owned());
        }
        self
    }
}

impl FactorPayload {
    /// The five lines of a score.
    pub(super) fn all_of(confidence: &Confidence) -> Vec<Self> {
        confidence
            .factors()
            .into_iter()
            .map(|factor| Self {
                factor: factor.kind.code().into(),
                weight: factor.weight,
                value: factor.value,
                contribution: factor.contribution,
                signal: confidence.signal(factor.kind),
            })
            .collect()
    }
}

impl SourceViewPayload {
    fn of(view: &SourceView, mask: Mask) -> Self {
        let (value, absent) = match &view.content {
            Content::Value(value) => (Some(value), false),
            Content::Absent(last) => (last.as_ref(), true),
        };
        Self {
            source: view.source.clone(),
            role: view.role.code().into(),
            value: value.map(|value| mask.value(value)),
            absent,
            trust: view.trust,
            score: view.score,
            state: view.state.code().into(),
            failing_since: failing_since(view.state),
            observed_at: view.observed_at.to_rfc3339(),
            changed_at: view.changed_at.to_rfc3339(),
            fetched_at: view.fetched_at.to_rfc3339(),
            revision: view.revision.as_deref().map(str::to_owned),
            live: view.live,
            same_origin: view.same_origin.as_deref().map(str::to_owned),
            wins: view.wins,
            agrees: view.agrees,
            violation: None,
        }
    }
}

pub(super) fn failing_since(state: SourceState) -> Option<String> {
    match state {
        SourceState::Failing { since } => Some(since.to_rfc3339()),
        SourceState::Unknown | SourceState::Reachable => None,
    }
}
