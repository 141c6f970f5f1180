//! What was believed before, on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::Believed,
    fact::{Key, Timestamp, Value},
};

use super::mask::{Mask, is_false};

/// What was believed about a key from one moment on: `core.insight.history`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryPayload {
    /// Which fact.
    #[schemars(with = "String")]
    pub key: Key,
    /// From when on.
    pub at: String,
    /// What was believed; null when nothing was, or it was too long to be kept.
    #[schemars(with = "serde_json::Value")]
    pub value: Option<Value>,
    /// 0 to 1; null when nothing was observed.
    pub confidence: Option<f64>,
    /// The confidence in a word: `high medium low`.
    pub band: Option<Cow<'static, str>>,
    /// The value was too long to be kept.
    #[serde(default, skip_serializing_if = "is_false")]
    pub too_long: bool,
    /// Whether the value is hidden because it is secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
}

/// What was believed about a key at one moment: `core.insight.past`. It is not what is believed now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PastPayload {
    /// The moment that was asked for.
    pub asked_at: String,
    /// What was believed then, and since when.
    #[serde(flatten)]
    pub believed: HistoryPayload,
}

impl HistoryPayload {
    /// Puts a moment of history on the wire; its value is masked when it is secret and `reveal` is false.
    #[must_use]
    pub fn of(key: &Key, believed: &Believed, secret: bool, reveal: bool) -> Self {
        let mask = Mask::new(secret, reveal);
        Self {
            key: key.clone(),
            at: believed.at.to_rfc3339(),
            value: believed.value.as_ref().map(|value| mask.value(value)),
            confidence: believed.confidence,
            band: believed.band.map(|band| band.word().into()),
            too_long: believed.too_long,
            masked: mask.hides(),
        }
    }
}

impl PastPayload {
    /// Puts what was believed at `asked` on the wire.
    #[must_use]
    pub fn of(key: &Key, asked: Timestamp, believed: &Believed, secret: bool, reveal: bool) -> Self {
        Self { asked_at: asked.to_rfc3339(), believed: HistoryPayload::of(key, believed, secret, reveal) }
    }
}
