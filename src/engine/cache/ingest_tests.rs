//! What each kind of answer changes, as tables.

use super::*;
use crate::{
    engine::source::{Reported, Skipped, Whole},
    fact::Value,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn source() -> SourceId {
    SourceId::new("cluster").unwrap()
}

fn said(name: &str, json: &str) -> Reported {
    Reported::new(key(name), Value::parse(json).unwrap())
}

fn answer(items: Vec<Reported>) -> Fetched {
    Fetched { items, complete: true, ..Fetched::default() }
}

/// A table that went through these answers, one a second.
fn after(answers: Vec<Fetched>) -> Table {
    let mut table = Table::default();
    for (second, answer) in answers.into_iter().enumerate() {
        let now = at(i64::try_from(second).unwrap());
        let taken = ingest(&table, &source(), answer, now);
        let vanished = taken.vanished.into_iter().map(|key| gone(key, &source(), None, now));
        for op in taken.ops.into_iter().chain(vanished) {
            match op {
                StoreOp::Put(observation) => drop(table.put(observation, 1)),
                StoreOp::Evict(key, source) => table.evict(&key, &source),
            }
        }
    }
    table
}

#[test]
fn the_same_answer_again_costs_no_write() {
    let table = after(vec![answer(vec![said("a", "1"), said("b", "2")])]);
    let again = ingest(&table, &source(), answer(vec![said("a", "1"), said("b", "2")]), at(9));
    assert!(again.ops.is_empty() && again.changed.is_empty(), "{again:?}");
    assert_eq!(again.held, 2);
}

#[test]
fn an_unchanged_answer_keeps_everything() {
    let table = after(vec![answer(vec![said("a", "1")])]);
    let again = ingest(&table, &source(), Fetched { unchanged: true, complete: true, ..Fetched::default() }, at(9));
    assert!(again.ops.is_empty());
    assert_eq!(again.held, 1);
}

#[test]
fn a_changed_value_is_dated_now_unless_the_origin_says_when() {
    let table = after(vec![answer(vec![said("a", "1")])]);
    let taken = ingest(&table, &source(), answer(vec![said("a", "2")]), at(5));
    let StoreOp::Put(put) = &taken.ops[0] else { panic!("no put") };
    assert_eq!((put.changed_at, put.observed_at), (at(5), at(5)));
    assert_eq!(taken.changed, [key("a")]);

    let mut stated = said("a", "2");
    stated.changed_at = Some(at(-100));
    let taken = ingest(&table, &source(), answer(vec![stated]), at(5));
    let StoreOp::Put(put) = &taken.ops[0] else { panic!("no put") };
    assert_eq!(put.changed_at, at(-100));
}

#[test]
fn of_a_whole_that_moved_only_what_moved_in_it_is_written() {
    let of_whole = |name: &str, json: &str, version: i64| Reported {
        whole: Some(Whole { changed_at: Some(at(version)), revision: format!("v{version}").into() }.into()),
        ..said(name, json)
    };
    let version = |version: i64, values: [&str; 3]| {
        answer(["a", "b", "c"].into_iter().zip(values).map(|(name, json)| of_whole(name, json, version)).collect())
    };
    let table = after(vec![version(-3, ["1", "1", "1"])]);
    let first = ingest(&Table::default(), &source(), version(-3, ["1", "1", "1"]), at(0));
    let moved = ingest(&table, &source(), version(-2, ["1", "2", "1"]), at(5));
    let written = |taken: &Ingested| -> Vec<_> {
        let put = |op: &StoreOp| match op {
            StoreOp::Put(put) => (put.key.clone(), put.changed_at, put.revision.as_deref().map(str::to_owned)),
            StoreOp::Evict(..) => panic!("no put"),
        };
        taken.ops.iter().map(put).collect()
    };
    let of = |name: &str, version: i64| (key(name), at(version), Some(format!("v{version}")));
    assert_eq!(written(&first), [of("a", -3), of("b", -3), of("c", -3)], "what is new has the version it came with");
    assert_eq!((written(&moved), moved.held), (vec![of("b", -2)], 3));

    let mut stated = of_whole("a", "1", -2);
    stated.changed_at = Some(at(-9));
    let taken = ingest(&table, &source(), answer(vec![stated, of_whole("b", "1", -2), of_whole("c", "1", -2)]), at(5));
    assert_eq!(written(&taken), [(key("a"), at(-9), Some("v-2".to_owned()))], "it has a date of its own");

    let part = Fetched { complete: false, ..answer(vec![of_whole("a", "1", -2)]) };
    assert_eq!(written(&ingest(&table, &source(), part, at(5))), [(key("a"), at(-3), Some("v-2".to_owned()))]);
}

#[test]
fn what_a_complete_answer_leaves_out_is_absent_with_its_last_value() {
    let table = after(vec![answer(vec![said("a", "1"), said("b", "2")])]);
    let taken = ingest(&table, &source(), answer(vec![said("a", "1")]), at(5));
    assert_eq!((taken.ops.len(), &taken.vanished, &taken.changed), (0, &vec![key("b")], &vec![key("b")]));
    let StoreOp::Put(before) = ingest(&Table::default(), &source(), answer(vec![said("b", "2")]), at(0)).ops.remove(0) else {
        panic!("no put")
    };
    let StoreOp::Put(put) = gone(key("b"), &source(), Some(before), at(5)) else { panic!("no put") };
    assert_eq!((put.key, put.changed_at), (key("b"), at(5)));
    assert_eq!(put.content, Content::Absent(Some(Value::parse("2").unwrap())));
}

#[test]
fn absent_stays_absent_without_another_write_and_comes_back() {
    let table = after(vec![answer(vec![said("a", "1")]), answer(vec![])]);
    let silent = ingest(&table, &source(), answer(vec![]), at(5));
    assert!(silent.ops.is_empty() && silent.vanished.is_empty(), "{silent:?}");
    let back = ingest(&table, &source(), answer(vec![said("a", "1")]), at(6));
    assert_eq!(back.changed, [key("a")]);
}

#[test]
fn an_incomplete_answer_removes_nothing_and_redates_what_it_names() {
    let table = after(vec![answer(vec![said("a", "1"), said("b", "2")])]);
    let skipped = vec![Skipped { reason: "no name".into(), count: 1 }];
    let partial = Fetched { items: vec![said("a", "1")], complete: false, skipped, ..Fetched::default() };
    let taken = ingest(&table, &source(), partial, at(5));
    assert_eq!(taken.ops.len(), 1, "only the named one is written");
    assert!(taken.changed.is_empty());
    assert_eq!(taken.held, 2);
}
