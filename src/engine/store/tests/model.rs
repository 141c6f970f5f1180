//! Any history of puts, evictions, documents, flushes and reopenings, clean or not, against a map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8, u32),
    Evict(u8, u8),
    Document(u8, Vec<u8>),
    Flush,
    Checkpoint,
    Close,
    Drop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..12_u8, 0..3_u8, prop_oneof![4 => 0..300_u32, 1 => 60_000..140_000_u32]).prop_map(|(key, source, length)| Step::Put(key, source, length)),
        3 => (0..12_u8, 0..3_u8).prop_map(|(key, source)| Step::Evict(key, source)),
        2 => (0..3_u8, prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(name, bytes)| Step::Document(name, bytes)),
        2 => Just(Step::Flush),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Close),
        1 => Just(Step::Drop),
    ]
}

/// Keys that are each other's beginnings.
fn name(number: u8) -> String {
    let (at, depth) = (number / 4, number % 4);
    (0..=depth).map(|level| format!("k{at}{}", "x".repeat(usize::from(level)))).collect::<Vec<_>>().join("/")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_a_map(steps in prop::collection::vec(prop::collection::vec(step(), 1..6), 1..12)) {
        let place = Place::sled();
        let mut store = place.open();
        let mut model: BTreeMap<(String, String), String> = BTreeMap::new();
        let mut documents: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for batch in steps {
            let mut ops = Vec::new();
            let mut then = Vec::new();
            for step in batch {
                match step {
                    Step::Put(at, by, length) => {
                        let (name, by, json) = (name(at), format!("s{by}"), format!("\"{}\"", "v".repeat(length as usize)));
                        ops.push(put(&name, &by, &json));
                        model.insert((name, by), json);
                    }
                    Step::Evict(at, by) => {
                        let (name, by) = (name(at), format!("s{by}"));
                        ops.push(evict(&name, &by));
                        model.remove(&(name, by));
                    }
                    other => then.push(other),
                }
            }
            store.apply(&ops).unwrap();
            for step in then {
                match step {
                    Step::Document(name, bytes) => {
                        store.put_meta(&name.to_string(), &bytes).unwrap();
                        documents.insert(name.to_string(), bytes);
                    }
                    Step::Flush => store.flush().unwrap(),
                    Step::Checkpoint => store.checkpoint().unwrap(),
                    Step::Close | Step::Drop => {
                        if matches!(step, Step::Close) {
                            store.close().unwrap();
                        }
                        drop(store);
                        let opened = place.opened();
                        prop_assert!(!opened.fresh, "{:?}", opened.notes);
                        store = opened.store;
                    }
                    Step::Put(..) | Step::Evict(..) => {}
                }
            }
            let expected: Vec<String> = model.iter().map(|((name, by), json)| format!("{name} {by} {json}")).collect();
            // Before everything is read, so that this is how most keys become known.
            for at in 0..12 {
                let name = name(at);
                let wanted: Vec<_> = expected.iter().filter(|line| line.split(' ').next() == Some(&name)).cloned().collect();
                prop_assert!(got(&*store, &name) == wanted, "{name}");
                let one = store.get_from(&key(&name), &source("s1")).unwrap();
                prop_assert_eq!(one.as_ref().and_then(Observation::value).map(Value::as_json_text), model.get(&(name, "s1".to_owned())).map(String::as_str));
            }
            let mut all = scanned(&*store, &[]);
            let mut wanted = expected.clone();
            all.sort();
            wanted.sort();
            prop_assert!(all == wanted, "{} found, {} expected", all.len(), wanted.len());
            let mut below = scanned(&*store, &["k1", "k1x"]);
            let mut wanted: Vec<_> = expected.iter().filter(|line| line.starts_with("k1/k1x/") || line.starts_with("k1/k1x ")).cloned().collect();
            below.sort();
            wanted.sort();
            prop_assert!(below == wanted);
            for (name, bytes) in &documents {
                prop_assert_eq!(&store.get_meta(name).unwrap(), &Some(bytes.clone()));
            }
            prop_assert_eq!(store.stats().entries, model.len() as u64);
        }
        let report = store.verify().unwrap();
        prop_assert_eq!((report.checked, report.damaged, report.wrong_key, report.complete), ((model.len() + documents.len()) as u64, 0, 0, true));
    }
}
