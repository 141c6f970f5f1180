//! Sources on the wire: how they stand, a refresh, a test.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::{
        RefreshReport, SourceQueue, SourceStatus, SourceTest,
        source::{Skipped, SourceError},
    },
    fact::{Key, SourceId, Timestamp, Value},
};

use super::{
    decision::TrustPayload,
    insight::failing_since,
    mask::{Mask, is_false},
    queue::SourceQueuePayload,
};

/// How a source stands: `core.source.read`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourcePayload {
    /// Who.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// `host file exec http prometheus`
    pub kind: Cow<'static, str>,
    /// What its values mean.
    #[schemars(extend("enum" = ["observed", "declared"]))]
    pub role: Cow<'static, str>,
    /// Configured, 0 to 1.
    pub trust: f64,
    /// Whether it is asked at all.
    pub enabled: bool,
    /// Whether it takes changes.
    pub writable: bool,
    /// How its last fetch went.
    #[schemars(extend("enum" = ["unknown", "reachable", "failing"]))]
    pub state: Cow<'static, str>,
    /// Since when every fetch failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    /// When it last answered completely, if ever.
    pub complete_at: Option<String>,
    /// When it was last asked.
    pub asked_at: Option<String>,
    /// Keys it holds.
    pub keys: u64,
    /// Share of answered among asked, last five minutes; null: not asked.
    pub availability: Option<f64>,
    /// How often it is asked, in milliseconds; null: watched.
    pub interval_ms: Option<u64>,
    /// Items left out of the last answer, by reason.
    pub skipped: Vec<SkippedPayload>,
    /// Keys two items of the last answer claimed; neither was taken.
    #[schemars(with = "Vec<String>")]
    pub duplicates: Vec<Key>,
    /// Keys of the last answer it may not claim, or that were malformed.
    pub rejected_keys: u64,
    /// Why the last fetch failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<SourceErrorPayload>,
    /// What waits to be sent to it, if something does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<SourceQueuePayload>,
    /// What decisions taught of it over all fields; `source trust` has them one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<TrustPayload>,
}

/// How one source's refresh went: `core.source.refresh`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefreshPayload {
    /// Who was asked.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// Keys it holds now.
    pub keys: u64,
    /// Keys whose value changed, came or went.
    pub changed: u64,
    /// Items that could not be taken.
    pub failed: u64,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<SourceErrorPayload>,
}

/// What one fetch that stores nothing found: `core.source.test`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceTestPayload {
    /// Who.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// How many items there were.
    pub keys: u64,
    /// Whether the answer was everything the source has.
    pub complete: bool,
    /// Up to ten of the items.
    pub sample: Vec<SamplePayload>,
    /// Items left out, by reason.
    pub skipped: Vec<SkippedPayload>,
    /// Keys two items claimed; neither was taken.
    #[schemars(with = "Vec<String>")]
    pub duplicates: Vec<Key>,
    /// Keys it may not claim, or that were malformed.
    pub rejected_keys: u64,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<SourceErrorPayload>,
}

/// One item of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SamplePayload {
    /// Which fact it would be.
    #[schemars(with = "String")]
    pub key: Key,
    /// Its value.
    #[schemars(with = "serde_json::Value")]
    pub value: Option<Value>,
    /// The origin's own time for it, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<String>,
    /// The origin's own time of its last change, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<String>,
    /// Whether the value is hidden because it is secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
}

/// A counted reason why items were not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkippedPayload {
    /// A sentence.
    pub reason: String,
    /// How many items.
    pub count: u64,
}

/// Why a fetch failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceErrorPayload {
    /// Stable: `timeout refused dns tls http_status redirect too_large not_json ..`.
    pub code: Cow<'static, str>,
    /// What happened, why, and what to do.
    pub message: String,
    /// For how long the origin asked to be left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl SourcePayload {
    /// Puts a source's standing on the wire.
    #[must_use]
    pub fn of(status: &SourceStatus) -> Self {
        Self {
            source: status.source.clone(),
            kind: status.kind.into(),
            role: status.role.code().into(),
            trust: status.trust,
            enabled: status.enabled,
            writable: status.writable,
            state: status.state.code().into(),
            failing_since: failing_since(status.state),
            complete_at: status.complete_at.map(Timestamp::to_rfc3339),
            asked_at: status.asked_at.map(Timestamp::to_rfc3339),
            keys: status.keys,
            availability: status.availability,
            interval_ms: status.interval.map(millis),
            skipped: skipped(&status.skipped),
            duplicates: status.duplicates.clone(),
            rejected_keys: status.rejected_keys,
            error: status.error.as_ref().map(SourceErrorPayload::of),
            queue: None,
            learned: None,
        }
    }

    /// With what waits to be sent to it.
    #[must_use]
    pub fn waiting(mut self, queue: Option<&SourceQueue>) -> Self {
        self.queue = queue.map(SourceQueuePayload::of);
        self
    }
}

impl RefreshPayload {
    /// Puts a report on the wire.
    #[must_use]
    pub fn of(report: &RefreshReport) -> Self {
        Self {
            source: report.source.clone(),
            keys: report.keys,
            changed: report.changed,
            failed: report.failed,
            ms: millis(report.took),
            error: report.error.as_ref().map(SourceErrorPayload::of),
        }
    }
}

impl SourceTestPayload {
    /// Puts a test on the wire; `secret` says of a key whether its value is.
    #[must_use]
    pub fn of(test: &SourceTest, secret: &dyn Fn(&Key) -> bool, reveal: bool) -> Self {
        let sample = test.sample.iter().map(|item| {
            let mask = Mask::new(secret(&item.key), reveal);
            SamplePayload {
                key: item.key.clone(),
                value: Some(mask.value(&item.value)),
                observed_at: item.observed_at.map(Timestamp::to_rfc3339),
                changed_at: item.changed_by().map(Timestamp::to_rfc3339),
                masked: mask.hides(),
            }
        });
        Self {
            source: test.source.clone(),
            ms: millis(test.took),
            keys: test.keys,
            complete: test.complete,
            sample: sample.collect(),
            skipped: skipped(&test.skipped),
            duplicates: test.duplicates.clone(),
            rejected_keys: test.rejected_keys,
            error: test.error.as_ref().map(SourceErrorPayload::of),
        }
    }
}

impl SourceErrorPayload {
    fn of(error: &SourceError) -> Self {
        Self { code: error.code.into(), message: error.message.clone(), retry_after_ms: error.retry_after.map(millis) }
    }
}

fn skipped(skipped: &[Skipped]) -> Vec<SkippedPayload> {
    skipped.iter().map(|skipped| SkippedPayload { reason: skipped.reason.clone(), count: skipped.count }).collect()
}

fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
