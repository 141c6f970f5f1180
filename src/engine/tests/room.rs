//! Room: what goes and what stays, what is said of it, and how much disk it all takes.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use super::*;

const MIB: u64 = 1 << 20;

/// An engine of a cache of this size.
fn start(bench: &Bench, high: u64, polling: bool, sources: Vec<BuiltSource>) -> Engine {
    start_over(bench, bench.open(), high, polling, sources)
}

fn start_over(bench: &Bench, opened: OpenedStore, high: u64, polling: bool, sources: Vec<BuiltSource>) -> Engine {
    bench.start_as(opened, sources, |options| {
        let mut config = Config::clone(&options.config);
        config.cache.high_watermark = high;
        options.config = Arc::new(config);
        options.polling = polling;
    })
}

/// An answer of `count` facts of a thousand bytes each; another round, other values.
fn bulk(prefix: &str, from: usize, count: usize, round: usize) -> Fetched {
    let filler = "v".repeat(990);
    let item = |at: usize| Reported::new(key(&format!("{prefix}/{at}")), Value::parse(&format!("\"{round:08}{filler}\"")).unwrap());
    Fetched { items: (from..from + count).map(item).collect(), complete: true, ..Fetched::default() }
}

fn held(handle: &EngineHandle, prefix: &str) -> Vec<String> {
    let query = FactQuery { pattern: Some(Pattern::new(&format!("{prefix}/**")).unwrap()), ..FactQuery::default() };
    handle.list(&query).unwrap().iter().map(|fact| fact.key.as_str().to_owned()).collect()
}

#[tokio::test]
async fn a_source_larger_than_the_cache_is_not_written_again_at_every_poll_and_nothing_of_it_is_denied() {
    for backend in ["memory", "sled"] {
        let bench = Bench::new(backend);
        let script = Scripted::default();
        script.say(Ok(bulk("n", 0, 2500, 1)));
        let engine = start(&bench, MIB, false, vec![source("big", Role::Observed, &script)]);
        let handle = engine.handle();
        let report = &handle.refresh(&[id("big")]).await.unwrap()[0];
        assert_eq!((report.keys, report.error.is_none()), (2500, true));
        let status = handle.cache_status().unwrap();
        assert!(status.store.live_bytes <= MIB && status.facts > 200, "{backend} {status:?}");
        assert_eq!(status.room.left_out, [(id("big"), 2500 - status.facts)]);
        assert!(handle.get(&key("n/2499")).unwrap().is_some(), "the last of an answer stays");

        let again = &handle.refresh(&[id("big")]).await.unwrap()[0];
        let after = handle.cache_status().unwrap();
        assert_eq!((again.changed, after.facts, after.room.evicted_keys), (0, status.facts, status.room.evicted_keys), "{backend}");

        // One that was left out: known, fetched when asked for, and something else goes for it.
        let missing = key("n/3");
        assert!(handle.get(&missing).unwrap().is_none());
        assert_eq!(handle.knowledge(&missing), Knowledge::LetGo(vec![id("big")]));
        assert_eq!(handle.knowledge(&key("n/9999")), Knowledge::NoSuchKey);
        handle.refetch(&missing, &[id("big")]).await.unwrap();
        assert!(handle.get(&missing).unwrap().is_some(), "{backend}");
        assert!(handle.cache_status().unwrap().store.live_bytes <= MIB);
        handle.refresh(&[id("big")]).await.unwrap();
        assert!(handle.get(&missing).unwrap().is_some(), "the next poll does not push it out");
        engine.shutdown().await.unwrap();
        if backend == "sled" {
            let engine = start(&bench, MIB, false, vec![source("big", Role::Observed, &script)]);
            assert_eq!(engine.handle().knowledge(&key("n/4")), Knowledge::LetGo(vec![id("big")]), "after a restart too");
            assert_eq!(engine.handle().cache_status().unwrap().facts, handle.cache_status().map_or(after.facts, |status| status.facts));
            engine.shutdown().await.unwrap();
        }
    }
}

/// On a disk that takes no more than what is on it: how much of a real one is short moves with its database's own pace, and less of the
/// cache than is asked for here may fit then.
#[tokio::test]
async fn what_was_asked_for_stays_and_the_order_survives_a_restart() {
    let bench = Bench::new("sled");
    let disk = FaultDisk::new(1);
    let (old, new) = (Scripted::default(), Scripted::default());
    old.say(Ok(bulk("old", 0, 500, 1)));
    let before = source("old", Role::Observed, &old);
    // Its facts are to stand as they were read, whichever of the schedules runs first.
    let asleep = BuiltSource { config: SourceConfig { enabled: false, ..before.config.clone() }, ..source("old", Role::Observed, &old) };
    let engine = start_over(&bench, bench.open_on(&disk), MIB, true, vec![before]);
    let handle = engine.handle();
    handle.refresh(&[id("old")]).await.unwrap();
    assert_eq!(held(&handle, "old").len(), 500);
    // They came first, so they would go first.
    let asked = 0..20;
    asked.clone().for_each(|at| assert!(handle.get(&key(&format!("old/{at}"))).unwrap().is_some()));
    engine.shutdown().await.unwrap();

    new.say(Ok(bulk("new", 0, 600, 7)));
    let engine = start_over(&bench, bench.open_on(&disk), MIB, true, vec![asleep, source("new", Role::Observed, &new)]);
    let handle = engine.handle();
    handle.refresh(&[id("new")]).await.unwrap();
    let status = handle.cache_status().unwrap();
    assert_eq!((status.room.compactions, status.room.disk_bound), (0, None));
    let gone = usize::try_from(status.room.evicted_keys).unwrap();
    assert!((100..400).contains(&gone), "{status:?}");
    let stays = |at: &usize| asked.contains(at) || *at >= asked.end + gone;
    let mut wanted: Vec<String> = (0..500).filter(stays).map(|at| format!("old/{at}")).collect();
    wanted.sort();
    assert_eq!(held(&handle, "old"), wanted, "the first that came went, but for those that were asked for");
    assert_eq!(held(&handle, "new").len(), 600);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn pinned_keys_never_go_and_pins_end_at_half() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(Ok(bulk("n", 0, 600, 1)));
    script.say(Ok(bulk("n", 0, 3000, 1)));
    let engine = start(&bench, MIB, false, vec![source("s", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("s")]).await.unwrap();
    handle.pin(&key("n/0")).unwrap();
    handle.refresh(&[id("s")]).await.unwrap();
    assert!(handle.get(&key("n/0")).unwrap().is_some());
    assert!(handle.get(&key("n/1")).unwrap().is_none());
    let gone = handle.evict(&Pattern::new("n/**").unwrap()).await.unwrap();
    assert_eq!((gone.pinned, handle.cache_status().unwrap().facts), (1, 1));
    script.say(Ok(bulk("n", 0, 700, 1)));
    handle.refresh(&[id("s")]).await.unwrap();
    let (mut pinned, mut refused) = (0, None);
    for at in 0..700 {
        match handle.pin(&key(&format!("n/{at}"))) {
            Ok(()) => pinned += 1,
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let sentence = refused.unwrap().to_string();
    assert!((450..550).contains(&pinned), "{pinned}");
    assert!(sentence.contains("more than half of cache.high_watermark") && sentence.contains("unlock other keys"), "{sentence}");
    let room = handle.cache_status().unwrap().room;
    assert!(room.pins == pinned && room.pinned_bytes <= MIB / 2, "{room:?}");
    handle.unpin(&key("n/0"));
    assert!(handle.evict(&Pattern::new("n/0").unwrap()).await.unwrap().pinned == 1, "pinned twice");
    handle.unpin(&key("n/0"));
    assert_eq!(handle.evict(&Pattern::new("n/0").unwrap()).await.unwrap().keys, 1);
}

#[tokio::test]
async fn a_conflict_keeps_its_values_when_its_facts_go() {
    let bench = Bench::new("sled");
    let (one, two) = (Scripted::default(), Scripted::default());
    one.say(Ok(holding(&[("gate/7", "\"A\""), ("gate/8", "1")])));
    two.say(Ok(holding(&[("gate/7", "\"B\""), ("gate/8", "1")])));
    let sources = || vec![source("one", Role::Observed, &one), source("two", Role::Observed, &two)];
    let engine = bench.start(sources());
    let handle = engine.handle();
    handle.refresh(&[id("one"), id("two")]).await.unwrap();
    let before = handle.conflicts(false).unwrap();
    assert_eq!(before.len(), 1);
    let gone = handle.evict(&Pattern::new("gate/**").unwrap()).await.unwrap();
    assert_eq!((gone.keys, gone.entries), (2, 4));
    assert!(handle.get(&key("gate/7")).unwrap().is_none());
    engine.shutdown().await.unwrap();

    let engine = bench.start(sources());
    let handle = engine.handle();
    let kept = handle.conflicts(false).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].id, &kept[0].digest, kept[0].candidates.len()), (&before[0].id, &before[0].digest, 2));
    assert_eq!(handle.knowledge(&key("gate/8")), Knowledge::LetGo(vec![id("one"), id("two")]));
    handle.refresh(&[id("one"), id("two")]).await.unwrap();
    assert_eq!((handle.cache_status().unwrap().facts, handle.conflicts(false).unwrap().len()), (2, 1), "they came back, and it is one");
    assert!(handle.cache_status().unwrap().room.left_out.is_empty());
    engine.shutdown().await.unwrap();
}

/// Says everything once, and that nothing moved as long as it remembers that.
#[derive(Default)]
struct Settled {
    said: AtomicBool,
}

impl Source for Settled {
    fn fetch(&self) -> BoxFuture<'_, Answer> {
        Box::pin(async {
            if self.said.swap(true, Ordering::SeqCst) {
                Ok(Fetched { unchanged: true, complete: true, ..Fetched::default() })
            } else {
                Ok(holding(&[("a", "1"), ("b", "2")]))
            }
        })
    }

    fn forget(&self) {
        self.said.store(false, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn what_was_let_go_by_hand_comes_back_even_from_a_source_that_says_nothing_moved() {
    let bench = Bench::new("memory");
    let built = BuiltSource { source: Arc::new(Settled::default()), ..source("s", Role::Observed, &Scripted::default()) };
    let engine = bench.start(vec![built]);
    let handle = engine.handle();
    handle.refresh(&[id("s")]).await.unwrap();
    handle.refresh(&[id("s")]).await.unwrap();
    let mut events = handle.subscribe();
    let gone = handle.evict(&Pattern::new("a").unwrap()).await.unwrap();
    assert_eq!((gone.keys, gone.pinned), (1, 0));
    let event = events.recv().await.unwrap().event;
    assert!(matches!(event, EngineEvent::Cache(CacheEvent::Evicted { entries: 1, .. })), "{event:?}");
    assert_eq!(handle.evict(&Pattern::new("x/**").unwrap()).await.unwrap(), EvictReport::default());
    handle.refresh(&[id("s")]).await.unwrap();
    assert!(handle.get(&key("a")).unwrap().is_some());
    assert_eq!(handle.knowledge(&key("c")), Knowledge::NoSuchKey);
}

#[tokio::test]
async fn what_nobody_is_asked_for_and_what_nobody_has_any_more_go_first() {
    let bench = Bench::new("sled");
    let (former, script) = (Scripted::default(), Scripted::default());
    former.say(Ok(bulk("former", 0, 200, 3)));
    let engine = start(&bench, MIB, false, vec![source("former", Role::Observed, &former)]);
    engine.handle().refresh(&[id("former")]).await.unwrap();
    engine.shutdown().await.unwrap();

    script.say(Ok(bulk("n", 0, 300, 1)));
    script.say(Ok(bulk("n", 100, 200, 1)));
    script.say(Ok(bulk("n", 100, 900, 1)));
    let engine = start(&bench, MIB, false, vec![source("s", Role::Observed, &script)]);
    let handle = engine.handle();
    for _ in 0..3 {
        handle.refresh(&[id("s")]).await.unwrap();
    }
    let status = handle.cache_status().unwrap();
    let held = held(&handle, "n");
    assert!(status.room.evicted_bytes > 0, "{status:?}");
    assert!(!held.iter().any(|name| name == "n/0" || name == "n/99"), "gone keys went");
    assert!(status.store.live_bytes <= MIB);
    assert!(handle.get(&key("former/0")).unwrap().is_none());
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_database_that_takes_far_more_than_what_lives_in_it_is_compacted_in_a_quiet_moment_and_nothing_goes() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    let engine = start(&bench, 256 * MIB, false, vec![source("s", Role::Observed, &script)]);
    let handle = engine.handle();
    for round in 0..30 {
        script.say(Ok(bulk("n", 0, 300, round)));
        script.answers.lock().unwrap().truncate(2);
        handle.refresh(&[id("s")]).await.unwrap();
        handle.refresh(&[id("s")]).await.unwrap();
    }
    let before = handle.cache_status().unwrap();
    assert!(before.store.disk_bytes > 4 * before.store.live_bytes + MIB, "{before:?}");
    let facts = handle.list(&FactQuery::default()).unwrap();
    let core = engine.core();
    let plenty = || Some(u64::MAX);
    assert!(!core.tidy(before.store.disk_bytes, plenty).await, "it is not worth it");
    assert!(!core.tidy(MIB, || Some(before.store.live_bytes)).await && !core.tidy(MIB, || None).await, "a copy might not fit");
    {
        let _taken_in = core.keeping.gate.read().await;
        assert!(!core.tidy(MIB, plenty).await, "an answer is being taken in");
    }
    {
        let _waits = core.answering();
        assert!(!core.tidy(MIB, plenty).await, "somebody waits for an answer");
    }
    assert_eq!(handle.cache_status().unwrap().room.compactions, 0);
    let mut events = handle.subscribe();
    assert!(core.tidy(MIB, plenty).await);
    let event = events.recv().await.unwrap().event;
    assert!(matches!(event, EngineEvent::Cache(CacheEvent::Compacted { before, after }) if after < before / 3), "{event:?}");
    let after = handle.cache_status().unwrap();
    assert_eq!((after.room.compactions, after.room.evicted_keys, after.store.entries), (1, 0, before.store.entries));
    assert!(after.store.disk_bytes < before.store.disk_bytes / 3, "{before:?} {after:?}");
    assert_eq!(handle.list(&FactQuery::default()).unwrap().len(), facts.len());
    assert!(!core.tidy(0, plenty).await, "once is enough");
    engine.shutdown().await.unwrap();
    let again = start(&bench, 256 * MIB, false, vec![source("s", Role::Observed, &script)]);
    assert_eq!(held(&again.handle(), "n").len(), 300);
    again.shutdown().await.unwrap();
}

fn size(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten().filter_map(|entry| entry.metadata().ok());
    files.filter(std::fs::Metadata::is_file).map(|metadata| metadata.len()).sum()
}

/// The most the database took while it was watched, compactions left out.
fn watched<T>(data: &Path, work: impl FnOnce() -> T) -> (T, u64) {
    let (most, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let compacting = || data.join("cache.new").exists() || data.join("cache.old").exists();
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                if !compacting() {
                    let now = size(&data.join("cache"));
                    if !compacting() {
                        most.fetch_max(now, Ordering::SeqCst);
                    }
                }
                std::thread::park_timeout(Duration::from_millis(1));
            }
        });
        let outcome = work();
        done.store(true, Ordering::SeqCst);
        outcome
    });
    (outcome, most.into_inner())
}

/// Writes ten times the watermark: a source whose every answer is new, and asked often.
fn disk_use(high: u64) -> (u64, CacheStatus) {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    let engine_and_status = |bench: &Bench| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let engine = start(bench, high, false, vec![source("s", Role::Observed, &script)]);
            let handle = engine.handle();
            let facts = usize::try_from(high / 4 / 1100).unwrap();
            for round in 0..28 {
                script.say(Ok(bulk("n", round * facts / 2, facts, round)));
                script.answers.lock().unwrap().truncate(2);
                handle.refresh(&[id("s")]).await.unwrap();
            }
            let status = handle.cache_status().unwrap();
            engine.shutdown().await.unwrap();
            status
        })
    };
    let (status, most) = watched(&bench.dir.path().join("data"), || engine_and_status(&bench));
    (most, status)
}

#[test]
fn writing_ten_times_the_watermark_takes_no_more_disk_than_a_quarter_above_it() {
    let high = 4 * MIB;
    let (most, status) = disk_use(high);
    println!("high {high}, most {most} ({:.3}), {status:?}", most as f64 / high as f64);
    assert!(most <= high + high / 4, "{most} of {high}: {status:?}");
    assert!(status.store.live_bytes > high / 4 && status.room.compactions > 3, "{status:?}");
    assert!(status.room.disk_bound.is_some(), "{status:?}");
}

#[test]
#[ignore = "a measurement: STELLAR_HIGH_MIB says of which size"]
fn disk_use_of_a_larger_cache() {
    let high = std::env::var("STELLAR_HIGH_MIB").map_or(64, |text| text.parse().unwrap()) * MIB;
    let started = std::time::Instant::now();
    let (most, status) = disk_use(high);
    println!("high {high}, most {most} ({:.3}) in {:?}: {status:?}", most as f64 / high as f64, started.elapsed());
}
