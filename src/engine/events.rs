//! The ordered stream of what happens. Numbers have no gaps; a slow reader learns how many it missed.

use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::fact::{CommandReason, Timestamp, Value};

use super::{
    api::{DecisionEvent, DecisionStep, EngineEvent, RefreshReport, StampedEvent},
    queue::QueueEvent,
};

/// How many events a reader may lag behind.
const CAPACITY: usize = 8192;

/// Numbers and sends events.
#[derive(Debug)]
pub struct Events {
    sender: broadcast::Sender<StampedEvent>,
    seq: Mutex<u64>,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0, seq: Mutex::new(0) }
    }
}

impl Events {
    /// Everything from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<StampedEvent> {
        self.sender.subscribe()
    }

    /// Whether anybody listens.
    #[must_use]
    pub fn heard(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Numbers and sends one event; nobody listening is fine.
    pub fn emit(&self, at: Timestamp, event: EngineEvent) {
        log(&event);
        // Sent under the lock, so that numbers arrive in order.
        let mut seq = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        *seq += 1;
        let _ = self.sender.send(StampedEvent { seq: *seq, at, event });
    }
}

/// Writes what happened to the log. What names a key or came from far is for level `debug`.
fn log(event: &EngineEvent) {
    match event {
        EngineEvent::SourceRefreshed(report) => {
            let (source, ms) = (report.source.as_str(), report.took.as_millis());
            let RefreshReport { keys, changed, failed, .. } = report;
            match &report.error {
                None => tracing::info!(source, keys, changed, failed, ms, "refreshed"),
                Some(error) => {
                    tracing::warn!(source, keys, ms, error = error.code, "not refreshed");
                    tracing::debug!(source, "why: {}", error.message);
                }
            }
        }
        EngineEvent::InsightChanged(insight) => {
            let value = insight.value.as_ref().filter(|_| !insight.secret).map(Value::as_json_text);
            tracing::debug!(key = %insight.key, value, state = %insight.state, "changed");
        }
        EngineEvent::ConflictOpened(id, key) => {
            tracing::info!(%id, "conflict opened");
            tracing::debug!(%id, %key, "about");
        }
        EngineEvent::ConflictClosed(id, key) => {
            tracing::info!(%id, "conflict closed");
            tracing::debug!(%id, %key, "was about");
        }
        EngineEvent::ConflictChanged(conflict, _) => {
            tracing::info!(id = %conflict.id, resolution = conflict.resolution.code(), "conflict changed");
        }
        EngineEvent::Decision(DecisionEvent { step, decision, by, .. }) => {
            let (id, verdict) = (decision.conflict(), decision.verdict.code());
            match step {
                DecisionStep::Made => tracing::info!(%id, verdict, by = by.user, "decided"),
                DecisionStep::TakenBack => tracing::info!(%id, verdict, by = by.user, "decision taken back"),
            }
            tracing::debug!(%id, key = %decision.key, "about");
        }
        EngineEvent::Queue(QueueEvent { command, .. }) => {
            let (id, source, reason) = (command.id, command.source.as_str(), command.reason.map(CommandReason::code));
            tracing::info!(%id, source, state = command.state.code(), reason, tries = command.tries, "change");
            tracing::debug!(%id, key = %command.key, "about");
        }
        EngineEvent::Held(held, _) => tracing::info!(held, "sending"),
        EngineEvent::Cache(event) if event.is_trouble() => tracing::warn!("{}", event.without_names()),
        EngineEvent::Cache(event) => tracing::info!("{}", event.without_names()),
        EngineEvent::Fault(message) => tracing::error!("{message}"),
        EngineEvent::Missed(_) => {}
    }
}
