//! Disks that fail, fill and forget; processes that die between any two operations.

use std::io::ErrorKind;

use super::*;
use crate::engine::journal::Rotation;

fn filled(bench: &Bench) -> Opened {
    let opened = bench.open();
    opened.append(&["a", "b"]).unwrap();
    opened.append(&["c"]).unwrap();
    opened
}

#[test]
fn a_sync_that_fails_refuses_what_it_was_for_and_the_log_goes_on_in_another_segment() {
    let bench = Bench::new();
    let opened = filled(&bench);
    bench.disk.fail_next_sync(ErrorKind::Other);
    let why = opened.append(&["refused"]).unwrap_err();
    assert!(matches!(why, StoreError::Unwritable { .. }), "{why}");
    assert_eq!(opened.journal.status().trouble, Some(why));
    assert_eq!(bench.segments().len(), 2, "at once, so that it does not come back");
    assert_eq!(bench.open().texts(), ["1 a", "2 b", "3 c"], "whatever the disk has of it");
    assert_eq!(opened.append(&["d"]), Ok(4..5));
    assert_eq!(opened.journal.status().trouble, None);
    bench.disk.restart(true);
    let again = bench.open();
    assert_eq!((again.texts(), again.findings.lost), (vec!["1 a", "2 b", "3 c", "4 d"].into_iter().map(str::to_owned).collect(), 0));
    assert!(again.findings.notes.is_empty(), "{:?}", again.findings.notes);
}

#[test]
fn every_waiter_of_a_group_that_failed_is_told() {
    let bench = Bench::new();
    let opened = open(&JournalOptions { writer: LogWriter::Thread, ..bench.options() }).unwrap();
    opened.append(&["a"]).unwrap();
    bench.disk.refuse(0, Some(ErrorKind::Other));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| opened.append(&["x"]))).collect();
        for thread in threads {
            assert!(matches!(thread.join().unwrap(), Err(StoreError::Unwritable { .. })));
        }
    });
    bench.disk.refuse(0, None);
    assert_eq!(opened.append(&["b"]), Ok(2..3));
    assert_eq!(opened.scanned(), ["1 a", "2 b"]);
    opened.journal.close();
    assert_eq!(bench.open().texts(), ["1 a", "2 b"]);
}

#[test]
fn nothing_is_acknowledged_while_the_disk_fails_and_everything_after_it_is_well() {
    let bench = Bench::new();
    let opened = filled(&bench);
    // Through every operation of an append and of what mends the log after it.
    for after in 0..12 {
        bench.disk.refuse(after, Some(ErrorKind::Other));
        let mut acknowledged = Vec::new();
        for at in 0..4 {
            if let Ok(numbers) = opened.append(&[&format!("{after}/{at}")]) {
                acknowledged.push((numbers.start, format!("{after}/{at}").into_bytes()));
            }
        }
        assert!(acknowledged.len() < 4);
        bench.disk.refuse(0, None);
        let there = bench.open();
        for one in &acknowledged {
            assert!(there.entries.contains(one), "{after}: {one:?} of {:?}", there.texts());
        }
        drop(there);
    }
}

#[test]
fn what_was_acknowledged_is_read_again_before_anything_is_built_on_it() {
    let bench = Bench::new();
    let opened = filled(&bench);
    bench.disk.refuse(1, Some(ErrorKind::Other));
    assert!(opened.append(&["refused"]).is_err(), "written and not synced");
    bench.disk.refuse(0, None);
    bench.flip(1, 120);
    let why = opened.append(&["d"]).unwrap_err();
    assert!(why.to_string().contains("start stellar again"), "{why}");
    assert!(opened.append(&["e"]).is_err(), "and again");
    let again = bench.open();
    assert!(again.findings.lost > 0 || again.texts().len() == 4, "{:?}", again.findings);
    assert_eq!(bench.disk.aside().len(), 1);
}

#[test]
fn on_a_full_disk_acknowledgements_fit_into_what_was_made_ready_and_end_with_a_sentence() {
    let bench = Bench::new();
    let opened = filled(&bench);
    bench.disk.hold_at_most(Some(bench.disk.bytes_held()));
    let room = opened.journal.status().room;
    let mut taken = 0;
    let why = loop {
        match opened.append(&["twenty bytes of text"]) {
            Ok(_) => taken += 1,
            Err(why) => break why,
        }
    };
    assert!(taken >= room / 100 && taken > 8, "{taken} in {room}");
    assert!(why.to_string().contains("free some space"), "{why}");
    assert_eq!(opened.journal.rotate_blocking(opened.journal.status().next, b"s".to_vec()).map(|_| ()), Err(why.clone()));
    assert_eq!(bench.open().entries.len() as u64, 3 + taken, "a full disk can be read");
    assert!(opened.append(&["x"]).is_err());
    bench.disk.hold_at_most(None);
    assert_eq!(opened.append(&["x"]), Ok(4 + taken..5 + taken));
    bench.disk.restart(true);
    let again = bench.open();
    assert_eq!((again.entries.len() as u64, again.findings), (4 + taken, Findings::default()));
}

#[test]
fn a_disk_that_takes_nothing_is_read_all_the_same() {
    let bench = Bench::new();
    drop(filled(&bench));
    bench.keys.promote(2, &key(2));
    bench.disk.refuse(0, Some(ErrorKind::StorageFull));
    // What may not be on disk is not told before it is.
    assert!(bench.try_open().is_err());
    bench.disk.refuse(1, Some(ErrorKind::StorageFull));
    assert!(bench.try_open().is_err());
    bench.disk.refuse(2, Some(ErrorKind::StorageFull));
    let opened = bench.open();
    assert_eq!(opened.texts(), ["1 a", "2 b", "3 c"]);
    assert!(opened.journal.status().trouble.is_some() && opened.append(&["d"]).is_err());
    bench.disk.refuse(0, None);
    assert_eq!(opened.append(&["d"]), Ok(4..5));
}

/// Runs `work` on a copy of the same log over and over, dying one operation later each time, and looks at what the next start finds.
fn dying_everywhere(work: impl Fn(&Opened, &Bench), check: impl Fn(&Opened, &str)) {
    for power_lost in [false, true] {
        let mut deaths = 0;
        for after in 0.. {
            let bench = Bench { disk: SimLogDisk::new(after), ..Bench::new() };
            let opened = filled(&bench);
            bench.disk.die_after(after);
            work(&opened, &bench);
            let died = bench.disk.is_dead();
            drop(opened);
            bench.disk.restart(power_lost);
            let what = format!("after {after} operations, power lost: {power_lost}");
            let again = bench.open();
            check(&again, &what);
            assert_eq!(again.findings.lost, 0, "{what}");
            // And it goes on.
            let next = again.journal.status().next;
            assert_eq!(again.append(&["next"]), Ok(next..next + 1), "{what}");
            let whole = again.scanned();
            bench.disk.restart(true);
            let last = bench.open();
            assert_eq!(last.scanned(), whole, "{what}");
            assert_eq!(last.texts().last(), Some(&format!("{next} next")), "{what}");
            if !died {
                break;
            }
            deaths += 1;
        }
        assert!(deaths >= 4, "{deaths}");
    }
}

#[test]
fn a_process_that_dies_at_any_step_of_a_rotation_leaves_one_consistent_log() {
    dying_everywhere(
        |opened, _| {
            let _ = opened.journal.rotate_blocking(4, b"a b c".to_vec());
        },
        |again, what| match &again.checkpoint {
            Some(checkpoint) => assert_eq!((checkpoint, again.entries.len()), (&(4, b"a b c".to_vec()), 0), "{what}"),
            None => assert_eq!(again.texts(), ["1 a", "2 b", "3 c"], "{what}"),
        },
    );
}

#[test]
fn a_process_that_dies_at_any_step_of_an_append_leaves_it_whole_or_not_at_all() {
    let long = "x".repeat(3000);
    dying_everywhere(
        |opened, _| {
            let _ = opened.append(&["d", &long, "f"]);
            let _ = opened.append(&["g"]);
        },
        |again, what| {
            let texts = again.texts();
            assert_eq!(texts[..3], ["1 a", "2 b", "3 c"], "{what}");
            assert!([3, 6, 7].contains(&texts.len()), "{what}: {texts:?}");
        },
    );
}

#[test]
fn a_process_that_dies_at_any_step_of_sealing_anew_leaves_one_consistent_log() {
    dying_everywhere(
        |opened, bench| {
            let _ = opened.journal.rotate_blocking(4, b"a b c".to_vec());
            bench.keys.promote(2, &key(2));
            while opened.journal.reseal_some().is_ok_and(|more| more) {}
        },
        |again, what| {
            assert_eq!(again.scanned(), ["1 a", "2 b", "3 c"], "{what}");
            while again.journal.reseal_some().unwrap() {}
            assert_eq!(again.journal.status().to_reseal, 0, "{what}");
        },
    );
}

#[test]
fn a_rotation_that_cannot_be_made_leaves_the_log_as_it_was() {
    for after in 0..8 {
        let bench = Bench::new();
        let opened = filled(&bench);
        bench.disk.refuse(after, Some(ErrorKind::Other));
        let outcome = opened.journal.rotate_blocking(4, b"state".to_vec());
        bench.disk.refuse(0, None);
        assert_eq!(opened.append(&["more"]), Ok(4..5), "{after}");
        bench.disk.restart(true);
        let again = bench.open();
        assert_eq!(again.scanned(), ["1 a", "2 b", "3 c", "4 more"], "{after}");
        assert_eq!(again.findings, Findings::default(), "{after}");
        if outcome == Ok(Rotation::Done) {
            assert_eq!(again.checkpoint, Some((4, b"state".to_vec())));
            assert!(after > 4, "every step failed once: {after}");
            return;
        }
    }
    panic!("it was never made");
}
