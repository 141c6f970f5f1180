//! Commands and the queue on the wire.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::{Plan, QueueStatus, SourceQueue},
    fact::{Attempt, Base, Command, Key, SourceId, Timestamp, Value},
};

use super::mask::{Mask, is_false};

/// A command as it stands: `core.queue.read`, and the events `core.queue.queued` to `core.queue.cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandPayload {
    /// Its whole id; any unique ending of it is accepted.
    pub id: String,
    /// The end of it, as short as tells it from the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// Which fact.
    #[schemars(with = "String")]
    pub key: Key,
    /// Who is to take it.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// What it does.
    #[schemars(extend("enum" = ["set", "note"]))]
    pub operation: Cow<'static, str>,
    /// Where it stands.
    #[schemars(extend("enum" = ["queued", "in_flight", "parked", "blocked", "delivered", "confirmed", "dead", "cancelled"]))]
    pub state: Cow<'static, str>,
    /// Why it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'static, str>>,
    /// The value it brings.
    #[schemars(with = "serde_json::Value")]
    pub value: Value,
    /// What it starts from.
    pub base: BasePayload,
    /// What the target was found to hold instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<BasePayload>,
    /// What was answered so far, the newest last.
    pub attempts: Vec<AttemptPayload>,
    /// Attempts made in all.
    pub tries: u32,
    /// Attempts that count against it.
    pub charged: u32,
    /// Not before this moment.
    pub next_at: Option<String>,
    /// When it waits for a person instead of being sent.
    pub deadline: String,
    /// When it was asked for.
    pub created_at: String,
    /// When it came to stand where it stands.
    pub since: String,
    /// An attempt began whose outcome is not known: the target is looked at before it is sent again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub uncertain: bool,
    /// Whether the target itself guarded it against a change meanwhile; false: checked, not guarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarded: Option<bool>,
    /// The target's mark of the version it accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The command that it undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The system's user who asked for it.
    pub user: String,
    /// As whom.
    pub persona: String,
    /// What happens to it next, or happened, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether the values are hidden because they are secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
}

/// What a target holds, as far as it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BasePayload {
    /// Whether it is known.
    #[schemars(extend("enum" = ["unknown", "absent", "value"]))]
    pub known: Cow<'static, str>,
    /// The value, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub value: Option<Value>,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptPayload {
    /// When it ended.
    pub at: String,
    /// A stable code: `accepted moved refused denied target_failed`, or why the source could not be reached.
    pub code: String,
    /// The status of an HTTP answer, the exit code of a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// A short piece of what was said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
}

/// What a change would do: `--dry-run`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanPayload {
    /// Which fact.
    #[schemars(with = "String")]
    pub key: Key,
    /// Who takes it.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// The value it brings.
    #[schemars(with = "serde_json::Value")]
    pub value: Value,
    /// What it starts from.
    pub base: BasePayload,
    /// When it waits for a person instead of being sent.
    pub deadline: String,
    /// Changes of the same key at the same target that go before it.
    pub behind: u64,
    /// Nobody takes it: it stays here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub kept_here: bool,
    /// Whether the values are hidden because they are secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
}

/// How the queue stands: `core.queue.status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueuePayload {
    /// Under way.
    pub depth: u64,
    /// How many stand where, of those that are kept.
    pub states: Vec<StateCountPayload>,
    /// Age of the oldest that is under way, in milliseconds.
    pub oldest_ms: Option<u64>,
    /// Wait for a person.
    pub needs_you: u64,
    /// Whether all sending was stopped.
    pub held: bool,
    /// Who stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
    /// Sources with something under way.
    pub sources: Vec<SourceQueuePayload>,
    /// Why changes cannot be kept, if they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// Whether a running engine sends what waits.
    pub sends: bool,
}

/// How many commands stand in one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StateCountPayload {
    /// Where.
    pub state: Cow<'static, str>,
    /// How many.
    pub count: u64,
}

/// What waits for one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceQueuePayload {
    /// Who.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// Under way.
    pub depth: u64,
    /// Whether it is left alone.
    #[schemars(extend("enum" = ["closed", "open", "half_open", "parked"]))]
    pub breaker: Cow<'static, str>,
    /// When something is tried next.
    pub next_at: Option<String>,
    /// Why it does not go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'static, str>>,
}

/// Belief in a fact was frozen or let go: `core.input.field_lock`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LockPayload {
    /// Which fact.
    #[schemars(with = "String")]
    pub key: Key,
    /// Whether it is frozen now.
    pub locked: bool,
    /// What is believed.
    #[schemars(with = "Option<serde_json::Value>")]
    pub value: Option<Value>,
    /// Whether the value is hidden because it is secret.
    #[serde(default, skip_serializing_if = "is_false")]
    pub masked: bool,
}

impl BasePayload {
    pub(super) fn of(base: &Base, mask: Mask) -> Self {
        let known = match base {
            Base::Unknown => "unknown",
            Base::Absent => "absent",
            Base::Value(_) => "value",
        };
        Self { known: known.into(), value: base.value().map(|value| mask.value(value)) }
    }
}

impl CommandPayload {
    /// Puts a command on the wire. `secret` says whether its key's values are.
    #[must_use]
    pub fn of(command: &Command, secret: bool, reveal: bool) -> Self {
        let mask = Mask::new(secret, reveal);
        let attempt = |attempt: &Attempt| AttemptPayload {
            at: attempt.at.to_rfc3339(),
            code: attempt.code.clone(),
            status: attempt.status,
            said: attempt.said.clone(),
        };
        Self {
            id: command.id.to_string(),
            shown: None,
            key: command.key.clone(),
            source: command.source.clone(),
            operation: command.operation.code().into(),
            state: command.state.code().into(),
            reason: command.reason.map(|reason| reason.code().into()),
            value: mask.value(&command.value),
            base: BasePayload::of(&command.base, mask),
            theirs: (command.theirs != Base::Unknown).then(|| BasePayload::of(&command.theirs, mask)),
            attempts: command.attempts.iter().map(attempt).collect(),
            tries: command.tries,
            charged: command.charged,
            next_at: command.next_at.map(Timestamp::to_rfc3339),
            deadline: command.deadline.to_rfc3339(),
            created_at: command.created_at.to_rfc3339(),
            since: command.since.to_rfc3339(),
            uncertain: command.uncertain,
            guarded: command.guarded,
            revision: command.revision.as_deref().map(str::to_owned),
            undoes: command.undoes.map(|id| id.to_string()),
            user: command.author.user.clone(),
            persona: command.author.persona.clone(),
            message: None,
            masked: mask.hides(),
        }
    }

    /// With its short id and what is to be said of it.
    #[must_use]
    pub fn told(mut self, shown: String, message: String) -> Self {
        (self.shown, self.message) = (Some(shown), Some(message).filter(|message| !message.is_empty()));
        self
    }

    /// The action of an event about a command that stands so.
    #[must_use]
    pub fn event(command: &Command) -> &'static str {
        use crate::fact::CommandState as State;
        match command.state {
            State::Queued => "core.queue.queued",
            State::InFlight => "core.queue.in_flight",
            State::Parked => "core.queue.parked",
            State::Blocked => "core.queue.blocked",
            State::Delivered => "core.queue.delivered",
            State::Confirmed => "core.queue.confirmed",
            State::Dead => "core.queue.dead",
            State::Cancelled => "core.queue.cancelled",
        }
    }
}

impl PlanPayload {
    /// Puts a plan on the wire.
    #[must_use]
    pub fn of(key: &Key, value: &Value, plan: &Plan, secret: bool, reveal: bool) -> Self {
        let mask = Mask::new(secret, reveal);
        Self {
            key: key.clone(),
            source: plan.source.clone(),
            value: mask.value(value),
            base: BasePayload::of(&plan.base, mask),
            deadline: plan.deadline.to_rfc3339(),
            behind: plan.behind as u64,
            kept_here: plan.kept_here,
            masked: mask.hides(),
        }
    }
}

impl SourceQueuePayload {
    /// Puts one source's part on the wire.
    #[must_use]
    pub fn of(queue: &SourceQueue) -> Self {
        Self {
            source: queue.source.clone(),
            depth: queue.depth,
            breaker: queue.breaker.into(),
            next_at: queue.next_at.map(Timestamp::to_rfc3339),
            reason: queue.reason.map(|reason| reason.code().into()),
        }
    }
}

impl LockPayload {
    /// Puts a lock on the wire. `secret` says whether its key's values are.
    #[must_use]
    pub fn of(key: &Key, locked: bool, value: Option<&Value>, secret: bool, reveal: bool) -> Self {
        let mask = Mask::new(secret, reveal);
        Self { key: key.clone(), locked, value: value.map(|value| mask.value(value)), masked: mask.hides() }
    }
}

impl QueuePayload {
    /// Puts the queue's standing on the wire.
    #[must_use]
    pub fn of(status: &QueueStatus) -> Self {
        Self {
            depth: status.depth,
            states: status.states.iter().map(|(state, count)| StateCountPayload { state: state.code().into(), count: *count }).collect(),
            oldest_ms: status.oldest.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            needs_you: status.needs_a_person,
            held: status.held_by.is_some(),
            held_by: status.held_by.as_ref().map(|author| author.user.clone()),
            sources: status.sources.iter().map(SourceQueuePayload::of).collect(),
            closed: status.closed.clone(),
            sends: status.sends,
        }
    }
}
