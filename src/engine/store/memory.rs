//! The store that keeps nothing: for `backend = "memory"` and for tests.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::fact::{Content, Key, Observation, SourceId};

use super::{
    api::{CacheStore, StoreOp, StoreStats, VerifyReport},
    error::StoreError,
    log_keys::LogSealer,
    names,
};

/// Observations in memory, gone with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    held: RwLock<Held>,
    /// For rehearsals: what the log of record beside it is sealed with.
    log: Option<RehearsalKeys>,
}

struct RehearsalKeys(Arc<dyn LogSealer>);

impl std::fmt::Debug for RehearsalKeys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("RehearsalKeys")
    }
}

#[derive(Debug, Default)]
struct Held {
    observations: BTreeMap<Key, BTreeMap<SourceId, Observation>>,
    documents: BTreeMap<String, Vec<u8>>,
    entries: u64,
    bytes: u64,
    closed: bool,
}

impl Held {
    fn put(&mut self, observation: &Observation) {
        let old = self.observations.entry(observation.key.clone()).or_default().insert(observation.source.clone(), observation.clone());
        self.bytes += size_of_observation(observation);
        match old {
            Some(old) => self.bytes -= size_of_observation(&old),
            None => self.entries += 1,
        }
    }

    fn evict(&mut self, key: &Key, source: &SourceId) {
        let Some(sources) = self.observations.get_mut(key) else { return };
        if let Some(old) = sources.remove(source) {
            self.bytes -= size_of_observation(&old);
            self.entries -= 1;
        }
        if sources.is_empty() {
            self.observations.remove(key);
        }
    }
}

/// The text it holds; what the maps around it cost is not counted.
fn size_of_observation(observation: &Observation) -> u64 {
    let value = match &observation.content {
        Content::Value(value) | Content::Absent(Some(value)) => value.as_json_text().len(),
        Content::Absent(None) => 0,
    };
    let marks = [&observation.revision, &observation.same_origin].into_iter().flatten().map(|text| text.len()).sum::<usize>();
    (observation.key.as_str().len() + observation.source.as_str().len() + value + marks) as u64
}

impl MemoryStore {
    /// One with a log of record beside it, for rehearsals: what is in memory alone has none.
    #[must_use]
    pub fn beside_log(sealer: Arc<dyn LogSealer>) -> Self {
        Self { held: RwLock::default(), log: Some(RehearsalKeys(sealer)) }
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, Held>, StoreError> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if held.closed { Err(StoreError::Closed) } else { Ok(held) }
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, Held>, StoreError> {
        let held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.closed { Err(StoreError::Closed) } else { Ok(held) }
    }
}

impl CacheStore for MemoryStore {
    fn get(&self, key: &Key) -> Result<Vec<Observation>, StoreError> {
        Ok(self.read()?.observations.get(key).map(|sources| sources.values().cloned().collect()).unwrap_or_default())
    }

    fn apply(&self, ops: &[StoreOp]) -> Result<(), StoreError> {
        let mut held = self.write()?;
        for op in ops {
            match op {
                StoreOp::Put(observation) => held.put(observation),
                StoreOp::Evict(key, source) => held.evict(key, source),
            }
        }
        Ok(())
    }

    fn scan(&self, segments: &[&str], each: &mut dyn FnMut(Observation)) -> Result<(), StoreError> {
        // Copied out first, so that `each` may use the store.
        let found: Vec<Observation> = self
            .read()?
            .observations
            .iter()
            .filter(|(key, _)| names::starts_with(key, segments))
            .flat_map(|(_, sources)| sources.values().cloned())
            .collect();
        found.into_iter().for_each(each);
        Ok(())
    }

    fn get_meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read()?.documents.get(name).cloned())
    }

    fn put_meta(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.write()?.documents.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.read().map(drop)
    }

    fn log_sealer(&self) -> Option<Arc<dyn LogSealer>> {
        self.log.as_ref().map(|keys| Arc::clone(&keys.0))
    }

    fn stats(&self) -> StoreStats {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        StoreStats { entries: held.entries, live_bytes: held.bytes, disk_bytes: 0, quarantined: 0 }
    }

    fn weight(&self, observation: &Observation) -> u64 {
        size_of_observation(observation)
    }

    fn verify(&self) -> Result<VerifyReport, StoreError> {
        Ok(VerifyReport { checked: self.read()?.entries, complete: true, ..VerifyReport::default() })
    }

    fn close(&self) -> Result<(), StoreError> {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Held { closed: true, ..Held::default() };
        Ok(())
    }
}
