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
    /// A put that is answered from the disk only.
    Durable,
    /// The disk fills.
    Fill,
    /// There is room again.
    Free,
    Heal,
    Close,
    /// The process dies.
    Drop,
    /// The machine dies.
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..12_u8, 0..3_u8, prop_oneof![4 => 0..300_u32, 1 => 60_000..140_000_u32]).prop_map(|(key, source, length)| Step::Put(key, source, length)),
        3 => (0..12_u8, 0..3_u8).prop_map(|(key, source)| Step::Evict(key, source)),
        2 => (0..3_u8, prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(name, bytes)| Step::Document(name, bytes)),
        2 => Just(Step::Flush),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Durable),
        1 => Just(Step::Fill),
        1 => Just(Step::Free),
        2 => Just(Step::Heal),
        1 => Just(Step::Close),
        1 => Just(Step::Drop),
        1 => Just(Step::Crash),
    ]
}

/// Keys that are each other's beginnings.
fn name(number: u8) -> String {
    let (at, depth) = (number / 4, number % 4);
    (0..=depth).map(|level| format!("k{at}{}", "x".repeat(usize::from(level)))).collect::<Vec<_>>().join("/")
}

/// What there was at one moment.
#[derive(Clone, Default, PartialEq)]
struct Held {
    facts: BTreeMap<(String, String), String>,
    documents: BTreeMap<String, Vec<u8>>,
}

impl Held {
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.facts.iter().map(|((name, by), json)| format!("{name} {by} {json}")).collect();
        lines.sort();
        lines
    }

    /// Documents are a convenience: where the disk cannot be opened they are not there, but never others.
    fn is_in(&self, store: &dyn CacheStore) -> bool {
        let over = store.standing().is_some();
        let documents = self.documents.iter().all(|(name, bytes)| {
            let found = store.get_meta(name).unwrap();
            found.as_ref() == Some(bytes) || (over && found.is_none())
        });
        documents && scanned(store, &[]) == self.lines()
    }
}

/// Does all steps against a store of this kind, and against a map. What a crash may leave is any moment since the disk last took
/// everything, never one before.
fn is_a_map(backend: &'static str, steps: Vec<Vec<Step>>) -> Result<(), TestCaseError> {
    let place = Place::new(backend);
    let mut store = place.open();
    // From the last moment that is surely on disk to now.
    let mut moments = vec![Held::default()];
    for batch in steps {
        let mut ops = Vec::new();
        let mut then = Vec::new();
        let mut now = moments.last().cloned().unwrap_or_default();
        for step in batch {
            match step {
                Step::Put(at, by, length) => {
                    let (name, by, json) = (name(at), format!("s{by}"), format!("\"{}\"", "v".repeat(length as usize)));
                    ops.push(put(&name, &by, &json));
                    now.facts.insert((name, by), json);
                }
                Step::Evict(at, by) => {
                    let (name, by) = (name(at), format!("s{by}"));
                    ops.push(evict(&name, &by));
                    now.facts.remove(&(name, by));
                }
                other => then.push(other),
            }
        }
        store.apply(&ops).unwrap();
        moments.push(now.clone());
        for step in then {
            match step {
                Step::Document(name, bytes) => {
                    store.put_meta(&name.to_string(), &bytes).unwrap();
                    now.documents.insert(name.to_string(), bytes);
                    moments.push(now.clone());
                }
                Step::Flush | Step::Checkpoint | Step::Durable => {
                    match step {
                        Step::Flush => store.flush().unwrap(),
                        Step::Checkpoint => store.checkpoint().unwrap(),
                        _ => {
                            let added = [put("durable", "s", "1")];
                            let done = store.apply_durably(&added);
                            let was_over = store.standing().is_some();
                            prop_assert_eq!(done.is_err(), was_over, "never acknowledged from memory");
                            if done.is_ok() {
                                now.facts.insert(("durable".to_owned(), "s".to_owned()), "1".to_owned());
                                moments.push(now.clone());
                            }
                        }
                    }
                    if store.standing().is_none() {
                        moments = vec![now.clone()];
                    }
                }
                Step::Fill if backend == "failover" => place.disk.refuse_writes(Some(std::io::ErrorKind::StorageFull)),
                Step::Free => place.disk.refuse_writes(None),
                Step::Heal => {
                    place.clock.advance(std::time::Duration::from_secs(60));
                    if store.heal().is_none() && store.standing().is_none() {
                        prop_assert!(store.take_turns().len().is_multiple_of(2), "it went over as often as it came back");
                    }
                }
                Step::Close | Step::Drop | Step::Crash => {
                    let mut disk_had_all = false;
                    if matches!(step, Step::Close) {
                        disk_had_all = store.close().is_ok();
                    }
                    let served_by_memory = store.standing().is_some();
                    drop(store);
                    place.disk.refuse_writes(None);
                    if matches!(step, Step::Crash) {
                        place.disk.cut_power(false);
                    } else if backend != "failover" {
                        disk_had_all = true;
                    }
                    let opened = place.opened();
                    prop_assert!(!opened.fresh, "{:?}", opened.notes);
                    store = opened.store;
                    let found = moments.iter().rfind(|moment| moment.is_in(&*store)).cloned();
                    prop_assert!(found.is_some(), "what is there never was: {} of {} found", scanned(&*store, &[]).len(), now.facts.len());
                    now = found.unwrap_or_default();
                    let latest = moments.last().is_some_and(|last| *last == now);
                    prop_assert!(latest || served_by_memory || !disk_had_all || backend == "failover", "the last write is gone");
                    moments = vec![now.clone()];
                }
                Step::Put(..) | Step::Evict(..) | Step::Fill => {}
            }
        }
        // Before everything is read, so that this is how most keys become known.
        for at in 0..12 {
            let name = name(at);
            let wanted: Vec<_> = now.lines().into_iter().filter(|line| line.split(' ').next() == Some(&name)).collect();
            prop_assert!(got(&*store, &name) == wanted, "{name}");
            let one = store.get_from(&key(&name), &source("s1")).unwrap();
            let wanted = now.facts.get(&(name, "s1".to_owned())).map(String::as_str);
            prop_assert_eq!(one.as_ref().and_then(Observation::value).map(Value::as_json_text), wanted);
        }
        prop_assert!(now.is_in(&*store), "{} found, {} expected", scanned(&*store, &[]).len(), now.facts.len());
        let below: Vec<_> = now.lines().into_iter().filter(|line| line.starts_with("k1/k1x/") || line.starts_with("k1/k1x ")).collect();
        prop_assert!(scanned(&*store, &["k1", "k1x"]) == below);
        for (name, by) in now.facts.keys() {
            let begins = format!("{name} {by} ");
            prop_assert!(got(&*store, name).iter().any(|line| line.starts_with(&begins)));
        }
        if store.standing().is_none() {
            prop_assert_eq!(store.stats().entries, now.facts.len() as u64);
        }
    }
    place.disk.refuse_writes(None);
    place.clock.advance(std::time::Duration::from_secs(60));
    prop_assert_eq!(store.heal(), None);
    let report = store.verify().unwrap();
    let now = moments.pop().unwrap_or_default();
    prop_assert_eq!((report.checked, report.damaged, report.wrong_key), ((now.facts.len() + now.documents.len()) as u64, 0, 0));
    prop_assert!(report.complete);
    Ok(())
}

fn history() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(step(), 1..6), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn sled_is_a_map(steps in history()) {
        is_a_map("sled", steps)?;
    }

    #[cfg(feature = "redb")]
    #[test]
    fn redb_is_a_map(steps in history()) {
        is_a_map("redb", steps)?;
    }

    #[test]
    fn a_disk_that_loses_what_was_not_synced_is_a_map(steps in history()) {
        is_a_map("fault-disk", steps)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_failover_is_a_map_whatever_the_disk_does(steps in history()) {
        is_a_map("failover", steps)?;
    }
}
