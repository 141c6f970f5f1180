//! A conflict on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fact::{Command, ConflictEntry, Key, SourceId, Value};

use super::{
    decision::DecisionPayload,
    mask::{Mask, is_false},
    queue::BasePayload,
};

/// A disagreement: `core.conflict.read`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictPayload {
    /// Its name, the same everywhere: `c-` and 10 characters.
    pub id: String,
    /// Where.
    #[schemars(with = "String")]
    pub key: Key,
    /// What disagrees with what.
    #[schemars(extend("enum" = ["value", "change", "delete"]))]
    pub class: Cow<'static, str>,
    /// Moves when the competing values do.
    pub digest: String,
    /// How far it is decided.
    #[schemars(extend("enum" = ["pending", "auto_resolved", "user_accepted", "user_rejected"]))]
    pub resolution: Cow<'static, str>,
    /// The competing values, the believed one first.
    pub candidates: Vec<CandidatePayload>,
    /// The source whose observation wins.
    #[schemars(with = "String")]
    pub winner: SourceId,
    /// The winner's score less the best other's, 0 to 1.
    pub margin: f64,
    /// The winner's confidence, 0 to 1.
    pub confidence: f64,
    /// Why it stands as it does.
    pub reason_codes: Vec<Cow<'static, str>>,
    /// The newest change among the competing values.
    pub last_updated: String,
    /// What deciding would send; deciding sends nothing by itself, so this is empty unless a change is queued.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub would_send: Vec<Value>,
    /// The change that waits for the decision, of class `change`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<DisputedChangePayload>,
    /// The newest decision on it. It holds where `resolution` says so; else a value has moved since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionPayload>,
    /// Whether that decision is only what would be noted: nothing was decided.
    #[serde(default, skip_serializing_if = "is_false")]
    pub planned: bool,
    /// Whether the values are hidden because they are secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
}

/// A change whose target holds another value than it started from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DisputedChangePayload {
    /// Which command.
    pub command_id: String,
    /// Who is to take it.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// What it starts from.
    pub base: BasePayload,
    /// The value it brings.
    #[schemars(with = "serde_json::Value")]
    pub mine: Value,
    /// What its target holds.
    pub theirs: BasePayload,
}

/// One competing value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CandidatePayload {
    /// As its best source gave it.
    #[schemars(with = "serde_json::Value")]
    pub value: Option<Value>,
    /// Everyone who stands for it, best first.
    #[schemars(with = "Vec<String>")]
    pub sources: Vec<SourceId>,
    /// The best score among them, 0 to 1.
    pub score: f64,
}

impl ConflictPayload {
    /// Puts a conflict on the wire. `secret` says whether its key's values are, as the fact of the key knows.
    #[must_use]
    pub fn of(entry: &ConflictEntry, secret: bool, reveal: bool) -> Self {
        let mask = Mask::new(secret, reveal);
        Self {
            id: entry.id.to_string(),
            key: entry.key.clone(),
            class: entry.class.code().into(),
            digest: entry.digest.as_ref().to_owned(),
            resolution: entry.resolution.code().into(),
            candidates: entry
                .candidates
                .iter()
                .map(|candidate| CandidatePayload {
                    value: Some(mask.value(&candidate.value)),
                    sources: candidate.sources.clone(),
                    score: candidate.score,
                })
                .collect(),
            winner: entry.winner.clone(),
            margin: entry.margin,
            confidence: entry.confidence.score,
            reason_codes: entry.reason_codes.iter().map(|reason| reason.code().into()).collect(),
            last_updated: entry.last_updated.to_rfc3339(),
            would_send: Vec::new(),
            change: None,
            decision: None,
            planned: false,
            masked: mask.hides(),
        }
    }

    /// A value as this payload shows values.
    #[must_use]
    pub fn shown(&self, value: &Value) -> Value {
        Mask::new(self.masked, false).value(value)
    }

    /// With the change that waits for the decision.
    #[must_use]
    pub fn with_change(mut self, command: &Command, reveal: bool) -> Self {
        let mask = Mask::new(self.masked, reveal);
        self.change = Some(DisputedChangePayload {
            command_id: command.id.to_string(),
            source: command.source.clone(),
            base: BasePayload::of(&command.base, mask),
            mine: mask.value(&command.value),
            theirs: BasePayload::of(&command.theirs, mask),
        });
        self
    }
}
