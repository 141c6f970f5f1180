//! Reads through the engine's handle, beside a bare look-up in a standard map and a `get` of `quick_cache` of the same size in the same
//! run; a poll in which every fact changed, with history and without.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]

#[path = "support/started.rs"]
mod started;

use std::{
    collections::BTreeMap,
    hint::black_box,
    path::{Path, PathBuf},
    time::Duration,
};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use stellar::{
    config::{Config, FileSource, SourceConfig, SourceKind},
    engine::{Engine, FactQuery},
    fact::{Key, SourceId},
};

use started::started;

const FACTS: usize = 10_000;
/// Facts of the poll.
const POLLED: usize = 1_000;

fn facts_file(dir: &Path, count: usize, turn: usize) -> PathBuf {
    let path = dir.join("facts.json");
    let facts: BTreeMap<String, BTreeMap<&str, usize>> =
        (0..count).map(|n| (format!("service-{n:05}"), BTreeMap::from([("replicas", n % 9 + turn)]))).collect();
    std::fs::write(&path, serde_json::to_vec(&facts).expect("plain data")).expect("a temporary directory takes a file");
    path
}

/// An engine over the facts file in this directory.
fn engine(dir: &Path, name: &SourceId, history: Duration) -> Engine {
    let file = FileSource { path: dir.join("facts.json"), depth: 0 };
    let mut config = Config { sources: vec![SourceConfig::new(name.clone(), SourceKind::File(file))], ..Config::bare(dir.to_owned()) };
    config.cache.history = history;
    started(dir, config, false)
}

/// A poll in which each of a thousand facts has another value, sync included.
fn polls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let name = SourceId::new("facts").expect("a name");
    let mut group = criterion.benchmark_group("poll of 1,000 changed facts");
    group.sample_size(30);
    for (what, history) in [("without history", Duration::ZERO), ("with history", Duration::from_secs(7 * 86_400))] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        facts_file(dir.path(), POLLED, 0);
        let engine = engine(dir.path(), &name, history);
        let handle = engine.handle();
        let mut turn = 0;
        group.bench_function(what, |bencher| {
            bencher.iter_batched(
                || {
                    turn += 1;
                    facts_file(dir.path(), POLLED, turn);
                },
                |()| black_box(runtime.block_on(handle.refresh(std::slice::from_ref(&name)))),
                BatchSize::PerIteration,
            );
        });
        runtime.block_on(engine.shutdown()).expect("closed");
    }
    group.finish();
}

fn reads(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let name = SourceId::new("facts").expect("a name");
    facts_file(dir.path(), FACTS, 0);
    let engine = engine(dir.path(), &name, Duration::from_secs(7 * 86_400));
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

criterion_group!(benches, reads, polls);
criterion_main!(benches);
