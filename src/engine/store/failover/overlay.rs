//! Changes that are in memory and not, or not certainly, on disk: laid over what is read from below.

use std::collections::BTreeMap;

use crate::{
    engine::store::api::StoreOp,
    fact::{Key, Observation, SourceId},
};

/// What a source says of a key now; none: nothing any more. Most keys have one.
type Said = (SourceId, Option<Observation>);

/// The last change of each observation and document it was told of.
#[derive(Debug, Default)]
pub struct Overlay {
    observations: BTreeMap<Key, Vec<Said>>,
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
            let (source, sources) = (source.clone(), self.observations.entry(key.clone()).or_insert_with(|| Vec::with_capacity(1)));
            say(sources, source, now);
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
        let changes = self.changes + later.changes;
        if self.is_empty() {
            *self = Self { changes, ..later };
            return;
        }
        for (key, said) in later.observations {
            let sources = self.observations.entry(key).or_default();
            said.into_iter().for_each(|(source, now)| say(sources, source, now));
        }
        self.documents.extend(later.documents);
        self.changes = changes;
    }

    /// What is said of `key`, given what is said below.
    pub fn over(&self, key: &Key, mut below: Vec<Observation>) -> Vec<Observation> {
        if let Some(changed) = self.observations.get(key) {
            below.retain(|observation| !changed.iter().any(|(source, _)| *source == observation.source));
            below.extend(changed.iter().filter_map(|(_, now)| now.clone()));
        }
        below
    }

    /// Whether it says anything of what this source says of this key.
    pub fn covers(&self, key: &Key, source: &SourceId) -> bool {
        self.observations.get(key).is_some_and(|sources| sources.iter().any(|(said, _)| said == source))
    }

    /// Everything there is in it, evictions left out.
    pub fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.observations.values().flatten().filter_map(|(_, now)| now.as_ref())
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
        (self.observations.values().map(Vec::len).sum::<usize>() + self.documents.len()) as u64
    }

    fn is_empty(&self) -> bool {
        self.observations.is_empty() && self.documents.is_empty()
    }
}

/// Replaces what the source said.
fn say(sources: &mut Vec<Said>, source: SourceId, now: Option<Observation>) {
    match sources.iter_mut().find(|(said, _)| *said == source) {
        Some((_, before)) => *before = now,
        None => sources.push((source, now)),
    }
}
