//! What is damaged beside the rows costs no row its place; and a mend that ends anywhere is taken up by the next start.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use super::{
    damage::{copy, name_of, tamper},
    kill::{child_command, from_parent},
    *,
};
use crate::engine::store::{
    rows::{Backend, Rows},
    sled_rows::Sled,
};

const COUNT: usize = 600;

fn filled() -> Place {
    let place = Place::sled();
    place.filled(COUNT);
    place
}

/// The snapshot and the settings of the database.
fn spare(place: &Place) -> [PathBuf; 2] {
    let cache = place.data().join("cache");
    let snapshot = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    let snapshot = snapshot.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap.")).max().unwrap();
    [snapshot, cache.join("conf")]
}

/// Changes a byte in a place that is looked at.
fn harm(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() / 4;
    bytes[at] ^= 4;
    fs::write(path, &bytes).unwrap();
    bytes
}

/// Every file that was set aside, by name, but for what says the keys.
fn aside(place: &Place) -> Vec<(String, Vec<u8>)> {
    fn gather(dir: &Path, into: &mut Vec<(String, Vec<u8>)>) {
        for path in fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                gather(&path, into);
            } else {
                into.push((path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    gather(&place.data().join("damaged"), &mut found);
    found.retain(|(name, _)| name != "data-keys");
    found.sort();
    found
}

fn epoch(place: &Place) -> Vec<u8> {
    // Behind the version and the store: which database it is.
    fs::read(place.data().join("manifest")).unwrap()[17..33].to_vec()
}

/// That everything is there, nothing more is to be said, and it takes writes.
fn is_whole_from_now_on(place: &Place) {
    for round in 0..2 {
        let opened = place.opened();
        assert_eq!(opened.notes, [""; 0]);
        assert_eq!(scanned(&*opened.store, &["host"]).len(), COUNT);
        let report = opened.store.verify().unwrap();
        assert!(report.complete && report.damaged == 0);
        opened.store.apply(&[put("after", "s", &round.to_string())]).unwrap();
        opened.store.close().unwrap();
        assert!(!place.data().join("opening").exists());
    }
}

#[test]
fn what_a_database_makes_anew_is_set_aside_alone_and_every_row_stays() {
    for at in 0..2 {
        let place = filled();
        let before = epoch(&place);
        let path = &spare(&place)[at];
        let harmed = harm(path);
        let opened = place.opened();
        assert!(opened.notes[0].contains("set aside in") && opened.notes[0].contains("all 600 records are there"), "{:?}", opened.notes);
        assert_eq!((opened.notes.len(), opened.set_aside, opened.fresh), (1, false, false), "nothing is missing");
        assert_eq!(scanned(&*opened.store, &["host"]).len(), COUNT);
        opened.store.close().unwrap();
        assert_eq!(epoch(&place), before, "it is the same database");
        let kept = aside(&place);
        assert!(kept.contains(&(path.file_name().unwrap().to_string_lossy().into_owned(), harmed)), "as it was");
        assert!(kept.iter().all(|(name, _)| name != "db"));
        is_whole_from_now_on(&place);
    }
}

#[test]
fn settings_are_tried_without_before_the_snapshot_is() {
    let place = filled();
    harm(&spare(&place)[1]);
    place.opened().store.close().unwrap();
    assert_eq!(aside(&place).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["conf"]);
}

#[test]
fn a_damaged_manifest_is_set_aside_alone_and_it_is_said_that_rows_may_be_older() {
    for gone in [false, true] {
        let place = filled();
        let before = epoch(&place);
        let path = place.data().join("manifest");
        let harmed = harm(&path);
        if gone {
            fs::remove_file(&path).unwrap();
        }
        let opened = place.opened();
        assert!(opened.notes[0].contains("the database has all 600 records that it counts"), "{:?}", opened.notes);
        assert!(opened.notes[0].contains("set aside in") != gone && opened.set_aside && !opened.fresh, "its sources are asked");
        opened.store.close().unwrap();
        assert_eq!(epoch(&place), before);
        assert_eq!(aside(&place), if gone { Vec::new() } else { vec![("manifest".to_owned(), harmed)] });
        is_whole_from_now_on(&place);
    }
}

#[test]
fn rows_that_are_missing_besides_are_found_and_the_long_way_is_taken() {
    for at in 0..3 {
        let place = filled();
        let target = name_of(&place, "host/disk/9");
        tamper(&place, |db, row, _| {
            if row == target {
                db.remove(row).unwrap();
            }
        });
        // sled writes another snapshot whenever it opens.
        let [snapshot, conf] = spare(&place);
        harm(&[snapshot, conf, place.data().join("manifest")][at]);
        let opened = place.opened();
        assert!(opened.set_aside && opened.notes.iter().any(|note| note.contains("were taken over")), "{:?}", opened.notes);
        assert_eq!(scanned(&*opened.store, &["host"]).len(), COUNT - 1, "the others");
        assert!(aside(&place).iter().any(|(name, _)| name == "db"));
    }
}

/// Without its snapshot sled reads a log as far as it is whole, and calls that everything.
#[test]
fn a_snapshot_and_a_log_that_are_both_damaged_lose_nothing_in_silence() {
    let original = filled();
    let mut lost = 0;
    for trial in 0..12 {
        let place = Place::sled();
        copy(original.dir.path(), place.dir.path());
        let path = place.data().join("cache/db");
        let mut bytes = fs::read(&path).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        let at = end * (trial + 1) / 14;
        if trial % 2 == 0 {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1;
        }
        fs::write(&path, bytes).unwrap();
        harm(&spare(&place)[0]);
        let opened = place.opened();
        let mut found = 0;
        let read = opened.store.scan(&["host"], &mut |observation| {
            assert_eq!(observation.value().unwrap().as_json_text(), observation.key.as_str().rsplit('/').next().unwrap());
            found += 1;
        });
        assert!(found == COUNT || opened.set_aside || read.is_err(), "trial {trial}: {found} found, {:?}", opened.notes);
        lost += usize::from(found < COUNT);
    }
    assert!(lost > 3, "{lost} of 12 were harmed");
}

/// sled, whose process ends, or whose disk refuses, at one of its openings.
struct Until {
    /// Which of them.
    at: u32,
    how: How,
    opened: AtomicU32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    EndsBefore,
    EndsAfter,
    Refuses,
}

impl Backend for Until {
    fn name(&self) -> &'static str {
        "sled"
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        let now = self.opened.fetch_add(1, Ordering::SeqCst) + 1 == self.at;
        match self.how {
            How::EndsBefore if now => std::process::abort(),
            How::Refuses if now => Err(StoreError::unwritable(dir, &io::ErrorKind::StorageFull.into())),
            how => {
                let opened = Sled.open(dir, limit);
                if now && how == How::EndsAfter {
                    std::process::abort();
                }
                opened
            }
        }
    }

    fn spare(&self, dir: &Path) -> Result<Vec<Vec<String>>, StoreError> {
        Sled.spare(dir)
    }
}

const AT: &str = "STELLAR_TEST_AT";

#[test]
#[ignore = "the child of the test below"]
fn child_that_ends_while_it_mends() {
    let Some(options) = from_parent() else { return };
    let said = std::env::var(AT).unwrap();
    let (how, at) = said.split_once(' ').unwrap();
    let how = if how == "before" { How::EndsBefore } else { How::EndsAfter };
    drop(patient(|| open_with(&options, &Until { at: at.parse().unwrap(), how, opened: AtomicU32::new(0) })));
    panic!("it was to end before this");
}

fn ends_while_it_mends(place: &Place, at: &str) {
    let output = child_command(place, "mending::child_that_ends_while_it_mends", "ulimit -c 0;").env(AT, at).output().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(6), "{at}: {output:?}");
}

fn marker(place: &Place) -> String {
    fs::read_to_string(place.data().join("opening")).unwrap()
}

#[test]
fn a_process_that_dies_at_any_opening_of_a_mend_in_place_leaves_every_row_to_the_next() {
    // The first opening fails, the second is without its settings, the third without the snapshot.
    for at in ["before 2", "after 2", "before 3", "after 3"] {
        let place = filled();
        let harmed = harm(&spare(&place)[0]);
        ends_while_it_mends(&place, at);
        assert_eq!(marker(&place), "failed\n", "{at}: it is not to be believed uncounted");
        let opened = place.opened();
        assert!(opened.notes.iter().any(|note| note.contains("set aside")), "{at}: {:?}", opened.notes);
        assert_eq!(scanned(&*opened.store, &["host"]).len(), COUNT, "{at}");
        opened.store.close().unwrap();
        assert!(aside(&place).iter().any(|(_, bytes)| *bytes == harmed), "{at}: the damaged file is kept");
        is_whole_from_now_on(&place);
    }
}

#[test]
fn a_process_that_dies_while_it_makes_a_database_anew_leaves_every_row_to_the_next() {
    // The new one is opened twice, and then the old one.
    for at in ["before 1", "after 1", "before 2", "after 2", "before 3", "after 3"] {
        let place = filled();
        fs::write(place.data().join("opening"), "failed\n").unwrap();
        ends_while_it_mends(&place, at);
        assert!(marker(&place).starts_with("mending 1 "), "{at}");
        let opened = place.opened();
        assert!(
            opened.set_aside && opened.notes.iter().any(|note| note.contains("600 records of it were whole")),
            "{at}: {:?}",
            opened.notes
        );
        assert_eq!(scanned(&*opened.store, &["host"]).len(), COUNT, "{at}");
        opened.store.close().unwrap();
        is_whole_from_now_on(&place);
    }
}

#[test]
fn a_mend_that_ends_the_process_twice_is_not_tried_again_and_that_is_said() {
    let place = filled();
    fs::write(place.data().join("opening"), "failed\n").unwrap();
    let database = fs::read(place.data().join("cache/db")).unwrap();
    ["after 3", "after 3"].iter().for_each(|at| ends_while_it_mends(&place, at));
    let opened = place.opened();
    assert!(opened.fresh && opened.set_aside && opened.notes[0].contains("ended the process twice"), "{:?}", opened.notes);
    let kept = aside(&place);
    // Opening it changed it no further than sled does; what it held is there.
    assert!(kept.iter().any(|(name, bytes)| name == "db" && bytes.len() >= database.len()), "nothing was deleted");
    opened.store.apply(&[put("after", "s", "1")]).unwrap();
    opened.store.close().unwrap();
    assert_eq!(place.opened().notes, [""; 0]);
}

#[test]
fn a_copy_that_was_dropped_before_the_mend_is_taken_up_is_said_to_be_lost() {
    let place = filled();
    fs::write(place.data().join("opening"), "failed\n").unwrap();
    ends_while_it_mends(&place, "before 3");
    fs::remove_dir_all(place.data().join("damaged")).unwrap();
    let opened = place.opened();
    assert!(opened.fresh && opened.set_aside, "{:?}", opened.notes);
    opened.store.close().unwrap();
    assert_eq!(place.opened().notes, [""; 0]);
}

#[test]
fn a_disk_that_refuses_while_a_database_is_made_anew_leaves_it_to_the_next_start() {
    for at in [1, 2] {
        let place = filled();
        fs::write(place.data().join("opening"), "failed\n").unwrap();
        let refused = patient(|| open_with(&place.options(), &Until { at, how: How::Refuses, opened: AtomicU32::new(0) }));
        assert!(matches!(refused.err(), Some(StoreError::Unwritable { .. })));
        assert!(marker(&place).starts_with("mending 1 "));
        let opened = place.opened();
        assert_eq!(scanned(&*opened.store, &["host"]).len(), COUNT, "{:?}", opened.notes);
        opened.store.close().unwrap();
        is_whole_from_now_on(&place);
    }
}

#[test]
fn a_disk_that_refuses_in_the_middle_of_a_mend_leaves_it_to_the_next_start() {
    for at in [2, 3] {
        let place = filled();
        harm(&spare(&place)[0]);
        // The room that is kept for it would help.
        fs::remove_file(place.data().join("reserve")).unwrap();
        let refused = patient(|| open_with(&place.options(), &Until { at, how: How::Refuses, opened: AtomicU32::new(0) }));
        assert!(matches!(refused.err(), Some(StoreError::Unwritable { .. })));
        assert_eq!(marker(&place), "failed\n");
        let opened = place.opened();
        assert_eq!(scanned(&*opened.store, &["host"]).len(), COUNT, "{:?}", opened.notes);
        opened.store.close().unwrap();
        is_whole_from_now_on(&place);
    }
}
