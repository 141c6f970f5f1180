//! Events on the wire: what `watch` goes on to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engine::{EngineEvent, QueueEvent},
    fact::Key,
};

use super::{
    cache_event::CacheEventPayload, conflict::ConflictPayload, decision::DecisionPayload, insight::InsightPayload, queue::CommandPayload,
    source::RefreshPayload,
};

/// The payload of an event; which one it is, the action of its line says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EventPayload {
    /// `core.insight.changed`
    Changed(Box<InsightPayload>),
    /// `core.conflict.opened`, `core.conflict.closed`
    Conflict(ConflictEventPayload),
    /// `core.conflict.changed`
    ConflictChanged(Box<ConflictPayload>),
    /// `core.conflict.decided`, `core.conflict.undone`
    Decision(Box<DecisionPayload>),
    /// `core.source.refreshed`
    Refreshed(RefreshPayload),
    /// `core.queue.queued` and the other states of a command
    Queue(Box<CommandPayload>),
    /// `core.queue.held`, `core.queue.released`
    Held(HeldPayload),
    /// `core.cache.hydrated` and the other events of the cache
    Cache(CacheEventPayload),
    /// `core.engine.fault`
    Fault(FaultPayload),
    /// `core.watch.missed`
    Missed(MissedPayload),
}

/// Everything cached has been told; events follow: `core.watch.ready`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadyPayload {}

/// A conflict opened or is no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictEventPayload {
    /// Which.
    pub id: String,
    /// Where.
    #[schemars(with = "String")]
    pub key: Key,
}

/// All sending was stopped, or goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldPayload {
    /// Whether nothing is sent now.
    pub held: bool,
    /// The system's user who did it.
    pub user: String,
    /// As whom.
    pub persona: String,
}

/// A task of the engine failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultPayload {
    /// Which, in a sentence.
    pub message: String,
}

/// The reader was too slow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissedPayload {
    /// This many events are missing.
    pub missed: u64,
}

impl EventPayload {
    /// An event as the action of its line and its payload.
    #[must_use]
    pub fn of(event: &EngineEvent, reveal: bool) -> (&'static str, Self) {
        match event {
            EngineEvent::InsightChanged(insight) => ("core.insight.changed", Self::Changed(Box::new(InsightPayload::of(insight, reveal)))),
            EngineEvent::ConflictOpened(id, key) => {
                ("core.conflict.opened", Self::Conflict(ConflictEventPayload { id: id.to_string(), key: key.clone() }))
            }
            EngineEvent::ConflictClosed(id, key) => {
                ("core.conflict.closed", Self::Conflict(ConflictEventPayload { id: id.to_string(), key: key.clone() }))
            }
            EngineEvent::ConflictChanged(conflict, secret) => {
                ("core.conflict.changed", Self::ConflictChanged(Box::new(ConflictPayload::of(conflict, *secret, reveal))))
            }
            EngineEvent::Decision(decision) => {
                let (action, payload) = DecisionPayload::event(decision, reveal);
                (action, Self::Decision(Box::new(payload)))
            }
            EngineEvent::SourceRefreshed(report) => ("core.source.refreshed", Self::Refreshed(RefreshPayload::of(report))),
            EngineEvent::Queue(QueueEvent { command, secret }) => {
                (CommandPayload::event(command), Self::Queue(Box::new(CommandPayload::of(command, *secret, reveal))))
            }
            EngineEvent::Held(held, author) => {
                let payload = HeldPayload { held: *held, user: author.user.clone(), persona: author.persona.clone() };
                (if *held { "core.queue.held" } else { "core.queue.released" }, Self::Held(payload))
            }
            EngineEvent::Cache(event) => {
                let (action, payload) = CacheEventPayload::of(event);
                (action, Self::Cache(payload))
            }
            EngineEvent::Fault(message) => ("core.engine.fault", Self::Fault(FaultPayload { message: message.clone() })),
            EngineEvent::Missed(missed) => ("core.watch.missed", Self::Missed(MissedPayload { missed: *missed })),
        }
    }
}
