//! Decisions and learned trust on the wire.

use std::{borrow::Cow, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::{DecisionEvent, DecisionStep, HalfLife, HalfLifeFrom, LearnedTrust},
    fact::{Author, Decision, Key, LearnedLifetime, SourceId, Value},
};

use super::mask::{Mask, is_false};

/// A decision: `core.conflict.decided`, `core.conflict.undone`, and beside a conflict that it decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionPayload {
    /// Its own id.
    pub decision_id: String,
    /// The conflict it is about.
    pub id: String,
    /// Where.
    #[schemars(with = "String")]
    pub key: Key,
    /// What trust is learned for: the pattern of the key's rule, else the last segment.
    pub field: String,
    /// What was decided.
    #[schemars(extend("enum" = ["accepted", "rejected", "by_rule"]))]
    pub verdict: Cow<'static, str>,
    /// The value that is to be believed; null when none was right.
    #[schemars(with = "serde_json::Value")]
    pub value: Option<Value>,
    /// Whose value was accepted, when one was named.
    #[schemars(with = "Option<String>")]
    pub from: Option<SourceId>,
    /// What competed.
    pub digest: String,
    /// What every live observed source said then, by name.
    pub said: Vec<SaidPayload>,
    /// How probable the believed value was shown to be, 0 to 1.
    pub p_true: f64,
    /// Whether it was right.
    pub was_right: bool,
    /// When.
    pub at: String,
    /// Who.
    pub by: AuthorPayload,
    /// Whether the values are hidden because they are secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
}

/// What one source said when it was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaidPayload {
    /// Who.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// What.
    #[schemars(with = "serde_json::Value")]
    pub value: Value,
    /// Whether it was right by what was decided.
    pub right: bool,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthorPayload {
    /// The operating system's user name.
    pub user: String,
    /// `tui cli socket engine assistive`.
    pub via: String,
    /// As whom.
    pub persona: String,
}

impl AuthorPayload {
    fn of(author: &Author) -> Self {
        Self { user: author.user.clone(), via: author.via.clone(), persona: author.persona.clone() }
    }
}

impl DecisionPayload {
    /// Puts a decision on the wire. `secret` says whether its key's values are.
    #[must_use]
    pub fn of(decision: &Decision, secret: bool, reveal: bool) -> Self {
        let mask = Mask::new(secret, reveal);
        let said =
            |said: &crate::fact::Said| SaidPayload { source: said.source.clone(), value: mask.value(&said.value), right: said.is_right };
        Self {
            decision_id: decision.id.idempotency_key(),
            id: decision.conflict().to_string(),
            key: decision.key.clone(),
            field: decision.field.to_string(),
            verdict: decision.verdict.code().into(),
            value: decision.verdict.value().map(|value| mask.value(value)),
            from: decision.from.clone(),
            digest: decision.digest.as_ref().to_owned(),
            said: decision.said.iter().map(said).collect(),
            p_true: f64::from(decision.found.shown) / 1_000_000.0,
            was_right: decision.found.is_right,
            at: decision.at.to_rfc3339(),
            by: AuthorPayload::of(&decision.author),
            masked: mask.hides(),
        }
    }

    /// An event about one, with the action of its line. One that was taken back names who did that.
    #[must_use]
    pub fn event(event: &DecisionEvent, reveal: bool) -> (&'static str, Self) {
        let payload = Self::of(&event.decision, event.secret, reveal);
        match event.step {
            DecisionStep::Made => ("core.conflict.decided", payload),
            DecisionStep::TakenBack => ("core.conflict.undone", Self { by: AuthorPayload::of(&event.by), ..payload }),
        }
    }
}

/// What was learned of a source: `core.source.trust`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrustPayload {
    /// Who.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// For what; null: over all fields.
    pub field: Option<String>,
    /// What its values are weighed by, 0 to 1; over all fields, the mean.
    pub trust: f64,
    /// As configured.
    pub configured: f64,
    /// Decisions that found it right.
    pub right: u32,
    /// Decisions that it had a value in.
    pub answers: u32,
    /// Weight of right answers now: decisions fade, and what authorities say counts too.
    pub weight_right: f64,
    /// Weight of all answers now.
    pub weight: f64,
    /// When it was last begun anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_at: Option<String>,
    /// How long its values of the field last, where enough was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<LastsPayload>,
}

/// What looks at values came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LastsPayload {
    /// The half-life, in milliseconds: that of the field, by what all its sources were seen to do.
    pub half_life_ms: u64,
    /// Where it comes from: the key's `rule`, `learned`, `configured` for all keys, or the `ttl` for want of anything better.
    #[schemars(extend("enum" = ["rule", "learned", "configured", "ttl"]))]
    pub from: Cow<'static, str>,
    /// Changes that were seen, by what they weigh now: what was seen fades.
    pub changes: f64,
    /// Time that was looked at, over all values, in milliseconds, by what it weighs now.
    pub watched_ms: u64,
}

impl LastsPayload {
    fn new(half_life: Duration, from: HalfLifeFrom, learned: Option<&LearnedLifetime>) -> Self {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            half_life_ms: millis(half_life),
            from: from.code().into(),
            changes: learned.map_or(0.0, LearnedLifetime::seen),
            watched_ms: learned.map_or(0, |learned| millis(learned.watched())),
        }
    }

    /// Puts the half-life of a fact on the wire.
    #[must_use]
    pub fn of(half_life: &HalfLife) -> Self {
        Self::new(half_life.half_life, half_life.from, half_life.learned.as_ref())
    }
}

impl TrustPayload {
    /// Puts what was learned on the wire.
    #[must_use]
    pub fn of(learned: &LearnedTrust) -> Self {
        let tally = learned.tally();
        Self {
            source: learned.source.clone(),
            field: learned.field.as_ref().map(ToString::to_string),
            trust: learned.trust(),
            configured: learned.configured,
            right: tally.accepts,
            answers: tally.accepts.saturating_add(tally.rejects),
            weight_right: tally.right,
            weight: tally.counted,
            reset_at: learned.reset_at.map(crate::fact::Timestamp::to_rfc3339),
            lasts: learned.lasts.map(|(seen, half_life)| LastsPayload::new(half_life, HalfLifeFrom::Learned, Some(&seen))),
        }
    }
}
