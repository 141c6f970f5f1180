//! Reads that come while something is written.

use std::{path::Path, sync::Mutex, time::Duration};

use super::*;
use crate::engine::store::{
    buffered_rows::BufferedRows,
    rows::{Backend, EachRow, RowChange, Rows},
    sled_rows::SledRows,
};

type Happens = Box<dyn FnOnce() + Send>;

/// What happens just before the next change reaches the rows.
#[derive(Clone, Default)]
struct Before(Arc<Mutex<Option<Happens>>>);

impl Before {
    fn the_next_write(&self, happens: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(happens));
    }
}

struct Interrupted(Box<dyn Rows>, Before);

impl Backend for Before {
    fn name(&self) -> &'static str {
        "sled"
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        let buffered = BufferedRows::new(Box::new(SledRows::open(dir, limit)?));
        Ok(Box::new(Interrupted(Box::new(buffered), self.clone())))
    }
}

impl Rows for Interrupted {
    fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError> {
        self.0.get(name, see)
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.0.scan_from(prefix, from, each)
    }

    fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.0.scan_back(prefix, each)
    }

    fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
        let happens = self.1.0.lock().unwrap().take();
        if let Some(happens) = happens {
            happens();
        }
        self.0.apply(changes)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.0.flush()
    }

    fn disk_bytes(&self) -> u64 {
        self.0.disk_bytes()
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        self.0.close()
    }
}

#[test]
fn what_is_written_while_others_read_is_there_for_whoever_reads_then() {
    for reads_all in [true, false] {
        for is_read_before in [true, false] {
            let place = Place::sled();
            place.filled(3);
            let before = Before::default();
            let store: Arc<dyn CacheStore> = open_with(&place.options(), &before).unwrap().store;
            if is_read_before {
                assert_eq!(scanned(&*store, &[]).len(), 3);
            }
            let beside = Arc::clone(&store);
            before.the_next_write(move || {
                if reads_all {
                    assert_eq!(scanned(&*beside, &[]).len(), 3);
                } else {
                    assert!(got(&*beside, "a").is_empty());
                }
            });
            store.apply(&[put("a", "s", "1")]).unwrap();
            assert_eq!(got(&*store, "a"), ["a s 1"], "all: {reads_all}, before: {is_read_before}");
            assert_eq!(scanned(&*store, &[]).len(), 4);
            assert!(store.verify().unwrap().complete);
        }
    }
}
