//! When the store goes over to memory, and back: it is told, tried again by and by, and what may be missing is asked for again.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use super::{
    cache_event::{CacheEvent, HydratedFrom},
    core::Core,
    handle::EngineHandle,
    store::{Standing, Turn},
};

/// How often a command tries to mend a database before it ends.
const TRIES: u32 = 3;
/// How long it waits between two tries.
const SHORT: Duration = Duration::from_millis(150);

impl EngineHandle {
    /// Has a damaged database made anew, where nobody does that by the side.
    pub async fn heal_before_the_end(&self) {
        self.core.heal_before_the_end().await;
    }
}

impl Core {
    /// Has the store say when it turns.
    pub(super) fn listen_to_store(&self) {
        let turned = Arc::clone(&self.turned);
        self.store.on_turn(Box::new(move || turned.notify_one()));
    }

    /// Tells everything the store has to tell since it was last asked.
    pub(super) fn tell_store(&self) {
        self.tell_quarantined();
        for turn in self.store.take_turns() {
            match turn {
                Turn::FailedOver { why } => self.emit_cache(CacheEvent::FailedOver { why }),
                Turn::Restored { entries } => {
                    // It may be older than what the table notes.
                    self.rewrite.store(true, Ordering::Relaxed);
                    self.emit_cache(CacheEvent::Hydrated { entries, from: HydratedFrom::Memory });
                }
                Turn::Recovered { after, written_back, rebuilt, notes } => {
                    self.healed.lock().unwrap_or_else(PoisonError::into_inner).extend(notes);
                    self.emit_cache(CacheEvent::Recovered { entries: written_back, after });
                    if rebuilt {
                        self.require_resync(None);
                    }
                }
            }
        }
    }

    /// Goes back to the disk as soon as it is well: asleep while it is.
    pub(super) async fn run_heal(self: Arc<Self>) {
        loop {
            self.tell_store();
            let store = Arc::clone(&self.store);
            let wait = tokio::task::spawn_blocking(move || store.heal()).await.ok().flatten();
            self.tell_store();
            match wait {
                None => self.turned.notified().await,
                Some(pause) => tokio::time::sleep(pause).await,
            }
        }
    }

    /// A damaged database is made anew before a command that ends soon has answered: what it brought is on disk then, and is said to be. Who
    /// polls does that by the side.
    async fn heal_before_the_end(&self) {
        for _ in 0..TRIES {
            if self.options.polling || !self.store.standing().is_some_and(|standing| standing.damaged) {
                return;
            }
            let store = Arc::clone(&self.store);
            let wait = tokio::task::spawn_blocking(move || store.heal()).await.ok().flatten();
            self.tell_store();
            if let Some(pause) = wait {
                tokio::time::sleep(pause.min(SHORT)).await;
            }
        }
    }

    /// Everything a person should know of how the store stands, a sentence each.
    pub(super) fn store_notes(&self) -> Vec<String> {
        let healed = self.healed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let standing = self.store.standing().map(|Standing { since, why, waiting, .. }| {
            format!(
                "since {} facts are kept in memory only, {waiting} changes wait for the disk: {why}; they are written back when it is well",
                since.to_rfc3339()
            )
        });
        self.notes.iter().cloned().chain(healed).chain(standing).collect()
    }
}
