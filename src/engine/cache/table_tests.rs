//! The table is a plain map of everything, without the values.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::engine::cache::{RuleBook, Slot, versions::VERSIONS};

fn observation(key: u8, source: u8, value: u8, held: bool) -> Observation {
    let value = Value::from(u64::from(value));
    Observation {
        key: Key::new(&format!("k/{key}")).unwrap(),
        source: SourceId::new(&format!("s{source}")).unwrap(),
        content: if held { Content::Value(value) } else { Content::Absent(Some(value)) },
        observed_at: Timestamp::from_millis(i64::from(source)),
        changed_at: Timestamp::from_millis(7),
        fetched_at: Timestamp::from_millis(9),
        revision: source.is_multiple_of(2).then(|| "r".into()),
        live: false,
        same_origin: None,
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8, u8, bool),
    Evict(u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let put = (0..9_u8, 0..4_u8, 0..3_u8, any::<bool>()).prop_map(|(key, source, value, held)| Step::Put(key, source, value, held));
    let evict = (0..9_u8, 0..4_u8).prop_map(|(key, source)| Step::Evict(key, source));
    proptest::collection::vec(prop_oneof![3 => put, 2 => evict], 0..120)
}

proptest! {
    #[test]
    fn it_is_the_plain_map_without_the_values(steps in steps()) {
        let mut table = Table::default();
        let mut model: BTreeMap<(Key, SourceId), Observation> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Put(key, source, value, held) => {
                    let observation = observation(key, source, value, held);
                    model.insert((observation.key.clone(), observation.source.clone()), observation.clone());
                    prop_assert_eq!(&table.put(observation.clone(), 3), &observation);
                }
                Step::Evict(key, source) => {
                    let observation = observation(key, source, 0, true);
                    model.remove(&(observation.key.clone(), observation.source.clone()));
                    table.evict(&observation.key, &observation.source);
                }
            }
            for value in 0..3 {
                for held in [true, false] {
                    let other = observation(1, 2, value, held);
                    let is = model.get(&(other.key.clone(), other.source.clone())) == Some(&other);
                    prop_assert_eq!(table.is_noted(&other), is);
                }
            }
        }
        let keys: std::collections::BTreeSet<&Key> = model.keys().map(|(key, _)| key).collect();
        prop_assert_eq!(table.matching(None).map(|(key, _)| key).collect::<Vec<_>>(), keys.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(table.key_count(), keys.len());
        let mut places = HashSet::new();
        for ((key, source), observation) in &model {
            let note = table.note(key, source).unwrap();
            prop_assert!(table.is_noted(observation));
            prop_assert_eq!(note.is_held(), observation.value().is_some());
            prop_assert_eq!(table.source(note), Some(source));
            let vouched = Timestamp::from_millis(100);
            let slot = Slot::new(observation.clone(), &RuleBook::new(Vec::new()));
            prop_assert_eq!(note.observed_at(Some(vouched)), slot.observed_at(Some(vouched)));
            prop_assert!(places.insert(table.at(key, source).unwrap()));
        }
        for source in (0..4).map(|source| observation(0, source, 0, true).source) {
            let mut held: Vec<&Key> = table.held_by(&source).map(|(key, _)| key).collect();
            held.sort_unstable();
            let expected: Vec<&Key> = model.keys().filter(|(_, of)| *of == source).map(|(key, _)| key).collect();
            prop_assert_eq!(held, expected);
        }
        for key in keys {
            let said: Vec<_> = model.range((key.clone(), SourceId::new("0").unwrap())..).take_while(|((of, _), _)| of == key).collect();
            prop_assert_eq!(table.weight(key), 3 * said.len() as u64);
            let contents: Vec<_> = said.iter().map(|(_, observation)| &observation.content).collect();
            prop_assert_eq!(may_differ(table.notes(key)), contents.iter().any(|content| *content != contents[0]));
        }
        prop_assert!(table.not_in(&places).is_empty());
        let one = places.iter().next().copied();
        places.retain(|place| Some(*place) != one);
        prop_assert_eq!(table.not_in(&places).len(), usize::from(one.is_some()));
    }
}

#[test]
fn names_and_marks_that_are_read_again_are_the_ones_held_here() {
    let mut table = Table::default();
    let noted = table.put(observation(1, 0, 1, true), 1);
    let again = |revision: Option<&str>| Observation { revision: revision.map(Into::into), ..observation(1, 0, 1, true) };
    let held = noted.revision.as_deref();
    assert!(held.is_some(), "else nothing is shown");
    let read = table.shared(again(held));
    assert_eq!(read, noted);
    assert!(read.revision.as_ref().zip(noted.revision.as_ref()).is_some_and(|(one, other)| std::sync::Arc::ptr_eq(one, other)));
    for other in [None, Some("another")] {
        assert_eq!(table.shared(again(other)), again(other), "what is not noted stays what it is");
    }
    let elsewhere = Observation { revision: held.map(Into::into), ..observation(1, 1, 1, true) };
    assert_eq!(table.shared(elsewhere.clone()), elsewhere);
}

#[test]
fn a_note_is_small() {
    assert_eq!(size_of::<Note>(), 40);
}

#[test]
fn own_marks_and_dates_are_told_apart() {
    let mut table = Table::default();
    let before = observation(1, 0, 1, true);
    table.put(before.clone(), 1);
    let others = [
        Observation { observed_at: Timestamp::from_millis(1), ..before.clone() },
        Observation { changed_at: Timestamp::from_millis(1), ..before.clone() },
        Observation { fetched_at: Timestamp::from_millis(1), ..before.clone() },
        Observation { revision: None, ..before.clone() },
        Observation { revision: None, same_origin: Some("r".into()), ..before.clone() },
        Observation { content: Content::Absent(None), ..before.clone() },
    ];
    assert!(table.is_noted(&before));
    for other in others {
        assert!(!table.is_noted(&other), "{other:?}");
    }
    let note = table.note(&before.key, &before.source).unwrap();
    assert!(table.says(note, before.value().unwrap()) && !table.says(note, &Value::from(2_u64)));
    assert!(table.has_marks(note, Some("r"), None) && !table.has_marks(note, None, Some("r")));
}

/// Of one source: its value, whether it is held, dated by our own fetch, what marks it has, and whether it is live.
type Word = (u64, bool, bool, Option<u8>, Option<u8>, bool);

fn word() -> impl Strategy<Value = Word> {
    let mark = || prop_oneof![1 => Just(None), 1 => (0..3_u8).prop_map(Some)];
    let mostly = || prop_oneof![8 => Just(true), 1 => Just(false)];
    (prop_oneof![8 => Just(1_u64), 1 => Just(2)], mostly(), mostly(), mark(), mark(), mostly().prop_map(|not| !not))
}

fn said_in_words(at: u8, (value, held, own_date, revision, same_origin, live): &Word) -> Observation {
    let value = Value::from(*value);
    let observed_at = Timestamp::from_millis(100 + i64::from(at));
    Observation {
        key: Key::new("k").unwrap(),
        source: SourceId::new(&format!("s{at}")).unwrap(),
        content: if *held { Content::Value(value) } else { Content::Absent(Some(value)) },
        observed_at,
        changed_at: Timestamp::from_millis(i64::from(at)),
        fetched_at: if *own_date { observed_at } else { Timestamp::from_millis(200) },
        revision: revision.map(|mark| format!("r{mark}").into()),
        live: *live,
        same_origin: same_origin.map(|mark| format!("o{mark}").into()),
    }
}

proptest! {
    #[test]
    fn what_all_say_alike_is_known_from_any_one_of_them_and_from_nothing_else(words in proptest::collection::vec(word(), 0..4)) {
        let mut table = Table::default();
        let key = Key::new("k").unwrap();
        let all: Vec<Observation> = (0..).zip(&words).map(|(at, word)| said_in_words(at, word)).collect();
        all.iter().for_each(|observation| drop(table.put(observation.clone(), 3)));
        let alike = words.len() > 1 && words.iter().all(|(value, held, own_date, .., live)| *held && *own_date && !live && *value == words[0].0);
        prop_assert_eq!(table.are_alike(table.notes(&key)), alike);
        prop_assert_eq!(table.one_for_all(&key), if alike { Some(&all[0].source) } else { None });
        prop_assert_eq!(table.note_count(), all.len());
        for observation in &all {
            prop_assert_eq!(table.likewise(observation), alike.then(|| all.clone()));
            let other = Observation { content: Content::Value(Value::from(3_u64)), ..observation.clone() };
            prop_assert_eq!(table.likewise(&other), None, "it is not what is noted");
        }
    }
}

#[test]
fn of_more_versions_than_are_remembered_the_rest_is_read() {
    let mut table = Table::default();
    let marked = |key: usize, source: u8| Observation {
        key: Key::new(&format!("k/{key}")).unwrap(),
        revision: Some(format!("r{key}").into()),
        ..said_in_words(source, &(1, true, true, None, None, false))
    };
    for key in 0..=VERSIONS {
        (0..2).for_each(|source| drop(table.put(marked(key, source), 3)));
    }
    for key in 0..=VERSIONS {
        let all = [marked(key, 0), marked(key, 1)];
        assert_eq!(table.likewise(&all[0]), (key < VERSIONS).then(|| all.to_vec()), "{key}");
    }
}

#[test]
fn the_version_of_what_stays_is_known_however_many_came_after_it() {
    let mut table = Table::default();
    let marked = |key: &str, version: usize, source: u8| Observation {
        key: Key::new(key).unwrap(),
        revision: Some(format!("r{version}").into()),
        ..said_in_words(source, &(1, true, true, None, None, false))
    };
    (0..2).for_each(|source| drop(table.put(marked("stays", 0, source), 3)));
    for version in 1..=2 * VERSIONS {
        (0..2).for_each(|source| drop(table.put(marked("moves", version, source), 3)));
    }
    (0..2).for_each(|source| table.evict(&Key::new("moves").unwrap(), &said_in_words(source, &(1, true, true, None, None, false)).source));
    for at in 1..VERSIONS {
        (0..2).for_each(|source| drop(table.put(marked(&format!("comes/{at}"), at, source), 3)));
    }
    let last = format!("comes/{}", VERSIONS - 1);
    for (key, version) in [("stays", 0), (last.as_str(), VERSIONS - 1)] {
        let all = [marked(key, version, 0), marked(key, version, 1)];
        assert_eq!(table.likewise(&all[0]), Some(all.to_vec()), "{key}");
    }
}
