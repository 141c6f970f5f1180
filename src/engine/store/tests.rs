//! The store as its callers see it: one suite for every backend, then the disk one under attack.

mod beside;
mod compaction;
mod conformance;
mod damage;
mod failover;
mod interplay;
mod kill;
mod machine;
mod mending;
mod model;
mod opening;
mod power;
mod quiet;
mod rekey;
mod secrecy;

use std::{path::PathBuf, sync::Arc};

use super::{
    CacheStore, FaultDisk, KeyPolicy, OpenedStore, StoreError, StoreOp, StoreOptions, open, open::open_with, open_over, open_resilient,
    open_store, outer::KeyPlace, rows::Backend, sealed_store::SealedStore,
};
use crate::{
    config::CacheKey,
    engine::world::{NoVault, SimClock, SystemRng},
    fact::{Content, Key, Observation, SourceId, Timestamp, Value},
};

/// A place for a store to live in.
struct Place {
    dir: tempfile::TempDir,
    backend: &'static str,
    clock: Arc<SimClock>,
    /// What `fault-disk` and `failover` are on.
    disk: Arc<FaultDisk>,
}

/// Every store there is: the last two over a disk that can be told to fail.
const EVERYWHERE: &[&str] = &[
    "memory",
    "sled",
    #[cfg(feature = "redb")]
    "redb",
    "resilient-sled",
    "fault-disk",
    "failover",
];

impl Place {
    fn new(backend: &'static str) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), backend, clock: Arc::new(SimClock::default()), disk: FaultDisk::new(1) }
    }

    fn sled() -> Self {
        Self::new("sled")
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn options(&self) -> StoreOptions {
        StoreOptions {
            data_dir: self.data(),
            state_dir: self.state(),
            backend: self.backend.to_owned(),
            key: CacheKey::Auto,
            clock: self.clock.clone(),
            rng: SystemRng::shared(),
            vault: Arc::new(NoVault),
            policy: KeyPolicy::default(),
        }
    }

    fn key_place(&self) -> KeyPlace {
        let StoreOptions { data_dir, state_dir, vault, rng, policy, .. } = self.options();
        KeyPlace { data_dir, state_dir, vault, rng, policy }
    }

    fn try_open(&self) -> Result<OpenedStore, StoreError> {
        match self.backend {
            "fault-disk" => open_with(&self.options(), &self.disk.backend()),
            "failover" => open_over(&self.options(), Arc::new(self.disk.backend())),
            "resilient-sled" => open_resilient(&StoreOptions { backend: "sled".to_owned(), ..self.options() }),
            _ => open_store(&self.options()),
        }
    }

    fn opened(&self) -> OpenedStore {
        patient(|| self.try_open()).unwrap()
    }

    fn open(&self) -> Arc<dyn CacheStore> {
        self.opened().store
    }

    /// A store of `count` small facts, closed cleanly.
    fn filled(&self, count: usize) {
        let store = self.open();
        let ops: Vec<_> = (0..count).map(|at| put(&format!("host/disk/{at}"), "host.proc", &at.to_string())).collect();
        // As sources answer, not all in one: what is in one batch is lost as one.
        ops.chunks(100).for_each(|batch| store.apply(batch).unwrap());
        store.close().unwrap();
    }
}

/// As soon as nobody holds the directory. A database that refused a write is let go behind the back of who dropped it, and may be held a moment
/// longer; so may one of any test, by a child that another test starts, until that child is another program. A process that died holds nothing.
fn patient<T>(open: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        match open() {
            Err(StoreError::Busy { .. }) if std::time::Instant::now() < until => std::thread::sleep(std::time::Duration::from_millis(10)),
            opened => return opened,
        }
    }
}

fn open_sealed(options: &StoreOptions, backend: &dyn Backend) -> Result<SealedStore, StoreError> {
    patient(|| open::open_sealed(options, backend))
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn source(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

fn seen(name: &str, by: &str, json: &str) -> Observation {
    Observation {
        key: key(name),
        source: source(by),
        content: Content::Value(Value::from_trusted_text(json)),
        observed_at: Timestamp::from_millis(1_767_607_200_000),
        changed_at: Timestamp::from_millis(1_767_607_100_000),
        fetched_at: Timestamp::from_millis(1_767_607_200_001),
        revision: Some("\"7\"".into()),
        live: false,
        same_origin: None,
    }
}

fn put(name: &str, by: &str, json: &str) -> StoreOp {
    StoreOp::Put(seen(name, by, json))
}

fn evict(name: &str, by: &str) -> StoreOp {
    StoreOp::Evict(key(name), source(by))
}

/// Every observation under these segments as `key source value`, sorted.
fn scanned(store: &dyn CacheStore, segments: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    store.scan(segments, &mut |observation| found.push(line(&observation))).unwrap();
    found.sort();
    found
}

fn got(store: &dyn CacheStore, name: &str) -> Vec<String> {
    let mut found: Vec<_> = store.get(&key(name)).unwrap().iter().map(line).collect();
    found.sort();
    found
}

fn line(observation: &Observation) -> String {
    let value = observation.value().map_or("-", Value::as_json_text);
    format!("{} {} {value}", observation.key, observation.source)
}
