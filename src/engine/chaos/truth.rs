//! What the disk acknowledged, and what therefore must be found.

use std::collections::BTreeMap;

use super::target::{Target, number_in};
use crate::{
    engine::store::{CacheStore, StoreError},
    fact::Observation,
};

/// Facts by number: what was acknowledged, and what still waits for it.
#[derive(Default)]
pub struct Truth {
    acknowledged: BTreeMap<usize, u64>,
    waiting: BTreeMap<usize, u64>,
}

/// What a count of everything acknowledged came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Found, as acknowledged or newer.
    pub found: u64,
    /// Not there.
    pub missing: u64,
    /// There with a value that was never said, or that is older than the acknowledged one.
    pub wrong: u64,
}

impl Truth {
    /// The source said this of a fact; it is not on disk yet.
    pub fn said(&mut self, at: usize, value: u64) {
        self.waiting.insert(at, value);
    }

    /// Everything said so far is on disk.
    pub fn is_on_disk(&mut self) {
        self.acknowledged.append(&mut self.waiting);
    }

    /// What was not acknowledged may be gone.
    pub fn crashed(&mut self) {
        self.waiting.clear();
    }

    /// How many facts were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.len() as u64
    }

    /// Whether a fact may have this value.
    pub fn allows(&self, target: &Target, at: usize, value: u64) -> bool {
        (self.acknowledged.get(&at).copied().unwrap_or(1)..=target.value(at)).contains(&value)
    }

    /// Looks for everything acknowledged. What is not there is not looked for again.
    ///
    /// # Errors
    /// The store's.
    pub fn count(&mut self, target: &Target, store: &dyn CacheStore) -> Result<Counted, StoreError> {
        let mut counted = Counted::default();
        let mut gone = Vec::new();
        for at in self.acknowledged.keys().copied() {
            let key = target.key(at);
            match store.get(key)?.first().and_then(Observation::value) {
                None => gone.push(at),
                Some(value) if number_in(value).is_some_and(|value| self.allows(target, at, value)) => counted.found += 1,
                Some(_) => counted.wrong += 1,
            }
        }
        counted.missing = gone.len() as u64;
        for at in gone {
            self.acknowledged.remove(&at);
        }
        Ok(counted)
    }
}
