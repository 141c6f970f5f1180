//! Few decoded facts in memory, all of them answered: against a plain map, while things go wrong, and what is bounded.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    engine::store::StoreOp,
    fact::{Content, Observation, Timestamp},
};

/// An engine with so much memory for decoded facts.
fn start(bench: &Bench, hot_tier: u64, sources: Vec<BuiltSource>) -> Engine {
    start_over(bench, bench.open(), hot_tier, sources)
}

fn start_over(bench: &Bench, opened: OpenedStore, hot_tier: u64, sources: Vec<BuiltSource>) -> Engine {
    bench.start_as(opened, sources, |options| {
        let mut config = Config::clone(&options.config);
        config.cache.hot_tier = hot_tier;
        options.config = Arc::new(config);
    })
}

fn bulk(count: usize, round: usize) -> Fetched {
    let items: Vec<(String, String)> =
        (0..count).map(|at| (format!("n/{at:04}"), format!("\"{at}-{round}-{}\"", "v".repeat(500)))).collect();
    holding(&items.iter().map(|(key, json)| (key.as_str(), json.as_str())).collect::<Vec<_>>())
}

fn value(handle: &EngineHandle, name: &str) -> Option<String> {
    let insight = handle.get(&key(name)).unwrap()?;
    insight.value.as_ref().map(|value| value.plain_text().chars().take(8).collect())
}

fn bytes(handle: &EngineHandle) -> u64 {
    let hot = handle.cache_status().unwrap().hot;
    assert!(hot.bytes <= hot.limit, "{hot:?}");
    hot.bytes
}

#[tokio::test]
async fn many_facts_are_all_answered_from_little_memory() {
    for (backend, limit) in [("sled", 64 * 1024), ("memory", 64 * 1024), ("sled", 0)] {
        let bench = Bench::new(backend);
        let script = Scripted::default();
        script.say(Ok(bulk(1000, 1)));
        script.say(Ok(bulk(1000, 1)));
        script.say(Ok(bulk(900, 2)));
        let engine = start(&bench, limit, vec![source("s", Role::Observed, &script)]);
        let handle = engine.handle();
        let view = handle.view().unwrap();
        handle.refresh(&[id("s")]).await.unwrap();
        assert!(limit == 0 || bytes(&handle) > limit / 2);
        for at in [0, 500, 999] {
            assert_eq!(value(&handle, &format!("n/{at:04}")).unwrap().split_once("-v").unwrap().0, format!("{at}-1"), "{backend}");
        }
        assert_eq!(handle.get(&key("n/nothing")).unwrap(), None);

        let again = &handle.refresh(&[id("s")]).await.unwrap()[0];
        assert_eq!((again.keys, again.changed), (1000, 0), "compared without the values");

        let changed = &handle.refresh(&[id("s")]).await.unwrap()[0];
        assert_eq!((changed.keys, changed.changed), (900, 1000), "900 other values, 100 vanished");
        let all = handle.list(&FactQuery::default()).unwrap();
        assert_eq!(all.len(), 1000);
        assert!(all.windows(2).all(|pair| pair[0].key < pair[1].key));
        for (at, fact) in all.iter().enumerate() {
            let (state, round) = if at < 900 { (FactState::Fresh, 2) } else { (FactState::Gone, 1) };
            let text = fact.value.as_ref().unwrap().plain_text();
            assert!(fact.state == state && text.starts_with(&format!("{at}-{round}-v")), "{backend} {:?} {text}", fact.key);
            let shown = view.borrow().facts.find(&fact.key).unwrap().clone();
            assert_eq!((&shown.value, shown.state), (&fact.value, fact.state));
        }
        let some = FactQuery { pattern: Some(Pattern::new("n/09*").unwrap()), ..FactQuery::default() };
        assert_eq!(handle.list(&some).unwrap().len(), 100);
        bytes(&handle);
        drop(view);
        engine.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_walk_over_everything_pushes_nothing_out_that_is_asked_for() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    script.say(Ok(bulk(1000, 1)));
    let engine = start(&bench, 64 * 1024, vec![source("s", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("s")]).await.unwrap();
    for _ in 0..3 {
        (0..10).for_each(|at| drop(handle.get(&key(&format!("n/{:04}", 990 + at))).unwrap()));
    }
    let before = handle.cache_status().unwrap().hot;
    assert_eq!(handle.list(&FactQuery::default()).unwrap().len(), 1000);
    drop(handle.view().unwrap());
    (0..10).for_each(|at| drop(handle.get(&key(&format!("n/{:04}", 990 + at))).unwrap()));
    let after = handle.cache_status().unwrap().hot;
    assert_eq!((after.hits - before.hits, after.misses - before.misses), (10, 0), "{before:?} {after:?}");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_the_disk_lost_is_written_again_whether_memory_has_it_or_not() {
    for limit in [64 * 1024, 0] {
        let bench = Bench::new("sled");
        let script = Scripted::default();
        script.say(Ok(bulk(10, 1)));
        let opened = bench.open();
        let store = Arc::clone(&opened.store);
        let engine = start_over(&bench, opened, limit, vec![source("s", Role::Observed, &script)]);
        let handle = engine.handle();
        handle.refresh(&[id("s")]).await.unwrap();
        // As when a damaged record is put aside.
        store.apply(&[StoreOp::Evict(key("n/0003"), id("s"))]).unwrap();
        assert_eq!(handle.get(&key("n/0003")).unwrap().is_some(), limit > 0);
        engine.core().require_resync(None);
        let report = &handle.refresh(&[id("s")]).await.unwrap()[0];
        assert_eq!((report.keys, report.changed), (10, u64::from(limit == 0)));
        assert_eq!(store.get(&key("n/0003")).unwrap().len(), 1, "{limit}");
        assert!(handle.get(&key("n/0003")).unwrap().is_some());
        drop(store);
        engine.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn what_the_disk_did_not_take_is_found_however_little_memory_there_is_and_written_later() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    script.say(Ok(bulk(10, 1)));
    let opened = bench.open();
    let store = Arc::clone(&opened.store);
    let engine = start_over(&bench, opened, 0, vec![source("s", Role::Observed, &script), source("t", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("s")]).await.unwrap();
    let mut newer = store.get(&key("n/0003")).unwrap().remove(0);
    newer.content = Content::Value(Value::string("newer"));
    engine.core().adopt(vec![StoreOp::Put(newer.clone())], false);
    assert_eq!(value(&handle, "n/0003").as_deref(), Some("newer"));
    assert!(handle.list(&FactQuery::default()).unwrap()[3].value == newer.value().cloned());
    handle.refresh(&[id("t")]).await.unwrap();
    assert!(store.get(&key("n/0003")).unwrap().contains(&newer), "with the next write");
    assert!(engine.core().read_facts().unwritten.is_empty());
    drop(store);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_older_value_from_the_disk_is_neither_kept_nor_dated_by_the_last_answer() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    script.say(Ok(bulk(2, 1)));
    let opened = bench.open();
    let store = Arc::clone(&opened.store);
    let engine = start_over(&bench, opened, 0, vec![source("s", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("s")]).await.unwrap();
    let mut older = store.get(&key("n/0000")).unwrap().remove(0);
    older.content = Content::Value(Value::string("older"));
    bench.clock.advance(Duration::from_secs(3600));
    handle.refresh(&[id("s")]).await.unwrap();
    assert_eq!(handle.get(&key("n/0000")).unwrap().unwrap().state, FactState::Fresh);
    store.apply(&[StoreOp::Put(older)]).unwrap();
    let shown = handle.get(&key("n/0000")).unwrap().unwrap();
    assert_eq!((shown.state, shown.age), (FactState::Stale, Duration::from_secs(3600)));
    assert_eq!(handle.list(&FactQuery::default()).unwrap()[0].state, FactState::Stale);
    drop(store);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn belief_moves_with_the_sources_and_with_time_whatever_was_answered_before() {
    let bench = Bench::new("memory");
    let script = Scripted::default();
    script.say(Ok(bulk(1, 1)));
    script.say(refused());
    let engine = start(&bench, 64 * 1024, vec![source("s", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("s")]).await.unwrap();
    let get = || handle.get(&key("n/0000")).unwrap().unwrap();
    let first = get();
    assert!(Arc::ptr_eq(&first, &get()), "asked for again at once");
    bench.clock.advance(Duration::from_millis(999));
    assert!(Arc::ptr_eq(&first, &get()));
    assert_eq!(get().at(handle.now()).age, Duration::from_millis(999));
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(get().age, Duration::from_secs(1));
    handle.refresh(&[id("s")]).await.unwrap();
    assert_eq!(get().state, FactState::Offline, "at the same moment");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_all_sources_say_alike_is_one_value_in_memory_and_read_of_one_of_them() {
    let bench = Bench::new("sled");
    let scripts: Vec<Scripted> = (0..4).map(|_| Scripted::default()).collect();
    scripts.iter().for_each(|script| script.say(Ok(bulk(20, 1))));
    scripts[3].say(Ok(bulk(20, 2)));
    let opened = bench.open();
    let store = Arc::clone(&opened.store);
    let sources = scripts.iter().enumerate().map(|(at, script)| source(&format!("s{at}"), Role::Observed, script)).collect();
    let engine = start_over(&bench, opened, 0, sources);
    let handle = engine.handle();
    for at in 0..4 {
        bench.clock.advance(Duration::from_secs(1));
        handle.refresh(&[id(&format!("s{at}"))]).await.unwrap();
    }
    let stored = |name: &str| store.get(&key(name)).unwrap();
    let answered = |name: &str| -> Vec<Observation> {
        engine.core().recall(&key(name)).unwrap().slots().iter().map(|slot| slot.observation.clone()).collect()
    };
    let texts = |name: &str| -> std::collections::BTreeSet<*const u8> {
        answered(name).iter().map(|observation| observation.value().unwrap().as_json_text().as_ptr()).collect()
    };
    assert_eq!(answered("n/0007"), stored("n/0007"));
    assert_eq!(texts("n/0007").len(), 1, "one text for four sources");
    assert!(handle.list(&FactQuery::default()).unwrap().iter().all(|fact| fact.agreement.supporting == 4));
    // As when the record of the one that is read is put aside: the others have it still.
    store.apply(&[StoreOp::Evict(key("n/0007"), id("s0"))]).unwrap();
    assert_eq!(answered("n/0007").len(), 3);
    handle.refresh(&[id("s3")]).await.unwrap();
    assert_eq!((answered("n/0008"), texts("n/0008").len()), (stored("n/0008"), 2), "one says something else: each text is held once");
    drop(store);
    engine.shutdown().await.unwrap();
}

#[derive(Clone, Debug)]
enum Step {
    /// Written and taken in; not written; or written and asked for before it is taken in.
    Put(u8, u8, Said, How),
    Evict(u8, u8),
    Get(u8),
    List(bool),
    Flush,
    Tick,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Written,
    Refused,
    AskedBetween,
}

#[derive(Clone, Copy, Debug)]
enum Said {
    Value(u16),
    Absent(u16),
}

fn said() -> impl Strategy<Value = Said> {
    // Often the same as what others say, which is then read of one of them.
    prop_oneof![
        2 => (0..2_000_u16).prop_map(Said::Value),
        3 => (0..2_u16).prop_map(|at| Said::Value(at * 300)),
        1 => (0..2_000_u16).prop_map(Said::Absent)
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let how = prop_oneof![4 => Just(How::Written), 1 => Just(How::Refused), 2 => Just(How::AskedBetween)];
    let step = prop_oneof![
        6 => (0..12_u8, 0..3_u8, said(), how).prop_map(|(key, source, said, how)| Step::Put(key, source, said, how)),
        2 => (0..12_u8, 0..3_u8).prop_map(|(key, source)| Step::Evict(key, source)),
        8 => (0..12_u8).prop_map(Step::Get),
        1 => any::<bool>().prop_map(Step::List),
        1 => Just(Step::Flush),
        1 => Just(Step::Tick),
    ];
    proptest::collection::vec(step, 0..150)
}

fn observation(at: u8, source: u8, said: Said, now: Timestamp) -> Observation {
    let text = |length: u16| Value::string(&format!("{length}{}", "v".repeat(usize::from(length))));
    Observation {
        key: key(&format!("k/{at}")),
        source: id(&format!("s{source}")),
        content: match said {
            Said::Value(length) => Content::Value(text(length)),
            Said::Absent(length) => Content::Absent(Some(text(length))),
        },
        observed_at: now,
        changed_at: now,
        fetched_at: now,
        revision: None,
        live: false,
        same_origin: None,
    }
}

type Model = BTreeMap<(Key, SourceId), Content>;

fn expected(model: &Model, of: &Key) -> Vec<(SourceId, Content)> {
    model.iter().filter(|((key, _), _)| key == of).map(|((_, source), content)| (source.clone(), content.clone())).collect()
}

fn found(insight: &crate::fact::Insight) -> Vec<(SourceId, Content)> {
    let mut found: Vec<_> = insight.sources.iter().map(|view| (view.source.clone(), view.content.clone())).collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn it_is_the_plain_map_however_little_memory_there_is(
        steps in steps(),
        limit in prop_oneof![Just(0_u64), 1_000..12_000_u64],
        backend in prop_oneof![3 => Just("memory"), 1 => Just("sled")],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _inside = runtime.enter();
        let bench = Bench::new(backend);
        let opened = bench.open();
        let store = Arc::clone(&opened.store);
        let sources = (0..3).map(|at| source(&format!("s{at}"), Role::Observed, &Scripted::default())).collect();
        let engine = start_over(&bench, opened, limit, sources);
        let (core, handle) = (engine.core(), engine.handle());
        core.load().unwrap();
        let mut model = Model::new();
        for step in steps {
            match step {
                Step::Put(at, source, said, how) => {
                    let observation = observation(at, source, said, handle.now());
                    let op = StoreOp::Put(observation.clone());
                    let before = expected(&model, &observation.key);
                    if !matches!(how, How::Refused) {
                        store.apply(std::slice::from_ref(&op)).unwrap();
                    }
                    model.insert((observation.key.clone(), observation.source.clone()), observation.content.clone());
                    if matches!(how, How::AskedBetween) && !core.read_facts().unwritten.contains_key(&observation.key) {
                        let between = handle.get(&observation.key).unwrap().map(|insight| found(&insight)).unwrap_or_default();
                        prop_assert!(between == before || between == expected(&model, &observation.key), "the one or the other");
                    }
                    core.adopt(vec![op], !matches!(how, How::Refused));
                }
                Step::Evict(at, source) => {
                    let (key, source) = (key(&format!("k/{at}")), id(&format!("s{source}")));
                    model.remove(&(key.clone(), source.clone()));
                    let op = StoreOp::Evict(key, source);
                    store.apply(std::slice::from_ref(&op)).unwrap();
                    core.adopt(vec![op], true);
                }
                Step::Get(at) => {
                    let key = key(&format!("k/{at}"));
                    let insight = handle.get(&key).unwrap();
                    prop_assert_eq!(insight.map(|insight| found(&insight)).unwrap_or_default(), expected(&model, &key));
                }
                Step::List(all) => {
                    let pattern = (!all).then(|| Pattern::new("k/1*").unwrap());
                    let query = FactQuery { pattern: pattern.clone(), ..FactQuery::default() };
                    let listed: Vec<_> = handle.list(&query).unwrap().iter().map(|fact| (fact.key.clone(), found(fact))).collect();
                    let mut keys: Vec<&Key> = model.keys().map(|(key, _)| key).collect();
                    keys.retain(|key| pattern.as_ref().is_none_or(|pattern| pattern.matches(key)));
                    keys.dedup();
                    prop_assert_eq!(listed, keys.into_iter().map(|key| (key.clone(), expected(&model, key))).collect::<Vec<_>>());
                    let waiting = handle.conflicts(true).unwrap();
                    let disputed = |key: &Key| {
                        let said = expected(&model, key);
                        let live: Vec<_> = said.iter().filter(|(_, content)| matches!(content, Content::Value(_))).collect();
                        live.iter().any(|(_, content)| *content != live[0].1)
                    };
                    let mut keys: Vec<&Key> = model.keys().map(|(key, _)| key).filter(|key| disputed(key)).collect();
                    keys.dedup();
                    let mut shown: Vec<&Key> = waiting.iter().map(|conflict| &conflict.key).collect();
                    shown.sort_unstable();
                    prop_assert_eq!(shown, keys);
                }
                Step::Flush => {
                    // As the next answer does: what was refused is written, and then on disk.
                    let again: Vec<_> = core.read_facts().unwritten.values().flatten().cloned().map(StoreOp::Put).collect();
                    store.apply(&again).unwrap();
                    store.flush().unwrap();
                    core.adopt(again, true);
                    prop_assert!(core.read_facts().unwritten.is_empty());
                    for ((key, source), content) in &model {
                        prop_assert_eq!(&store.get_from(key, source).unwrap().unwrap().content, content);
                    }
                }
                Step::Tick => bench.clock.advance(Duration::from_millis(7)),
            }
            let hot = core.hot.status();
            prop_assert!(hot.bytes <= limit, "{:?}", hot);
        }
    }
}
