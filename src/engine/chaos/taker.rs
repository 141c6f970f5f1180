//! A simulated target of changes: it makes what arrives, as often as it arrives, and counts it.
//!
//! It holds no change against what it has and remembers no idempotency key, so that sending once is the work of whoever sends.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    network::{Network, TIMEOUT},
    simulated::built,
};
use crate::{
    engine::{
        source::{BoxFuture, BuiltSource, Change, Delivery, Fetched, Reported, Source, SourceError},
        weather::Weather,
        world::{Rng, SeededRng},
    },
    fact::{Key, SourceId, Value},
};

/// Its name.
const NAME: &str = "changed";
/// Of so many answers one is lost on its way back when the network went meanwhile.
const LOST: u64 = 4;

/// One change that took effect.
#[derive(Clone, Debug)]
pub struct Effect {
    /// Which.
    pub id: Arc<str>,
    /// Where.
    pub key: Key,
}

struct Inner {
    values: BTreeMap<Key, Value>,
    effects: Vec<Effect>,
}

/// The target, as it outlives the engines that write to it.
pub struct Taker {
    keys: Vec<Key>,
    id: SourceId,
    network: Arc<Network>,
    draws: SeededRng,
    inner: Mutex<Inner>,
}

impl Taker {
    /// As many keys, each at 0.
    pub fn new(keys: u32, network: &Arc<Network>, seed: u64) -> Option<Arc<Self>> {
        let keys = (0..keys).map(|at| Key::new(&format!("{NAME}/{at}")).ok()).collect::<Option<Vec<_>>>()?;
        let values = keys.iter().map(|key| (key.clone(), Value::from(0_i64))).collect();
        Some(Arc::new(Self {
            id: SourceId::new(NAME).ok()?,
            keys,
            network: Arc::clone(network),
            draws: SeededRng::new(seed),
            inner: Mutex::new(Inner { values, effects: Vec::new() }),
        }))
    }

    /// As the engine takes it.
    pub fn built(self: &Arc<Self>) -> BuiltSource {
        built(&self.id, true, Arc::new(At(Arc::clone(self))))
    }

    /// The key of this number.
    pub fn key(&self, at: u64) -> Option<&Key> {
        self.keys.get(usize::try_from(at % self.keys.len().max(1) as u64).ok()?)
    }

    /// Everything that took effect, in its order.
    pub fn effects(&self) -> Vec<Effect> {
        self.inner().effects.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the network does with a question: none, it arrives and is answered; else why there is no answer, and whether it arrived.
    fn fate(&self) -> Option<(SourceError, bool)> {
        let error = |code, message: &str| SourceError { code, message: message.to_owned(), retry_after: None };
        match self.network.now() {
            Weather::Clear => None,
            Weather::Down => {
                let mut bytes = [0; 8];
                self.draws.fill(&mut bytes);
                let arrived = u64::from_le_bytes(bytes) % LOST == 0;
                Some((error(if arrived { "timeout" } else { "refused" }, "the simulated network is down"), arrived))
            }
            Weather::Slow(by) if by < TIMEOUT => None,
            Weather::Slow(_) => Some((error("timeout", "the simulated network is too slow"), true)),
        }
    }
}

struct At(Arc<Taker>);

impl Source for At {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        Box::pin(async {
            if let Some((error, _)) = self.0.fate() {
                return Err(error);
            }
            let item = |(key, value): (&Key, &Value)| Reported::new(key.clone(), value.clone());
            let items = self.0.inner().values.iter().map(item).collect();
            Ok(Fetched { items, complete: true, ..Fetched::default() })
        })
    }

    fn writes(&self, key: &Key) -> bool {
        self.0.keys.contains(key)
    }

    fn reread<'a>(&'a self, key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Value>, SourceError>>> {
        Some(Box::pin(async move {
            match self.0.fate() {
                Some((error, _)) => Err(error),
                None => Ok(self.0.inner().values.get(key).cloned()),
            }
        }))
    }

    fn deliver<'a>(&'a self, change: &'a Change) -> Option<BoxFuture<'a, Delivery>> {
        Some(Box::pin(async move {
            let fate = self.0.fate();
            if fate.as_ref().is_none_or(|(_, arrived)| *arrived) {
                let mut inner = self.0.inner();
                inner.values.insert(change.key.clone(), change.value.clone());
                inner.effects.push(Effect { id: Arc::clone(&change.id), key: change.key.clone() });
            }
            match fate {
                Some((error, maybe_applied)) => Delivery::Unavailable { error, maybe_applied },
                None => Delivery::Accepted { revision: None, guarded: false, confirmed: None },
            }
        }))
    }
}
