//! Every observation by key and by source, in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::engine::store::StoreOp;
use crate::fact::{Key, Observation, Pattern, SourceId};

use super::slot::{RuleBook, Slot};

/// What is held, by key in key order, and which keys each source has.
#[derive(Debug, Default)]
pub struct Table {
    keys: BTreeMap<Key, Vec<Slot>>,
    by_source: HashMap<SourceId, BTreeSet<Key>>,
}

impl Table {
    /// Takes an observation, in place of what its source said before.
    pub fn put(&mut self, observation: Observation, rules: &RuleBook) {
        let slot = Slot::new(observation, rules);
        self.by_source.entry(slot.observation.source.clone()).or_default().insert(slot.observation.key.clone());
        // Most keys have one source; the first push of an empty list makes room for four, in a table that is mostly of such lists.
        let slots = self.keys.entry(slot.observation.key.clone()).or_insert_with(|| Vec::with_capacity(1));
        match slots.iter_mut().find(|held| held.observation.source == slot.observation.source) {
            Some(held) => *held = slot,
            None => slots.push(slot),
        }
    }

    /// Forgets what a source says of a key.
    pub fn evict(&mut self, key: &Key, source: &SourceId) {
        if let Some(slots) = self.keys.get_mut(key) {
            slots.retain(|slot| slot.observation.source != *source);
            if slots.is_empty() {
                self.keys.remove(key);
            }
        }
        if let Some(keys) = self.by_source.get_mut(source) {
            keys.remove(key);
        }
    }

    /// What one source says of a key.
    #[must_use]
    pub fn slot(&self, key: &Key, source: &SourceId) -> Option<&Slot> {
        self.keys.get(key)?.iter().find(|slot| slot.observation.source == *source)
    }

    /// What every source says of a key; empty when nobody does.
    #[must_use]
    pub fn slots(&self, key: &Key) -> &[Slot] {
        self.keys.get(key).map_or(&[], Vec::as_slice)
    }

    /// Everything one source says, in key order.
    pub fn held_by<'a>(&'a self, source: &'a SourceId) -> impl Iterator<Item = &'a Slot> {
        self.by_source.get(source).into_iter().flatten().filter_map(move |key| self.slot(key, source))
    }

    /// Matching keys with what is said of them, in key order; the pattern's literal first segments bound the walk.
    pub fn matching<'a>(&'a self, pattern: Option<&'a Pattern>) -> Box<dyn Iterator<Item = (&'a Key, &'a [Slot])> + 'a> {
        let all = |(key, slots): (&'a Key, &'a Vec<Slot>)| (key, slots.as_slice());
        let Some(pattern) = pattern else { return Box::new(self.keys.iter().map(all)) };
        let prefix = pattern.literal_prefix().join("/");
        match Key::new(&prefix) {
            Ok(from) => Box::new(
                self.keys
                    .range(from..)
                    .take_while(move |(key, _)| key.as_str().starts_with(&prefix))
                    .filter(|(key, _)| pattern.matches(key))
                    .map(all),
            ),
            Err(_) => Box::new(self.keys.iter().filter(|(key, _)| pattern.matches(key)).map(all)),
        }
    }

    /// Who says anything.
    pub fn sources(&self) -> impl Iterator<Item = &SourceId> {
        self.by_source.keys()
    }

    /// Everything, to be written again.
    #[must_use]
    pub fn puts(&self) -> Vec<StoreOp> {
        self.keys.values().flatten().map(|slot| StoreOp::Put(slot.observation.clone())).collect()
    }

    /// How many keys somebody speaks of.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }
}
