//! Damage: no panic, no wrong value, no silent loss, and a store again afterwards.

use std::{
    collections::BTreeSet,
    fs,
    io::{Seek, SeekFrom, Write},
    path::Path,
};

use super::*;
use crate::engine::store::{keys, names, rows::OPEN_LIMIT, sled_rows::SledRows, slotfiles};
use crate::engine::world::{Rng, SeededRng};

/// What is said when rows are missing.
fn set_aside(opened: &OpenedStore) -> bool {
    opened.notes.iter().any(|note| note.contains("was set aside in"))
}

fn expected(count: usize) -> BTreeSet<String> {
    (0..count).map(|at| format!("host/disk/{at} host.proc {at}")).collect()
}

/// Opens and reads everything; whatever is there must be right, and whatever is not must have been said.
fn survives(place: &Place, count: usize, what: &str) {
    let opened = place.try_open().unwrap_or_else(|error| panic!("{what}: {error}"));
    let said = set_aside(&opened);
    let mut found = BTreeSet::new();
    let read = opened.store.scan(&[], &mut |observation| {
        found.insert(line(&observation));
    });
    assert!(found.is_subset(&expected(count)), "{what}: a wrong value");
    let whole = found.len() == count;
    let told = said || opened.store.stats().quarantined > 0 || read.is_err();
    assert!(whole || told, "{what}: {} of {count} and nothing said: {:?}", found.len(), opened.notes);
    let failed = read.is_err() || fs::exists(place.data().join("opening")).unwrap();
    drop(opened);
    // Whatever it was, the store after it works.
    let again = place.try_open().unwrap_or_else(|error| panic!("{what}, again: {error}"));
    assert!(!failed || set_aside(&again), "{what}: a failing database was trusted again");
    again.store.apply(&[put("after", "s", "1")]).unwrap();
    again.store.close().unwrap();
    assert_eq!(got(&*place.open(), "after"), ["after s 1"], "{what}");
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// A filled place, and copies of it.
struct Original(Place);

impl Original {
    fn new(count: usize) -> Self {
        Self::of("sled", count)
    }

    fn of(backend: &'static str, count: usize) -> Self {
        let place = Place::new(backend);
        place.filled(count);
        Self(place)
    }

    fn copy(&self) -> Place {
        let place = Place::new(self.0.backend);
        copy(self.0.dir.path(), place.dir.path());
        place
    }
}

fn draw(rng: &SeededRng) -> u64 {
    let mut bytes = [0; 8];
    rng.fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

#[test]
fn flipped_bits_in_the_database_and_beside_it() {
    let count = 2000;
    let original = Original::new(count);
    let rng = SeededRng::new(1);
    let cache = original.0.data().join("cache");
    let snapshot =
        fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().file_name()).find(|name| name.to_string_lossy().starts_with("snap"));
    let snapshot = format!("cache/{}", snapshot.unwrap().to_string_lossy());
    for trial in 0..42_usize {
        let name = ["cache/db", "cache/db", "cache/db", "cache/conf", &snapshot, "manifest", "keyslots"][trial % 7];
        let place = original.copy();
        let mut file = fs::OpenOptions::new().write(true).open(place.data().join(name)).unwrap();
        let bytes = fs::read(place.data().join(name)).unwrap();
        // The tail of the database file is empty; most flips shall meet something.
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64 + 1;
        let at = draw(&rng) % end;
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&[bytes[at as usize] ^ (1 << (draw(&rng) % 8))]).unwrap();
        survives(&place, count, &format!("{name}, byte {at}"));
    }
}

/// A file of redb's that was harmed while nobody had it open: by the next open it is whole, or set aside and said, and never read wrongly.
#[cfg(feature = "redb")]
#[test]
fn flipped_bits_and_a_cut_in_the_file_of_redb() {
    let count = 2000;
    let original = Original::of("redb", count);
    let rng = SeededRng::new(3);
    let mut aside = 0;
    for trial in 0..32_u32 {
        let place = original.copy();
        let path = place.data().join("cache/rows.redb");
        let mut bytes = fs::read(&path).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64 + 1;
        // The first page of a file is few of its bytes and says where all others are.
        let at = usize::try_from(draw(&rng) % if trial.is_multiple_of(4) { 4096 } else { end }).unwrap();
        if trial.is_multiple_of(8) {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << (draw(&rng) % 8);
        }
        fs::write(&path, bytes).unwrap();
        survives(&place, count, &format!("rows.redb, trial {trial}, byte {at}"));
        let is_aside = fs::read_dir(place.data().join("damaged")).is_ok_and(|mut found| found.next().is_some());
        assert!(is_aside || !trial.is_multiple_of(8), "trial {trial}: a file cut in its first page is not believed");
        aside += u32::from(is_aside);
    }
    // How many flips meet something differs from file to file, which is sealed with a new key; some do.
    assert!(aside > 4, "{aside} of 32 were found, of which 4 were cut");
}

#[test]
fn files_cut_short() {
    let count = 2000;
    let original = Original::new(count);
    let rng = SeededRng::new(2);
    for trial in 0..18 {
        let name = ["cache/db", "cache/db", "cache/db", "manifest", "keyslots", "cache/conf"][trial % 6];
        let place = original.copy();
        let file = fs::OpenOptions::new().write(true).open(place.data().join(name)).unwrap();
        let length = file.metadata().unwrap().len();
        let keep = draw(&rng) % length;
        file.set_len(keep).unwrap();
        survives(&place, count, &format!("{name} cut to {keep} of {length}"));
    }
}

#[test]
fn an_older_database_under_a_newer_manifest_is_said_and_what_is_whole_is_kept() {
    let place = Place::sled();
    place.filled(10);
    let old = Place::sled();
    copy(&place.data().join("cache"), old.dir.path());
    let store = place.open();
    store.apply(&[put("new", "s", "1")]).unwrap();
    store.close().unwrap();
    fs::remove_dir_all(place.data().join("cache")).unwrap();
    copy(old.dir.path(), &place.data().join("cache"));
    let opened = place.opened();
    assert!(set_aside(&opened) && opened.notes.iter().any(|note| note.contains("went back from write")), "{:?}", opened.notes);
    assert_eq!(opened.store.stats().entries, 10);
    assert!(!opened.fresh);
    opened.store.close().unwrap();
    let next = place.opened();
    assert!(next.notes.is_empty(), "{:?}", next.notes);
    assert_eq!(scanned(&*next.store, &[]).len(), 10);
}

#[test]
fn another_stores_database_is_not_taken_for_ours() {
    let (place, other) = (Original::new(5), Original::new(7));
    let place = place.copy();
    fs::remove_dir_all(place.data().join("cache")).unwrap();
    copy(&other.0.data().join("cache"), &place.data().join("cache"));
    let opened = place.opened();
    assert!(set_aside(&opened));
    assert_eq!(opened.store.stats().entries, 0, "its records are sealed with another key");
}

#[test]
fn a_database_that_is_gone_is_said() {
    let place = Original::new(5).copy();
    fs::remove_dir_all(place.data().join("cache")).unwrap();
    let opened = place.opened();
    assert!(opened.fresh && opened.notes[0].contains("is gone"), "{:?}", opened.notes);
}

/// Opens the database below the store and changes rows there, as damage that passes sled would.
pub fn tamper(place: &Place, change: impl Fn(&sled::Db, &[u8], &[u8])) {
    let db = sled::Config::new().path(place.data().join("cache")).flush_every_ms(None).open().unwrap();
    for row in db.scan_prefix([1]) {
        let (row, sealed) = row.unwrap();
        change(&db, &row, &sealed);
    }
    db.flush().unwrap();
    drop(db);
    // sled's threads let go of the file a moment later; opening waits for that.
    drop(SledRows::open(&place.data().join("cache"), OPEN_LIMIT).unwrap());
}

pub fn name_of(place: &Place, wanted: &str) -> Vec<u8> {
    let slotfiles::Found::Slots { slots, .. } = slotfiles::read(&place.data()).unwrap() else { panic!("no keyslots") };
    let keys = keys::open(&place.key_place(), slots, &CacheKey::Auto, &mut Vec::new()).unwrap();
    names::piece(&keys.namer.of_observation(&key(wanted), &source("host.proc")), 0)
}

#[test]
fn a_damaged_record_is_put_aside_sealed_and_the_others_go_on() {
    let place = Original::new(10).copy();
    let target = name_of(&place, "host/disk/4");
    tamper(&place, |db, row, sealed| {
        if row == target {
            let mut sealed = sealed.to_vec();
            sealed[30] ^= 1;
            db.insert(row, sealed).unwrap();
        }
    });
    // The tag at its end is what it was, so the counts are right and the damage shows only when it is read.
    let opened = place.opened();
    assert_eq!(opened.notes, [""; 0]);
    let store = opened.store;
    let report = store.verify().unwrap();
    assert_eq!((report.checked, report.damaged, report.wrong_key), (10, 1, 0));
    assert_eq!(store.stats().quarantined, 0, "verify changes nothing");
    assert_eq!(got(&*store, "host/disk/4"), [""; 0]);
    assert_eq!((store.stats().quarantined, store.stats().entries), (1, 9));
    let told = store.take_quarantined();
    assert_eq!((told.len(), &told[0].key, &told[0].source), (1, &Some(key("host/disk/4")), &Some(source("host.proc"))));
    assert!(store.take_quarantined().is_empty());
    assert_eq!(scanned(&*store, &[]).len(), 9);
    store.apply(&[put("host/disk/4", "host.proc", "4")]).unwrap();
    assert_eq!(got(&*store, "host/disk/4"), ["host/disk/4 host.proc 4"]);
    store.close().unwrap();
    let db = sled::Config::new().path(place.data().join("cache")).flush_every_ms(None).open().unwrap();
    let kept: Vec<_> = db.scan_prefix([3]).collect::<Result<_, _>>().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].0[1..], target);
}

#[test]
fn records_under_each_others_names_are_found_out() {
    let place = Original::new(2).copy();
    let (first, second) = (name_of(&place, "host/disk/0"), name_of(&place, "host/disk/1"));
    tamper(&place, |db, row, sealed| {
        if row == first {
            db.insert(&second, sealed).unwrap();
        } else if row == second {
            db.insert(&first, sealed).unwrap();
        }
    });
    let store = place.open();
    assert_eq!(scanned(&*store, &[]), [""; 0]);
    assert_eq!(store.stats().quarantined, 2);
    assert_eq!(store.take_quarantined().len(), 2);
}

#[test]
fn a_record_of_another_key_is_no_damage_and_stays() {
    let place = Original::new(3).copy();
    let target = name_of(&place, "host/disk/1");
    tamper(&place, |db, row, sealed| {
        if row == target {
            let mut sealed = sealed.to_vec();
            sealed[1] = 99;
            db.insert(row, sealed).unwrap();
        }
    });
    let store = place.open();
    assert_eq!(scanned(&*store, &[]).len(), 2);
    let report = store.verify().unwrap();
    assert_eq!((report.checked, report.damaged, report.wrong_key), (3, 0, 1));
    assert_eq!((store.stats().quarantined, store.stats().entries), (0, 3));
}

#[test]
fn a_row_that_is_missing_after_a_clean_close_is_found_by_verify() {
    let place = Original::new(10).copy();
    let target = name_of(&place, "host/disk/9");
    tamper(&place, |db, row, _| {
        if row == target {
            db.remove(row).unwrap();
        }
    });
    assert!(!place.open().verify().unwrap().complete);
}

#[test]
fn a_row_that_is_missing_after_a_crash_is_found_at_open() {
    let place = Place::sled();
    place.filled(10);
    let store = place.open();
    store.apply(&[put("host/disk/10", "host.proc", "10")]).unwrap();
    store.flush().unwrap();
    drop(store);
    let target = name_of(&place, "host/disk/9");
    tamper(&place, |db, row, _| {
        if row == target {
            db.remove(row).unwrap();
        }
    });
    let opened = place.opened();
    assert!(set_aside(&opened) && opened.notes[0].contains("of 11 rows written 10 were found"), "{:?}", opened.notes);
    assert_eq!(scanned(&*opened.store, &[]).len(), 10, "the others were taken over");
}
