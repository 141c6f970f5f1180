//! A screen asks in the order of `conflicts list`, and with the moment that knows of an answer.

use super::*;
use crate::fact::{Author, CommandId, ConflictEntry};

/// Several sources of which each disagrees with most others here and there, so that answers teach.
async fn disputed(bench: &Bench, keys: u32) -> Engine {
    let names = ["cluster", "prom", "wiki", "notes"];
    let built = names.iter().zip(0..).map(|(name, turn)| {
        let script = Scripted::default();
        let value = |at: u32| if at.is_multiple_of(turn + 2) { "1".to_owned() } else { (turn % 3 + 1).to_string() };
        let items: Vec<(String, String)> = (0..keys).map(|at| (format!("k{at:05}/f{}", at % 5), value(at))).collect();
        script.say(Ok(holding(&items.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>())));
        let mut built = source(name, Role::Observed, &script);
        built.config.trust = 0.5;
        built
    });
    let engine = bench.start(built.collect());
    engine.handle().refresh(&names.map(id)).await.unwrap();
    engine
}

fn keys(conflicts: &[Arc<ConflictEntry>]) -> Vec<&Key> {
    conflicts.iter().map(|conflict| &conflict.key).collect()
}

#[tokio::test]
async fn a_screen_asks_in_the_order_of_the_list_before_and_after_every_answer() {
    let bench = Bench::new("sled");
    let engine = disputed(&bench, 300).await;
    let handle = engine.handle();
    let mut view = handle.view().unwrap();
    let mut orders = Vec::new();
    for number in 0..6_u8 {
        let listed = handle.conflicts(false).unwrap();
        // Trust of a source moves in other fields too, and what is shown of those follows in a moment.
        for _ in 0..200 {
            if keys(&view.borrow().conflicts) == keys(&listed) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let shown = view.borrow_and_update().conflicts.clone();
        assert!(listed.len() > 100, "{} conflicts: the test tests nothing", listed.len());
        assert_eq!(keys(&shown), keys(&listed), "after {number} answers");
        orders.push(listed.iter().skip(1).map(|conflict| conflict.id.clone()).collect::<Vec<_>>());
        let first = &listed[0];
        let choice = Choice::Accept(first.candidates[1].sources[0].clone());
        let request = DecisionRequest { id: CommandId::from_bytes([number; 16]), choice, digest: None, author: Author::default() };
        handle.apply_resolution(&first.id, &request).await.unwrap();
        // With the answer it is known to whoever looks.
        let told = view.borrow_and_update().conflicts.clone();
        assert!(told.iter().all(|conflict| conflict.id != first.id));
    }
    let moved = orders.windows(2).filter(|pair| !pair[0].starts_with(&pair[1][..1])).count();
    assert!(moved > 0, "answers teach, and the order follows");
    let last = handle.decisions().pop().unwrap().conflict();
    handle.undo_decision(last.as_str(), &Author::default()).await.unwrap();
    assert!(view.borrow().conflicts.iter().any(|conflict| conflict.id == last), "it waits again");
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_is_new_stands_last_until_it_is_put_in_order() {
    let mut contested = Contested::default();
    let bench = Bench::new("memory");
    let engine = disputed(&bench, 40).await;
    let listed = engine.handle().conflicts(false).unwrap();
    let all = engine.handle().list(&FactQuery::default()).unwrap();
    all.iter().for_each(|insight| contested.take(insight));
    let (new, known) = listed.split_first().unwrap();
    contested.order(known.iter().map(|conflict| conflict.id.clone()));
    assert_eq!(keys(&contested.waiting()), keys(known).into_iter().chain([&new.key]).collect::<Vec<_>>());
    let same = contested.waiting();
    assert!(Arc::ptr_eq(&same, &contested.waiting()), "nothing moved");
    engine.shutdown().await.unwrap();
}
