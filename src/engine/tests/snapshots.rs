//! Snapshots of a running engine, and what it says of a cache that is incomplete.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::{
    engine::store::{CacheStore, Quarantined, StoreError, StoreOp, VerifyReport},
    fact::Observation,
};

fn quiet() -> Told {
    Box::new(|_| {})
}

fn values(handle: &EngineHandle) -> Vec<String> {
    let facts = handle.list(&FactQuery::default()).unwrap();
    facts.iter().map(|fact| format!("{} {}", fact.key, fact.value.as_ref().map_or("-", Value::as_json_text))).collect()
}

fn cache_events(events: &mut tokio::sync::broadcast::Receiver<StampedEvent>) -> Vec<CacheEvent> {
    std::iter::from_fn(|| events.try_recv().ok())
        .filter_map(|event| if let EngineEvent::Cache(event) = event.event { Some(event) } else { None })
        .collect()
}

fn saying(answers: &[&[(&str, &str)]]) -> Scripted {
    let script = Scripted::default();
    answers.iter().for_each(|answer| script.say(Ok(holding(answer))));
    script
}

#[tokio::test]
async fn what_is_hydrated_is_in_memory_and_on_disk_and_told() {
    let bench = Bench::new("sled");
    let script = saying(&[&[("a", "1"), ("b", "1")], &[("a", "2"), ("b", "1"), ("c", "3")]]);
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    let file = bench.dir.path().join("mine.snap");
    handle.refresh(&[id("cluster")]).await.unwrap();
    let taken = handle.snapshot(&file, quiet()).await.unwrap();
    assert_eq!(taken.entries, 2);
    assert_eq!(handle.snapshot(&file, quiet()).await.unwrap(), taken, "nothing changed, nothing differs");
    bench.clock.advance(Duration::from_secs(60));
    handle.refresh(&[id("cluster")]).await.unwrap();

    let mut events = handle.subscribe();
    let merged = handle.hydrate(&file, Mode::Merge, quiet()).await.unwrap();
    assert_eq!((merged.taken, merged.kept), (0, 2), "what is there is newer, or the same");
    assert_eq!(values(&handle), ["a 2", "b 1", "c 3"]);
    let replaced = handle.hydrate(&file, Mode::Replace, quiet()).await.unwrap();
    assert_eq!((replaced.taken, replaced.kept, replaced.removed), (1, 1, 1));
    assert_eq!(values(&handle), ["a 1", "b 1"]);
    let told = cache_events(&mut events);
    assert_eq!(told[1], CacheEvent::Hydrated { entries: 1, from: HydratedFrom::Snapshot });
    assert_eq!(told[2], CacheEvent::ResyncRequired { sources: Vec::new() });
    assert_eq!(handle.never_asked(&[id("cluster")]), [id("cluster")], "it is asked again by who reads");
    engine.shutdown().await.unwrap();
    let again = bench.start(vec![source("cluster", Role::Observed, &Scripted::default())]);
    assert_eq!(values(&again.handle()), ["a 1", "b 1"]);
    again.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_believed_of_what_was_hydrated_is_remembered_and_nothing_that_was_never_said() {
    let bench = Bench::new("sled");
    let names: Vec<String> = (0..400).map(|at| format!("k/{at}")).collect();
    let of = |value| names.iter().map(|name| (name.as_str(), value)).collect::<Vec<_>>();
    let script = || saying(&[&of("1"), &of("2")]);
    let sources = ["one", "two", "three"].map(id);
    let engine = bench.start(sources.iter().map(|name| source(name.as_str(), Role::Observed, &script())).collect());
    let handle = engine.handle();
    let file = bench.dir.path().join("mine.snap");
    handle.refresh(&sources).await.unwrap();
    handle.snapshot(&file, quiet()).await.unwrap();
    bench.clock.advance(Duration::from_secs(60));
    handle.refresh(&sources).await.unwrap();
    bench.clock.advance(Duration::from_secs(60));
    let hydrated = handle.hydrate(&file, Mode::Replace, quiet()).await.unwrap();
    assert_eq!((hydrated.taken, hydrated.kept), (1200, 0));
    for name in &names {
        let history = handle.history(&key(name), None).unwrap();
        let believed: Vec<_> = history.iter().map(|one| one.value.as_ref().unwrap().as_json_text()).collect();
        assert_eq!(believed, ["1", "2", "1"], "{name}");
    }
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_bad_snapshot_changes_nothing_and_names_its_file() {
    let bench = Bench::new("sled");
    let engine = bench.start(vec![source("cluster", Role::Observed, &saying(&[&[("a", "1")]]))]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    let file = bench.dir.path().join("bad.snap");
    handle.snapshot(&file, quiet()).await.unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = handle.hydrate(&file, Mode::Replace, quiet()).await.unwrap_err();
    assert_eq!(error.code(), "snapshot_damaged");
    assert!(error.to_string().starts_with(&file.display().to_string()), "{error}");
    assert_eq!(values(&handle), ["a 1"]);
    engine.shutdown().await.unwrap();
}

/// Every file below, but for the one that says who holds the directory.
fn bytes_below(dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            bytes_below(&path, found);
        } else if entry.file_name() != "lock" {
            found.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
}

#[tokio::test]
async fn a_refused_snapshot_leaves_every_byte_of_the_database_as_it_was() {
    let bench = Bench::new("sled");
    let sources = || vec![source("cluster", Role::Observed, &saying(&[&[("a", "1"), ("b", "2")]]))];
    let engine = bench.start(sources());
    engine.handle().refresh(&[id("cluster")]).await.unwrap();
    let file = bench.dir.path().join("s.snap");
    engine.handle().snapshot(&file, quiet()).await.unwrap();
    engine.shutdown().await.unwrap();
    let good = std::fs::read(&file).unwrap();
    let data = || {
        let mut found = BTreeMap::new();
        bytes_below(&bench.dir.path().join("data"), &mut found);
        found
    };
    let before = data();
    assert!(before.len() > 3, "{:?}", before.keys());
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let longer = [good.as_slice(), b"x"].concat();
    for bad in [flipped(9), flipped(40), flipped(good.len() - 1), good[..good.len() - 1].to_vec(), longer, b"# no snapshot".to_vec()] {
        std::fs::write(&file, bad).unwrap();
        for mode in [Mode::Merge, Mode::Replace] {
            // As a command does it: a process of its own each time.
            let engine = bench.start(sources());
            let mut events = engine.handle().subscribe();
            engine.handle().hydrate(&file, mode, quiet()).await.unwrap_err();
            assert!(events.try_recv().is_err(), "nothing happened, nothing is told");
            engine.shutdown().await.unwrap();
            assert!(data() == before);
        }
    }
}

#[tokio::test]
async fn a_cache_that_only_lives_in_memory_has_no_snapshot() {
    let bench = Bench::new("memory");
    let engine = bench.start(vec![]);
    let error = engine.handle().snapshot(&bench.dir.path().join("s"), quiet()).await.unwrap_err();
    assert_eq!(error.code(), "no_snapshot_of_memory");
}

#[tokio::test]
async fn a_database_that_is_gone_is_rebuilt_from_the_newest_good_snapshot() {
    let bench = Bench::new("sled");
    let script = saying(&[&[("a", "1"), ("b", "1")], &[("a", "2"), ("b", "1")], &[("a", "3"), ("b", "1")]]);
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    for _ in 0..2 {
        handle.refresh(&[id("cluster")]).await.unwrap();
        assert!(engine.core().shelve(handle.now()).await.unwrap().is_some());
        bench.clock.advance(Duration::from_secs(3600));
    }
    assert!(engine.core().shelve(handle.now()).await.unwrap().is_none(), "nothing changed");
    handle.refresh(&[id("cluster")]).await.unwrap();
    engine.shutdown().await.unwrap();
    std::fs::remove_dir_all(bench.dir.path().join("data/cache")).unwrap();

    let opened = bench.open();
    assert!(opened.set_aside && !opened.fresh);
    assert_eq!(opened.restored.unwrap().taken, 2);
    assert!(opened.notes.iter().any(|note| note.contains("2 of 2 records were taken from the snapshot of")), "{:?}", opened.notes);
    let again = bench.start_over(opened, vec![source("cluster", Role::Observed, &script)]);
    assert_eq!(values(&again.handle()), ["a 2", "b 1"]);
    assert_eq!(again.handle().knowledge(&key("c")), Knowledge::Unanswered(vec![id("cluster")]), "not said to be nowhere");
    again.shutdown().await.unwrap();
}

/// A store that finds a record damaged at the first scan, and counts them.
pub(super) struct Damaged(pub Arc<dyn CacheStore>, pub Mutex<Vec<Quarantined>>, pub AtomicUsize);

impl CacheStore for Damaged {
    fn get(&self, key: &Key) -> Result<Vec<Observation>, StoreError> {
        self.0.get(key)
    }
    fn apply(&self, ops: &[StoreOp]) -> Result<(), StoreError> {
        self.0.apply(ops)
    }
    fn scan(&self, segments: &[&str], each: &mut dyn FnMut(Observation)) -> Result<(), StoreError> {
        self.2.fetch_add(1, Ordering::Relaxed);
        self.0.scan(segments, each)
    }
    fn get_meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get_meta(name)
    }
    fn put_meta(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.put_meta(name, bytes)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.0.flush()
    }
    fn take_quarantined(&self) -> Vec<Quarantined> {
        std::mem::take(&mut self.1.lock().unwrap())
    }
    fn stats(&self) -> StoreStats {
        self.0.stats()
    }
    fn verify(&self) -> Result<VerifyReport, StoreError> {
        self.0.verify()
    }
    fn close(&self) -> Result<(), StoreError> {
        self.0.close()
    }
}

#[tokio::test]
async fn a_quarantined_record_is_told_and_its_source_is_asked_again() {
    let bench = Bench::new("memory");
    let opened = bench.open();
    let found = vec![Quarantined { key: Some(key("a")), source: Some(id("cluster")) }];
    let store = Arc::new(Damaged(Arc::clone(&opened.store), Mutex::default(), AtomicUsize::default()));
    let scripts = [saying(&[&[("a", "1")]]), saying(&[&[("b", "1")]])];
    let sources = vec![source("cluster", Role::Observed, &scripts[0]), source("wiki", Role::Observed, &scripts[1])];
    let engine = bench.start_over(OpenedStore { store: store.clone(), ..opened }, sources);
    let handle = engine.handle();
    let both = [id("cluster"), id("wiki")];
    handle.refresh(&both).await.unwrap();
    let mut events = handle.subscribe();
    assert!(handle.never_asked(&both).is_empty());
    *store.1.lock().unwrap() = found;
    engine.core().tell_quarantined();
    assert_eq!(
        cache_events(&mut events),
        [
            CacheEvent::Quarantined { key: Some(key("a")), source: Some(id("cluster")) },
            CacheEvent::ResyncRequired { sources: vec![id("cluster")] }
        ]
    );
    assert_eq!(handle.never_asked(&both), [id("cluster")]);
    assert_eq!(handle.knowledge(&key("x")), Knowledge::Unanswered(vec![id("cluster")]));
    *store.1.lock().unwrap() = vec![Quarantined { key: None, source: None }];
    engine.core().tell_quarantined();
    assert_eq!(handle.never_asked(&both), both, "whose it was cannot be told");
}
