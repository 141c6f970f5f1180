//! Rows whose writes gather in memory and reach the database together: a batch of its own for every change costs it a write to the file.
//!
//! Invariants: what was applied is seen by every read at once; it reaches the database in one batch, in which the latest change of each
//! row counts, at a flush, or when a few hundred KiB wait; no read waits for that; a change that is refused leaves nothing behind; what was accepted
//! waits until the database takes it, and is seen by scans all the same; a mark that is known is that of the row as it is read. What waits is
//! lost when the process is killed: only a flush promises anything.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
};

use bytes::Bytes;

use super::{
    error::StoreError,
    laid_over::{LaidOver, WaitingRow},
    ledger::Mark,
    marks::Marks,
    rows::{EachRow, RowChange, Rows},
};

/// Bytes that may wait.
const WAITING: usize = 256 * 1024;

/// Rows over others that gathers their changes.
pub struct BufferedRows {
    /// There until it is closed.
    inner: Option<Box<dyn Rows>>,
    waiting: RwLock<Waiting>,
    /// Held by whoever changes what waits; readers need not wait for the database.
    writing: Mutex<()>,
    /// Of these rows, whether they wait or not.
    marks: Marks,
}

#[derive(Default)]
struct Waiting {
    rows: BTreeMap<Vec<u8>, Latest>,
    bytes: usize,
}

/// The latest change of a row.
struct Latest {
    bytes: Option<Bytes>,
    /// As of all the changes that wait of it.
    stays: bool,
}

impl BufferedRows {
    /// Nothing waits at first.
    pub fn new(inner: Box<dyn Rows>) -> Self {
        Self { inner: Some(inner), waiting: RwLock::default(), writing: Mutex::default(), marks: Marks::default() }
    }

    fn inner(&self) -> Result<&dyn Rows, StoreError> {
        self.inner.as_deref().ok_or(StoreError::Closed)
    }

    fn waiting(&self) -> RwLockReadGuard<'_, Waiting> {
        self.waiting.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives what waits to the database; until it has it, readers find it here.
    fn pass_on(&self, _writing: &MutexGuard<'_, ()>) -> Result<(), StoreError> {
        {
            let waiting = self.waiting();
            if waiting.rows.is_empty() {
                return Ok(());
            }
            let changes: Vec<RowChange<'_>> = waiting
                .rows
                .iter()
                .map(|(name, Latest { bytes, stays })| RowChange { name, bytes: bytes.as_deref(), shared: bytes.as_ref(), stays: *stays })
                .collect();
            self.inner()?.apply(&changes)?;
        }
        *self.waiting.write().unwrap_or_else(PoisonError::into_inner) = Waiting::default();
        Ok(())
    }
}

impl BufferedRows {
    fn scan_both(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        let waiting = self.waiting_from(prefix, prefix.max(from));
        if waiting.is_empty() {
            return self.inner()?.scan_from(prefix, from, each);
        }
        let mut both = LaidOver::forward(waiting, each);
        self.inner()?.scan_from(prefix, from, &mut |name, bytes| both.row(name, bytes))?;
        both.rest();
        Ok(())
    }

    /// What waits of a scan. A scan does not pass it on: it would wait for a disk that hangs, and fail with one that is full.
    fn waiting_from(&self, prefix: &[u8], from: &[u8]) -> Vec<WaitingRow> {
        let waiting = self.waiting();
        let rows = waiting.rows.range::<[u8], _>((Bound::Included(from), Bound::Unbounded));
        rows.take_while(|(name, _)| name.starts_with(prefix)).map(|(name, latest)| (name.clone(), latest.bytes.clone())).collect()
    }
}

impl Rows for BufferedRows {
    fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError> {
        let found = self.waiting().rows.get(name).map(|latest| latest.bytes.clone());
        match found {
            Some(bytes) => Ok(bytes.map(|bytes| see(&bytes)).is_some()),
            None => self.inner()?.get(name, see),
        }
    }

    fn mark(&self, name: &[u8]) -> Result<Option<Mark>, StoreError> {
        let Some(known) = self.marks.of(name) else { return self.read_mark(name) };
        // Every test that writes holds what is known against the row; where that cannot be read, nothing is said.
        #[cfg(test)]
        if let Ok(read) = self.read_mark(name) {
            assert_eq!(read, Some(known), "{name:?}");
        }
        Ok(Some(known))
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        if prefix.len() > 1 {
            return self.scan_both(prefix, from, each);
        }
        // All of a tree: what is written next is one of these.
        let since = self.marks.since();
        self.scan_both(prefix, from, &mut |name, bytes| {
            self.marks.learn(since, name, bytes);
            each(name, bytes)
        })
    }

    fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        let waiting = self.waiting_from(prefix, prefix);
        if waiting.is_empty() {
            return self.inner()?.scan_back(prefix, each);
        }
        let mut both = LaidOver::backward(waiting, each);
        self.inner()?.scan_back(prefix, &mut |name, bytes| both.row(name, bytes))?;
        both.rest();
        Ok(())
    }

    fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
        let writing = self.writing();
        // Before anything is taken in, so that a refusal leaves nothing of these changes.
        if self.waiting().bytes >= WAITING {
            self.pass_on(&writing)?;
        }
        let mut waiting = self.waiting.write().unwrap_or_else(PoisonError::into_inner);
        for RowChange { name, bytes, shared, stays } in changes {
            waiting.bytes += name.len() + bytes.map_or(0, <[u8]>::len);
            let bytes = shared.cloned().or_else(|| bytes.map(Bytes::copy_from_slice));
            match waiting.rows.get_mut(*name) {
                Some(known) => *known = Latest { bytes, stays: known.stays && *stays },
                None => drop(waiting.rows.insert(name.to_vec(), Latest { bytes, stays: *stays })),
            }
        }
        drop(waiting);
        self.marks.write(changes);
        Ok(())
    }

    fn fill(&self, from: &dyn Rows, without: &dyn Fn(&[u8]) -> bool) -> Result<(), StoreError> {
        self.pass_on(&self.writing())?;
        let filled = self.inner()?.fill(from, without);
        self.marks.forget();
        filled
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.pass_on(&self.writing())?;
        self.inner()?.flush()
    }

    fn disk_bytes(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| inner.disk_bytes())
    }

    fn room_to_open(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| inner.room_to_open())
    }

    fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        self.pass_on(&self.writing())?;
        self.inner.take().map_or(Ok(()), Rows::close)
    }
}

impl Drop for BufferedRows {
    fn drop(&mut self) {
        // As far as it goes: what had to be durable was flushed before.
        let _ = self.pass_on(&self.writing());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        ops::ControlFlow,
        sync::{
            Arc,
            atomic::{AtomicBool, AtomicU32, Ordering},
        },
    };

    use proptest::prelude::*;

    use super::*;

    type Held = BTreeMap<Vec<u8>, Vec<u8>>;

    /// Rows in a map that count their batches and refuse on command.
    #[derive(Default)]
    struct Map {
        held: Mutex<Held>,
        batches: AtomicU32,
        full: AtomicBool,
    }

    impl Rows for Arc<Map> {
        fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError> {
            let found = self.held.lock().unwrap().get(name).cloned();
            Ok(found.map(|bytes| see(&bytes)).is_some())
        }

        fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
            let rows: Vec<_> = self.held.lock().unwrap().clone().into_iter().collect();
            let wanted = rows.iter().filter(|(name, _)| name.starts_with(prefix) && name.as_slice() >= from);
            let _ = wanted.into_iter().try_for_each(|(name, bytes)| each(name, bytes));
            Ok(())
        }

        fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
            let rows: Vec<_> = self.held.lock().unwrap().clone().into_iter().collect();
            let wanted = rows.iter().rev().filter(|(name, _)| name.starts_with(prefix));
            let _ = wanted.into_iter().try_for_each(|(name, bytes)| each(name, bytes));
            Ok(())
        }

        fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
            if self.full.load(Ordering::SeqCst) {
                return Err(StoreError::Unwritable { path: "the map".to_owned(), cause: "full".to_owned() });
            }
            self.batches.fetch_add(1, Ordering::SeqCst);
            let mut held = self.held.lock().unwrap();
            for RowChange { name, bytes, stays, .. } in changes {
                assert!(!stays || held.contains_key(*name) && bytes.is_some(), "{name:?} does not stay");
                match bytes {
                    Some(bytes) => drop(held.insert(name.to_vec(), bytes.to_vec())),
                    None => drop(held.remove(*name)),
                }
            }
            Ok(())
        }

        fn flush(&self) -> Result<(), StoreError> {
            Ok(())
        }

        fn disk_bytes(&self) -> u64 {
            0
        }

        fn close(self: Box<Self>) -> Result<(), StoreError> {
            Ok(())
        }
    }

    fn buffered() -> (Arc<Map>, BufferedRows) {
        let map = Arc::new(Map::default());
        (Arc::clone(&map), BufferedRows::new(Box::new(map)))
    }

    fn got(rows: &dyn Rows, name: &[u8]) -> Option<Vec<u8>> {
        let mut found = None;
        let there = rows.get(name, &mut |bytes| found = Some(bytes.to_vec())).unwrap();
        assert_eq!(there, found.is_some());
        found
    }

    #[test]
    fn many_changes_reach_the_database_as_one_and_no_more_wait_than_may() {
        let (map, rows) = buffered();
        for at in 0_u32..100 {
            rows.apply(&[RowChange::new(b"a", Some(&at.to_le_bytes())), RowChange::new(b"b", None)]).unwrap();
        }
        assert_eq!(map.batches.load(Ordering::SeqCst), 0);
        assert_eq!(got(&rows, b"a"), Some(99_u32.to_le_bytes().to_vec()));
        rows.flush().unwrap();
        rows.flush().unwrap();
        assert_eq!(map.batches.load(Ordering::SeqCst), 1);
        assert_eq!(map.held.lock().unwrap().len(), 1);
        for at in 0_u32..1000 {
            rows.apply(&[RowChange::new(&at.to_le_bytes(), Some(&[0; 1024]))]).unwrap();
        }
        assert!((3..10).contains(&map.batches.load(Ordering::SeqCst)), "{:?}", map.batches);
    }

    #[test]
    fn a_refused_change_leaves_nothing_and_accepted_ones_wait_until_they_are_taken() {
        let (map, rows) = buffered();
        rows.apply(&[RowChange::new(b"a", Some(&[1; WAITING]))]).unwrap();
        map.full.store(true, Ordering::SeqCst);
        assert!(rows.apply(&[RowChange::new(b"b", Some(b"2"))]).is_err());
        assert!(rows.flush().is_err());
        assert_eq!((got(&rows, b"a").map(|bytes| bytes.len()), got(&rows, b"b")), (Some(WAITING), None));
        map.full.store(false, Ordering::SeqCst);
        rows.flush().unwrap();
        assert_eq!(map.held.lock().unwrap().keys().collect::<Vec<_>>(), [b"a"]);
    }

    #[test]
    fn a_closure_may_use_the_rows_again() {
        let (_, rows) = buffered();
        rows.apply(&[RowChange::new(b"a", Some(b"1"))]).unwrap();
        rows.scan(b"", &mut |_, _| {
            rows.apply(&[RowChange::new(b"b", Some(b"2"))]).unwrap();
            ControlFlow::Continue(())
        })
        .unwrap();
        rows.get(b"b", &mut |_| rows.apply(&[RowChange::new(b"b", None)]).unwrap()).unwrap();
        assert_eq!(got(&rows, b"b"), None);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Apply(Vec<(u8, Option<u8>)>),
        Get(u8),
        Scan(bool),
        Flush,
        Full(bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            proptest::collection::vec((0..8_u8, proptest::option::of(any::<u8>())), 0..4).prop_map(Step::Apply),
            (0..8_u8).prop_map(Step::Get),
            any::<bool>().prop_map(Step::Scan),
            Just(Step::Flush),
            any::<bool>().prop_map(Step::Full),
        ]
    }

    proptest! {
        #[test]
        fn it_reads_as_if_nothing_waited(steps in proptest::collection::vec(step(), 0..60)) {
            let (map, rows) = buffered();
            let mut model = Held::new();
            for step in steps {
                match step {
                    Step::Apply(changes) => {
                        let changes: Vec<_> = changes.into_iter().map(|(name, value)| ([name], value.map(|value| [value]))).collect();
                        let mut borrowed: Vec<RowChange<'_>> = Vec::new();
                        for (name, value) in &changes {
                            let bytes = value.as_ref().map(|value| &value[..]);
                            let before = match bytes {
                                Some(bytes) => model.insert(name.to_vec(), bytes.to_vec()),
                                None => model.remove(&name[..]),
                            };
                            borrowed.push(RowChange { name, bytes, shared: None, stays: before.is_some() && bytes.is_some() });
                        }
                        rows.apply(&borrowed).unwrap();
                    }
                    Step::Get(name) => {
                        prop_assert_eq!(got(&rows, &[name]), model.get(&[name][..]).cloned());
                        prop_assert_eq!(rows.mark(&[name]).unwrap(), model.get(&[name][..]).map(|bytes| Mark::of(bytes)));
                    }
                    Step::Scan(back) => {
                        let mut found = Vec::new();
                        let mut each = |name: &[u8], bytes: &[u8]| {
                            found.push((name.to_vec(), bytes.to_vec()));
                            ControlFlow::Continue(())
                        };
                        if back { rows.scan_back(b"", &mut each).unwrap() } else { rows.scan(b"", &mut each).unwrap() }
                        if back { found.reverse() }
                        prop_assert_eq!(found, model.clone().into_iter().collect::<Vec<_>>());
                    }
                    Step::Flush => prop_assert_eq!(rows.flush().is_err(), map.full.load(Ordering::SeqCst) && !rows.waiting().rows.is_empty()),
                    Step::Full(full) => map.full.store(full, Ordering::SeqCst),
                }
            }
        }
    }
}
