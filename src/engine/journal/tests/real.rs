//! On the real disk, with the keys of a real store: what is on it, whose it is, what a change of keys and a lost one do.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;
use crate::{
    config::CacheKey,
    engine::{
        journal::RealLogDisk,
        store::{
            CacheStore, KeyChange, KeyPolicy, OpenedStore, OuterChange, StoreOptions, Wipe, damaged_copies, discard_damaged, open_resilient,
        },
        world::{Clock, NoVault, SimClock, SystemRng},
    },
};

const MARKER: &str = "xyzzyMARKERplugh";

struct Place {
    dir: tempfile::TempDir,
    clock: Arc<SimClock>,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), clock: Arc::new(SimClock::default()) }
    }

    fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    fn segment(&self, number: u64) -> std::path::PathBuf {
        self.data().join("journal.log").join(name_of(number))
    }

    fn store(&self) -> OpenedStore {
        open_resilient(&StoreOptions {
            data_dir: self.data(),
            state_dir: self.dir.path().join("state"),
            backend: "sled".to_owned(),
            key: CacheKey::Auto,
            clock: self.clock.clone(),
            rng: SystemRng::shared(),
            vault: Arc::new(NoVault),
            policy: KeyPolicy::default(),
        })
        .unwrap()
    }

    fn log(&self, store: &dyn CacheStore) -> Opened {
        let clock: Arc<dyn Clock> = self.clock.clone();
        open(&JournalOptions::new(Arc::new(RealLogDisk::new(&self.data(), clock)), store.log_sealer())).unwrap()
    }
}

fn each_file(dir: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        each(&path);
        if path.is_dir() {
            each_file(&path, each);
        }
    }
}

fn marks(dir: &Path) -> usize {
    let mut found = 0;
    each_file(dir, &mut |path| {
        let bytes = if path.is_file() { fs::read(path).unwrap() } else { Vec::new() };
        found += bytes.windows(MARKER.len()).filter(|window| *window == MARKER.as_bytes()).count();
    });
    found
}

fn data_keys(store: &dyn CacheStore) -> (u32, Vec<u32>) {
    let status = store.keys().unwrap().key_status();
    (status.id, status.retired)
}

fn rekey_cache(store: &dyn CacheStore) {
    let keys = store.keys().unwrap();
    keys.change_key(KeyChange { outer: OuterChange::Keep, reseal: true }).unwrap();
    while keys.reseal_some().unwrap() {}
}

#[test]
fn what_is_on_disk_is_its_owners_alone_and_says_nothing() {
    let place = Place::new();
    let store = place.store().store;
    let log = place.log(&*store);
    log.append(&[MARKER, MARKER]).unwrap();
    log.journal.rotate_blocking(3, MARKER.repeat(1000).into_bytes()).unwrap();
    log.append(&[&MARKER.repeat(100_000)]).unwrap();
    drop(log);
    let mut bytes = fs::read(place.segment(2)).unwrap();
    bytes[17_000] ^= 1;
    bytes.truncate(1_000_000);
    fs::write(place.segment(2), bytes).unwrap();
    let log = place.log(&*store);
    assert!(!log.findings.notes.is_empty() && log.findings.notes.iter().all(|note| !note.contains(MARKER)));
    assert_eq!(damaged_copies(&place.data()).unwrap().len(), 1);
    assert_eq!(marks(place.dir.path()), 0);
    assert!(log.append(&[MARKER]).is_ok());
    let mut seen = 0;
    for root in ["journal.log", "damaged"] {
        assert_eq!(fs::metadata(place.data().join(root)).unwrap().permissions().mode() & 0o777, 0o700);
        each_file(&place.data().join(root), &mut |path| {
            seen += 1;
            let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        });
    }
    assert!(seen >= 5);
}

#[test]
fn room_is_made_ready_on_the_real_disk_and_given_back() {
    let place = Place::new();
    let store = place.store().store;
    let log = place.log(&*store);
    assert_eq!(log.append(&["a"]), Ok(1..2));
    let metadata = fs::metadata(place.segment(1)).unwrap();
    assert!(metadata.len() > 1 << 20 && std::os::unix::fs::MetadataExt::blocks(&metadata) * 512 >= 1 << 20, "allocated, not sparse");
    log.journal.rotate_blocking(2, b"s".to_vec()).unwrap();
    assert!(fs::metadata(place.segment(1)).unwrap().len() < 200);
    drop(log);
    let again = place.log(&*store);
    assert_eq!((again.checkpoint.clone(), again.scanned()), (Some((2, b"s".to_vec())), vec!["1 a".to_owned()]));
}

#[test]
fn a_former_key_stays_until_the_log_is_sealed_anew_too() {
    let place = Place::new();
    let store = place.store().store;
    let log = place.log(&*store);
    log.append(&["before"]).unwrap();
    rekey_cache(&*store);
    assert_eq!(data_keys(&*store), (2, vec![1]), "a segment names it");
    store.keys().unwrap().drop_unneeded().unwrap();
    assert_eq!(data_keys(&*store), (2, vec![1]));
    // As a process that dies in between.
    log.append(&["between"]).unwrap();
    drop((log, store));
    let store = place.store().store;
    let log = place.log(&*store);
    assert_eq!((log.texts(), log.journal.status().to_reseal), (vec!["1 before".to_owned(), "2 between".to_owned()], 1));
    while log.journal.reseal_some().unwrap() {}
    store.keys().unwrap().drop_unneeded().unwrap();
    assert_eq!(data_keys(&*store), (2, vec![]));
    log.append(&["after"]).unwrap();
    store.close().unwrap();
    drop((log, store));
    let store = place.store().store;
    assert_eq!(place.log(&*store).texts(), ["1 before", "2 between", "3 after"]);
}

#[test]
fn a_copy_of_what_is_damaged_keeps_its_key_until_a_person_drops_it() {
    let place = Place::new();
    let store = place.store().store;
    let log = place.log(&*store);
    for at in 0..5 {
        log.append(&[&format!("entry {at}")]).unwrap();
    }
    drop(log);
    let mut bytes = fs::read(place.segment(1)).unwrap();
    bytes[200] ^= 1;
    fs::write(place.segment(1), bytes).unwrap();
    let log = place.log(&*store);
    assert_eq!(log.findings.lost, 1);
    rekey_cache(&*store);
    while log.journal.reseal_some().unwrap() {}
    store.keys().unwrap().drop_unneeded().unwrap();
    assert_eq!(data_keys(&*store), (2, vec![1]));
    let copies = damaged_copies(&place.data()).unwrap();
    assert_eq!((copies.len(), copies[0].holds.join(" ")), (1, "00000001.seg data-keys".to_owned()));
    discard_damaged(&place.data(), &copies[0].id).unwrap().unwrap();
    store.keys().unwrap().drop_unneeded().unwrap();
    assert_eq!((data_keys(&*store), log.scanned().len()), ((2, vec![]), 4));
}

#[test]
fn a_database_that_is_set_aside_takes_nothing_of_the_log_with_it() {
    let place = Place::new();
    let store = place.store().store;
    place.log(&*store).append(&["a change"]).unwrap();
    store.close().unwrap();
    drop(store);
    fs::remove_file(place.data().join("manifest")).unwrap();
    fs::write(place.data().join("cache/db"), "no database").unwrap();
    let opened = place.store();
    assert!(opened.set_aside);
    let log = place.log(&*opened.store);
    assert_eq!((log.texts(), log.append(&["another"])), (vec!["1 a change".to_owned()], Ok(2..3)));
}

#[test]
fn without_its_keyslots_the_log_is_set_aside_whole_and_said_loudly() {
    for with_cache in [true, false] {
        let place = Place::new();
        let store = place.store().store;
        place.log(&*store).append(&["a change"]).unwrap();
        store.close().unwrap();
        drop(store);
        let before = fs::read(place.segment(1)).unwrap();
        for name in ["keyslots", "keyslots.copy"] {
            fs::remove_file(place.data().join(name)).unwrap();
        }
        if !with_cache {
            fs::remove_dir_all(place.data().join("cache")).unwrap();
            fs::remove_file(place.data().join("manifest")).unwrap();
        }
        let opened = place.store();
        assert!(opened.notes.iter().any(|note| note.contains("THE LOG OF CHANGES CANNOT BE OPENED")), "{:?}", opened.notes);
        assert!(opened.notes.iter().all(|note| !note.contains("queued changes are not in it")), "{:?}", opened.notes);
        let copies = damaged_copies(&place.data()).unwrap();
        assert_eq!(fs::read(copies[0].path.join("journal.log").join(name_of(1))).unwrap(), before);
        let log = place.log(&*opened.store);
        assert_eq!((log.entries.len(), log.append(&["new"])), (0, Ok(1..2)));
    }
}

#[test]
fn a_wipe_takes_it_along() {
    let place = Place::new();
    let store = place.store().store;
    place.log(&*store).append(&["a change"]).unwrap();
    store.close().unwrap();
    drop(store);
    let wipe = Wipe::begin(&place.data(), &place.dir.path().join("state"), place.clock.now()).unwrap().unwrap();
    assert!(wipe.removes().iter().any(|path| path.ends_with("journal.log")), "{:?}", wipe.removes());
    let vault: Arc<dyn crate::engine::world::KeyVault> = Arc::new(NoVault);
    wipe.carry_out(&vault).unwrap();
    assert!(!place.data().exists());
}
