//! The machine dies: between writes, during one, and while the store is opened again.

use std::collections::BTreeSet;

use super::*;
use crate::engine::world::{Rng, SeededRng};

fn draw(rng: &SeededRng, end: u64) -> u64 {
    let mut bytes = [0; 8];
    rng.fill(&mut bytes);
    u64::from_le_bytes(bytes) % end
}

/// Writes numbered values for a while, some of them flushed, and loses power; again and again. What is found must have been written, must
/// not be older than what was acknowledged, and may be missing only if that is said.
fn survives(torn: bool, seed: u64) -> (u64, u64) {
    let place = Place { disk: FaultDisk::new(seed), ..Place::new("fault-disk") };
    let rng = SeededRng::new(seed);
    let (mut acknowledged, mut written) = ([0_u64; 20], [0_u64; 20]);
    let (mut number, mut said, mut whole) = (0, 0, 0);
    for round in 0..30 {
        let opened = place.opened();
        let set_aside = opened.notes.iter().any(|note| note.contains("was set aside"));
        let store = opened.store;
        let mut found = BTreeSet::new();
        store
            .scan(&[], &mut |observation| {
                let at: usize = observation.key.as_str()[1..].parse().unwrap();
                let value: u64 = observation.value().unwrap().as_json_text().trim_matches(|c| "\"v".contains(c)).parse().unwrap();
                assert!(value >= acknowledged[at], "round {round}: k{at} went back from {} to {value}", acknowledged[at]);
                assert!(value <= written[at], "round {round}: k{at} was never {value}");
                acknowledged[at] = value;
                found.insert(at);
            })
            .unwrap();
        let told = set_aside || store.stats().quarantined > 0;
        for (at, value) in acknowledged.iter_mut().enumerate() {
            if !found.contains(&at) {
                assert!(*value == 0 || told, "round {round}: k{at} = {value} is gone without a word");
                *value = 0;
            }
        }
        if set_aside {
            said += 1;
        } else {
            whole += 1;
        }
        written = acknowledged;
        for _ in 0..draw(&rng, 12) {
            let ops: Vec<_> = (0..=draw(&rng, 6))
                .map(|_| {
                    number += 1;
                    let at = draw(&rng, 20);
                    written[at as usize] = number;
                    // Some are long enough for several pieces.
                    let filler = "v".repeat(if draw(&rng, 40) == 0 { 70_000 } else { 3 });
                    put(&format!("k{at}"), "s", &format!("\"{number}{filler}\""))
                })
                .collect();
            store.apply(&ops).unwrap();
            if draw(&rng, 3) == 0 {
                store.flush().unwrap();
                acknowledged = written;
            }
        }
        if draw(&rng, 4) == 0 {
            store.close().unwrap();
            acknowledged = written;
        }
        place.disk.cut_power(torn);
        drop(store);
    }
    (whole, said)
}

#[test]
fn what_was_acknowledged_survives_every_power_cut_and_nothing_has_to_be_said() {
    for seed in 0..3 {
        assert_eq!(survives(false, seed), (30, 0));
    }
}

#[test]
fn a_torn_write_is_found_out_and_what_was_acknowledged_before_it_is_taken_over() {
    let mut said = 0;
    for seed in 10..13 {
        said += survives(true, seed).1;
    }
    assert!(said > 5, "only {said} of 90 power cuts tore anything: the test tests nothing");
}

#[test]
fn a_power_cut_while_it_is_opened_again_loses_nothing() {
    let place = Place::new("fault-disk");
    let store = place.open();
    store.apply(&[put("a", "s", "1")]).unwrap();
    store.flush().unwrap();
    store.apply(&[put("b", "s", "1")]).unwrap();
    // The process dies with b in the system's memory; the next one opens, and then the power goes.
    drop(store);
    drop(place.open());
    place.disk.cut_power(false);
    let opened = place.opened();
    assert!(!opened.notes.iter().any(|note| note.contains("was set aside")), "{:?}", opened.notes);
    assert_eq!(scanned(&*opened.store, &[]).len(), 2);
}
