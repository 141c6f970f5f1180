//! The first window: which facts a screen shows first, written down so that the next start shows those before all the rest.
//!
//! It is written down twice. A document of the store names the keys, so that a start reads their records first. A file beside the database
//! holds what sources said of them, so that a start shows them while the database opens; the store keeps it only as long as nothing was
//! written after it.
//!
//! Invariants: what was believed is never written, only what was observed and what people said of it: whatever is shown of a key was read and
//! resolved at this start. So one that is missing, old or wrong makes a start slower or its first rows others, and never a row untrue.
//!
//! It does not know a conflict from another: which ones wait is known when everything was read.

use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};

use crate::fact::{Key, Observation};

use super::{
    acquaintance::DOCUMENT as ACQUAINTANCE,
    api::EngineOptions,
    cache::Slot,
    core::{Core, SourceSlot},
    keeping::Document,
    lasting,
    queue::{Desk, QueueState},
    source::name_sources,
    store::{
        CacheStore, MemoryStore, OpenedStore, StoreError, StoreOp, decode_body, decode_observation, encode_body, encode_observation,
        read_window,
    },
    view::{EngineView, FactMap},
};

/// The document's name.
const WINDOW: &str = "first-window";
/// Keys of a window: more than a usual terminal has rows.
const KEYS: usize = 64;
/// Sealed bytes that a window takes at the most: large values come with the rest.
const ENOUGH: u64 = 256 * 1024;

/// Bytes of decisions and changes above which there is no window: reading them would take longer than the database does.
const ENOUGH_OF_THE_LOG: usize = 1024 * 1024;

/// The window as a file holds it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// What sources said of its keys, each as in a record of its own.
    observations: Vec<Vec<u8>>,
    /// How the sources stood, and which keys it is of.
    documents: Vec<Document>,
    /// What people decided, and the changes and locks there are: a checkpoint of the log of record.
    log: Vec<u8>,
}

/// What the window beside the database shows, resolved now; none where there is none of what the database holds. Opens no database, asks
/// nobody, and is true whoever owns the directory.
#[must_use]
pub fn glimpse(options: &EngineOptions) -> Option<EngineView> {
    if options.config.cache.backend == "memory" {
        return None;
    }
    let kept: Kept = decode_body(&read_window(&options.store())?)?;
    let store = MemoryStore::default();
    let puts: Option<Vec<_>> = kept.observations.iter().map(|body| decode_observation(body).map(StoreOp::Put)).collect();
    store.apply(&puts?).ok()?;
    kept.documents.iter().try_for_each(|(name, body)| store.put_meta(name, body)).ok()?;
    let sources = name_sources(&options.config).ok()?;
    let desk = Desk::new(Err(StoreError::Closed), QueueState::restore(&kept.log)?);
    Core::new(options.clone(), OpenedStore::in_memory(store), sources, desk).first_view().ok()?
}

impl Core {
    /// The facts a screen shows first, read and resolved now, while the rest is not in memory; none when it is, or nothing can be said.
    pub(super) fn first_view(&self) -> Result<Option<EngineView>, StoreError> {
        if self.read_facts().loaded {
            return Ok(None);
        }
        let now = self.now();
        let standings = self.standings(now);
        let mut found = Vec::new();
        self.each_of_window(|key, observations| {
            let slots: Vec<_> = observations.into_iter().map(|observation| Slot::new(observation, &self.rules)).collect();
            found.extend(self.resolve(key, &slots, &standings, now).map(Arc::new));
        })?;
        if found.is_empty() {
            return Ok(None);
        }
        let facts: FactMap = found.into();
        Ok(Some(EngineView { facts, sources: self.source_statuses(now).into(), conflicts: Arc::from([]) }))
    }

    /// Keeps the window of what the store holds beside it, where none is kept of that yet.
    pub(super) fn keep_window(&self) -> Result<(), StoreError> {
        let Some(write) = self.store.window_due() else { return Ok(()) };
        let mut observations = Vec::new();
        self.each_of_window(|_, found| observations.extend(found.iter().map(encode_observation)))?;
        if observations.is_empty() {
            return Ok(());
        }
        // By a part of what was decided something else could be believed: all of it, or none is kept.
        let log = self.desk.state().checkpoint(self.now());
        if log.len() > ENOUGH_OF_THE_LOG {
            return Ok(());
        }
        let names = self.sources.iter().map(SourceSlot::document_name).chain([WINDOW, ACQUAINTANCE, lasting::DOCUMENT].map(str::to_owned));
        let documents = names.filter_map(|name| self.store.get_meta(&name).ok().flatten().map(|body| (name, body))).collect();
        self.store.keep_window(write, &encode_body(&Kept { observations, documents, log }))
    }

    /// What is stored of the keys of the window, until it is enough.
    fn each_of_window(&self, mut each: impl FnMut(&Key, Vec<Observation>)) -> Result<(), StoreError> {
        let mut read = 0;
        for key in self.written_window() {
            let observations = self.store.get(&key)?;
            read += observations.iter().map(|observation| self.store.weight(observation)).sum::<u64>();
            if read > ENOUGH {
                break;
            }
            each(&key, observations);
        }
        Ok(())
    }

    /// The window as it is after these changes, where it differs from what is written.
    pub(super) fn window_document(&self, coming: &[StoreOp]) -> Option<Document> {
        let mut keys: Vec<Key> = {
            let facts = self.read_facts();
            if !facts.loaded {
                return None;
            }
            facts.table.matching(None).take(KEYS).map(|(key, _)| key.clone()).collect()
        };
        let last = keys.last().filter(|_| keys.len() == KEYS).cloned();
        let put = coming.iter().filter_map(|op| if let StoreOp::Put(observation) = op { Some(&observation.key) } else { None });
        keys.extend(put.filter(|key| last.as_ref().is_none_or(|last| *key < last)).cloned());
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(KEYS);
        let mut written = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if *written.get_or_insert_with(|| self.written_window()) == keys {
            return None;
        }
        let names: Vec<&str> = keys.iter().map(Key::as_str).collect();
        let document = (WINDOW.to_owned(), encode_body(&names));
        *written = Some(keys);
        Some(document)
    }

    /// Unreadable is as good as never written.
    fn written_window(&self) -> Vec<Key> {
        let names: Vec<String> = self.store.get_meta(WINDOW).ok().flatten().and_then(|body| decode_body(&body)).unwrap_or_default();
        names.iter().take(KEYS).filter_map(|name| Key::new(name).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden() {
        let bytes = encode_body(&vec!["a", "b/c"]);
        assert_eq!(bytes, [1, 2, 1, b'a', 3, b'b', b'/', b'c']);
        assert_eq!(decode_body::<Vec<String>>(&bytes).unwrap(), ["a", "b/c"]);
        let kept = Kept { observations: vec![vec![9, 8]], documents: vec![("d".to_owned(), vec![7])], log: vec![6, 5] };
        let bytes = encode_body(&kept);
        assert_eq!(bytes, [1, 1, 2, 9, 8, 1, 1, b'd', 1, 7, 2, 6, 5]);
        assert_eq!(decode_body::<Kept>(&bytes), Some(kept));
    }
}
