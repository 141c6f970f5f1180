//! The sealed store, and what a source says as it takes it.

use std::{path::Path, sync::Arc};

use stellar::{
    config::CacheKey,
    engine::{
        store::{KeyPolicy, OpenedStore, StoreOp, StoreOptions, open_store},
        world::{NoVault, SimClock, SystemRng},
    },
    fact::{Content, Key, Observation, SourceId, Timestamp, Value},
};

/// The sealed store in this directory.
pub fn open(dir: &Path) -> OpenedStore {
    let options = StoreOptions {
        data_dir: dir.join("data"),
        state_dir: dir.join("state"),
        backend: "sled".to_owned(),
        key: CacheKey::Auto,
        vault: Arc::new(NoVault),
        policy: KeyPolicy::default(),
        clock: Arc::new(SimClock::default()),
        rng: SystemRng::shared(),
    };
    open_store(&options).expect("the directory is new or ours")
}

/// That a source says this of a key, fetched at that moment.
pub fn said(key: &Key, source: &SourceId, value: Value, at: Timestamp) -> StoreOp {
    StoreOp::Put(Observation {
        key: key.clone(),
        source: source.clone(),
        content: Content::Value(value),
        observed_at: at,
        changed_at: at,
        fetched_at: at,
        revision: None,
        live: false,
        same_origin: None,
    })
}
