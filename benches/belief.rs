//! Belief through the engine: 100,000 keys of 10 sources, every one in conflict, all of one field - the worst a decision can touch.
//!
//! How long it takes to resolve all of them after a start, from disk, and again; how long from a decision until the changed belief of
//! another key of its source can be read, with nobody looking and with a screen. Beside them plain primitives of the same run: reading a
//! file of as many bytes, and a write with its `sync_data`. `STELLAR_SCALE=10` takes a tenth of the keys.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]

#[path = "support/started.rs"]
mod started;
#[path = "support/stored.rs"]
mod stored;

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use stellar::{
    config::{Config, FileSource, SourceConfig, SourceKind},
    engine::{
        Choice, ConflictResolver as _, DecisionRequest, Engine, EngineHandle, EngineView, FactQuery, store::StoreOp, world::SystemClock,
    },
    fact::{Author, CommandId, Key, SourceId, Value},
};

use started::started;
use stored::{open, said};

const SOURCES: u64 = 10;
/// What a screen looks at.
type View = tokio::sync::watch::Receiver<EngineView>;

/// Decisions that are timed.
const DECISIONS: u8 = 20;

fn say(line: &str) {
    writeln!(io::stdout(), "{line}").expect("somebody listens");
}

fn source(at: u64) -> SourceId {
    SourceId::new(&format!("source-{at}")).expect("a name")
}

fn key(at: u64) -> Key {
    Key::new(&format!("service/s{at:06}/gate")).expect("a key")
}

/// Half of the sources say one thing, the others another, of every key.
fn fill(dir: &Path, keys: u64) {
    let store = open(dir).store;
    let now = SystemClock::shared().now();
    let said = |at: u64, of: u64| {
        let value = Value::string(&format!("{}{at}", if of < SOURCES / 2 { "A" } else { "B" }));
        said(&key(at), &source(of), value, now)
    };
    for first in (0..keys).step_by(100) {
        let ops: Vec<StoreOp> = (first..(first + 100).min(keys)).flat_map(|at| (0..SOURCES).map(move |of| said(at, of))).collect();
        store.apply(&ops).expect("room on the disk");
    }
    store.close().expect("room on the disk");
}

fn engine(dir: &Path) -> Engine {
    let file = FileSource { path: dir.join("nothing.json"), depth: 0 };
    let of = |at| SourceConfig { trust: 0.5, ..SourceConfig::new(source(at), SourceKind::File(file.clone())) };
    let mut config = Config { sources: (0..SOURCES).map(of).collect(), ..Config::bare(dir.to_owned()) };
    config.cache.high_watermark = 8 << 30;
    started(dir, config, true)
}

fn timed<T>(what: &str, beside: Option<(&str, Duration)>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    row(what, start.elapsed(), beside);
    done
}

fn row(what: &str, took: Duration, beside: Option<(&str, Duration)>) {
    let beside = beside.map_or_else(String::new, |(what, plain)| {
        format!("{what}, {plain:.1?} | {:.0}", took.as_secs_f64() / plain.as_secs_f64().max(1e-9))
    });
    say(&format!("| {what} | {took:.1?} | {beside} |"));
}

/// The plain primitive: as many bytes as the database has, read again.
fn read_plainly(dir: &Path) -> Duration {
    let start = Instant::now();
    let mut read = 0;
    for entry in fs::read_dir(dir.join("data/cache")).expect("a database").flatten() {
        read += fs::read(entry.path()).map_or(0, |bytes| bytes.len());
    }
    assert!(read > 0);
    start.elapsed()
}

/// The other one: an entry as long as a decision, written and synced.
fn write_plainly(dir: &Path) -> Duration {
    let mut file = File::create(dir.join("plain")).expect("room on the disk");
    let mut taken: Vec<Duration> = (0..DECISIONS)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&[7; 1024]).and_then(|()| file.sync_data()).expect("room on the disk");
            start.elapsed()
        })
        .collect();
    taken.sort_unstable();
    taken[taken.len() / 2]
}

/// Decides on one key after the other; times until another key of the same sources is believed otherwise, and says half and worst.
fn decide(handle: &EngineHandle, runtime: &tokio::runtime::Runtime, what: &str, plain: Duration, (from, view): (u8, Option<&View>)) {
    let mut taken: Vec<Duration> = (from..from + DECISIONS)
        .map(|turn| {
            let asked = handle.get(&key(u64::from(turn))).expect("a store").expect("a fact").conflict.clone().expect("a conflict");
            let other = key(1_000 + u64::from(turn));
            let trusted = || {
                let insight = handle.get(&other).expect("a store").expect("a fact");
                insight.sources.iter().map(|view| (view.source.clone(), view.trust)).collect::<HashMap<_, _>>()
            };
            let before = trusted();
            let request = DecisionRequest {
                id: CommandId::from_bytes([turn; 16]),
                choice: Choice::Accept(source(u64::from(turn) % SOURCES)),
                digest: None,
                author: Author::default(),
            };
            let start = Instant::now();
            runtime.block_on(handle.apply_resolution(&asked.id, &request)).expect("it is decided");
            let after = trusted();
            let took = start.elapsed();
            assert!(before != after, "the answer about one tells of the other");
            let is_asked = |view: &View| view.borrow().conflicts.iter().any(|conflict| conflict.id == asked.id);
            assert!(!view.is_some_and(is_asked), "what is shown by then knows of the answer");
            took
        })
        .collect();
    taken.sort_unstable();
    row(&format!("{what}, p50"), taken[taken.len() / 2], Some(("a write with `sync_data`", plain)));
    row(&format!("{what}, worst of {DECISIONS}"), taken[taken.len() - 1], None);
}

/// Finds a conflict by its id, as `conflicts resolve` does before it decides, and looks at it again to decide.
fn name(handle: &EngineHandle) {
    let conflict = handle.get(&key(77)).expect("a store").expect("a fact").conflict.clone().expect("a conflict");
    let found = || assert_eq!(handle.conflicts_named(conflict.id.as_str()).expect("a store").len(), 1);
    timed("a conflict is found by its id", None, found);
    let request = DecisionRequest { id: CommandId::from_bytes([255; 16]), choice: Choice::Reject, digest: None, author: Author::default() };
    let would = || assert!(handle.would_decide(&conflict.id, &request).is_ok());
    timed("what a decision on it would be, right after", None, would);
}

fn measure(dir: &Path, keys: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    say(&format!("\n| {keys} keys of {SOURCES} sources, all in conflict | took | beside it | ratio |\n| --- | --- | --- | --- |"));
    let files = read_plainly(dir);
    let engine = timed("the engine is started", None, || engine(dir));
    let handle = engine.handle();
    let listed = || assert_eq!(handle.list(&FactQuery::default()).expect("a store").len() as u64, keys);
    timed("all are resolved, from disk, after the start", Some(("the files of the database, read", files)), listed);
    timed("all are resolved again", Some(("the files of the database, read", files)), listed);
    timed("conflicts are listed, most teaching first", None, || assert_eq!(handle.conflicts(false).expect("a store").len() as u64, keys));
    name(&handle);
    let plain = write_plainly(dir);
    decide(&handle, &runtime, "from a decision until another key is believed otherwise", plain, (0, None));
    let mut view = timed("a screen begins to look", None, || handle.view().expect("a store"));
    decide(&handle, &runtime, "the same while a screen looks", plain, (DECISIONS, Some(&view)));
    assert!(view.has_changed().expect("an engine"), "what is shown follows");
    view.mark_unchanged();
    timed("the engine ends", None, || runtime.block_on(engine.shutdown()).expect("room on the disk"));
}

fn main() {
    let by = std::env::var("STELLAR_SCALE").ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(1).max(1);
    let keys = 100_000 / by;
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, step, dir] = arguments.as_slice()
        && let Some(step) = step.strip_prefix("belief-")
    {
        let dir = Path::new(dir);
        return if step == "fill" { fill(dir, keys) } else { measure(dir, keys) };
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    for step in ["belief-fill", "belief-measure"] {
        let exe = std::env::current_exe().expect("this program");
        let status = Command::new(exe).arg(step).arg(dir.path()).status().expect("itself");
        assert!(status.success(), "{status}");
    }
}
