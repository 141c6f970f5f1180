//! What a start shows before the database is open: never what the database no longer says.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

use super::*;
use crate::{
    engine::store::{CacheStore, StoreOp},
    fact::{Author, CommandId, ConflictClass, ConflictId},
};

/// The options of the bench, with the source that its answers come from.
fn options(bench: &Bench) -> EngineOptions {
    let sources = vec![source("cluster", Role::Observed, &Scripted::default()).config];
    EngineOptions { config: Arc::new(Config { sources, ..Config::bare("/".into()) }), ..bench.options() }
}

fn seen(bench: &Bench) -> Option<EngineView> {
    glimpse(&options(bench))
}

fn answer(value: u32) -> Answer {
    let items: Vec<(String, String)> = (0..200).map(|at| (format!("k/{at:04}"), value.to_string())).collect();
    Ok(holding(&items.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>()))
}

/// Starts an engine whose source answers with this value, asks it, and leaves or is left.
async fn run(bench: &Bench, value: u32, ends: bool) {
    let script = Scripted::default();
    script.say(answer(value));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    engine.handle().refresh(&[id("cluster")]).await.unwrap();
    if ends {
        engine.shutdown().await.unwrap();
    }
}

fn again(bench: &Bench) -> Engine {
    bench.start(vec![source("cluster", Role::Observed, &Scripted::default())])
}

fn file(bench: &Bench) -> PathBuf {
    bench.dir.path().join("data/window")
}

fn put(at: u32, value: &str) -> impl Fn(&dyn CacheStore) {
    let (key, value) = (key(&format!("k/{at:04}")), Value::parse(value).unwrap());
    move |store| {
        let mut moved = store.get(&key).unwrap().remove(0);
        moved.content = crate::fact::Content::Value(value.clone());
        store.apply(&[StoreOp::Put(moved)]).unwrap();
    }
}

#[tokio::test]
async fn it_is_what_the_database_says_first_and_ages() {
    let bench = Bench::new("sled");
    assert!(seen(&bench).is_none(), "nothing is there");
    run(&bench, 1, true).await;
    bench.clock.advance(Duration::from_secs(7));
    let glimpsed = seen(&bench).unwrap();
    let engine = again(&bench);
    let first = engine.handle().first_view().unwrap().unwrap();
    assert_eq!((glimpsed.facts.len(), &glimpsed.sources), (64, &first.sources));
    assert!(glimpsed.facts.iter().zip(first.facts.iter()).all(|(glimpsed, first)| glimpsed == first));
    assert_eq!(glimpsed.sources[0].state, SourceState::Reachable);
    engine.shutdown().await.unwrap();
    assert_eq!(glimpsed.facts.get(0).unwrap().age, Duration::from_secs(7));
    bench.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(seen(&bench).unwrap().facts.get(0).unwrap().state, FactState::Stale);
}

/// An engine whose two sources disagree on everything, asked once.
async fn disagreeing(bench: &Bench) -> Engine {
    let (one, other) = (Scripted::default(), Scripted::default());
    one.say(answer(1));
    other.say(answer(2));
    let engine = bench.start(vec![source("cluster", Role::Observed, &one), source("wiki", Role::Observed, &other)]);
    engine.handle().refresh(&[id("cluster"), id("wiki")]).await.unwrap();
    engine
}

fn seen_of_both(bench: &Bench) -> Option<EngineView> {
    let built = ["cluster", "wiki"].map(|name| source(name, Role::Observed, &Scripted::default()).config);
    glimpse(&EngineOptions { config: Arc::new(Config { sources: built.to_vec(), ..Config::bare("/".into()) }), ..bench.options() })
}

/// Says that the second source is right about this key.
async fn decide(handle: &EngineHandle, at: u32, number: u8) {
    let conflict = ConflictId::of(&key(&format!("k/{at:04}")), ConflictClass::Value);
    let request = DecisionRequest {
        id: CommandId::from_bytes([number; 16]),
        choice: Choice::Accept(id("wiki")),
        digest: None,
        author: Author::default(),
    };
    handle.apply_resolution(&conflict, &request).await.unwrap();
}

#[tokio::test]
async fn what_was_decided_is_in_it_and_what_that_taught_and_what_is_locked() {
    let bench = Bench::new("sled");
    let engine = disagreeing(&bench).await;
    let handle = engine.handle();
    decide(&handle, 3, 1).await;
    decide(&handle, 7, 2).await;
    // Of no key that is shown first, and it teaches all the same.
    decide(&handle, 150, 3).await;
    handle.lock(&key("k/0005"), true, &Author::default()).await.unwrap();
    engine.shutdown().await.unwrap();
    let glimpsed = seen_of_both(&bench).unwrap();
    let decided = glimpsed.facts.find(&key("k/0003")).unwrap();
    assert_eq!(decided.value, Some(Value::parse("2").unwrap()));
    assert!(decided.conflict.as_ref().unwrap().resolution.is_by_a_person());
    assert!(glimpsed.facts.find(&key("k/0005")).unwrap().marks.contains(Mark::Locked));
    let sources = ["cluster", "wiki"].map(|name| source(name, Role::Observed, &Scripted::default()));
    let engine = bench.start(sources.into());
    let said = engine.handle().list(&FactQuery::default()).unwrap();
    assert!(glimpsed.facts.iter().zip(&said).all(|(glimpsed, said)| glimpsed == said));
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_decision_takes_it_away_before_it_is_on_disk() {
    let bench = Bench::new("sled");
    disagreeing(&bench).await.shutdown().await.unwrap();
    assert!(seen_of_both(&bench).is_some());
    let sources = ["cluster", "wiki"].map(|name| source(name, Role::Observed, &Scripted::default()));
    let engine = bench.start(sources.into());
    assert!(seen_of_both(&bench).is_some(), "a read changes nothing");
    decide(&engine.handle(), 3, 1).await;
    assert!(!file(&bench).exists());
    // As if it were killed: the database was not written, and the log was.
    drop(engine);
    assert!(seen_of_both(&bench).is_none());
}

#[tokio::test]
async fn how_a_source_fails_is_in_it() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    script.say(answer(1));
    script.say(refused());
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    for _ in 0..2 {
        engine.handle().refresh(&[id("cluster")]).await.unwrap();
    }
    engine.shutdown().await.unwrap();
    let glimpsed = seen(&bench).unwrap();
    assert!(matches!(glimpsed.sources[0].state, SourceState::Failing { .. }));
    assert_eq!(glimpsed.facts.get(0).unwrap().state, FactState::Offline);
    assert!(glimpsed.sources[0].error.as_ref().unwrap().message.contains("refused"));
}

#[tokio::test]
async fn it_goes_with_the_first_write_and_comes_back_with_a_clean_end() {
    let bench = Bench::new("sled");
    run(&bench, 1, true).await;
    run(&bench, 2, false).await;
    assert!(!file(&bench).exists(), "before the write reached the database");
    assert!(seen(&bench).is_none());
    let engine = again(&bench);
    assert_eq!(engine.handle().first_view().unwrap().unwrap().facts.get(0).unwrap().value, Some(Value::parse("2").unwrap()));
    engine.shutdown().await.unwrap();
    assert!(seen(&bench).is_none(), "whoever only read has written nothing");
    run(&bench, 3, true).await;
    assert_eq!(seen(&bench).unwrap().facts.get(0).unwrap().value, Some(Value::parse("3").unwrap()));
}

/// What it is called, whether it writes, what it does.
type Way = (&'static str, bool, Box<dyn Fn(&dyn CacheStore)>);

#[tokio::test]
async fn every_way_of_writing_takes_it_away_and_no_way_of_reading_does() {
    let ways: [Way; 8] = [
        ("a put", true, Box::new(put(3, "9"))),
        ("an eviction", true, Box::new(|store| store.apply(&[StoreOp::Evict(key("k/0003"), id("cluster"))]).unwrap())),
        ("a document", true, Box::new(|store| store.put_meta("d", b"x").unwrap())),
        (
            "a compaction",
            true,
            Box::new(|store| {
                store.compact(&[(key("k/0003"), id("cluster"))]).unwrap();
            }),
        ),
        (
            "a change of keys",
            true,
            Box::new(|store| {
                let change = store::KeyChange { outer: store::OuterChange::Keep, reseal: true };
                store.keys().unwrap().change_key(change).unwrap();
            }),
        ),
        ("a scan", false, Box::new(|store| store.scan(&[], &mut drop).unwrap())),
        (
            "a verification",
            false,
            Box::new(|store| {
                store.verify().unwrap();
            }),
        ),
        ("a flush", false, Box::new(|store| store.flush().unwrap())),
    ];
    let bench = Bench::new("sled");
    for (name, writes, way) in ways {
        run(&bench, 1, true).await;
        let before = fs::read(file(&bench)).unwrap();
        let store = bench.open().store;
        assert!(seen(&bench).is_some(), "to be open changes nothing");
        way(store.as_ref());
        assert_eq!(seen(&bench).is_none(), writes, "{name}");
        drop(store);
        assert_eq!(seen(&bench).is_none(), writes, "{name}, and then it died");
        assert!(writes || fs::read(file(&bench)).unwrap() == before, "{name}");
    }
}

#[tokio::test]
async fn one_that_is_old_damaged_or_of_another_store_is_none_and_the_start_is_as_without_it() {
    let bench = Bench::new("sled");
    run(&bench, 1, true).await;
    let old = fs::read(file(&bench)).unwrap();
    run(&bench, 2, true).await;
    let whole = fs::read(file(&bench)).unwrap();
    let other = Bench::new("sled");
    run(&other, 1, true).await;
    let mut flipped = whole.clone();
    flipped[40] ^= 1;
    let newer = [&[3], &whole[1..]].concat();
    let older = [&[1], &whole[1..]].concat();
    for (what, bytes) in [
        ("old", old),
        ("another's", fs::read(file(&other)).unwrap()),
        ("flipped", flipped),
        ("newer", newer),
        ("older", older),
        ("empty", vec![]),
    ] {
        fs::write(file(&bench), bytes).unwrap();
        assert!(seen(&bench).is_none(), "{what}");
    }
    fs::write(file(&bench), &whole).unwrap();
    assert!(seen(&bench).is_some());
    // As it is while somebody opens the database, or where that ended badly.
    let marker = bench.dir.path().join("data/opening");
    fs::write(&marker, "1\n").unwrap();
    assert!(seen(&bench).is_none());
    fs::remove_file(&marker).unwrap();
    let cache = bench.dir.path().join("data/cache");
    fs::rename(&cache, bench.dir.path().join("away")).unwrap();
    assert!(seen(&bench).is_none(), "the database is gone");
    fs::rename(bench.dir.path().join("away"), &cache).unwrap();
    fs::write(file(&bench), "nonsense").unwrap();
    let engine = again(&bench);
    assert_eq!(engine.handle().first_view().unwrap().unwrap().facts.len(), 64);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_source_that_is_not_configured_any_more_says_nothing_there_either() {
    let bench = Bench::new("sled");
    run(&bench, 1, true).await;
    assert!(glimpse(&bench.options()).is_none());
}

#[tokio::test]
async fn large_values_are_left_to_the_database() {
    let bench = Bench::new("sled");
    let large = format!("\"{}\"", "x".repeat(100_000));
    let items: Vec<String> = (0..20).map(|at| format!("k/{at:04}")).collect();
    let script = Scripted::default();
    script.say(Ok(holding(&items.iter().map(|key| (key.as_str(), large.as_str())).collect::<Vec<_>>())));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    engine.handle().refresh(&[id("cluster")]).await.unwrap();
    engine.shutdown().await.unwrap();
    assert!((1..10).contains(&seen(&bench).unwrap().facts.len()));
    assert!(fs::metadata(file(&bench)).unwrap().len() < 512 * 1024);
}

const PLACE: &str = "STELLAR_TEST_GLIMPSE";

#[tokio::test]
#[ignore = "the child of the test below"]
async fn child_that_is_killed() {
    let Some(dir) = std::env::var_os(PLACE) else { return };
    let bench = Bench { dir: tempfile::tempdir_in(dir).unwrap(), clock: Arc::default(), backend: "sled" };
    println!("at {}", bench.dir.path().display());
    for value in 0.. {
        run(&bench, value, value % 3 != 1).await;
        println!("wrote {value}");
    }
}

#[tokio::test]
async fn whenever_a_process_is_killed_what_is_shown_is_what_the_database_says() {
    let (mut shown, mut none) = (0, 0);
    let place = tempfile::tempdir().unwrap();
    for round in 0..12_u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "engine::tests::glimpse::child_that_is_killed"])
            .env(PLACE, place.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let dir = lines.find_map(|line| line.split_once("at ").map(|(_, dir)| dir.to_owned())).unwrap();
        let wanted = format!("wrote {}", round % 5);
        lines.find(|line| line.contains(&wanted)).unwrap();
        // Anywhere in what comes after that.
        std::thread::sleep(Duration::from_micros(u64::from(round) * 1_300));
        child.kill().unwrap();
        child.wait().unwrap();
        let bench = Bench { dir: tempfile::tempdir_in(&dir).unwrap(), clock: Arc::default(), backend: "sled" };
        for name in ["data", "state"] {
            fs::rename(format!("{dir}/{name}"), bench.dir.path().join(name)).unwrap();
        }
        let glimpsed = seen(&bench);
        let engine = again(&bench);
        let said = engine.handle().list(&FactQuery::default()).unwrap();
        match glimpsed {
            None => none += 1,
            Some(glimpsed) => {
                shown += 1;
                assert!(glimpsed.facts.iter().zip(&said).all(|(glimpsed, said)| glimpsed == said), "round {round}");
            }
        }
        engine.shutdown().await.unwrap();
    }
    assert!(none > 0 && shown + none == 12, "{shown} shown, {none} not: the test tests nothing");
}
