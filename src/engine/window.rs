//! The first window: which facts a screen shows first, written down so that the next start reads those before all the rest.
//!
//! Invariants: only names are written, never what was believed of them: whatever is shown of a key was read and resolved at this start.
//! So a document that is missing, old or wrong makes a start slower or its first rows others, and never a row untrue.
//!
//! It does not know a conflict from another: which ones wait is known when everything was read.

use std::sync::{Arc, PoisonError};

use crate::fact::Key;

use super::{
    cache::Slot,
    core::Core,
    keeping::Document,
    store::{StoreError, StoreOp, decode_body, encode_body},
    view::{EngineView, FactMap},
};

/// The document's name.
const WINDOW: &str = "first-window";
/// Keys of a window: more than a usual terminal has rows.
const KEYS: usize = 64;
/// Sealed bytes after which no further key is read: large values come with the rest.
const ENOUGH: u64 = 256 * 1024;

impl Core {
    /// The facts a screen shows first, read and resolved now, while the rest is not in memory; none when it is, or nothing can be said.
    pub(super) fn first_view(&self) -> Result<Option<EngineView>, StoreError> {
        if self.read_facts().loaded {
            return Ok(None);
        }
        let now = self.now();
        let standings = self.standings(now);
        let mut read = 0;
        let mut found = Vec::new();
        for key in self.written_window() {
            if read > ENOUGH {
                break;
            }
            let observations = self.store.get(&key)?;
            read += observations.iter().map(|observation| self.store.weight(observation)).sum::<u64>();
            let slots: Vec<_> = observations.into_iter().map(|observation| Slot::new(observation, &self.rules)).collect();
            found.extend(self.resolve(&key, &slots, &standings, now).map(Arc::new));
        }
        if found.is_empty() {
            return Ok(None);
        }
        let facts: FactMap = found.into();
        Ok(Some(EngineView { facts, sources: self.source_statuses(now).into(), conflicts: Arc::from([]) }))
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
    }
}
