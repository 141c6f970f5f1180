//! The disk fills, something stands in the way, the content moves: the old snapshot stays and nothing is left beside it.

use std::{
    fs::File,
    io::{self, Write},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    super::{
        gather::gather,
        take::{Target, write_through},
    },
    *,
};
use crate::engine::store::{StoreError, StoreStats, VerifyReport};

/// A file on a disk with so many bytes left; with none left even the sync fails.
struct Full {
    file: File,
    left: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.file.write(&bytes[..bytes.len().min(self.left)])?;
        self.left -= written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Target for Full {
    fn sync(&self) -> io::Result<()> {
        if self.left == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

#[test]
fn a_disk_that_fills_at_any_moment_leaves_the_old_one_and_no_half_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    taken(&filled([seen("old", "s", "1", 1)]), &path);
    let old = fs::read(&path).unwrap();
    let store = filled(content());
    let gathered = gather(&store, &keys(), &mut |_| {}).unwrap();
    let length = usize::try_from(gathered.head.file_len().unwrap()).unwrap();
    for left in [0, 1, 76, 77, 78, 1000, 65_536, 70_000, 140_000, length - 1, length] {
        let error = write_through(&store, &gathered, &path, &mut |_| {}, |file| Full { file, left }).unwrap_err();
        assert!(error.to_string().contains("free some space"), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        assert_eq!(error.code(), "store_unwritable");
        assert_eq!(fs::read(&path).unwrap(), old, "{left} bytes left");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
    write_through(&store, &gathered, &path, &mut |_| {}, |file| Full { file, left: length + 1 }).unwrap();
    assert_eq!(fs::read(&path).unwrap().len(), length);
}

#[test]
fn only_a_snapshot_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(content());
    let path = dir.path().join("notes.txt");
    fs::write(&path, "stlrs and other notes").unwrap();
    assert_eq!(take(&store, &keys(), &path, &mut |_| {}), Err(SnapshotError::Occupied));
    assert_eq!(fs::read_to_string(&path).unwrap(), "stlrs and other notes");
    assert_eq!(take(&store, &keys(), dir.path(), &mut |_| {}), Err(SnapshotError::Occupied));
    assert_eq!(take(&store, &keys(), Path::new("/dev/null"), &mut |_| {}), Err(SnapshotError::Occupied));
    fs::write(&path, "").unwrap();
    taken(&store, &path);
    taken(&store, &path);
    let error = take(&store, &keys(), &dir.path().join("none/s"), &mut |_| {}).unwrap_err();
    assert_eq!(error.code(), "store_unwritable");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// A store that changes one of its values, adds or drops one after it was scanned so often.
struct Moving {
    inner: MemoryStore,
    scans: AtomicU64,
    then: StoreOp,
}

impl CacheStore for Moving {
    fn get(&self, key: &Key) -> Result<Vec<Observation>, StoreError> {
        self.inner.get(key)
    }
    fn apply(&self, ops: &[StoreOp]) -> Result<(), StoreError> {
        self.inner.apply(ops)
    }
    fn scan(&self, segments: &[&str], each: &mut dyn FnMut(Observation)) -> Result<(), StoreError> {
        self.inner.scan(segments, each)?;
        if self.scans.fetch_add(1, Ordering::Relaxed) == 0 { self.inner.apply(std::slice::from_ref(&self.then)) } else { Ok(()) }
    }
    fn get_meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get_meta(name)
    }
    fn put_meta(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.inner.put_meta(name, bytes)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.inner.flush()
    }
    fn stats(&self) -> StoreStats {
        self.inner.stats()
    }
    fn verify(&self) -> Result<VerifyReport, StoreError> {
        self.inner.verify()
    }
    fn close(&self) -> Result<(), StoreError> {
        self.inner.close()
    }
}

#[test]
fn content_that_moves_is_noticed_and_the_next_try_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let evicted = StoreOp::Evict(Key::new("a").unwrap(), SourceId::new("s").unwrap());
    for then in [StoreOp::Put(seen("host/disk/7", "agent", "8", 91)), StoreOp::Put(seen("host/disk/7", "new", "7", 1)), evicted] {
        let store = Moving { inner: filled(content()), scans: AtomicU64::new(0), then };
        assert_eq!(take(&store, &keys(), &path, &mut |_| {}), Err(SnapshotError::Moved));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        taken(&store, &path);
        let other = MemoryStore::default();
        hydrated(&other, &path, Mode::Merge).unwrap();
        assert_eq!(all_of(&other), all_of(&store));
        fs::remove_file(&path).unwrap();
    }
}
