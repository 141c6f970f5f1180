//! Changes that are in memory and not, or not certainly, on disk: laid over what is read from below.

use std::collections::BTreeMap;

use crate::{
    engine::store::api::StoreOp,
    fact::{Key, Observation, SourceId},
};

/// The last change of each observation and document it was told of.
#[derive(Debug, Default)]
pub struct Overlay {
    observations: BTreeMap<Key, BTreeMap<SourceId, Option<Observation>>>,
    documents: BTreeMap<String, Vec<u8>>,
    changes: u64,
}

impl Overlay {
    /// Takes changes in; a later one replaces an earlier one.
    pub fn note(&mut self, ops: &[StoreOp]) {
        for op in ops {
            let (key, source, now) = match op {
                StoreOp::Put(observation) => (&observation.key, &observation.source, Some(observation.clone())),
                StoreOp::Evict(key, source) => (key, source, None),
            };
            self.observations.entry(key.clone()).or_default().insert(source.clone(), now);
            self.changes += 1;
        }
    }

    /// Takes a document in.
    pub fn note_document(&mut self, name: &str, bytes: &[u8]) {
        self.documents.insert(name.to_owned(), bytes.to_vec());
        self.changes += 1;
    }

    /// Takes everything of a later one in.
    pub fn absorb(&mut self, later: Self) {
        for (key, sources) in later.observations {
            self.observations.entry(key).or_default().extend(sources);
        }
        self.documents.extend(later.documents);
        self.changes += later.changes;
    }

    /// What is said of `key`, given what is said below.
    pub fn over(&self, key: &Key, mut below: Vec<Observation>) -> Vec<Observation> {
        if let Some(changed) = self.observations.get(key) {
            below.retain(|observation| !changed.contains_key(&observation.source));
            below.extend(changed.values().flatten().cloned());
        }
        below
    }

    /// Whether it says anything of what this source says of this key.
    pub fn covers(&self, key: &Key, source: &SourceId) -> bool {
        self.observations.get(key).is_some_and(|sources| sources.contains_key(source))
    }

    /// Everything there is in it, evictions left out.
    pub fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.observations.values().flat_map(BTreeMap::values).flatten()
    }

    /// A document, if it was changed.
    pub fn document(&self, name: &str) -> Option<&Vec<u8>> {
        self.documents.get(name)
    }

    /// The changes again, one per observation.
    pub fn ops(&self) -> Vec<StoreOp> {
        let all = self.observations.iter().flat_map(|(key, sources)| sources.iter().map(move |(source, now)| (key, source, now)));
        all.map(|(key, source, now)| match now {
            Some(observation) => StoreOp::Put(observation.clone()),
            None => StoreOp::Evict(key.clone(), source.clone()),
        })
        .collect()
    }

    /// Every changed document.
    pub fn documents(&self) -> Vec<(String, Vec<u8>)> {
        self.documents.iter().map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
    }

    /// How many changes it was told of; two equal numbers mean that nothing came in between.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// How many observations and documents wait in it.
    pub fn len(&self) -> u64 {
        (self.observations.values().map(BTreeMap::len).sum::<usize>() + self.documents.len()) as u64
    }
}
