//! History as the engine keeps it: noted when facts move, looked over once an hour, written about once a minute.

use std::{sync::Arc, time::Duration};

use crate::fact::{Insight, Key, Timestamp};

use super::{
    cache::Slot,
    core::{Core, Standings},
    history::Believed,
    recall::all,
    store::StoreError,
};

/// Between two writings.
const WRITE: Duration = Duration::from_secs(60);
/// Between two looks at every fact: time alone moves confidence.
const LOOK: Duration = Duration::from_secs(3600);

impl Core {
    /// Notes what is believed of a key now.
    pub(super) fn remember(&self, insight: &Insight, now: Timestamp) {
        let score = insight.confidence.as_ref().map(|confidence| confidence.score);
        self.history.note(&insight.key, insight.value.as_ref(), score, now);
    }

    /// Notes these keys (none: all) without telling anybody.
    pub(super) fn remember_keys(&self, keys: Option<&[Key]>, now: Timestamp) {
        if !self.history.is_on() {
            return;
        }
        let Some(keys) = keys else {
            // A store that cannot be read is named by whatever reads it next; history of a cache may have a gap.
            let _ = self.resolve_matching(None, all, now, |insight| self.remember(&insight, now));
            return;
        };
        let standings = self.standings(now);
        for key in keys {
            if let Ok(hot) = self.recall(key) {
                self.remember_said(key, hot.slots(), &standings, now);
            }
        }
    }

    /// Notes what is believed of a key of which this is said.
    pub(super) fn remember_said(&self, key: &Key, slots: &[Arc<Slot>], standings: &Standings, now: Timestamp) {
        let resolved = self.resolve(key, slots, standings, now);
        if let Some(insight) = resolved.filter(|insight| !insight.is_unheard_of()) {
            self.remember(&insight, now);
        }
    }

    /// Writes what was noted. What cannot be written is lost: it is history of a cache.
    pub(super) async fn write_history(&self) -> Result<(), StoreError> {
        let documents = self.history.take_documents(self.store.as_ref(), self.now())?;
        if documents.is_empty() { Ok(()) } else { self.writer()?.write(Vec::new(), documents).await }
    }

    /// Looks and writes as long as the engine runs.
    pub(super) async fn run_history(self: Arc<Self>) {
        let mut looked = self.now();
        while self.history.is_on() {
            tokio::time::sleep(WRITE).await;
            let now = self.now();
            if now.since(looked) >= LOOK || now < looked {
                looked = now;
                self.remember_keys(None, now);
            }
            if let Err(error) = self.write_history().await {
                tracing::warn!(%error, "history of the last minute was not written");
            }
        }
    }

    /// What was believed of a key since then (none: as far as it is kept), oldest first.
    pub(super) fn history_of(&self, key: &Key, since: Option<Timestamp>) -> Result<Vec<Believed>, StoreError> {
        self.history.read(self.store.as_ref(), key, since, self.now())
    }

    /// What was believed of a key at that moment.
    pub(super) fn believed_at(&self, key: &Key, at: Timestamp) -> Result<Option<Believed>, StoreError> {
        self.history.read_at(self.store.as_ref(), key, at, self.now())
    }
}
