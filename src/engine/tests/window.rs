//! What a start shows before it has read everything.

use super::*;
use crate::engine::store::StoreOp;

fn answer(facts: u32, value: u32) -> Answer {
    let items: Vec<(String, String)> = (0..facts).map(|at| (format!("k/{at:04}"), value.to_string())).collect();
    Ok(holding(&items.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>()))
}

/// A directory that an engine left, having taken these answers.
async fn left(answers: Vec<Answer>) -> Bench {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    let times = answers.len();
    answers.into_iter().for_each(|answer| script.say(answer));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    for _ in 0..times {
        engine.handle().refresh(&[id("cluster")]).await.unwrap();
    }
    engine.shutdown().await.unwrap();
    bench
}

fn again(bench: &Bench, opened: OpenedStore) -> Engine {
    bench.start_over(opened, vec![source("cluster", Role::Observed, &Scripted::default())])
}

fn names(view: &EngineView) -> Vec<&str> {
    view.facts.iter().map(|fact| fact.key.as_str()).collect()
}

#[tokio::test]
async fn the_first_facts_are_the_first_of_all_and_resolved_alike() {
    let bench = left(vec![answer(200, 1)]).await;
    let engine = again(&bench, bench.open());
    let handle = engine.handle();
    let first = handle.first_view().unwrap().unwrap();
    let all = handle.list(&FactQuery::default()).unwrap();
    assert_eq!((first.facts.len(), all.len()), (64, 200));
    assert!(first.facts.iter().zip(&all).all(|(first, all)| first == all));
    assert_eq!(first.sources[0].state, SourceState::Reachable);
    assert!(handle.first_view().unwrap().is_none(), "everything is there now");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn it_is_written_when_it_is_another_and_only_then() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    script.say(answer(100, 1));
    script.say(answer(100, 2));
    script.say(Ok(Fetched { complete: false, ..holding(&[("a", "1"), ("z", "1")]) }));
    let opened = bench.open();
    let store = Arc::clone(&opened.store);
    let engine = bench.start_over(opened, vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    let written = || store.get_meta("first-window").unwrap();
    assert!(written().is_none());
    handle.refresh(&[id("cluster")]).await.unwrap();
    let first = written().unwrap();
    assert!(engine.core().window_document(&[]).is_none());
    handle.refresh(&[id("cluster")]).await.unwrap();
    assert_eq!(written().unwrap(), first, "other values, the same names");
    handle.refresh(&[id("cluster")]).await.unwrap();
    let second = written().unwrap();
    assert!(second != first && second[2..4] == [1, b'a'], "without a shutdown: {second:?}");
    drop(store);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_changed_behind_the_document_is_shown_as_it_is() {
    let bench = left(vec![answer(100, 1)]).await;
    let opened = bench.open();
    let mut moved = opened.store.get(&key("k/0001")).unwrap().remove(0);
    moved.content = crate::fact::Content::Value(Value::parse("7").unwrap());
    let ops = [StoreOp::Evict(key("k/0000"), id("cluster")), StoreOp::Put(moved)];
    opened.store.apply(&ops).unwrap();
    let engine = again(&bench, opened);
    let first = engine.handle().first_view().unwrap().unwrap();
    assert_eq!((names(&first).len(), names(&first)[0]), (63, "k/0001"));
    assert_eq!(first.facts.get(0).unwrap().value, Some(Value::parse("7").unwrap()));
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn without_a_document_that_can_be_read_there_is_no_first_view() {
    let bench = left(vec![answer(100, 1)]).await;
    for body in [&[][..], &[9, 1, 1, b'a'], &[1, 200, 1], &[1, 2, 0, 3, b'/', b'/', 0xFF]] {
        let opened = bench.open();
        opened.store.put_meta("first-window", body).unwrap();
        let engine = again(&bench, opened);
        assert!(engine.handle().first_view().unwrap().is_none(), "{body:?}");
        assert_eq!(engine.handle().list(&FactQuery::default()).unwrap().len(), 100);
        engine.shutdown().await.unwrap();
    }
    // A longer one of a later version, with names that are none.
    let opened = bench.open();
    let many: Vec<String> = (0..500).map(|at| format!("k/{at:04}")).collect();
    opened.store.put_meta("first-window", &crate::engine::store::encode_body(&many)).unwrap();
    let engine = again(&bench, opened);
    assert_eq!(engine.handle().first_view().unwrap().unwrap().facts.len(), 64);
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_source_that_is_not_asked_any_more_says_nothing_there_either() {
    let bench = left(vec![answer(10, 1)]).await;
    let engine = bench.start(vec![source("other", Role::Observed, &Scripted::default())]);
    assert!(engine.handle().first_view().unwrap().is_none());
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn large_values_are_left_to_the_rest() {
    let large = format!("\"{}\"", "x".repeat(100_000));
    let items: Vec<String> = (0..20).map(|at| format!("k/{at:04}")).collect();
    let bench = left(vec![Ok(holding(&items.iter().map(|key| (key.as_str(), large.as_str())).collect::<Vec<_>>()))]).await;
    let engine = again(&bench, bench.open());
    let first = engine.handle().first_view().unwrap().unwrap();
    assert!((1..10).contains(&first.facts.len()), "{}", first.facts.len());
    engine.shutdown().await.unwrap();
}
