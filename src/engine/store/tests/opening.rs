//! Opening: who may, with which key, what is refused, what is healed.

use std::{fs, io::ErrorKind, path::Path, time::Duration};

use super::*;
use crate::engine::store::{
    kinds,
    rows::{Backend, Rows},
};

#[test]
fn a_new_store_is_fresh_and_an_old_one_is_not() {
    let place = Place::sled();
    let first = place.opened();
    assert_eq!((first.fresh, first.backend, first.notes.len()), (true, "sled", 0));
    first.store.apply(&[put("k", "s", "1")]).unwrap();
    first.store.put_meta("m", b"x").unwrap();
    first.store.close().unwrap();
    let second = place.opened();
    assert_eq!((second.fresh, second.notes.as_slice()), (false, &[][..]));
    assert_eq!(got(&*second.store, "k"), ["k s 1"]);
    assert_eq!(second.store.get_meta("m").unwrap(), Some(b"x".to_vec()));
    assert_eq!(second.store.stats().entries, 1);
    assert!(second.store.stats().disk_bytes > 0);
}

#[test]
fn the_memory_store_leaves_nothing() {
    let place = Place::new("memory");
    let opened = place.opened();
    assert_eq!((opened.backend, opened.fresh), ("memory", true));
    opened.store.apply(&[put("k", "s", "1")]).unwrap();
    assert_eq!(fs::read_dir(place.dir.path()).unwrap().count(), 0);
}

#[test]
fn a_backend_that_is_not_there_is_named() {
    let error = Place::new("rocksdb").try_open().err().unwrap();
    assert_eq!(error, StoreError::NoBackend("rocksdb".to_owned()));
    assert!(error.to_string().contains("rocksdb"));
}

#[test]
fn a_second_opener_is_told_who_has_it() {
    let place = Place::sled();
    let store = place.open();
    assert_eq!(place.try_open().err(), Some(StoreError::Busy { pid: Some(std::process::id()) }));
    store.close().unwrap();
    place.open();
}

#[test]
fn a_newer_directory_is_refused_and_untouched() {
    let place = Place::sled();
    place.filled(3);
    fs::write(place.data().join("format"), "stellar data format 9\n").unwrap();
    assert_eq!(place.try_open().err(), Some(StoreError::NewerFormat { found: 9, supported: 1 }));
    fs::write(place.data().join("format"), "stellar data format 1\n").unwrap();
    assert_eq!(place.open().stats().entries, 3);
}

#[test]
fn a_directory_that_cannot_be_written_says_which_and_why() {
    // A file in the way stops every user, also one whom permissions do not stop.
    let place = Place::sled();
    fs::write(place.data(), "").unwrap();
    let error = place.try_open().err().unwrap();
    assert!(matches!(&error, StoreError::Unwritable { path, .. } if path.ends_with("data")), "{error}");
    assert!(error.to_string().contains("move it away"), "{error}");
}

#[test]
fn a_read_only_directory_is_refused_with_a_sentence() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::sled();
    fs::create_dir(place.data()).unwrap();
    fs::set_permissions(place.data(), fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(place.data().join("probe"), "").is_ok() {
        // Permissions do not stop this user (root); the test above covers the sentence.
        return;
    }
    let error = place.try_open().err().unwrap();
    assert!(matches!(error, StoreError::Unwritable { .. }) && error.to_string().contains("must belong to you"), "{error}");
}

#[test]
fn the_operating_systems_refusals_come_with_advice() {
    for (kind, words) in [
        (ErrorKind::StorageFull, "free some space"),
        (ErrorKind::ReadOnlyFilesystem, "a disk that can be written"),
        (ErrorKind::PermissionDenied, "must belong to you"),
    ] {
        let text = StoreError::unwritable(std::path::Path::new("/d/cache"), &kind.into()).to_string();
        assert!(text.starts_with("cannot write /d/cache: ") && text.contains(words), "{text}");
    }
}

#[test]
fn a_missing_key_file_is_said_and_nothing_is_made_or_moved() {
    let place = Place::sled();
    place.filled(3);
    let keys = place.state().join("keys");
    let file = fs::read_dir(&keys).unwrap().next().unwrap().unwrap().path();
    let kept = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let error = place.try_open().err().unwrap();
    assert!(matches!(&error, StoreError::KeyUnavailable(text) if text.contains(&*file.to_string_lossy())), "{error}");
    assert_eq!(fs::read_dir(&keys).unwrap().count(), 0);
    assert!(!place.data().join("damaged").exists());
    fs::write(&file, kept).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(place.open().stats().entries, 3);
}

/// sled on a disk that is full as long as the room that was kept is not given up.
struct FullBut(PathBuf);

impl Backend for FullBut {
    fn name(&self) -> &'static str {
        "sled"
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        match self.0.exists() {
            true => Err(StoreError::unwritable(dir, &ErrorKind::StorageFull.into())),
            false => kinds::named("sled")?.open(dir, limit),
        }
    }
}

#[test]
fn on_a_full_disk_a_database_is_opened_with_the_room_that_was_kept_for_that() {
    let place = Place::sled();
    place.filled(300);
    let kept = place.data().join("reserve");
    assert!(fs::metadata(&kept).unwrap().len() > 500_000);
    let opened = open_with(&place.options(), &FullBut(kept.clone())).unwrap();
    assert_eq!((opened.fresh, opened.set_aside, opened.store.stats().entries), (false, false, 300));
    opened.store.close().unwrap();
    drop(opened);
    drop(place.open());
    assert!(kept.exists(), "there is room again, so it is kept again");
}

#[test]
fn a_half_written_snapshot_is_no_obstacle() {
    let place = Place::sled();
    place.filled(300);
    for name in ["snap.0000000000000000.generating", "snap.00000000FFFFFFFF.generating"] {
        fs::write(place.data().join("cache").join(name), [0; 100]).unwrap();
    }
    let opened = place.opened();
    assert_eq!((opened.fresh, opened.store.stats().entries), (false, 300));
    assert_eq!(scanned(&*opened.store, &["host"]).len(), 300);
}

#[test]
fn an_open_that_ended_the_process_once_is_forgiven_and_twice_is_damage() {
    let place = Place::sled();
    place.filled(5);
    fs::write(place.data().join("opening"), "1\n").unwrap();
    let once = place.opened();
    assert_eq!((once.fresh, once.store.stats().entries), (false, 5));
    once.store.close().unwrap();
    assert!(!place.data().join("opening").exists());
    fs::write(place.data().join("opening"), "2\n").unwrap();
    let twice = place.opened();
    assert!(twice.fresh && twice.notes[0].contains("set aside"), "{:?}", twice.notes);
    assert!(!place.data().join("opening").exists());
    assert_eq!(fs::read_dir(place.data().join("damaged")).unwrap().count(), 1);
}

#[test]
fn reading_writes_nothing() {
    let place = Place::sled();
    place.filled(20);
    let store = place.open();
    // Many rows where there were few: pages that sled has yet to divide.
    for length in [10, 100_000] {
        (0..20).for_each(|at| store.put_meta(&format!("document {at}"), &vec![7; length]).unwrap());
    }
    store.close().unwrap();
    let store = place.open();
    let before: Vec<_> = ["cache/db", "manifest"].iter().map(|name| fs::read(place.data().join(name)).unwrap()).collect();
    let modified = fs::metadata(place.data().join("manifest")).unwrap().modified().unwrap();
    scanned(&*store, &[]);
    got(&*store, "host/disk/3");
    store.verify().unwrap();
    store.flush().unwrap();
    store.close().unwrap();
    let after: Vec<_> = ["cache/db", "manifest"].iter().map(|name| fs::read(place.data().join(name)).unwrap()).collect();
    assert!(before == after);
    assert_eq!(modified, fs::metadata(place.data().join("manifest")).unwrap().modified().unwrap());
}

#[test]
fn what_is_asked_of_the_key_is_checked_before_anything_is_made() {
    let place = Place::sled();
    let asked = StoreOptions { key: CacheKey::Passphrase, ..place.options() };
    assert!(matches!(open_store(&asked), Err(StoreError::KeyUnavailable(_))));
    assert!(!place.data().exists());
}
