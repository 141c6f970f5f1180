//! Keys changed under a running engine.

use super::*;
use crate::{
    engine::store::{Cost, KeyChange, OuterChange},
    fact::{Author, CommandId, Operation},
};

fn many(value: u32) -> Vec<(String, String)> {
    (0..800).map(|at| (format!("k/{at}"), (value + at).to_string())).collect()
}

fn saying(values: &[(String, String)]) -> Answer {
    Ok(holding(&values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>()))
}

fn right(handle: &EngineHandle, value: u32) {
    let facts = handle.list(&FactQuery::default()).unwrap();
    assert_eq!(facts.len(), 800);
    for (key, expected) in many(value) {
        let fact = handle.get(&Key::new(&key).unwrap()).unwrap().unwrap();
        assert_eq!(fact.value.as_ref().map(Value::as_json_text), Some(&*expected), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_writes_go_on_while_everything_is_sealed_anew() {
    let bench = Bench::new("sled");
    let script = Scripted::default();
    (0..4).for_each(|round| script.say(saying(&many(round))));
    let engine = bench.start(vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    handle.refresh(&[id("cluster")]).await.unwrap();
    for round in 1..4 {
        let changing = tokio::spawn({
            let handle = handle.clone();
            async move { handle.rekey(KeyChange { outer: OuterChange::Renew, reseal: true }).await }
        });
        right(&handle, round - 1);
        handle.refresh(&[id("cluster")]).await.unwrap();
        right(&handle, round);
        let (status, notes) = changing.await.unwrap().unwrap();
        assert_eq!((status.id, status.resealing, notes.len()), (round + 1, None, 0));
    }
    let report = handle.verify().await.unwrap();
    assert_eq!((report.damaged, report.wrong_key, report.complete), (0, 0, true));
    engine.shutdown().await.unwrap();
    let again = bench.start(vec![source("cluster", Role::Observed, &Scripted::default())]);
    right(&again.handle(), 3);
    assert_eq!(again.handle().cache_status().unwrap().keys.unwrap().id, 4);
    again.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_key_that_has_sealed_enough_gives_way_by_itself() {
    let bench = Bench::new("sled");
    let policy = KeyPolicy { seals_per_key: 2000, cost: Cost::default() };
    let script = Scripted::default();
    (0..6).for_each(|round| script.say(saying(&many(round))));
    let engine = bench.start_over(bench.open_with(policy), vec![source("cluster", Role::Observed, &script)]);
    let handle = engine.handle();
    let note = ChangeRequest {
        id: CommandId::from_bytes([7; 16]),
        key: key("note"),
        operation: Operation::Note,
        value: Value::string("kept here"),
        source: None,
        expires: None,
        author: Author::default(),
        undoes: None,
    };
    handle.change(&[note]).await.unwrap();
    for _ in 0..6 {
        handle.refresh(&[id("cluster")]).await.unwrap();
    }
    right(&handle, 5);
    let status = handle.cache_status().unwrap().keys.unwrap();
    assert!(status.id > 1 && status.limit == 2000, "{status:?}");
    engine.shutdown().await.unwrap();
    let again = bench.start(vec![source("cluster", Role::Observed, &Scripted::default())]);
    right(&again.handle(), 5);
    // The log of record is sealed anew as well, by whoever writes next, so no former key is kept for it.
    let handle = again.handle();
    let former = || handle.cache_status().unwrap().keys.unwrap().retired;
    for _ in 0..2_000 {
        if former().is_empty() {
            break;
        }
        handle.refresh(&[id("cluster")]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(former(), Vec::<u32>::new());
    assert_eq!(handle.commands(&[]).len(), 1);
    again.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_cache_in_memory_has_no_keys_to_change() {
    let engine = Bench::new("memory").start(Vec::new());
    let error = engine.handle().rekey(KeyChange { outer: OuterChange::Renew, reseal: true }).await.unwrap_err();
    assert!(error.to_string().contains("memory only"), "{error}");
    assert!(engine.handle().cache_status().unwrap().keys.is_none());
}
