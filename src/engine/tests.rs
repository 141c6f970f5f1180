//! The engine as its callers meet it, over a real store in memory or on disk and sources that answer from a script.

mod accepted;
mod asking_order;
mod believed;
mod changing;
mod deciding;
mod glimpse;
mod hot;
mod lasting;
mod listing;
mod room;
mod simulation;
mod snapshots;
mod upkeep;
mod whole;
mod window;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    source::{BoxFuture, BuiltSource, Fetched, Reported, Source, SourceError},
    store::{FaultDisk, KeyPolicy, OpenedStore, StoreOptions, open_over, open_store},
    world::{NoVault, SeededRng, SimClock, SystemRng},
    *,
};
use crate::{
    config::{CacheKey, Config, FileSource, SecretRef, SourceConfig, SourceKind},
    fact::{FactState, Key, Mark, Pattern, Role, SOURCES_HELD, SourceId, SourceState, Value},
};

type Answer = Result<Fetched, SourceError>;

/// Answers from a list; after its end, with the last answer again.
#[derive(Clone, Default)]
struct Scripted {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<u32>>,
}

impl Scripted {
    fn say(&self, answer: Answer) {
        self.answers.lock().unwrap().push_back(answer);
    }
}

impl Source for Scripted {
    fn fetch(&self) -> BoxFuture<'_, Answer> {
        Box::pin(async {
            tokio::task::yield_now().await;
            *self.asked.lock().unwrap() += 1;
            let mut answers = self.answers.lock().unwrap();
            if answers.len() > 1 { answers.pop_front().unwrap() } else { answers.front().cloned().unwrap_or_else(|| Ok(holding(&[]))) }
        })
    }
}

struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, _: &SecretRef) -> Result<String, String> {
        Err("no secrets here".to_owned())
    }
}

fn holding(items: &[(&str, &str)]) -> Fetched {
    let item = |(key, json): &(&str, &str)| Reported::new(Key::new(key).unwrap(), Value::parse(json).unwrap());
    Fetched { items: items.iter().map(item).collect(), complete: true, ..Fetched::default() }
}

fn refused() -> Answer {
    Err(SourceError { code: "refused", message: "connection refused".into(), retry_after: None })
}

fn id(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn source(name: &str, role: Role, script: &Scripted) -> BuiltSource {
    let config = SourceConfig {
        name: id(name),
        kind: SourceKind::File(FileSource { path: "/nowhere".into(), depth: 0 }),
        role,
        trust: 0.7,
        authority: false,
        enabled: true,
        writable: false,
        prefix: String::new(),
        keys: Vec::new(),
        interval: Some(Duration::from_secs(30)),
        timeout: Duration::from_secs(5),
        ttl: None,
        apdex_target: Duration::from_millis(200),
        maps: Vec::new(),
        reads: Vec::new(),
        writes: Vec::new(),
    };
    BuiltSource { id: id(name), config, source: Arc::new(script.clone()), kind: "file", group: None }
}

/// What an engine that was dropped left to its threads holds the directory a moment longer.
fn let_go(open: impl Fn() -> Result<OpenedStore, StoreError>) -> OpenedStore {
    for _ in 0..400 {
        match open() {
            Err(StoreError::Busy { .. }) => std::thread::sleep(Duration::from_millis(25)),
            opened => return opened.unwrap(),
        }
    }
    open().unwrap()
}

struct Bench {
    dir: tempfile::TempDir,
    clock: Arc<SimClock>,
    backend: &'static str,
}

impl Bench {
    fn new(backend: &'static str) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), clock: Arc::new(SimClock::default()), backend }
    }

    fn open(&self) -> OpenedStore {
        self.open_with(KeyPolicy::default())
    }

    fn open_with(&self, policy: KeyPolicy) -> OpenedStore {
        let options = StoreOptions { policy, ..self.store_options() };
        let_go(|| open_store(&options))
    }

    /// Over a disk that does as it is told.
    fn open_on(&self, disk: &Arc<FaultDisk>) -> OpenedStore {
        let_go(|| open_over(&self.store_options(), Arc::new(disk.backend())))
    }

    fn store_options(&self) -> StoreOptions {
        StoreOptions {
            data_dir: self.dir.path().join("data"),
            state_dir: self.dir.path().join("state"),
            backend: self.backend.to_owned(),
            key: CacheKey::Auto,
            clock: self.clock.clone(),
            rng: Arc::new(SystemRng),
            vault: Arc::new(NoVault),
            policy: KeyPolicy::default(),
        }
    }

    fn start(&self, sources: Vec<BuiltSource>) -> Engine {
        self.start_over(self.open(), sources)
    }

    fn start_over(&self, opened: OpenedStore, sources: Vec<BuiltSource>) -> Engine {
        self.start_as(opened, sources, |_| {})
    }

    fn start_as(&self, opened: OpenedStore, sources: Vec<BuiltSource>, change: impl FnOnce(&mut EngineOptions)) -> Engine {
        let mut options = self.options();
        change(&mut options);
        Engine::assemble(options, opened, sources).unwrap()
    }

    fn options(&self) -> EngineOptions {
        EngineOptions {
            config: Arc::new(Config::bare("/".into())),
            data_dir: self.dir.path().join("data"),
            state_dir: self.dir.path().join("state"),
            offline: false,
            polling: false,
            clock: self.clock.clone(),
            rng: Arc::new(SeededRng::new(7)),
            secrets: Arc::new(NoSecrets),
            vault: Arc::new(NoVault),
            environment: Arc::default(),
            inline: false,
        }
    }
}

#[tokio::test]
async fn a_dead_source_turns_its_facts_offline_and_they_survive_a_restart() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    script.say(Ok(holding(&[("service/checkout/replicas", "3")])));
    script.say(refused());
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    assert_eq!(handle.get(&key("service/checkout/replicas")).unwrap().unwrap().state, FactState::Fresh);

    let report = &handle.refresh(&[id("cluster")]).await.unwrap()[0];
    assert_eq!(report.error.as_ref().unwrap().code, "refused");
    assert_eq!(report.keys, 1);
    engine.shutdown().await.unwrap();

    let again = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let fact = again.handle().get(&key("service/checkout/replicas")).unwrap().unwrap();
    assert_eq!(fact.value, Some(Value::parse("3").unwrap()));
    assert_eq!(fact.state, FactState::Offline);
    assert!(matches!(again.handle().sources()[0].state, SourceState::Failing { .. }));
    again.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_vouched_fact_stays_fresh_without_being_written_again() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(Ok(holding(&[("a", "1")])));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    bench.clock.advance(Duration::from_secs(3600));
    assert_eq!(handle.get(&key("a")).unwrap().unwrap().state, FactState::Stale);
    let report = &handle.refresh(&[id("cluster")]).await.unwrap()[0];
    assert_eq!(report.changed, 0);
    let fact = handle.get(&key("a")).unwrap().unwrap();
    assert_eq!((fact.state, fact.age), (FactState::Fresh, Duration::ZERO));
    assert_eq!(handle.now().since(fact.changed_at), Duration::from_secs(3600));
}

#[tokio::test]
async fn sources_that_differ_make_one_conflict_and_a_declared_one_makes_drift() {
    let bench = Bench::new("memory");
    let scripts: Vec<_> = ["3", "4", "5"]
        .iter()
        .map(|value| {
            let script = Scripted::default();
            script.say(Ok(holding(&[("service/checkout/replicas", value)])));
            script
        })
        .collect();
    let engine = bench.start(vec![
        source("cluster", Role::Observed, &scripts[0]),
        source("wiki", Role::Observed, &scripts[1]),
        source("git", Role::Declared, &scripts[2]),
    ]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster"), id("wiki"), id("git")]).await.unwrap();
    let fact = handle.get(&key("service/checkout/replicas")).unwrap().unwrap();
    assert!(fact.marks.contains(Mark::Conflict) && fact.marks.contains(Mark::Drift), "{fact:?}");
    assert_eq!(fact.wanted, Some(Value::parse("5").unwrap()));
    let conflicts = handle.conflicts(false).unwrap();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].candidates.len(), 2);
}

#[tokio::test]
async fn what_a_source_no_longer_has_is_gone_and_an_unconfigured_source_does_not_count() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    script.say(Ok(holding(&[("a", "1")])));
    script.say(Ok(holding(&[])));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    engine.handle().refresh(&[id("cluster")]).await.unwrap();
    engine.handle().refresh(&[id("cluster")]).await.unwrap();
    let fact = engine.handle().get(&key("a")).unwrap().unwrap();
    assert_eq!((fact.state, fact.value.clone()), (FactState::Gone, Some(Value::parse("1").unwrap())));
    engine.shutdown().await.unwrap();

    let other = bench.start(vec![source("other", Role::Observed, &Scripted::default())]);
    assert_eq!(other.handle().get(&key("a")).unwrap(), None);
    other.shutdown().await.unwrap();
}

#[tokio::test]
async fn who_asks_while_a_fetch_is_under_way_shares_it() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(Ok(holding(&[("a", "1")])));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    let cluster = [id("cluster")];
    let (first, second, third) = tokio::join!(handle.refresh(&cluster), handle.refresh(&cluster), handle.refresh(&cluster));
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert_eq!(*script.asked.lock().unwrap(), 1);
}

#[tokio::test]
async fn what_nobody_has_is_told_from_what_nobody_has_said_yet() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(refused());
    script.say(Ok(holding(&[])));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    assert_eq!(handle.knowledge(&key("a")), Knowledge::Unanswered(vec![id("cluster")]));
    assert_eq!(handle.knowledge(&key("host/name")), Knowledge::NoSuchKey);
    handle.refresh(&[id("cluster")]).await.unwrap();
    assert_eq!(handle.knowledge(&key("a")), Knowledge::NoSuchKey);
}

#[tokio::test]
async fn a_listener_hears_what_changes_and_nothing_else() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(Ok(holding(&[("a", "1"), ("b", "1")])));
    script.say(Ok(holding(&[("a", "1"), ("b", "2")])));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    let mut events = handle.subscribe();
    handle.refresh(&[id("cluster")]).await.unwrap();
    let mut changed = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let EngineEvent::InsightChanged(fact) = event.event {
            changed.push(fact.key.as_str().to_owned());
        }
    }
    assert_eq!(changed, ["b"]);
}

#[tokio::test]
async fn a_pattern_lists_its_keys_in_order() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(Ok(holding(&[("service/b/replicas", "1"), ("service/a/replicas", "1"), ("services/x", "1")])));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    let query = FactQuery { pattern: Some(Pattern::new("service/**").unwrap()), ..FactQuery::default() };
    let keys: Vec<_> = handle.list(&query).unwrap().iter().map(|fact| fact.key.as_str().to_owned()).collect();
    assert_eq!(keys, ["service/a/replicas", "service/b/replicas"]);
}

#[tokio::test]
async fn a_view_shares_what_did_not_change_and_knows_its_conflicts() {
    let bench = Bench::new("memory");
    let (one, other) = (Scripted::default(), Scripted::default());
    one.say(Ok(holding(&[("a", "1"), ("b", "1"), ("c", "1")])));
    one.say(Ok(holding(&[("a", "1"), ("b", "2"), ("c", "1")])));
    one.say(Ok(holding(&[("a", "1"), ("c", "1")])));
    other.say(Ok(holding(&[("b", "1")])));
    let engine = bench.start(vec![source("cluster", Role::Observed, &one), source("wiki", Role::Observed, &other)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster"), id("wiki")]).await.unwrap();
    let mut view = handle.view().unwrap();
    let first = view.borrow_and_update().clone();
    assert_eq!((first.facts.len(), first.conflicts.len(), first.sources[0].keys), (3, 0, 3));
    handle.refresh(&[id("cluster")]).await.unwrap();
    assert!(view.has_changed().unwrap());
    let second = view.borrow_and_update().clone();
    let same = |name| Arc::ptr_eq(first.facts.find(&key(name)).unwrap(), second.facts.find(&key(name)).unwrap());
    assert!(same("a") && same("c") && !same("b"), "only what changed is another");
    assert_eq!(second.conflicts.len(), 1);
    assert_eq!(second.conflicts[..], handle.conflicts(false).unwrap()[..]);
    handle.refresh(&[id("cluster")]).await.unwrap();
    let third = view.borrow_and_update().clone();
    assert_eq!(third.conflicts[..], handle.conflicts(false).unwrap()[..]);
    let listed = handle.list(&FactQuery::default()).unwrap();
    assert!(third.facts.iter().zip(&listed).all(|(shown, listed)| shown == listed), "what is shown is what is listed");
    assert_eq!(third.sources[..], handle.sources()[..]);
}

#[tokio::test]
async fn a_view_holds_the_first_of_many_sources_and_says_when_another_one_moves() {
    let bench = Bench::new("memory");
    let names: Vec<String> = (0..9).map(|at| format!("s{at}")).collect();
    let scripts: Vec<Scripted> = names.iter().map(|_| Scripted::default()).collect();
    scripts.iter().for_each(|script| script.say(Ok(holding(&[("a", "1"), ("b", "1")]))));
    scripts[8].say(Ok(holding(&[("a", "2"), ("b", "1")])));
    let sources = names.iter().zip(&scripts).map(|(name, script)| source(name, Role::Observed, script)).collect();
    let engine = bench.start(sources);
    let handle = engine.handle();
    let ids: Vec<_> = names.iter().map(|name| id(name)).collect();
    handle.refresh(&ids).await.unwrap();
    let mut view = handle.view().unwrap();
    let first = view.borrow_and_update().facts.clone();
    let (a, b) = (first.find(&key("a")).unwrap(), first.find(&key("b")).unwrap());
    assert_eq!((a.sources.len(), a.left_out.unwrap().count), (SOURCES_HELD, 9 - SOURCES_HELD));
    let whole = handle.get(&key("a")).unwrap().unwrap();
    assert_eq!((whole.sources.len(), whole.left_out), (9, None));
    assert_eq!((**a).clone(), (*whole).clone().shortened());
    // Who is not held says something else: the fact is another, and whoever listens is told all of it.
    let mut events = handle.subscribe();
    handle.refresh(&[id("s8")]).await.unwrap();
    let second = view.borrow_and_update().facts.clone();
    let now = second.find(&key("a")).unwrap();
    assert_ne!(now.left_out, a.left_out);
    assert_eq!(now.sources.len(), SOURCES_HELD);
    assert!(Arc::ptr_eq(second.find(&key("b")).unwrap(), b) || second.find(&key("b")).unwrap().left_out != b.left_out);
    let told = std::iter::from_fn(|| events.try_recv().ok()).find_map(|event| match event.event {
        EngineEvent::InsightChanged(insight) => Some(insight),
        _ => None,
    });
    assert_eq!(told.map(|insight| (insight.key.clone(), insight.sources.len(), insight.left_out)), Some((key("a"), 9, None)));
}

#[tokio::test]
async fn a_shown_fact_turns_stale_because_time_passes_and_no_sooner() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(Ok(holding(&[("a", "1"), ("b", "1")])));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    let view = handle.view().unwrap();
    let state = || view.borrow().facts.find(&key("a")).unwrap().state;
    let ttl = view.borrow().facts.find(&key("a")).unwrap().ttl;
    let mut sweep = sweep::Sweep::new(handle.now());
    bench.clock.advance(ttl - Duration::from_secs(5));
    let wait = handle.core.sweep(&mut sweep).await;
    assert_eq!(state(), FactState::Fresh);
    assert_eq!(wait, Duration::from_millis(5_001), "it sleeps until the moment");
    // Vouched for meanwhile: the old moment comes and nothing turns.
    handle.refresh(&[id("cluster")]).await.unwrap();
    bench.clock.advance(wait);
    handle.core.sweep(&mut sweep).await;
    assert_eq!(state(), FactState::Fresh);
    bench.clock.advance(ttl);
    let mut events = handle.subscribe();
    handle.core.sweep(&mut sweep).await;
    assert_eq!(state(), FactState::Stale);
    let told = std::iter::from_fn(|| events.try_recv().ok());
    assert_eq!(told.filter(|event| matches!(event.event, EngineEvent::InsightChanged(_))).count(), 2);
}

#[tokio::test]
async fn many_conflicts_are_weighed_in_slices_and_what_turns_waits_for_none_of_them() {
    let bench = Bench::new("memory");
    let names: Vec<String> = (0..2_500).map(|at| format!("k/{at:04}")).collect();
    let all = |value: &'static str| names.iter().map(|name| (name.as_str(), value)).collect::<Vec<_>>();
    let (one, other) = (Scripted::default(), Scripted::default());
    one.say(Ok(holding(&all("1"))));
    other.say(Ok(holding(&all("2"))));
    let engine = bench.start(vec![source("cluster", Role::Observed, &one), source("wiki", Role::Observed, &other)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster"), id("wiki")]).await.unwrap();
    let view = handle.view().unwrap();
    let seen = || view.borrow().facts.clone();
    let mut sweep = sweep::Sweep::new(handle.now());
    let before = seen();
    assert_eq!(handle.core.sweep(&mut sweep).await, Duration::from_secs(30), "values compete, and nothing is to be weighed yet");
    assert!(seen().is(&before));
    bench.clock.advance(Duration::from_secs(31));
    let mut weighed = 0;
    for so_many in [1_000, 1_000, 500] {
        let wait = handle.core.sweep(&mut sweep).await;
        weighed += so_many;
        assert_eq!(seen().since(&before).0.len(), weighed);
        assert_eq!(wait.is_zero(), weighed < 2_500, "it rests as long as it took times nine, and no time passes here");
    }
    // With more to weigh, what is stale by now is told of at once.
    bench.clock.advance(Duration::from_secs(31));
    handle.core.sweep(&mut sweep).await;
    bench.clock.advance(before.get(0).unwrap().ttl);
    handle.core.sweep(&mut sweep).await;
    assert!(seen().iter().all(|insight| insight.state == FactState::Stale));
}

#[tokio::test]
async fn what_is_renewed_is_believed_as_of_now() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(Ok(holding(&[("a", "1"), ("b", "1")])));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    let view = handle.view().unwrap();
    let score = |name| view.borrow().facts.find(&key(name)).unwrap().confidence.unwrap().score;
    let before = score("a");
    bench.clock.advance(Duration::from_secs(300));
    handle.renew(&[key("a")]);
    assert!(score("a") < before && score("b") == before, "only what was asked for");
    assert_eq!(Some(score("a")), handle.get(&key("a")).unwrap().unwrap().confidence.map(|confidence| confidence.score));
}

#[tokio::test]
async fn a_full_disk_is_said_answered_around_and_written_back() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    script.say(Ok(holding(&[("a", "1")])));
    script.say(Ok(holding(&[("a", "2")])));
    let disk = FaultDisk::new(1);
    let opened = bench.open_on(&disk);
    let store = Arc::clone(&opened.store);
    let engine = bench.start_over(opened, vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    let cluster = [id("cluster")];
    handle.refresh(&cluster).await.unwrap();
    assert_eq!((handle.cache_status().unwrap().standing, handle.notes().len()), (None, 0));

    let mut events = handle.subscribe();
    disk.refuse_writes(Some(std::io::ErrorKind::StorageFull));
    handle.refresh(&cluster).await.unwrap();
    assert_eq!(handle.get(&key("a")).unwrap().unwrap().value, Some(Value::parse("2").unwrap()));
    let standing = handle.cache_status().unwrap().standing.unwrap();
    assert!(standing.why.contains("free some space") && standing.waiting > 0, "{standing:?}");
    assert!(handle.notes()[0].contains("in memory only"), "{:?}", handle.notes());

    disk.refuse_writes(None);
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(store.heal(), None);
    handle.refresh(&cluster).await.unwrap();
    assert_eq!((handle.cache_status().unwrap().standing, handle.notes().len()), (None, 0));
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let EngineEvent::Cache(event) = event.event {
            told.push(event);
        }
    }
    assert!(matches!(told.as_slice(), [CacheEvent::FailedOver { .. }, CacheEvent::Recovered { entries: 1.., .. }]), "{told:?}");
    drop((engine, handle, store));
    disk.cut_power(false);
    let again = bench.open_on(&disk);
    assert_eq!(again.store.get(&key("a")).unwrap()[0].value(), Some(&Value::parse("2").unwrap()));
}

#[tokio::test]
async fn what_a_command_brought_to_a_damaged_database_is_on_disk_when_it_ends() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    let values = |from: u32| (0..200).map(|at| (format!("k/{at}"), (at + from).to_string())).collect::<Vec<_>>();
    let said = |from: u32| {
        let values = values(from);
        Ok(holding(&values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>()))
    };
    script.say(said(0));
    script.say(said(7));
    let disk = FaultDisk::new(1);
    let engine = bench.start_over(bench.open_on(&disk), vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    assert!(disk.lose_page());
    handle.refresh(&[id("cluster")]).await.unwrap();
    (0..200).for_each(|at| drop(handle.get(&key(&format!("k/{at}"))).unwrap()));
    assert!(handle.list(&FactQuery::default()).unwrap().len() == 200 && engine.core().store.scan(&[], &mut |_| ()).is_ok());
    assert!(handle.cache_status().unwrap().standing.unwrap().damaged);
    bench.clock.advance(Duration::from_secs(1));
    handle.heal_before_the_end().await;
    assert_eq!(handle.cache_status().unwrap().standing, None);
    assert!(handle.notes().iter().any(|note| note.contains("set aside")), "{:?}", handle.notes());
    engine.shutdown().await.unwrap();
    drop(handle);
    let again = bench.open_on(&disk);
    for (name, value) in values(7) {
        assert_eq!(again.store.get(&key(&name)).unwrap()[0].value(), Some(&Value::parse(&value).unwrap()));
    }
}
