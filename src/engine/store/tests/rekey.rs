//! Changing the data key: cut short at every step, with processes that really die, with a disk that fills, while others read and write.

use std::{
    collections::BTreeSet,
    fs,
    ops::ControlFlow,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use super::{kill, *};
use crate::engine::store::{
    KeyChange, OuterChange,
    key_keeper::KeyKeeper,
    keyslots::Keyslots,
    names::Tree,
    open::open_with,
    pieces,
    rows::{Backend, EachRow, RowChange, Rows},
    seal,
    sled_rows::Sled,
    slotfiles,
};

const NEW_KEY: KeyChange = KeyChange { outer: OuterChange::Renew, reseal: true };

fn keeper(store: &dyn CacheStore) -> &dyn KeyKeeper {
    store.keys().unwrap()
}

fn reseal_all(store: &dyn CacheStore) -> usize {
    let mut steps = 1;
    while keeper(store).reseal_some().unwrap() {
        steps += 1;
    }
    steps
}

fn slots(place: &Place) -> Keyslots {
    match slotfiles::read(&place.data()).unwrap() {
        slotfiles::Found::Slots { slots, behind: false, .. } => slots,
        other => panic!("{other:?}"),
    }
}

fn ids(place: &Place) -> Vec<u32> {
    slots(place).data.iter().map(|key| key.id).collect()
}

/// The keys that rows of records are sealed with, whatever the store says.
fn sealed_with(place: &Place) -> BTreeSet<u32> {
    let rows = Sled.open(&place.data().join("cache"), Duration::from_secs(30)).unwrap();
    let mut found = BTreeSet::new();
    rows.scan(&[], &mut |row, sealed| {
        if row.first() != Some(&(Tree::Quarantine as u8)) {
            found.extend(seal::key_of(sealed));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

fn expected(count: usize) -> Vec<String> {
    let mut all: Vec<_> = (0..count).map(|at| format!("host/disk/{at} host.proc {at}")).collect();
    all.sort();
    all
}

fn filled(count: usize) -> Place {
    let place = Place::sled();
    place.filled(count);
    let store = place.open();
    store.put_meta("document", &[7; 200_000]).unwrap();
    store.close().unwrap();
    place
}

fn is_whole(place: &Place, count: usize) -> OpenedStore {
    let opened = place.opened();
    assert_eq!(scanned(&*opened.store, &["host"]), expected(count));
    assert_eq!(opened.store.get_meta("document").unwrap(), Some(vec![7; 200_000]));
    let report = opened.store.verify().unwrap();
    assert_eq!((report.damaged, report.wrong_key, report.complete), (0, 0, true));
    opened
}

#[test]
fn everything_is_sealed_anew_and_the_former_key_is_gone() {
    let place = filled(3000);
    let name = fs::read(place.data().join("manifest")).unwrap()[1..17].to_vec();
    let store = place.open();
    assert_eq!(keeper(&*store).change_key(NEW_KEY).unwrap(), [""; 0]);
    let status = keeper(&*store).key_status();
    // The document is as many rows as it has pieces.
    let rows = 3000 + 200_000_u64.div_ceil(pieces::SEALED_MAX as u64 - 50);
    assert_eq!((status.id, status.resealing.unwrap().done, status.resealing.unwrap().total), (2, 0, rows));
    assert_eq!(ids(&place), [1, 2]);
    assert!(keeper(&*store).reseal_some().unwrap());
    assert!(keeper(&*store).key_status().resealing.unwrap().done > 100);
    let steps = reseal_all(&*store);
    assert!((3..20).contains(&steps), "in bounded batches: {steps}");
    let status = keeper(&*store).key_status();
    assert!(status.resealing.is_none() && status.retired.is_empty());
    assert!((rows + 1..rows + 100).contains(&status.sealed), "counted from nothing: {}", status.sealed);
    assert_eq!(ids(&place), [2]);
    store.close().unwrap();
    drop(store);
    assert_eq!(sealed_with(&place), [2].into());
    let opened = is_whole(&place, 3000);
    assert!(opened.notes.is_empty(), "{:?}", opened.notes);
    assert_eq!(fs::read(place.data().join("manifest")).unwrap()[1..17], name);
}

#[test]
fn what_is_written_and_read_meanwhile_is_right() {
    let place = filled(3000);
    let store = place.open();
    keeper(&*store).change_key(NEW_KEY).unwrap();
    let mut step = 0;
    loop {
        let more = keeper(&*store).reseal_some().unwrap();
        store.apply(&[put(&format!("host/disk/{step}"), "host.proc", "\"changed\""), put(&format!("new/{step}"), "s", "1")]).unwrap();
        assert_eq!(got(&*store, "host/disk/2999"), ["host/disk/2999 host.proc 2999"]);
        assert_eq!(got(&*store, &format!("host/disk/{step}")).len(), 1);
        assert_eq!(scanned(&*store, &["host"]).len(), 3000, "step {step}");
        step += 1;
        if !more {
            break;
        }
    }
    assert_eq!(scanned(&*store, &["new"]).len(), step);
    store.close().unwrap();
    drop(store);
    assert_eq!(sealed_with(&place), [2].into());
}

/// sled whose writes fail, all of them, after so many.
struct Failing {
    left: Arc<AtomicI64>,
}

struct FailingRows {
    rows: Box<dyn Rows>,
    left: Arc<AtomicI64>,
}

impl FailingRows {
    fn spend(&self) -> Result<(), StoreError> {
        if self.left.fetch_sub(1, Ordering::Relaxed) > 0 {
            return Ok(());
        }
        Err(StoreError::unwritable(Path::new("/full"), &std::io::ErrorKind::StorageFull.into()))
    }
}

impl Backend for Failing {
    fn name(&self) -> &'static str {
        "sled"
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        Ok(Box::new(FailingRows { rows: Sled.open(dir, limit)?, left: self.left.clone() }))
    }
}

impl Rows for FailingRows {
    fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError> {
        self.rows.get(name, see)
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.rows.scan_from(prefix, from, each)
    }

    fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.rows.scan_back(prefix, each)
    }

    fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
        self.spend()?;
        self.rows.apply(changes)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.spend()?;
        self.rows.flush()
    }

    fn disk_bytes(&self) -> u64 {
        self.rows.disk_bytes()
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        self.rows.close()
    }
}

#[test]
fn cut_short_after_any_write_it_goes_on_and_loses_nothing() {
    let count = 1200;
    let original = filled(count);
    let mut refused = 0;
    for budget in 0.. {
        let place = Place::sled();
        damage::copy(original.dir.path(), place.dir.path());
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let opened = open_with(&place.options(), &Failing { left: left.clone() }).unwrap();
        let store = opened.store;
        left.store(budget, Ordering::Relaxed);
        keeper(&*store).change_key(NEW_KEY).unwrap();
        let outcome = loop {
            match keeper(&*store).reseal_some() {
                Ok(true) => {}
                outcome => break outcome,
            }
        };
        assert_eq!(scanned(&*store, &["host"]), expected(count), "what was read before is read now, {budget}");
        if let Err(error) = &outcome {
            refused += 1;
            assert!(error.to_string().contains("free some space"), "{error}");
            assert!(keeper(&*store).key_status().resealing.is_some());
        }
        // As a process that dies, without a close.
        drop(store);
        let opened = is_whole(&place, count);
        if outcome.is_err() {
            assert!(opened.notes.iter().any(|note| note.contains("goes on")), "{budget}: {:?}", opened.notes);
            reseal_all(&*opened.store);
        }
        assert_eq!(ids(&place), [2], "{budget}");
        opened.store.close().unwrap();
        drop(opened);
        assert_eq!(sealed_with(&place), [2].into(), "{budget}");
        is_whole(&place, count);
        if outcome.is_ok() {
            break;
        }
    }
    assert!(refused >= 7, "every step was cut short once: {refused}");
}

#[test]
fn a_full_disk_that_is_freed_lets_it_go_on_in_the_same_process() {
    let place = filled(1200);
    let left = Arc::new(AtomicI64::new(i64::MAX));
    let store = open_with(&place.options(), &Failing { left: left.clone() }).unwrap().store;
    keeper(&*store).change_key(NEW_KEY).unwrap();
    left.store(1, Ordering::Relaxed);
    while keeper(&*store).reseal_some().is_ok_and(|more| more) {}
    assert!(keeper(&*store).reseal_some().is_err());
    left.store(i64::MAX, Ordering::Relaxed);
    reseal_all(&*store);
    assert_eq!(ids(&place), [2]);
}

#[test]
fn a_second_change_before_the_first_is_done_ends_both() {
    let place = filled(1200);
    let store = place.open();
    keeper(&*store).change_key(NEW_KEY).unwrap();
    keeper(&*store).reseal_some().unwrap();
    keeper(&*store).change_key(NEW_KEY).unwrap();
    assert_eq!(ids(&place), [1, 2, 3]);
    reseal_all(&*store);
    assert_eq!(ids(&place), [3]);
    store.close().unwrap();
    drop(store);
    assert_eq!(sealed_with(&place), [3].into());
    is_whole(&place, 1200);
}

#[test]
fn a_former_key_stays_while_a_copy_needs_it_and_goes_with_the_copy() {
    let place = filled(50);
    // As after a database that failed in use: it is set aside as a whole.
    fs::write(place.data().join("opening"), "failed\n").unwrap();
    let store = place.open();
    keeper(&*store).change_key(NEW_KEY).unwrap();
    reseal_all(&*store);
    assert_eq!((ids(&place), keeper(&*store).key_status().retired), (vec![1, 2], vec![1]));
    store.close().unwrap();
    drop(store);
    let opened = is_whole(&place, 50);
    assert!(opened.notes.is_empty() && ids(&place) == [1, 2], "{:?}", opened.notes);
    let copies = crate::engine::store::damaged_copies(&place.data()).unwrap();
    crate::engine::store::discard_damaged(&place.data(), &copies[0].id).unwrap().unwrap();
    keeper(&*opened.store).drop_unneeded().unwrap();
    assert_eq!(ids(&place), [2]);
}

#[test]
fn a_damaged_record_met_on_the_way_is_put_aside_and_keeps_its_key() {
    let place = filled(20);
    let target = damage::name_of(&place, "host/disk/4");
    damage::tamper(&place, |db, row, sealed| {
        if row == target {
            let mut sealed = sealed.to_vec();
            sealed[30] ^= 1;
            db.insert(row, sealed).unwrap();
        }
    });
    let store = place.open();
    keeper(&*store).change_key(NEW_KEY).unwrap();
    reseal_all(&*store);
    assert_eq!((store.stats().quarantined, store.stats().entries), (1, 19));
    assert_eq!(store.take_quarantined()[0].source, Some(source("host.proc")));
    assert_eq!(ids(&place), [1, 2], "what was put aside is sealed with the former one");
}

#[test]
fn the_key_is_due_before_it_has_sealed_too_much_and_a_crash_is_charged() {
    let place = Place::sled();
    let mut options = place.options();
    options.policy.seals_per_key = 1000;
    let store = open_store(&options).unwrap().store;
    assert!(!keeper(&*store).is_key_due());
    // A document and the ledger: two seals a write.
    for at in 0..600_u32 {
        store.put_meta("d", &at.to_le_bytes()).unwrap();
        if keeper(&*store).is_key_due() {
            let status = keeper(&*store).key_status();
            assert!((875..=1000).contains(&status.sealed) && status.limit == 1000, "{status:?}");
            keeper(&*store).change_key(KeyChange { outer: OuterChange::Keep, reseal: true }).unwrap();
            reseal_all(&*store);
            assert!(!keeper(&*store).is_key_due());
        }
    }
    assert_eq!(ids(&place), [2]);
    assert!(keeper(&*store).key_status().sealed < 400);
    store.flush().unwrap();
    drop(store);
    // Without a close nobody knows how much was sealed and not yet on disk.
    let store = place.open();
    assert!(keeper(&*store).key_status().sealed > 1 << 20);
}

#[test]
#[ignore = "the child of the test below"]
fn child_that_rekeys() {
    let Some(options) = kill::from_parent() else { return };
    let store = open_store(&options).unwrap().store;
    println!("opened");
    loop {
        keeper(&*store).change_key(NEW_KEY).unwrap();
        reseal_all(&*store);
    }
}

#[test]
fn killed_at_any_moment_nothing_is_lost() {
    let count = 1500;
    let place = filled(count);
    let mut interrupted = 0;
    for round in 0..20 {
        let mut child = kill::child_command(&place, "rekey::child_that_rekeys", "ulimit -c 0;").stdout(Stdio::piped()).spawn().unwrap();
        // Once it has begun, the moment is the scheduler's; the size of what was written so far spreads the rounds.
        let out = child.stdout.take().unwrap();
        let begun = std::io::BufRead::lines(std::io::BufReader::new(out)).any(|line| line.unwrap().contains("opened"));
        assert!(begun, "round {round}");
        let first = fs::read(place.data().join("keyslots")).unwrap();
        let mut reads = 0;
        while fs::read(place.data().join("keyslots")).is_ok_and(|now| now == first) || reads < round * 40 {
            reads += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let opened = is_whole(&place, count);
        interrupted += usize::from(opened.notes.iter().any(|note| note.contains("goes on")));
        if round % 2 == 0 {
            reseal_all(&*opened.store);
            assert_eq!(ids(&place).len(), 1, "round {round}");
        }
        opened.store.close().unwrap();
    }
    assert!(interrupted > 3, "the kills met it at work: {interrupted}");
    let keys = fs::read_dir(place.state().join("keys")).unwrap().count();
    let store = place.open();
    reseal_all(&*store);
    drop(store);
    is_whole(&place, count);
    assert!(keys <= 22, "what a kill leaves behind is bounded by the kills: {keys}");
}
