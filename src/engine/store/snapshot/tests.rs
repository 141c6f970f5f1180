//! Snapshots: the same bytes for the same content, back again, and every bad one refused with nothing changed.

mod bad;
mod disk;
mod shelf;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;
use crate::{
    engine::store::{
        api::{CacheStore, StoreOp},
        memory::MemoryStore,
        snapshot_key::{SnapshotKey, SnapshotKeys},
    },
    fact::{Content, Key, Observation, SourceId, Timestamp, Value},
};

fn keys() -> SnapshotKeys {
    SnapshotKeys { store: [7; 16], keys: vec![SnapshotKey::derive(1, &[7; 16], &[9; 32]).unwrap()] }
}

/// What `by` said of `name` at second `at`.
fn seen(name: &str, by: &str, json: &str, at: i64) -> Observation {
    Observation {
        key: Key::new(name).unwrap(),
        source: SourceId::new(by).unwrap(),
        content: Content::Value(Value::from_trusted_text(json)),
        observed_at: Timestamp::from_millis(at * 1000),
        changed_at: Timestamp::from_millis(at * 1000 - 1),
        fetched_at: Timestamp::from_millis(at * 1000),
        revision: None,
        live: false,
        same_origin: None,
    }
}

fn filled(observations: impl IntoIterator<Item = Observation>) -> MemoryStore {
    let store = MemoryStore::default();
    store.apply(&observations.into_iter().map(StoreOp::Put).collect::<Vec<_>>()).unwrap();
    store
}

/// A content of several keys, sources and sizes; one value is longer than two chunks.
fn content() -> Vec<Observation> {
    let mut all: Vec<_> = (0..40).map(|at| seen(&format!("host/disk/{at}"), "host.proc", &at.to_string(), 100)).collect();
    all.push(seen("host/disk/7", "agent", "\"seven\"", 90));
    all.push(seen("host/disk/7", "zabbix", "7", 110));
    all.push(seen("a", "s", &format!("\"{}\"", "long ".repeat(40_000)), 100));
    all.push(Observation { content: Content::Absent(None), ..seen("z/gone", "s", "0", 100) });
    all
}

fn all_of(store: &dyn CacheStore) -> Vec<Observation> {
    let mut found = Vec::new();
    store.scan(&[], &mut |observation| found.push(observation)).unwrap();
    found.sort_by(|one, other| (&one.key, &one.source).cmp(&(&other.key, &other.source)));
    found
}

fn taken(store: &dyn CacheStore, path: &Path) -> Taken {
    take(store, &keys(), path, &mut |_| {}).unwrap()
}

fn hydrated(store: &dyn CacheStore, path: &Path, mode: Mode) -> Result<Hydrated, SnapshotError> {
    hydrate(store, &keys(), path, mode, &mut |_| {}, &mut |_| {})
}

#[test]
fn the_same_content_is_the_same_bytes_whatever_its_history() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    let first = filled(content());
    let second = filled(content().into_iter().rev());
    second.apply(&[StoreOp::Put(seen("was/here", "s", "1", 1)), StoreOp::Put(seen("a", "t", "1", 1))]).unwrap();
    second.put_meta("a counter", b"7").unwrap();
    let gone = |name: &str, by: &str| StoreOp::Evict(Key::new(name).unwrap(), SourceId::new(by).unwrap());
    second.apply(&[gone("was/here", "s"), gone("a", "t")]).unwrap();
    let said = taken(&first, &one);
    assert_eq!(said, taken(&second, &other));
    let bytes = fs::read(&one).unwrap();
    assert_eq!(bytes, fs::read(&other).unwrap());
    assert_eq!((said.entries, said.file_bytes), (44, bytes.len() as u64));
    assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
    second.apply(&[StoreOp::Put(seen("host/disk/3", "host.proc", "4", 100))]).unwrap();
    assert_ne!(taken(&second, &other).digest, said.digest);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside them");
}

#[test]
fn nothing_of_it_can_be_read_without_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    taken(&filled([seen("xyzzyMARKER/a", "marker-source", "\"plughMARKER\"", 1)]), &path);
    let bytes = fs::read(&path).unwrap();
    for word in ["MARKER", "marker-source"] {
        assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()));
    }
    // A plain digest would let who guesses the content know that the guess is right.
    let plain = blake3::hash(&[]);
    assert!(!bytes.windows(32).any(|part| part == plain.as_bytes()));
}

#[test]
fn golden() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    taken(&filled([seen("b", "s", "2", 20), seen("a/b", "t", "true", 10), seen("a/b", "s", "1", 10)]), &path);
    let written = fs::read(&path).unwrap();
    let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, include_str!("golden-1.hex").trim(), "the format changed: give it another version");
    assert_eq!(
        all_of(&{
            let store = MemoryStore::default();
            hydrated(&store, &path, Mode::Merge).unwrap();
            store
        })
        .len(),
        3
    );
}

#[test]
fn what_was_taken_comes_back_whole_and_a_second_time_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    taken(&filled(content()), &path);
    for mode in [Mode::Merge, Mode::Replace] {
        let store = MemoryStore::default();
        let mut told = 0;
        let first = hydrate(&store, &keys(), &path, mode, &mut |_| {}, &mut |ops| told += ops.len()).unwrap();
        assert_eq!(first, Hydrated { entries: 44, taken: 44, kept: 0, removed: 0 });
        assert_eq!(told, 44);
        let mut expected = content();
        expected.sort_by(|one, other| (&one.key, &one.source).cmp(&(&other.key, &other.source)));
        assert_eq!(all_of(&store), expected);
        assert_eq!(hydrated(&store, &path, mode).unwrap(), Hydrated { entries: 44, taken: 0, kept: 44, removed: 0 });
    }
}

#[test]
fn an_empty_store_has_a_snapshot_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    taken(&MemoryStore::default(), &path);
    let store = filled(content());
    assert_eq!(hydrated(&store, &path, Mode::Merge).unwrap().taken, 0);
    assert_eq!(all_of(&store).len(), 44);
    assert_eq!(hydrated(&store, &path, Mode::Replace).unwrap().removed, 44);
    assert!(all_of(&store).is_empty());
}

#[test]
fn merging_keeps_the_newer_of_each_and_replacing_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    taken(&filled([seen("a", "s", "\"old\"", 10), seen("b", "s", "\"new\"", 30), seen("c", "s", "\"same\"", 20)]), &path);
    let ours = || {
        filled([
            seen("a", "s", "\"newer\"", 20),
            seen("b", "s", "\"older\"", 20),
            seen("c", "s", "\"ours\"", 20),
            seen("a", "t", "\"only ours\"", 1),
        ])
    };
    let values = |store: &MemoryStore| all_of(store).iter().map(|one| one.value().unwrap().as_json_text().to_owned()).collect::<Vec<_>>();
    let store = ours();
    assert_eq!(hydrated(&store, &path, Mode::Merge).unwrap(), Hydrated { entries: 3, taken: 1, kept: 2, removed: 0 });
    assert_eq!(values(&store), ["\"newer\"", "\"only ours\"", "\"new\"", "\"ours\""]);
    let store = ours();
    assert_eq!(hydrated(&store, &path, Mode::Replace).unwrap(), Hydrated { entries: 3, taken: 3, kept: 0, removed: 1 });
    assert_eq!(values(&store), ["\"old\"", "\"new\"", "\"same\""]);
}

#[test]
fn long_work_says_how_far_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let store = filled((0..1500).map(|at| seen(&format!("k/{at}"), "s", "1", 1)));
    let mut told = Vec::new();
    take(&store, &keys(), &path, &mut |progress| told.push(progress)).unwrap();
    hydrate(&MemoryStore::default(), &keys(), &path, Mode::Merge, &mut |progress| told.push(progress), &mut |_| {}).unwrap();
    for step in ["reading", "writing", "verifying", "taking"] {
        assert!(told.contains(&Progress { step, done: 1024, total: 1500 }), "{step}: {told:?}");
    }
}
