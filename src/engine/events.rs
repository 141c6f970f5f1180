//! The ordered stream of what happens. Numbers have no gaps; a slow reader learns how many it missed.

use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::fact::Timestamp;

use super::api::{EngineEvent, StampedEvent};

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
        // Sent under the lock, so that numbers arrive in order.
        let mut seq = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        *seq += 1;
        let _ = self.sender.send(StampedEvent { seq: *seq, at, event });
    }
}
