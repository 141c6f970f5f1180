//! A simulated source: facts whose values are numbers that only grow, so that every answer can be judged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    network::{Behind, Network},
    simulated::built,
};
use crate::{
    engine::source::{BoxFuture, BuiltSource, Fetched, Reported, Source, SourceError},
    fact::{Key, SourceId, Value},
};

/// The name of the one source.
const NAME: &str = "simulated";

/// What the simulated source says now.
pub struct Target {
    keys: Vec<Key>,
    values: Mutex<Vec<u64>>,
    id: SourceId,
}

impl Target {
    /// As many facts, each at 1.
    pub fn new(facts: u32) -> Option<Arc<Self>> {
        let keys = (0..facts).map(|at| Key::new(&format!("simulated/{}/{at}", at % 10)).ok()).collect::<Option<Vec<_>>>()?;
        let values = Mutex::new(vec![1; keys.len()]);
        Some(Arc::new(Self { keys, values, id: SourceId::new(NAME).ok()? }))
    }

    /// As the engine takes it, behind this network.
    pub fn built(self: &Arc<Self>, network: &Arc<Network>) -> BuiltSource {
        built(&self.id, false, Behind::shared(network, Arc::new(Asked(Arc::clone(self)))))
    }

    /// Its name.
    pub fn id(&self) -> &SourceId {
        &self.id
    }

    /// The fact of this number.
    pub fn key(&self, at: usize) -> &Key {
        &self.keys[at % self.keys.len()]
    }

    /// How many facts there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// What it says of this fact now.
    pub fn value(&self, at: usize) -> u64 {
        self.values().get(at).copied().unwrap_or_default()
    }

    /// Changes this fact.
    pub fn change(&self, at: usize) {
        if let Some(value) = self.values().get_mut(at) {
            *value += 1;
        }
    }

    fn values(&self) -> MutexGuard<'_, Vec<u64>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number in an answer.
pub fn number_in(value: &Value) -> Option<u64> {
    value.as_json_text().parse().ok()
}

struct Asked(Arc<Target>);

impl Source for Asked {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        let values = self.0.values().clone();
        let item = |(key, value): (&Key, u64)| Reported::new(key.clone(), Value::from_trusted_text(&value.to_string()));
        let items = self.0.keys.iter().zip(values).map(item).collect();
        Box::pin(std::future::ready(Ok(Fetched { items, complete: true, ..Fetched::default() })))
    }
}
