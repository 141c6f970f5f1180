//! The shared map against a plain one.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;

use super::FactMap;
use crate::fact::{Agreement, FactState, Insight, Key, Marks, Timestamp};

fn key(number: u16) -> Key {
    Key::new(&format!("k/{number:05}")).unwrap()
}

pub(super) fn fact(number: u16, state: FactState) -> Arc<Insight> {
    Arc::new(Insight {
        key: key(number),
        value: None,
        state,
        marks: Marks::default(),
        confidence: None,
        p_true: 0.5,
        agreement: Agreement::default(),
        age: std::time::Duration::ZERO,
        observed_at: Timestamp::default(),
        changed_at: Timestamp::default(),
        ttl: std::time::Duration::ZERO,
        sources: Vec::new(),
        left_out: None,
        reason_codes: Vec::new(),
        conflict: None,
        wanted: None,
        unit: "".into(),
        secret: false,
        pending: None,
    })
}

#[derive(Clone, Debug)]
enum Step {
    Put(u16, Option<i64>),
    Remove(u16),
    Hold,
    Due(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..400_u16, proptest::option::of(0..100_i64)).prop_map(|(number, turns)| Step::Put(number, turns)),
        3 => (0..400_u16).prop_map(Step::Remove),
        1 => Just(Step::Hold),
        1 => (0..100_i64).prop_map(Step::Due),
    ]
}

type Model = BTreeMap<Key, (Arc<Insight>, Option<i64>)>;

fn assert_same(map: &FactMap, model: &Model) {
    assert_eq!(map.len(), model.len());
    assert_eq!(map.is_empty(), model.is_empty());
    assert!(map.iter().zip(model.values()).all(|(one, (other, _))| Arc::ptr_eq(one, other)));
    assert_eq!(map.iter().count(), model.len());
    for (at, (key, (insight, _))) in model.iter().enumerate() {
        assert!(map.get(at).is_some_and(|found| Arc::ptr_eq(found, insight)));
        assert_eq!(map.position(key), Some(at));
    }
    assert!(map.get(model.len()).is_none());
}

proptest! {
    #[test]
    fn it_is_the_plain_map_and_what_is_held_does_not_move(start in 0..300_u16, steps in proptest::collection::vec(step(), 1..300)) {
        let mut model: Model = (0..start).map(|number| (key(number), (fact(number, FactState::Fresh), None))).collect();
        let mut map: FactMap = model.values().map(|(insight, _)| Arc::clone(insight)).collect();
        let mut held = vec![(map.clone(), model.clone())];
        for step in steps {
            match step {
                Step::Put(number, turns) => {
                    let insight = fact(number, FactState::Stale);
                    let before = map.put_until(Arc::clone(&insight), turns.map(Timestamp::from_millis));
                    let wanted = model.insert(key(number), (insight, turns)).map(|(insight, _)| insight);
                    prop_assert_eq!(before.is_some(), wanted.is_some());
                }
                Step::Remove(number) => {
                    prop_assert_eq!(map.remove(&key(number)).is_some(), model.remove(&key(number)).is_some());
                }
                Step::Hold => held.push((map.clone(), model.clone())),
                Step::Due(now) => {
                    let due = map.due(Timestamp::from_millis(now));
                    let wanted: Vec<Key> = model.iter().filter(|(_, (_, turns))| turns.is_some_and(|turns| turns <= now)).map(|(key, _)| key.clone()).collect();
                    prop_assert!(due.iter().all(|key| wanted.contains(key)));
                    // Each is put again, as the engine does.
                    for key in due {
                        let entry = model.get_mut(&key).unwrap();
                        entry.1 = None;
                        map.put_until(Arc::clone(&entry.0), None);
                    }
                    prop_assert!(model.values().all(|(_, turns)| turns.is_none_or(|turns| turns > now)), "one that was due was not told");
                }
            }
            let least = model.values().filter_map(|(_, turns)| *turns).min();
            prop_assert!(map.next_turn().map_or(i64::MAX, Timestamp::as_millis) <= least.unwrap_or(i64::MAX), "never later than the first");
        }
        assert_same(&map, &model);
        for (then, before) in &held {
            assert_same(then, before);
            let (changed, gone) = map.since(then);
            let differs = |(key, (insight, _)): &(&Key, &(Arc<Insight>, Option<i64>))| before.get(*key).is_none_or(|(was, _)| !Arc::ptr_eq(was, insight));
            let wanted: Vec<&Key> = model.iter().filter(differs).map(|(key, _)| key).collect();
            prop_assert_eq!(changed.iter().map(|insight| &insight.key).collect::<Vec<_>>(), wanted);
            let lost: Vec<&Key> = before.keys().filter(|key| !model.contains_key(*key)).collect();
            prop_assert_eq!(gone.iter().collect::<Vec<_>>(), lost);
            if map.same_keys(then) {
                prop_assert!(model.keys().eq(before.keys()));
            }
        }
    }
}

#[test]
fn a_change_leaves_the_rest_in_the_same_memory() {
    let mut map: FactMap = (0..10_000).map(|number| fact(number, FactState::Fresh)).collect();
    let before = map.clone();
    map.put(fact(5_000, FactState::Gone));
    assert!(map.same_keys(&before) && !map.is(&before));
    let (changed, gone) = map.since(&before);
    assert_eq!((changed.len(), gone.len()), (1, 0));
    assert_eq!(before.find(&key(5_000)).unwrap().state, FactState::Fresh);
    map.remove(&key(1));
    assert!(!map.same_keys(&before));
}
