//! Going over to memory and back: what is answered meanwhile, what is on disk afterwards, what is said.

use std::{fs, io::ErrorKind, time::Duration};

use super::*;
use crate::engine::store::{Standing, Turn, snapshots};

const LATER: Duration = Duration::from_secs(60);

fn over() -> Place {
    Place::new("failover")
}

/// A place with a hundred facts on disk and, if asked for, a snapshot of them.
fn furnished(snapshot: bool) -> Place {
    let place = over();
    let store = place.open();
    let ops: Vec<_> = (0..100).map(|at| put(&format!("host/disk/{at}"), "host.proc", &at.to_string())).collect();
    store.apply(&ops).unwrap();
    store.flush().unwrap();
    if snapshot {
        let keys = store.snapshot_keys().unwrap();
        let now = Timestamp::from_millis(1_767_607_200_000);
        snapshots::shelve(store.as_ref(), &keys, &place.data(), 3, now, &mut |_| {}).unwrap().unwrap();
    }
    store.close().unwrap();
    place
}

fn said(store: &dyn CacheStore) -> Standing {
    store.standing().expect("memory serves")
}

#[test]
fn a_full_disk_is_answered_around_and_written_back_when_there_is_room() {
    let place = furnished(false);
    let store = place.open();
    place.disk.refuse_writes(Some(ErrorKind::StorageFull));
    store.apply(&[put("host/disk/3", "host.proc", "33"), evict("host/disk/4", "host.proc"), put("new", "s", "1")]).unwrap();
    store.flush().unwrap();
    store.put_meta("m", b"x").unwrap();
    let standing = said(&*store);
    assert!(standing.why.contains("free some space") && standing.waiting == 4, "{standing:?}");
    assert_eq!(got(&*store, "host/disk/3"), ["host/disk/3 host.proc 33"]);
    assert_eq!(got(&*store, "host/disk/4"), [""; 0]);
    assert_eq!(got(&*store, "host/disk/5"), ["host/disk/5 host.proc 5"], "what is on disk is still read");
    assert_eq!(scanned(&*store, &[]).len(), 100);
    assert_eq!(store.get_meta("m").unwrap(), Some(b"x".to_vec()));
    let refused = store.apply_durably(&[put("change", "s", "1")]);
    assert!(matches!(refused, Err(StoreError::Unwritable { .. })), "{refused:?}");
    assert_eq!(got(&*store, "change"), [""; 0]);

    assert!(store.heal().is_some_and(|wait| !wait.is_zero()), "not due yet");
    place.clock.advance(LATER);
    assert!(store.heal().is_some(), "still full");
    place.disk.refuse_writes(None);
    place.clock.advance(LATER);
    assert_eq!((store.heal(), store.standing()), (None, None));
    let turns = store.take_turns();
    assert!(matches!(turns[0], Turn::FailedOver { .. }), "{turns:?}");
    assert!(matches!(turns[1], Turn::Recovered { written_back: 4, rebuilt: false, after, .. } if after >= LATER * 2), "{turns:?}");
    assert_eq!(turns.len(), 2);
    store.apply_durably(&[put("change", "s", "1")]).unwrap();
    drop(store);
    place.disk.cut_power(false);
    let again = place.open();
    assert_eq!(scanned(&*again, &[]).len(), 101);
    assert_eq!(got(&*again, "host/disk/3"), ["host/disk/3 host.proc 33"]);
    assert_eq!(again.get_meta("m").unwrap(), Some(b"x".to_vec()));
    assert!(again.verify().unwrap().complete);
}

#[test]
fn what_the_disk_took_and_did_not_sync_is_not_forgotten_by_going_over() {
    let place = furnished(false);
    let store = place.open();
    store.apply(&[put("unsynced", "s", "1"), put("host/disk/1", "host.proc", "11")]).unwrap();
    place.disk.refuse_writes(Some(ErrorKind::Other));
    store.flush().unwrap();
    assert_eq!(said(&*store).waiting, 2);
    // The disk loses it, and the engine does not.
    place.disk.cut_power(false);
    assert_eq!(got(&*store, "unsynced"), ["unsynced s 1"]);
    place.disk.refuse_writes(None);
    place.clock.advance(LATER);
    assert_eq!(store.heal(), None);
    drop(store);
    place.disk.cut_power(false);
    let again = place.open();
    assert_eq!(got(&*again, "unsynced"), ["unsynced s 1"]);
    assert_eq!(got(&*again, "host/disk/1"), ["host/disk/1 host.proc 11"]);
}

#[test]
fn a_page_lost_while_running_is_answered_from_the_snapshot_and_healed_without_a_restart() {
    let place = furnished(true);
    let store = place.open();
    store.apply(&[put("newer", "s", "1")]).unwrap();
    store.flush().unwrap();
    assert!(place.disk.lose_page());
    for at in 0..100 {
        assert_eq!(got(&*store, &format!("host/disk/{at}")), [format!("host/disk/{at} host.proc {at}")]);
    }
    assert_eq!(scanned(&*store, &[]).len(), 101);
    assert!(said(&*store).why.contains("damaged"), "{:?}", store.standing());
    place.clock.advance(LATER);
    assert_eq!((store.heal(), store.standing()), (None, None));
    let turns = store.take_turns();
    assert!(matches!(turns[0], Turn::FailedOver { .. }) && matches!(turns[1], Turn::Restored { .. }), "{turns:?}");
    assert!(matches!(&turns[2], Turn::Recovered { rebuilt: true, notes, .. } if notes[0].contains("set aside")), "{turns:?}");
    assert_eq!(fs::read_dir(place.data().join("damaged")).unwrap().count(), 1, "what was damaged is kept");
    store.close().unwrap();
    let again = place.opened();
    assert_eq!(again.notes, [""; 0]);
    assert_eq!(scanned(&*again.store, &[]).len(), 101);
    assert!(again.store.verify().unwrap().complete);
}

#[test]
fn a_scan_that_meets_a_lost_page_gives_each_observation_once() {
    let place = furnished(true);
    let store = place.open();
    assert!(place.disk.lose_page());
    assert_eq!(scanned(&*store, &[]).len(), 100);
}

#[test]
fn without_a_snapshot_what_is_missing_is_said() {
    let place = furnished(false);
    let store = place.open();
    assert!(place.disk.lose_page());
    let held = scanned(&*store, &[]);
    assert!(held.len() < 100 && held.len() > 50, "{}", held.len());
    place.clock.advance(LATER);
    assert_eq!(store.heal(), None);
    assert!(store.take_turns().iter().any(|turn| matches!(turn, Turn::Recovered { rebuilt: true, .. })));
    assert_eq!(scanned(&*store, &[]), held);
}

#[test]
fn a_disk_that_hangs_keeps_no_reader_waiting() {
    let place = furnished(false);
    let store = place.open();
    place.disk.close_gate();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| store.apply(&[put("host/disk/1", "host.proc", "11")]).and_then(|()| store.flush()));
        assert!(place.disk.await_waiting(Duration::from_secs(60)));
        assert_eq!(got(&*store, "host/disk/1"), ["host/disk/1 host.proc 1"]);
        assert_eq!(scanned(&*store, &[]).len(), 100);
        assert_eq!(store.standing(), None);
        place.disk.open_gate();
        writer.join().unwrap().unwrap();
    });
    assert_eq!(got(&*store, "host/disk/1"), ["host/disk/1 host.proc 11"]);
}

#[test]
fn a_store_that_cannot_be_opened_is_served_from_its_snapshot_until_it_can() {
    let place = furnished(true);
    let lock = place.data().join("lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let opened = place.opened();
    let store = opened.store;
    assert!(said(&*store).why.contains("lock"));
    assert_eq!(got(&*store, "host/disk/7"), ["host/disk/7 host.proc 7"]);
    store.apply(&[put("new", "s", "1")]).unwrap();
    assert_eq!(scanned(&*store, &[]).len(), 101);
    fs::remove_dir(&lock).unwrap();
    place.clock.advance(LATER);
    assert_eq!((store.heal(), store.standing()), (None, None));
    store.close().unwrap();
    assert_eq!(scanned(&*place.open(), &[]).len(), 101);
}

#[test]
fn where_there_is_no_store_yet_the_refusal_is_the_answer() {
    let place = over();
    fs::write(place.data(), "").unwrap();
    assert!(matches!(place.try_open(), Err(StoreError::Unwritable { .. })));
}

#[test]
fn a_disk_is_tried_less_and_less_often_and_never_less_than_twice_a_minute() {
    let place = furnished(false);
    let store = place.open();
    place.disk.refuse_writes(Some(ErrorKind::ReadOnlyFilesystem));
    store.apply(&[put("a", "s", "1")]).unwrap();
    // Stands in the probe's way.
    fs::create_dir(place.data().join("probe")).unwrap();
    let mut pauses = Vec::new();
    for _ in 0..12 {
        place.clock.advance(store.heal().unwrap());
        pauses.push(store.heal().unwrap().as_millis());
    }
    assert_eq!(pauses[..4], [200, 400, 800, 1600]);
    assert_eq!(pauses[9..], [30_000; 3]);
    fs::remove_dir(place.data().join("probe")).unwrap();
    place.disk.refuse_writes(None);
    place.clock.advance(LATER);
    assert_eq!(store.heal(), None);
}

#[test]
fn a_turn_wakes_who_waits_for_it() {
    let place = furnished(false);
    let store = place.open();
    let woken = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counter = Arc::clone(&woken);
    store.on_turn(Box::new(move || {
        counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }));
    place.disk.refuse_writes(Some(ErrorKind::StorageFull));
    store.apply(&[put("a", "s", "1")]).unwrap();
    place.disk.refuse_writes(None);
    place.clock.advance(LATER);
    assert_eq!(store.heal(), None);
    assert_eq!(woken.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[test]
fn closing_while_memory_serves_writes_back_if_that_is_possible_and_gives_the_directory_back() {
    let place = furnished(false);
    let store = place.open();
    place.disk.refuse_writes(Some(ErrorKind::StorageFull));
    store.apply(&[put("a", "s", "1")]).unwrap();
    place.disk.refuse_writes(None);
    store.close().unwrap();
    assert_eq!(got(&*place.open(), "a"), ["a s 1"]);

    let store = place.open();
    place.disk.refuse_writes(Some(ErrorKind::StorageFull));
    store.apply(&[put("b", "s", "1")]).unwrap();
    store.close().unwrap();
    assert_eq!(store.get(&key("a")), Err(StoreError::Closed));
    place.disk.refuse_writes(None);
    assert_eq!(got(&*place.open(), "b"), [""; 0], "it was never on disk, and that was said");
}
