//! The sealed store beside the bare databases it could stand on and caches in memory, in one run, with 100,000 facts: reading, writing,
//! opening; reads of what is decoded in memory; what a process takes that holds many observations; and 3 million of them from 40 sources.
//!
//! `cargo bench --bench cache [-- get hot put open memory scale]`. Ratios between the columns of one run are what counts; the times are this machine's.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]

#[path = "support/beside.rs"]
mod beside;
#[path = "support/peers.rs"]
mod peers;
#[path = "support/running.rs"]
mod running;
#[path = "support/scale.rs"]
mod scale;
#[path = "support/started.rs"]
mod started;
#[path = "support/stored.rs"]
mod stored;

use std::{
    fs::File,
    hint::black_box,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use beside::{Bound, Turns, contest, head, line, say};
use peers::{
    Pool, documents, filled, filled_memory, filled_redb, filled_sled, of, place, raw_redb, raw_sled, redb_get, redb_put, scattered,
};
use stellar::{engine::FactQuery, fact::Key};
use stored::open;

/// As many as the contract speaks of.
const FACTS: usize = 100_000;
/// So few that their pages stay in memory.
const FEW: usize = 2_000;

fn get(keys: &[Key]) {
    for length in [100, 1024] {
        let (ours, papers, sled_dir, redb_dir) = (place(), place(), place(), place());
        let store = filled(ours.path(), keys, length);
        let paper = documents(papers.path(), keys, length);
        let db = filled_sled(sled_dir.path(), keys, length);
        let redb = filled_redb(redb_dir.path(), keys, length);
        let memory = filled_memory(keys, length);
        // All of them, so that most pages come from the file; and so few that their pages stay in memory, where sealing shows most.
        for some in [keys, &keys[..FEW]] {
            let taken = contest(
                Turns { rounds: 20, measurements: 2_000, operations: 1 },
                &mut [
                    of(some, |key| db.get(key.as_str())),
                    of(some, |key| paper.get_meta(key.as_str())),
                    of(some, |key| store.get(key)),
                    of(some, |key| redb_get(&redb, key)),
                    of(some, |key| memory.get(key)),
                ],
            );
            let what = |what: &str| format!("{what}, {length} B, any of {}", some.len());
            let bound = if length == 1024 { Bound::Ratio(1.6) } else { Bound::None };
            line(&what("sealed bytes to plaintext"), &taken[1], "sled get", &taken[0], bound);
            line(&what("sealed bytes to plaintext"), &taken[1], "redb get", &taken[3], Bound::None);
            line(&what("get, decoded"), &taken[2], "sled get", &taken[0], Bound::None);
            line(&what("get, decoded"), &taken[2], "quick_cache get", &taken[4], Bound::None);
        }
    }
}

fn write(keys: &[Key]) {
    let (ours, sled_dir, redb_dir) = (place(), place(), place());
    let store = filled(ours.path(), keys, 1024);
    let db = filled_sled(sled_dir.path(), keys, 1024);
    let redb = filled_redb(redb_dir.path(), keys, 1024);
    let data = File::options().write(true).open(sled_dir.path().join("db")).expect("sled made it");
    let [mut one, mut other, mut third] = [1, 2, 3].map(|first| Pool::new(first, 1024));
    for some in [keys, &keys[..FEW]] {
        let taken = contest(
            // So many at a time that what gathers in memory and is written later is counted in each measurement, a few times over.
            Turns { rounds: 20, measurements: 2, operations: 1000 },
            &mut [of(some, |key| db.insert(key.as_str(), one.bytes())), of(some, |key| store.apply(&[other.put(key)]))],
        );
        let what = format!("put without sync, 1 KiB, any of {}", some.len());
        line(&what, &taken[1], "sled insert", &taken[0], Bound::Ratio(2.0));
    }
    let (mut next, mut again, mut last) = (scattered(FACTS), scattered(FACTS), scattered(FACTS));
    let turns = Turns { rounds: 40, measurements: 5, operations: 1 };
    // What is put is made before the clock runs, as the peers' bytes are; the first turn is not counted.
    let groups = (0..(turns.rounds + 1) * turns.measurements).map(|_| (0..100).map(|_| other.put(&keys[again()])).collect::<Vec<_>>());
    let mut groups = groups.collect::<Vec<_>>().into_iter();
    let taken = contest(
        turns,
        &mut [
            of(keys, |_| {
                let mut batch = sled::Batch::default();
                (0..100).for_each(|_| batch.insert(keys[next()].as_str(), one.bytes()));
                db.apply_batch(batch).and_then(|()| db.flush()).map(|_| data.sync_data())
            }),
            of(keys, |_| {
                let ops = groups.next().expect("one for every turn");
                store.apply(&ops).and_then(|()| store.flush())
            }),
            of(keys, |_| redb_put(&redb, (0..100).map(|_| &keys[last()]), &mut third, true)),
        ],
    );
    line("100 durable puts in one group, 1 KiB", &taken[1], "sled batch, flush, one sync_data", &taken[0], Bound::Ratio(1.3));
    line("100 durable puts in one group, 1 KiB", &taken[1], "redb transaction", &taken[2], Bound::None);
}

fn opening(keys: &[Key]) {
    for length in [100, 1024] {
        let (ours, sled_dir, redb_dir) = (place(), place(), place());
        filled(ours.path(), keys, length).close().expect("room on the disk");
        drop(filled_sled(sled_dir.path(), keys, length));
        drop(filled_redb(redb_dir.path(), keys, length));
        let taken = contest(
            Turns { rounds: 10, measurements: 1, operations: 1 },
            &mut [
                of(keys, |key| raw_sled(sled_dir.path()).get(key.as_str())),
                of(keys, |key| {
                    let store = open(ours.path()).store;
                    let found = store.get(key);
                    store.close().map(|()| found)
                }),
                of(keys, |key| redb_get(&raw_redb(redb_dir.path()), key)),
            ],
        );
        let bound = Bound::Median(Duration::from_millis(100));
        line(&format!("open, get one, close, {length} B"), &taken[1], "sled", &taken[0], bound);
        line(&format!("open, get one, close, {length} B"), &taken[1], "redb", &taken[2], bound);
    }
}

/// Reads through the engine's handle of what is decoded: asked for again within a moment, and so rarely that each is resolved anew.
fn hot(keys: &[Key]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    for sources in [1, 3] {
        let dir = place();
        running::fill(dir.path(), keys, sources, 100);
        let engine = running::engine(dir.path(), sources, 1 << 30);
        let handle = engine.handle();
        let (quick, moka) = (quick_cache::sync::Cache::new(keys.len() * 2), moka::sync::Cache::new(keys.len() as u64 * 2));
        for fact in handle.list(&FactQuery::default()).expect("listed") {
            moka.insert(fact.key.clone(), Arc::clone(&fact));
            quick.insert(fact.key.clone(), fact);
        }
        for some in [&keys[..FEW], &keys[..5 * FEW], keys] {
            // A hundred at a time: reading the clock takes as long as one of them.
            let turns = Turns { rounds: 20, measurements: 200, operations: 100 };
            let what = format!("hot get, {sources} source(s), any of {}", some.len());
            let beside_quick = contest(turns, &mut [of(some, |key| quick.get(key)), of(some, |key| handle.get(key))]);
            let bounds =
                if some.len() == keys.len() { [Bound::None; 2] } else { [Bound::Ratio(3.0), Bound::Median(Duration::from_micros(1))] };
            bounds.into_iter().for_each(|bound| line(&what, &beside_quick[1], "quick_cache get", &beside_quick[0], bound));
            // By itself, as it leaves little of what the others had at hand.
            let beside_moka = contest(turns, &mut [of(some, |key| moka.get(key)), of(some, |key| handle.get(key))]);
            line(&what, &beside_moka[1], "moka get", &beside_moka[0], Bound::Ratio(3.0));
        }
        let status = handle.cache_status().expect("a store").hot;
        say(&format!("{} of {} keys decoded, {} MiB", status.keys, keys.len(), status.bytes >> 20));
        runtime.block_on(engine.shutdown()).expect("closed");
    }
}

/// What a process takes that holds so many observations, by the memory it may use for decoded facts: each in a process of its own.
fn memory(_: &[Key]) {
    say(
        "\n| observations | keys | hot tier | opened | loaded | in | after 20,000 reads | a read | decoded | with a view | listed in |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    );
    for (keys, sources) in [(10_000, 10), (100_000, 1), (100_000, 10)] {
        let dir = place();
        running::fill(dir.path(), &peers::keys(keys), sources, 100);
        for tier in [0, 32, 4096_u64] {
            let exe = std::env::current_exe().expect("this program");
            let arguments = [dir.path().display().to_string(), keys.to_string(), sources.to_string(), tier.to_string()];
            let status = Command::new(exe).arg("one-process").args(arguments).status().expect("itself");
            assert!(status.success(), "{status}");
        }
    }
}

/// One line of the table, of this process.
fn one_process(arguments: &[String]) {
    let [dir, keys, sources, tier] = arguments else { return say("a directory and three numbers") };
    let [keys, sources, tier] = [keys, sources, tier].map(|number| number.parse::<usize>().expect("a number"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let engine = running::engine(Path::new(dir), sources, (tier as u64) << 20);
    let handle = engine.handle();
    let opened = running::memory("VmRSS");
    let start = Instant::now();
    let facts = handle.cache_status().expect("a store").facts;
    assert_eq!(facts, keys as u64);
    let (loaded, took) = (running::memory("VmRSS"), start.elapsed());
    let keys = peers::keys(keys);
    let mut next = scattered(keys.len());
    let start = Instant::now();
    (0..20_000).for_each(|_| drop(black_box(handle.get(&keys[next()]))));
    let (read, of_one) = (running::memory("VmRSS"), start.elapsed() / 20_000);
    let decoded = handle.cache_status().expect("a store").hot.bytes;
    let view = handle.view().expect("a store");
    let viewed = running::memory("VmRSS");
    let start = Instant::now();
    assert_eq!(handle.list(&FactQuery::default()).expect("listed").len(), keys.len());
    let listed = start.elapsed();
    drop(view);
    say(&format!(
        "| {} | {} | {tier} MiB | {opened:.0} MiB | {loaded:.0} MiB | {took:.2?} | {read:.0} MiB | {of_one:.1?} | {:.1} MiB | {viewed:.0} MiB | {listed:.2?} |",
        keys.len() * sources,
        keys.len(),
        decoded as f64 / f64::from(1 << 20),
    ));
}

type Part = (&'static str, fn(&[Key]));

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if let [first, arguments @ ..] = asked.as_slice()
        && first == "one-process"
    {
        return one_process(arguments);
    }
    if let [first, arguments @ ..] = asked.as_slice()
        && first == "scale-process"
    {
        return scale::one_process(arguments);
    }
    let keys = peers::keys(FACTS);
    head();
    let parts: [Part; 6] = [("get", get), ("hot", hot), ("put", write), ("open", opening), ("memory", memory), ("scale", |_| scale::run())];
    for (name, run) in parts {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            run(&keys);
        }
    }
}
