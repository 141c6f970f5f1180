//! Sealing anew on the writing thread, between writes: one batch, then whoever waits to write, then the next.

use tokio::sync::oneshot;

use crate::engine::store::{CacheStore, KeyChange, KeyKeeper, OuterChange, StoreError};

/// Whoever waits for the end.
pub type Waiting = oneshot::Sender<Result<(), StoreError>>;

/// What is left to be sealed anew, and who waits for it.
pub struct Resealer {
    left: bool,
    waiting: Vec<Waiting>,
}

impl Resealer {
    /// Takes up what an earlier run left.
    pub fn of(store: &dyn CacheStore) -> Self {
        Self { left: is_under_way(store.keys()), waiting: Vec::new() }
    }

    /// Whether there is something to do while nothing else is.
    pub fn is_busy(&self) -> bool {
        self.left
    }

    /// Starts or goes on, and tells `waiting` at the end.
    pub fn wait(&mut self, store: &dyn CacheStore, waiting: Waiting) {
        self.left = is_under_way(store.keys());
        self.waiting.push(waiting);
        if !self.left {
            self.tell(&Ok(()));
        }
    }

    /// After a group was written: a key that has sealed enough gives way to the next, and what a full disk stopped goes on.
    pub fn after_write(&mut self, store: &dyn CacheStore) {
        let Some(keys) = store.keys() else { return };
        if !self.left && keys.is_key_due() && !is_under_way(Some(keys)) {
            let sealed = keys.key_status().sealed;
            match keys.change_key(KeyChange { outer: OuterChange::Keep, reseal: true }) {
                Ok(_) => tracing::info!(sealed, "the cache's data key has sealed enough, another takes over"),
                Err(error) => tracing::warn!(%error, "the cache's data key is due and could not be changed"),
            }
        }
        self.left = is_under_way(Some(keys));
    }

    /// Does one batch.
    pub fn step(&mut self, store: &dyn CacheStore) {
        let Some(keys) = store.keys().filter(|_| self.left) else { return };
        match keys.reseal_some() {
            Ok(true) => {}
            Ok(false) => {
                self.left = false;
                tracing::info!(key = keys.key_status().id, "everything in the cache is sealed with the new data key");
                self.tell(&Ok(()));
            }
            Err(error) => {
                // It goes on after the next write that succeeds, or at the next start.
                self.left = false;
                tracing::warn!(%error, "sealing the cache anew stopped");
                self.tell(&Err(error));
            }
        }
    }

    fn tell(&mut self, outcome: &Result<(), StoreError>) {
        for waiting in self.waiting.drain(..) {
            // Whoever gave up waiting does not need it.
            let _ = waiting.send(outcome.clone());
        }
    }
}

fn is_under_way(keys: Option<&dyn KeyKeeper>) -> bool {
    keys.is_some_and(|keys| keys.key_status().resealing.is_some())
}
