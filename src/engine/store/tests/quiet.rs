//! What reaches the database, counted.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use super::*;
use crate::engine::store::{
    buffered_rows::BufferedRows,
    open::open_with,
    rows::{Backend, EachRow, RowChange, Rows},
    sled_rows::SledRows,
};

/// sled that counts what is asked of it.
#[derive(Clone, Default)]
struct Counting {
    reads: Arc<AtomicU32>,
    scans: Arc<AtomicU32>,
    writes: Arc<AtomicU32>,
    flushes: Arc<AtomicU32>,
    closes: Arc<AtomicU32>,
}

impl Counting {
    /// Reads, scans, writes, flushes and closes since this was last asked.
    fn counts(&self) -> [u32; 5] {
        [&self.reads, &self.scans, &self.writes, &self.flushes, &self.closes].map(|count| count.swap(0, Ordering::SeqCst))
    }
}

struct Counted(Box<dyn Rows>, Counting);

impl Backend for Counting {
    fn name(&self) -> &'static str {
        "sled"
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        let counted = Counted(Box::new(SledRows::open(dir, limit)?), self.clone());
        Ok(Box::new(BufferedRows::new(Box::new(counted))))
    }
}

impl Rows for Counted {
    fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError> {
        self.1.reads.fetch_add(1, Ordering::SeqCst);
        self.0.get(name, see)
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.1.scans.fetch_add(1, Ordering::SeqCst);
        self.0.scan_from(prefix, from, each)
    }

    fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.1.scans.fetch_add(1, Ordering::SeqCst);
        self.0.scan_back(prefix, each)
    }

    fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
        self.1.writes.fetch_add(1, Ordering::SeqCst);
        self.0.apply(changes)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.1.flushes.fetch_add(1, Ordering::SeqCst);
        self.0.flush()
    }

    fn disk_bytes(&self) -> u64 {
        self.0.disk_bytes()
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        self.1.closes.fetch_add(1, Ordering::SeqCst);
        self.0.close()
    }
}

#[test]
fn a_read_after_open_writes_nothing() {
    let place = Place::sled();
    place.filled(200);
    let counting = Counting::default();
    let store = open_with(&place.options(), &counting).unwrap().store;
    assert_eq!(counting.counts(), [1, 0, 0, 0, 0], "opening reads what the database says it holds, and nothing else");
    assert_eq!(got(&*store, "host/disk/3"), ["host/disk/3 host.proc 3"]);
    assert_eq!(store.get_meta("nothing").unwrap(), None);
    assert_eq!(scanned(&*store, &[]).len(), 200);
    assert!(store.verify().unwrap().complete);
    store.flush().unwrap();
    store.close().unwrap();
    assert_eq!(counting.counts()[2..], [0, 0, 0], "writes, flushes, closes that write");
}

#[test]
fn a_key_whose_sources_are_known_is_read_by_name() {
    let place = Place::sled();
    place.filled(20);
    let counting = Counting::default();
    let store = open_with(&place.options(), &counting).unwrap().store;
    counting.counts();
    got(&*store, "host/disk/3");
    assert_eq!(counting.counts()[..2], [0, 1], "looked for");
    got(&*store, "host/disk/3");
    assert_eq!(counting.counts()[..2], [1, 0], "known from the first time");
    store.get_from(&key("host/disk/4"), &source("host.proc")).unwrap().unwrap();
    assert_eq!(counting.counts()[..2], [1, 0], "one of a source needs no looking");
    scanned(&*store, &[]);
    counting.counts();
    got(&*store, "host/disk/5");
    got(&*store, "nowhere");
    assert_eq!(counting.counts()[..2], [1, 0], "after reading all, what is not there is known too");
}

#[test]
fn puts_without_a_flush_gather_and_a_flush_writes_them_at_once() {
    let place = Place::sled();
    place.filled(1);
    let counting = Counting::default();
    let store = open_with(&place.options(), &counting).unwrap().store;
    counting.counts();
    (0..50).for_each(|at| store.apply(&[put(&format!("k/{at}"), "s", "1")]).unwrap());
    assert_eq!(counting.counts()[2..4], [0, 0]);
    assert_eq!(got(&*store, "k/7"), ["k/7 s 1"]);
    store.flush().unwrap();
    assert_eq!(counting.counts()[2..4], [1, 1], "looking for the sources of the key wrote them");
    (0..50).for_each(|at| store.apply(&[put(&format!("k/{at}"), "s", "2")]).unwrap());
    store.flush().unwrap();
    assert_eq!(counting.counts()[2..4], [1, 1]);
}
