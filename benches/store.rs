//! The sealed store beside the bare database it is built on, in one run: reading, writing, opening.
//!
//! `cargo bench --bench store`. Ratios between lines of one run are what counts; the times are this machine's.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use stellar::{
    config::CacheKey,
    engine::{
        store::{CacheStore, KeyPolicy, OpenedStore, StoreOp, StoreOptions, open_store},
        world::{NoVault, SimClock, SystemRng},
    },
    fact::{Content, Key, Observation, SourceId, Timestamp, Value},
};

const FACTS: usize = 10_000;

fn options(dir: &tempfile::TempDir) -> StoreOptions {
    StoreOptions {
        data_dir: dir.path().join("data"),
        state_dir: dir.path().join("state"),
        backend: "sled".to_owned(),
        key: CacheKey::Auto,
        clock: Arc::new(SimClock::default()),
        rng: SystemRng::shared(),
        vault: Arc::new(NoVault),
        policy: KeyPolicy::default(),
    }
}

fn open(dir: &tempfile::TempDir) -> OpenedStore {
    open_store(&options(dir)).expect("the directory is new or ours")
}

fn key(at: usize) -> Key {
    Key::new(&format!("service/name-{}/replicas/{at}", at % 100)).expect("a key")
}

/// An observation whose value is about `length` bytes of JSON.
fn observation(at: usize, length: usize) -> Observation {
    Observation {
        key: key(at),
        source: SourceId::new("bench").expect("a name"),
        content: Content::Value(Value::string(&"v".repeat(length))),
        observed_at: Timestamp::from_millis(at as i64),
        changed_at: Timestamp::from_millis(0),
        fetched_at: Timestamp::from_millis(0),
        revision: None,
        live: false,
        same_origin: None,
    }
}

fn filled(length: usize) -> (tempfile::TempDir, Arc<dyn CacheStore>) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(&dir).store;
    let ops: Vec<_> = (0..FACTS).map(|at| StoreOp::Put(observation(at, length))).collect();
    ops.chunks(200).for_each(|batch| store.apply(batch).expect("room on the disk"));
    store.flush().expect("room on the disk");
    (dir, store)
}

fn raw(length: usize) -> (tempfile::TempDir, sled::Db) {
    let dir = tempfile::tempdir().expect("a directory");
    let db = sled::Config::new().path(dir.path()).cache_capacity(16 << 20).flush_every_ms(None).open().expect("a database");
    for at in 0..FACTS {
        db.insert(key(at).as_str(), vec![b'v'; length]).expect("room on the disk");
    }
    db.flush().expect("room on the disk");
    (dir, db)
}

/// A value that was not there before: sled skips a write that changes nothing.
fn fresh(count: &mut u64) -> Vec<u8> {
    *count += 1;
    let mut value = vec![b'v'; 1024];
    value[..8].copy_from_slice(&count.to_le_bytes());
    value
}

/// Numbers in no order a cache would like, the same each run.
fn scattered() -> impl FnMut() -> usize {
    let mut at = 1_usize;
    move || {
        at = (at * 7919 + 104_729) % FACTS;
        at
    }
}

fn get(criterion: &mut Criterion) {
    let keys: Vec<_> = (0..FACTS).map(key).collect();
    for length in [100, 1024] {
        let mut group = criterion.benchmark_group(format!("get {length} B"));
        let (_dir, db) = raw(length);
        let mut next = scattered();
        group.bench_function("sled get", |bench| bench.iter(|| black_box(db.get(keys[next()].as_str()))));
        group.bench_function("sled scan_prefix", |bench| {
            bench.iter(|| db.scan_prefix(keys[next()].as_str()).for_each(|row| drop(black_box(row))));
        });
        let (_dir, store) = filled(length);
        group.bench_function("store get", |bench| bench.iter(|| black_box(store.get(&keys[next()]))));
        group.finish();
    }
}

fn put(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("put 1024 B");
    let (_dir, db) = raw(1024);
    let mut next = scattered();
    let mut count = 0;
    group.bench_function("sled insert", |bench| bench.iter(|| db.insert(key(next()).as_str(), fresh(&mut count))));
    group.bench_function("sled batch of 100", |bench| {
        bench.iter(|| {
            let mut batch = sled::Batch::default();
            (0..100).for_each(|_| batch.insert(key(next()).as_str(), fresh(&mut count)));
            db.apply_batch(batch)
        });
    });
    let (_dir, store) = filled(1024);
    group.bench_function("store apply of 1", |bench| bench.iter(|| store.apply(&[StoreOp::Put(observation(next(), 1024))])));
    group.bench_function("store apply of 100", |bench| {
        bench.iter(|| store.apply(&(0..100).map(|_| StoreOp::Put(observation(next(), 1024))).collect::<Vec<_>>()));
    });
    group.bench_function("store apply of 100 and flush", |bench| {
        bench.iter(|| {
            store.apply(&(0..100).map(|_| StoreOp::Put(observation(next(), 1024))).collect::<Vec<_>>()).and_then(|()| store.flush())
        });
    });
    group.finish();
}

fn whole(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("{FACTS} facts"));
    group.sample_size(30).measurement_time(Duration::from_secs(3));
    let (dir, store) = filled(100);
    group.bench_function("scan all", |bench| bench.iter(|| store.scan(&[], &mut |one| drop(black_box(one)))));
    store.close().expect("room on the disk");
    drop(store);
    group.bench_function("open, get one, close", |bench| {
        bench.iter(|| {
            let store = open(&dir).store;
            black_box(store.get(&key(4321))).and_then(|_| store.close())
        });
    });
    group.bench_function("open, scan all, close", |bench| {
        bench.iter(|| {
            let store = open(&dir).store;
            store.scan(&[], &mut |one| drop(black_box(one))).and_then(|()| store.close())
        });
    });
    group.bench_function("open after a crash, close", |bench| {
        bench.iter_batched(
            || {
                let store = open(&dir).store;
                store.apply(&[StoreOp::Put(observation(1, 100))]).and_then(|()| store.flush()).expect("room on the disk");
            },
            |()| open(&dir).store.close(),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("new, close", |bench| {
        bench.iter_batched(
            || tempfile::tempdir().expect("a directory"),
            |new| open(&new).store.close().map(|()| new),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(store, get, put, whole);
criterion_main!(store);
