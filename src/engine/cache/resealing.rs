//! Sealing anew on the writing thread, between writes: one batch, then whoever waits to write, then the next.

use tokio::sync::oneshot;

use crate::engine::store::{CacheStore, KeyChange, KeyKeeper, OuterChange, StoreError};

/// Whoever waits for the end.
pub type Waiting = oneshot::Sender<Result<(), StoreError>>;

/// Seals anew what else is sealed with the store's keys, and lets go of those that nothing needs any more. Does nothing where nothing is left.
pub type Others = Box<dyn Fn() -> Result<(), StoreError> + Send>;

/// What is left to be sealed anew, and who waits for it.
pub struct Resealer {
    left: bool,
    waiting: Vec<Waiting>,
    others: Others,
    /// Whether something else may be left: also by an earlier run that ended between the store and the rest.
    others_left: bool,
}

impl Resealer {
    /// Takes up what an earlier run left.
    pub fn of(store: &dyn CacheStore, others: Others) -> Self {
        Self { left: is_under_way(store.keys()), waiting: Vec::new(), others, others_left: true }
    }

    /// Whether there is something to do while nothing else is.
    pub fn is_busy(&self) -> bool {
        self.left || self.others_left
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

    /// Does one batch; after the last one, what else there is.
    pub fn step(&mut self, store: &dyn CacheStore) {
        let Some(keys) = store.keys() else {
            (self.left, self.others_left) = (false, false);
            return;
        };
        if self.left {
            self.batch(keys);
        } else if std::mem::take(&mut self.others_left)
            && let Err(error) = (self.others)()
        {
            // It goes on with the next key, or after the next start.
            tracing::warn!(%error, "sealing the log anew stopped");
        }
    }

    fn batch(&mut self, keys: &dyn KeyKeeper) {
        match keys.reseal_some() {
            Ok(true) => {}
            Ok(false) => {
                (self.left, self.others_left) = (false, true);
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
