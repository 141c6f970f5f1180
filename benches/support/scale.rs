//! 40 sources, 100,000 keys, 3 million observations, each in a file that the engine reads: how long it takes to fill, what a poll costs then,
//! how fast it answers, what it takes in memory, and how long a start takes.
//!
//! `STELLAR_SCALE=10` takes a tenth of the keys.

use std::{
    hint::black_box,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use stellar::{
    engine::{EngineHandle, FactQuery},
    fact::Key,
};

use super::{
    beside::say,
    peers::{place, scattered},
    running::{memory, reading, say_of, source_name},
};

const SOURCES: usize = 40;
/// Of four keys each source has three.
const SHARE: (usize, usize) = (3, 4);
const HOT_TIER: u64 = 32 << 20;
const READS: usize = 20_000;

/// Fills a store in one process and opens it in another.
pub fn run() {
    let by = std::env::var("STELLAR_SCALE").ok().and_then(|text| text.parse::<usize>().ok()).unwrap_or(1).max(1);
    let keys = 100_000 / by;
    let dir = place();
    say(&format!("\n| {SOURCES} sources, {keys} keys | took | resident |\n| --- | --- | --- |"));
    for step in ["fill", "open"] {
        let exe = std::env::current_exe().expect("this program");
        let arguments = [dir.path().display().to_string(), keys.to_string(), step.to_owned()];
        let status = Command::new(exe).arg("scale-process").args(arguments).status().expect("itself");
        assert!(status.success(), "{status}");
    }
}

fn row(what: &str, took: Duration) {
    say(&format!("| {what} | {took:.1?} | {:.0} MiB |", memory("VmRSS")));
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    row(what, start.elapsed());
    done
}

/// The lines of one process.
pub fn one_process(arguments: &[String]) {
    let [dir, keys, step] = arguments else { return say("a directory, a number, and what to do") };
    let (dir, keys) = (Path::new(dir), keys.parse::<usize>().expect("a number"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let of_one = keys * SHARE.0 / SHARE.1;
    if step == "fill" {
        (0..SOURCES).for_each(|at| say_of(dir, at, keys, at * keys / SOURCES, of_one, 0));
    }
    let engine = timed(&format!("{step}: the engine is started"), || reading(dir, SOURCES, HOT_TIER));
    let handle = engine.handle();
    let ask = |at: usize| {
        let reports = runtime.block_on(handle.refresh(&[source_name(at)])).expect("a store");
        assert!(reports.iter().all(|report| report.error.is_none()), "{reports:?}");
        reports.iter().map(|report| report.changed).sum::<u64>()
    };
    if step == "fill" {
        for ten in 0..SOURCES / 10 {
            let changed: u64 = timed(&format!("sources {} to {} say {of_one} facts each", ten * 10, ten * 10 + 9), || {
                (0..10).map(|at| ask(ten * 10 + at)).sum()
            });
            assert_eq!(changed, 10 * of_one as u64);
        }
        assert_eq!(timed("one is asked again, and nothing changed", || ask(0)), 0);
        say_of(dir, 0, keys, 0, of_one, of_one / 100);
        assert_eq!(timed("one is asked again, and a hundredth changed", || ask(0)), (of_one / 100) as u64);
        say_of(dir, 1, keys, keys / SOURCES, of_one, of_one);
        assert_eq!(timed("one is asked again, and all of it changed", || ask(1)), of_one as u64);
        say(&format!("| the most that was resident so far | | {:.0} MiB |", memory("VmHWM")));
    }
    answers(&handle, keys);
    timed("the engine ends", || runtime.block_on(engine.shutdown()).expect("room on the disk"));
}

/// As `list` and `watch` do it: each part is let go before the next.
fn listed(handle: &EngineHandle) -> usize {
    let mut listing = handle.listing(&FactQuery::default()).expect("a store");
    let mut count = 0;
    while let Some(facts) = listing.next_part().expect("a store") {
        count += black_box(facts).len();
    }
    count
}

fn answers(handle: &EngineHandle, keys: usize) {
    let status = timed("every fact is noted", || handle.cache_status().expect("a store"));
    assert_eq!((status.facts, status.store.entries), (keys as u64, (keys * SOURCES * SHARE.0 / SHARE.1) as u64));
    let keys: Vec<_> = (0..keys).map(|at| Key::new(&format!("fact/k{at}")).expect("a key")).collect();
    let mut next = scattered(keys.len());
    let mut taken: Vec<Duration> = (0..READS)
        .map(|_| {
            let start = Instant::now();
            black_box(handle.get(&keys[next()]).expect("a store"));
            start.elapsed()
        })
        .collect();
    taken.sort_unstable();
    row("one of any is read, p50", taken[READS / 2]);
    row("one of any is read, p99", taken[READS / 100 * 99]);
    assert_eq!(timed("all are listed, part after part", || listed(handle)), keys.len());
    timed("conflicts are listed", || black_box(handle.conflicts(false).expect("a store").len()));
    let status = handle.cache_status().expect("a store");
    let mib = |bytes: u64| bytes >> 20;
    let (live, disk, decoded) = (mib(status.store.live_bytes), mib(status.store.disk_bytes), mib(status.hot.bytes));
    say(&format!("| {live} MiB sealed, {disk} MiB on disk, {decoded} MiB of {} MiB decoded | | |", mib(HOT_TIER)));
}
