//! How a source stands, as a screen needs it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    engine::{SourceStatus, source::SourceError},
    fact::{Role, SourceId, SourceState, Timestamp},
};

/// When a source began to fail, or how else it stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    Unknown,
    Reachable,
    FailingSince(i64),
}

impl Standing {
    pub fn of(state: SourceState) -> Self {
        match state {
            SourceState::Unknown => Self::Unknown,
            SourceState::Reachable => Self::Reachable,
            SourceState::Failing { since } => Self::FailingSince(since.as_millis()),
        }
    }

    pub fn state(self) -> SourceState {
        match self {
            Self::Unknown => SourceState::Unknown,
            Self::Reachable => SourceState::Reachable,
            Self::FailingSince(since) => SourceState::Failing { since: Timestamp::from_millis(since) },
        }
    }
}

/// A source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewSource {
    source: SourceId,
    kind: String,
    role: Role,
    trust: f64,
    enabled: bool,
    writable: bool,
    state: Standing,
    complete_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    keys: u64,
    error: Option<String>,
    availability: Option<f64>,
    interval_ms: Option<u64>,
}

impl ViewSource {
    /// Puts a source on the wire.
    #[must_use]
    pub fn of(status: &SourceStatus) -> Self {
        Self {
            source: status.source.clone(),
            kind: status.kind.to_owned(),
            role: status.role,
            trust: status.trust,
            enabled: status.enabled,
            writable: status.writable,
            state: Standing::of(status.state),
            complete_at: status.complete_at,
            asked_at: status.asked_at,
            keys: status.keys,
            error: status.error.as_ref().map(ToString::to_string),
            availability: status.availability,
            interval_ms: status.interval.map(|interval| u64::try_from(interval.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    /// How the source stands.
    #[must_use]
    pub fn status(self) -> SourceStatus {
        SourceStatus {
            source: self.source,
            kind: kind(&self.kind),
            role: self.role,
            trust: self.trust,
            enabled: self.enabled,
            writable: self.writable,
            state: self.state.state(),
            complete_at: self.complete_at,
            asked_at: self.asked_at,
            keys: self.keys,
            error: self.error.map(told_error),
            skipped: Vec::new(),
            duplicates: Vec::new(),
            rejected_keys: 0,
            availability: self.availability,
            interval: self.interval_ms.map(Duration::from_millis),
        }
    }
}

/// A failure of which only the sentence was kept.
#[must_use]
pub fn told_error(message: String) -> SourceError {
    SourceError { code: "told", message, retry_after: None }
}

/// The kinds there are; a kind of a later version is only that.
fn kind(text: &str) -> &'static str {
    ["host", "file", "exec", "http", "prometheus", "nats"].into_iter().find(|kind| *kind == text).unwrap_or("other")
}
