//! Reads through the engine's handle, beside a bare look-up in a standard map and a `get` of `quick_cache`, of the same
//! size in the same run.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]

use std::{collections::BTreeMap, hint::black_box, path::PathBuf, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use stellar::{
    config::{Config, FileSource, SecretRef, SourceConfig, SourceKind},
    engine::{
        Engine, EngineOptions, FactQuery, Secrets,
        world::{SystemClock, SystemRng},
    },
    fact::{Key, SourceId},
};

const FACTS: usize = 10_000;

struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, _: &SecretRef) -> Result<String, String> {
        Err("no secrets in a benchmark".to_owned())
    }
}

fn facts_file(dir: &std::path::Path) -> PathBuf {
    let path = dir.join("facts.json");
    let facts: BTreeMap<String, BTreeMap<&str, usize>> =
        (0..FACTS).map(|n| (format!("service-{n:05}"), BTreeMap::from([("replicas", n % 9)]))).collect();
    std::fs::write(&path, serde_json::to_vec(&facts).expect("plain data")).expect("a temporary directory takes a file");
    path
}

fn reads(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let name = SourceId::new("facts").expect("a name");
    let file = FileSource { path: facts_file(dir.path()), depth: 0 };
    let config = Config { sources: vec![SourceConfig::new(name.clone(), SourceKind::File(file))], ..Config::bare(dir.path().to_owned()) };
    let engine = Engine::start(EngineOptions {
        config: Arc::new(config),
        data_dir: dir.path().join("data"),
        state_dir: dir.path().join("state"),
        offline: false,
        polling: false,
        clock: SystemClock::shared(),
        rng: SystemRng::shared(),
        secrets: Arc::new(NoSecrets),
        environment: Arc::default(),
    })
    .expect("the engine starts");
    let handle = engine.handle();
    runtime.block_on(handle.refresh(&[name])).expect("the file is read");
    let keys: Vec<Key> = handle.list(&FactQuery::default()).expect("listed").iter().map(|fact| fact.key.clone()).collect();
    assert_eq!(keys.len(), FACTS);
    let map: BTreeMap<Key, usize> = keys.iter().cloned().enumerate().map(|(at, key)| (key, at)).collect();

    let mut group = criterion.benchmark_group("read");
    let mut at = 0;
    let mut next = || {
        at = (at + 7919) % FACTS;
        &keys[at]
    };
    group.bench_function("hot get, resolved", |bencher| bencher.iter(|| black_box(handle.get(next()))));
    group.bench_function("std map get", |bencher| bencher.iter(|| black_box(map.get(next()))));
    let memory = quick_cache::sync::Cache::new(2 * FACTS);
    keys.iter().for_each(|key| memory.insert(key.clone(), handle.get(key).ok().flatten()));
    group.bench_function("quick_cache get", |bencher| bencher.iter(|| black_box(memory.get(next()))));
    group.bench_function("list 10,000", |bencher| bencher.iter(|| black_box(handle.list(&FactQuery::default()))));
    group.finish();
    runtime.block_on(engine.shutdown()).expect("closed");
}

criterion_group!(benches, reads);
criterion_main!(benches);
