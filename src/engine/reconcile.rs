//! The table brought to what the store has, when that may be less: what memory still has decoded is written again, and of what neither has
//! nothing is claimed any more, so that it is written when its source says it again.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
};

use crate::fact::{Key, Observation, SourceId, Timestamp};

use super::{
    core::{Core, Facts},
    store::StoreError,
};

impl Core {
    /// Reads the whole store, where there is a reason to; nobody writes meanwhile.
    pub(super) async fn reconcile(self: &Arc<Self>, now: Timestamp) {
        if !self.rewrite.swap(false, Ordering::Relaxed) {
            return;
        }
        let moved = {
            let _alone = self.keeping.gate.write().await;
            let core = Arc::clone(self);
            tokio::task::spawn_blocking(move || core.compare()).await
        };
        match moved {
            Ok(Ok(moved)) => self.tell_changes(&moved, now),
            // It is tried again with the next answer.
            Ok(Err(_)) | Err(_) => self.rewrite.store(true, Ordering::Relaxed),
        }
        self.tell_store();
    }

    /// Answers the keys of which something else is noted now.
    fn compare(&self) -> Result<Vec<Key>, StoreError> {
        let mut there = HashSet::new();
        let mut other: Vec<Observation> = Vec::new();
        self.store.scan(&[], &mut |observation| {
            let facts = self.read_facts();
            match facts.table.at(&observation.key, &observation.source).filter(|_| facts.table.is_noted(&observation)) {
                Some(at) => drop(there.insert(at)),
                None => other.push(observation),
            }
        })?;
        let mut facts = self.write_facts();
        let mut moved = self.drop_lost(&mut facts, &there);
        for observation in other {
            // Where memory has what it notes, that is the newer one and is written again.
            if facts.table.note(&observation.key, &observation.source).is_none() {
                self.hot.forget(&observation.key);
                moved.push(observation.key.clone());
                let weight = self.store.weight(&observation);
                facts.table.put(observation, weight);
            }
        }
        let mut room = self.keeping.room();
        for key in &moved {
            room.set(key, facts.table.weight(key));
        }
        Ok(moved)
    }

    /// Of what is noted and not `there`: keeps what memory has, to be written again, and forgets the rest. Answers the keys of that.
    fn drop_lost(&self, facts: &mut Facts, there: &HashSet<(u32, u32)>) -> Vec<Key> {
        let lost: Vec<(Key, SourceId)> = facts.table.not_in(there);
        let mut moved = Vec::new();
        for (key, source) in lost {
            if facts.unwritten.get(&key).is_some_and(|waiting| waiting.iter().any(|observation| observation.source == source)) {
                continue;
            }
            let hot = self.hot.peek(&key);
            match hot.iter().flat_map(|hot| hot.slots()).find(|slot| slot.observation.source == source) {
                Some(slot) => facts.unwritten.entry(key).or_default().push(slot.observation.clone()),
                None => {
                    facts.table.evict(&key, &source);
                    self.hot.forget(&key);
                    moved.push(key);
                }
            }
        }
        moved
    }
}
