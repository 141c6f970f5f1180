//! The shelf: made when something changed, the oldest removed, the newest good one found.

use super::*;

const HOUR: i64 = 3_600_000;

fn at(hour: i64) -> Timestamp {
    Timestamp::from_millis(1_767_607_200_000 + hour * HOUR)
}

fn names(data: &Path) -> Vec<String> {
    let mut found: Vec<_> =
        fs::read_dir(data.join("snapshots")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    found
}

fn put_on(data: &Path, store: &dyn CacheStore, hour: i64) -> Option<Taken> {
    shelve(store, &keys(), data, 2, at(hour), &mut |_| {}).unwrap()
}

#[test]
fn one_is_made_when_something_changed_and_the_oldest_goes() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled([seen("a", "s", "0", 1)]);
    assert!(put_on(dir.path(), &store, 0).is_some());
    assert!(put_on(dir.path(), &store, 1).is_none(), "nothing changed");
    for hour in 2..5 {
        store.apply(&[StoreOp::Put(seen("a", "s", &hour.to_string(), hour))]).unwrap();
        assert!(put_on(dir.path(), &store, hour).is_some());
    }
    assert_eq!(names(dir.path()), ["2026-01-05T13-00-00.000Z.snap", "2026-01-05T14-00-00.000Z.snap"]);
    assert_eq!(newest_at(dir.path()), Some(at(4)));
}

#[test]
fn a_damaged_one_is_passed_over_left_where_it_is_and_replaced_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled([seen("a", "s", "0", 1)]);
    put_on(dir.path(), &store, 0);
    store.apply(&[StoreOp::Put(seen("b", "s", "1", 2))]).unwrap();
    put_on(dir.path(), &store, 1);
    let newest = dir.path().join("snapshots/2026-01-05T11-00-00.000Z.snap");
    let mut bytes = fs::read(&newest).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&newest, &bytes).unwrap();
    let mut notes = Vec::new();
    let good = newest_good(dir.path(), &keys(), &mut notes).unwrap();
    assert_eq!((good.at, good.entries), (at(0), 1));
    assert!(notes[0].contains("is damaged in part 1"), "{notes:?}");
    let restored = MemoryStore::default();
    assert_eq!(restore_newest(&restored, dir.path(), &keys(), &mut notes).unwrap().taken, 1);
    assert_eq!(fs::read(&newest).unwrap(), bytes, "nothing damaged is deleted");
    assert!(put_on(dir.path(), &store, 2).is_some(), "the same content, but the one that has it is damaged");
    assert_eq!(newest_good(dir.path(), &keys(), &mut notes).unwrap().entries, 2);
}

#[test]
fn what_a_process_that_died_left_is_cleared_and_strangers_stay() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = dir.path().join("snapshots");
    fs::create_dir(&shelf).unwrap();
    for name in [".2026-01-05T11-00-00.000Z.snap.77-0.part", "README", "2026-02-31T00-00-00.000Z.snap"] {
        fs::write(shelf.join(name), "x").unwrap();
    }
    put_on(dir.path(), &filled(content()), 0);
    assert_eq!(names(dir.path()), ["2026-01-05T10-00-00.000Z.snap", "2026-02-31T00-00-00.000Z.snap", "README"]);
}

#[test]
fn a_clock_that_was_set_back_loses_no_new_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled([seen("a", "s", "0", 1)]);
    for (count, hour) in [9000, 9001, 1, 2].into_iter().enumerate() {
        store.apply(&[StoreOp::Put(seen("a", "s", &count.to_string(), 5))]).unwrap();
        assert!(put_on(dir.path(), &store, hour).is_some());
        assert!(names(dir.path()).len() <= 2);
        let new = dir.path().join("snapshots").join(format!("{}.snap", at(hour).to_rfc3339().replace(':', "-")));
        assert!(new.exists(), "{count}");
    }
}

#[test]
fn no_shelf_is_no_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let mut notes = Vec::new();
    assert!(newest_good(dir.path(), &keys(), &mut notes).is_none());
    assert!(restore_newest(&MemoryStore::default(), dir.path(), &keys(), &mut notes).is_none());
    assert!(notes.is_empty());
    assert_eq!(newest_at(dir.path()), None);
}
