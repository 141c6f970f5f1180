//! What was believed before, on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::Believed,
    fact::{Key, Timestamp, Value},
};

use super::mask::{Mask, is_false};

/// What was believed about a key from one moment on: `core.insight.history`. As `core.insight.past` what was believed at the moment that was
/// asked for; it is not what is believed now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryPayload {
    /// Which fact.
    #[schemars(with = "String")]
    pub key: Key,
    /// The moment that was asked for, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<String>,
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

impl HistoryPayload {
    /// Puts a moment of history on the wire; its value is masked when it is secret and `reveal` is false.
    #[must_use]
    pub fn of(key: &Key, believed: &Believed, secret: bool, reveal: bool) -> Self {
        let mask = Mask::new(secret, reveal);
        Self {
            key: key.clone(),
            asked_at: None,
            at: believed.at.to_rfc3339(),
            value: believed.value.as_ref().map(|value| mask.value(value)),
            confidence: believed.confidence,
            band: believed.band.map(|band| band.word().into()),
            too_long: believed.too_long,
            masked: mask.hides(),
        }
    }

    /// The same as the answer to what was believed at `asked`.
    #[must_use]
    pub fn asked_at(self, asked: Timestamp) -> Self {
        Self { asked_at: Some(asked.to_rfc3339()), ..self }
    }
}
