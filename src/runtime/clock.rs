//! The wall clock and fresh ids for whoever makes requests or lines of its own.

use crate::{
    engine::world::SystemClock,
    fact::{CommandId, Timestamp},
};

/// The wall-clock time.
#[must_use]
pub fn now() -> Timestamp {
    SystemClock::shared().now()
}

/// A fresh id for a request: a UUID of version 7.
#[must_use]
pub fn mint_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// A fresh id for a command: whoever asks makes it, so that asking again is the same command.
#[must_use]
pub fn mint_command() -> CommandId {
    CommandId::from_bytes(*uuid::Uuid::now_v7().as_bytes())
}
