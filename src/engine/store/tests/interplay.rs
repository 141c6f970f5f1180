//! The rooms of the store together: keys that change while the database is copied, a disk that fails in between, what waits in memory.

use std::{io::ErrorKind, path::Path, time::Duration};

use super::*;
use crate::engine::store::{
    FaultBackend, KeyChange, Mode, OuterChange,
    buffered_rows::BufferedRows,
    key_keeper::KeyKeeper,
    rows::{Backend, Rows},
    sealed_store::{SealedStore, Step},
    slotfiles, snapshots,
};

const NEW_KEY: KeyChange = KeyChange { outer: OuterChange::Renew, reseal: true };
const LATER: Duration = Duration::from_secs(60);

fn keeper(store: &dyn CacheStore) -> &dyn KeyKeeper {
    store.keys().unwrap()
}

fn reseal_all(store: &dyn CacheStore) {
    while keeper(store).reseal_some().unwrap() {}
}

/// The double with what makes sled's writes few before it.
struct Gathering(FaultBackend);

impl Backend for Gathering {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        Ok(Box::new(BufferedRows::new(self.0.open(dir, limit)?)))
    }

    fn shared(&self) -> Option<Arc<dyn Backend>> {
        Some(Arc::new(Self(FaultBackend::clone(&self.0))))
    }
}

fn gathering(place: &Place) -> SealedStore {
    open_sealed(&place.options(), &Gathering(place.disk.backend())).unwrap()
}

fn on_the_double(count: usize) -> (Place, SealedStore) {
    let place = Place::new("fault-disk");
    place.filled(count);
    let store = gathering(&place);
    (place, store)
}

fn ids(place: &Place) -> Vec<u32> {
    match slotfiles::read(&place.data()).unwrap() {
        slotfiles::Found::Slots { slots, .. } => slots.data.iter().map(|key| key.id).collect(),
        other => panic!("{other:?}"),
    }
}

fn holds(store: &dyn CacheStore, count: usize) {
    assert_eq!(scanned(store, &["host"]).len(), count);
    let report = store.verify().unwrap();
    assert_eq!((report.checked, report.damaged, report.wrong_key, report.complete), (count as u64, 0, 0, true));
}

#[test]
fn a_key_that_changes_while_the_database_is_copied_leaves_nothing_behind_it() {
    let (place, store) = on_the_double(1200);
    let gone = [(key("host/disk/7"), source("host.proc")), (key("host/disk/8"), source("host.proc"))];
    store
        .compact_watched(&gone, &|step| {
            if step == Step::Copied {
                keeper(&store).change_key(NEW_KEY).unwrap();
                reseal_all(&store);
                assert_eq!(ids(&place), [2], "the former key is gone while the copy is still sealed with it");
                store.apply(&[put("host/disk/8", "host.proc", "\"wanted\"")]).unwrap();
            }
        })
        .unwrap();
    assert_eq!(got(&store, "host/disk/7"), [""; 0], "sealed anew is not written again");
    assert_eq!(got(&store, "host/disk/8"), ["host/disk/8 host.proc \"wanted\""]);
    holds(&store, 1199);
    store.close().unwrap();
    drop(store);
    let opened = place.opened();
    assert_eq!(opened.notes, [""; 0]);
    holds(&*opened.store, 1199);
}

#[test]
fn a_pass_that_is_half_done_goes_on_in_the_copy() {
    let (place, store) = on_the_double(1200);
    keeper(&store).change_key(NEW_KEY).unwrap();
    assert!(keeper(&store).reseal_some().unwrap());
    store
        .compact_watched(&[], &|step| {
            if step == Step::Copied {
                assert!(keeper(&store).reseal_some().unwrap());
            }
        })
        .unwrap();
    reseal_all(&store);
    assert_eq!(ids(&place), [2]);
    holds(&store, 1200);
    drop(store);
    place.disk.cut_power(true);
    let opened = place.opened();
    assert!(!opened.set_aside, "{:?}", opened.notes);
    holds(&*opened.store, 1200);
}

/// Whoever waits for the books while the database is exchanged writes to, and syncs, the one that is there afterwards.
#[test]
fn who_waits_for_the_end_of_a_compaction_works_on_what_it_left() {
    for round in 0..20 {
        let (place, store) = on_the_double(1200);
        let store = Arc::new(store);
        keeper(&*store).change_key(NEW_KEY).unwrap();
        std::thread::scope(|scope| {
            let (at_it, begun) = std::sync::mpsc::channel();
            store
                .compact_watched(&[], &|step| {
                    if step == Step::Verified {
                        for work in 0..3 {
                            let (store, at_it) = (Arc::clone(&store), at_it.clone());
                            scope.spawn(move || {
                                at_it.send(()).unwrap();
                                match work {
                                    0 => drop(keeper(&*store).reseal_some().unwrap()),
                                    1 => drop(keeper(&*store).change_key(NEW_KEY).unwrap()),
                                    _ => {
                                        store.apply(&[put("host/new", "s", "1")]).unwrap();
                                        store.flush().unwrap();
                                    }
                                }
                            });
                        }
                    }
                    if step == Step::Exchanged {
                        (0..3).for_each(|_| begun.recv().unwrap());
                        // They stand before the books by now, or come later; either is to be right.
                        (0..round * 200).for_each(|_| std::thread::yield_now());
                    }
                })
                .unwrap();
        });
        reseal_all(&*store);
        assert_eq!(ids(&place).len(), 1, "round {round}");
        holds(&*store, 1201);
        drop(store);
        place.disk.cut_power(false);
        let opened = place.opened();
        assert!(!opened.set_aside, "round {round}: {:?}", opened.notes);
        holds(&*opened.store, 1201);
    }
}

#[test]
fn a_new_key_is_the_databases_own_after_a_crash_and_over_an_empty_one() {
    let place = Place::new("fault-disk");
    let store = place.open();
    keeper(&*store).change_key(NEW_KEY).unwrap();
    drop(store);
    place.disk.cut_power(false);
    let store = place.open();
    reseal_all(&*store);
    assert_eq!(ids(&place), [2]);
    drop(store);
    place.disk.cut_power(false);
    let opened = place.opened();
    assert!(!opened.set_aside, "{:?}", opened.notes);
}

#[test]
fn a_disk_that_fails_during_a_change_of_the_key_and_comes_back_ends_it() {
    for budget in [0, 1, 2] {
        let place = Place::new("failover");
        place.filled(1500);
        let store = place.open();
        keeper(&*store).change_key(NEW_KEY).unwrap();
        (0..budget).for_each(|_| assert!(keeper(&*store).reseal_some().unwrap()));
        store.apply(&[put("host/meanwhile", "s", "1"), evict("host/disk/3", "host.proc")]).unwrap();
        place.disk.refuse_writes(Some(ErrorKind::StorageFull));
        assert!(keeper(&*store).reseal_some().is_err());
        assert!(store.standing().is_some());
        assert_eq!(scanned(&*store, &["host"]).len(), 1500, "memory serves all of it");
        assert!(keeper(&*store).reseal_some().is_err(), "keys are changed on the disk or not at all");
        store.apply(&[put("host/over", "s", "1")]).unwrap();
        place.disk.cut_power(false);
        place.disk.refuse_writes(None);
        place.clock.advance(LATER);
        assert_eq!((store.heal(), store.standing()), (None, None));
        assert!(keeper(&*store).key_status().resealing.is_some(), "it is known to be unfinished");
        reseal_all(&*store);
        assert_eq!(ids(&place), [2]);
        holds(&*store, 1501);
        store.close().unwrap();
        let opened = place.opened();
        assert!(!opened.set_aside, "{:?}", opened.notes);
        holds(&*opened.store, 1501);
    }
}

#[test]
fn what_waits_in_memory_hides_nothing_of_a_disk_that_refuses_it() {
    let place = Place::new("fault-disk");
    place.filled(50);
    let store = gathering(&place);
    store.apply(&[put("host/disk/1", "host.proc", "\"waits\""), put("host/more", "s", "1"), evict("host/disk/2", "host.proc")]).unwrap();
    place.disk.refuse_writes(Some(ErrorKind::StorageFull));
    assert!(store.flush().is_err());
    assert_eq!(got(&store, "host/disk/3"), ["host/disk/3 host.proc 3"]);
    assert_eq!(got(&store, "host/disk/1"), ["host/disk/1 host.proc \"waits\""]);
    assert_eq!(got(&store, "host/disk/2"), [""; 0]);
    assert_eq!(scanned(&store, &["host"]).len(), 50);
    assert!(store.verify().unwrap().complete);
    place.disk.refuse_writes(None);
    store.flush().unwrap();
    drop(store);
    place.disk.cut_power(false);
    holds(&*place.open(), 50);
}

#[test]
fn a_sync_that_hangs_keeps_no_scan_waiting() {
    let (place, store) = on_the_double(50);
    store.apply(&[put("host/more", "s", "1")]).unwrap();
    place.disk.close_gate();
    std::thread::scope(|scope| {
        let flush = scope.spawn(|| store.flush());
        assert!(place.disk.await_waiting(LATER));
        assert_eq!(scanned(&store, &["host"]).len(), 51);
        assert_eq!(got(&store, "host/more"), ["host/more s 1"]);
        place.disk.open_gate();
        flush.join().unwrap().unwrap();
    });
    holds(&store, 51);
}

#[test]
fn what_was_evicted_does_not_come_back_with_the_disk() {
    let place = Place::new("failover");
    let store = place.open();
    store.apply(&[put("host/a", "s", "1"), put("host/b", "s", "1")]).unwrap();
    store.compact(&[(key("host/a"), source("s"))]).unwrap();
    place.disk.refuse_writes(Some(ErrorKind::Other));
    store.apply(&[put("host/c", "s", "1")]).unwrap();
    store.flush().unwrap();
    assert!(store.standing().is_some());
    assert_eq!(scanned(&*store, &[]), ["host/b s 1", "host/c s 1"]);
    place.disk.refuse_writes(None);
    place.clock.advance(LATER);
    assert_eq!(store.heal(), None);
    assert_eq!(scanned(&*store, &[]), ["host/b s 1", "host/c s 1"]);
    holds(&*store, 2);
}

#[test]
fn a_snapshot_from_before_a_change_of_the_key_is_taken_after_it_while_it_is_on_the_shelf() {
    let place = Place::new("fault-disk");
    place.filled(60);
    let store = place.open();
    let keys = store.snapshot_keys().unwrap();
    let now = Timestamp::from_millis(1_767_607_200_000);
    snapshots::shelve(store.as_ref(), &keys, &place.data(), 3, now, &mut |_| {}).unwrap().unwrap();
    let elsewhere = place.dir.path().join("elsewhere.snap");
    keeper(&*store).change_key(NEW_KEY).unwrap();
    reseal_all(&*store);
    assert_eq!(ids(&place), [1, 2], "the shelf needs it");
    store.apply(&(0..60).map(|at| evict(&format!("host/disk/{at}"), "host.proc")).collect::<Vec<_>>()).unwrap();
    store.compact(&[]).unwrap();
    let shelved = std::fs::read_dir(place.data().join("snapshots")).unwrap().next().unwrap().unwrap().path();
    std::fs::copy(&shelved, &elsewhere).unwrap();
    let hydrate = |path| snapshots::hydrate(store.as_ref(), &store.snapshot_keys().unwrap(), path, Mode::Merge, &mut |_| {}, &mut |_| {});
    assert_eq!(hydrate(shelved.as_path()).unwrap().taken, 60);
    holds(&*store, 60);
    std::fs::remove_file(&shelved).unwrap();
    keeper(&*store).drop_unneeded().unwrap();
    assert_eq!(ids(&place), [2]);
    let refused = hydrate(elsewhere.as_path()).unwrap_err();
    assert_eq!(refused.code(), "snapshot_other_key", "{refused}");
    holds(&*store, 60);
}
