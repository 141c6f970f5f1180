//! A change of the data key, on the simulated disk.

use super::*;
use crate::engine::journal::ScanReport;

/// Three segments of one key, then another key.
fn rekeyed(bench: &Bench) -> Opened {
    let opened = bench.open();
    for at in 1..=3_u64 {
        opened.append(&[&format!("in segment {at}")]).unwrap();
        opened.journal.rotate_blocking(at + 1, format!("state {at}").into_bytes()).unwrap();
    }
    opened.append(&["last of the former key"]).unwrap();
    bench.keys.promote(2, &key(2));
    opened
}

fn heads(bench: &Bench) -> Vec<u32> {
    let head = |name: &String| crate::engine::store::LogHead::decode(&bench.disk.bytes_of(name).unwrap()).unwrap().key;
    bench.segments().iter().map(head).collect()
}

#[test]
fn a_segment_has_one_key_and_another_key_begins_another() {
    let bench = Bench::new();
    let opened = rekeyed(&bench);
    assert_eq!(opened.journal.status().to_reseal, 4);
    opened.append(&["first of the new"]).unwrap();
    assert_eq!(heads(&bench), [1, 1, 1, 1, 2]);
    let again = bench.open();
    assert_eq!(again.texts(), ["4 last of the former key", "5 first of the new"]);
    assert_eq!(again.findings, Findings::default());
}

#[test]
fn everything_is_sealed_anew_and_the_former_key_is_not_needed_any_more() {
    let bench = Bench::new();
    let opened = rekeyed(&bench);
    let before = opened.scanned();
    let mut steps = 1;
    while opened.journal.reseal_some().unwrap() {
        opened.append(&["meanwhile"]).unwrap();
        steps += 1;
    }
    assert_eq!((steps, opened.journal.status().to_reseal, heads(&bench)), (4, 0, vec![2; 5]));
    assert_eq!(opened.journal.reseal_some(), Ok(false));
    bench.keys.forget(1);
    assert_eq!(opened.scanned()[..4], before);
    let again = bench.open();
    assert_eq!((again.checkpoint.clone(), again.findings.clone()), (Some((4, b"state 3".to_vec())), Findings::default()));
    assert_eq!(again.entries.len(), 4);
    assert_eq!(again.journal.scan_all(&mut |_, _| {}), Ok(ScanReport { entries: 7, lost: 0, damaged_segments: 0, damage: Vec::new() }));
    assert!(bench.disk.aside().is_empty());
}

#[test]
fn what_is_damaged_is_kept_before_it_is_sealed_anew_and_its_key_with_it() {
    let bench = Bench::new();
    let opened = bench.open();
    for at in 0..5 {
        opened.append(&[&format!("entry {at}")]).unwrap();
    }
    opened.journal.rotate_blocking(6, b"s".to_vec()).unwrap();
    bench.flip(1, 200);
    let damaged = bench.disk.bytes_of(&name_of(1)).unwrap();
    bench.keys.promote(2, &key(2));
    while opened.journal.reseal_some().unwrap() {}
    let aside = bench.disk.aside();
    assert_eq!((aside.len(), aside[0].keys.clone()), (1, Some(vec![1])));
    assert!(damaged.starts_with(&aside[0].bytes));
    let report = opened.journal.scan_all(&mut |_, _| {}).unwrap();
    assert_eq!((report.entries, report.lost), (4, 1), "still counted");
}

#[test]
fn a_segment_whose_key_is_gone_is_left_and_does_not_stop_the_others() {
    let bench = Bench::new();
    let opened = rekeyed(&bench);
    bench.keys.forget(1);
    while opened.journal.reseal_some().unwrap() {}
    assert_eq!(heads(&bench), [1, 1, 1, 1, 2]);
    assert_eq!(opened.append(&["goes on"]), Ok(5..6));
}
