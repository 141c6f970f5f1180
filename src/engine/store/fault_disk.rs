//! A disk in memory that fails as real ones do, when told to: it forgets what was not synced, tears the last write, fills, fails, hangs,
//! changes bytes, loses pages. For tests and rehearsals.
//!
//! A database lives in a directory by a small file that names it, so that moving the directory aside moves the database with it. Which
//! bytes are hit is drawn from the seed; the same commands in the same order do the same again.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    ops::{Bound, ControlFlow},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    error::StoreError,
    files,
    rows::{Backend, EachRow, RowChange, Rows, after_all},
};
use crate::engine::world::{Rng, SeededRng};

/// In a directory, the number of the database that is in it.
const NAME_FILE: &str = "fault-disk";

type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;
/// Name and bytes.
type Row = (Vec<u8>, Vec<u8>);

/// A disk that databases are on.
pub struct FaultDisk {
    inner: Mutex<Inner>,
    /// Told when the gate opens, and when somebody stands before it.
    gate: Condvar,
    rng: SeededRng,
}

#[derive(Default)]
struct Inner {
    images: HashMap<u64, Image>,
    /// Counts power cuts: a database opened before one is gone.
    power: u64,
    trouble: Option<io::ErrorKind>,
    closed: bool,
    waiting: u64,
    counts: Counts,
}

/// What was done to a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Batches written.
    pub writes: u64,
    /// Syncs.
    pub syncs: u64,
}

/// One database: as written, as synced, and what lies between.
#[derive(Default)]
struct Image {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    synced: BTreeMap<Vec<u8>, Vec<u8>>,
    unsynced: Vec<Batch>,
    /// Rows from the first name to before the second cannot be read.
    lost_page: Option<(Vec<u8>, Vec<u8>)>,
}

impl Image {
    fn is_lost(&self, name: &[u8]) -> bool {
        self.lost_page.as_ref().is_some_and(|(from, to)| from.as_slice() <= name && name < to.as_slice())
    }
}

impl FaultDisk {
    /// A healthy, empty disk.
    #[must_use]
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::default(), gate: Condvar::new(), rng: SeededRng::new(seed) })
    }

    /// The kind of database that is on this disk.
    #[must_use]
    pub fn backend(self: &Arc<Self>) -> FaultBackend {
        FaultBackend(Arc::clone(self))
    }

    /// From now on nothing more can be written, for this reason; none: it can again.
    pub fn refuse_writes(&self, why: Option<io::ErrorKind>) {
        self.inner().trouble = why;
    }

    /// From now on writes and syncs wait before a gate, until [`FaultDisk::open_gate`].
    pub fn close_gate(&self) {
        self.inner().closed = true;
    }

    /// Lets them through.
    pub fn open_gate(&self) {
        self.inner().closed = false;
        self.gate.notify_all();
    }

    /// Waits until somebody stands before the closed gate, for at most `limit`; answers whether somebody does.
    #[must_use]
    pub fn await_waiting(&self, limit: Duration) -> bool {
        let waited = self.gate.wait_timeout_while(self.inner(), limit, |inner| inner.closed && inner.waiting == 0);
        waited.unwrap_or_else(PoisonError::into_inner).0.waiting > 0
    }

    /// Cuts the power: of what was not synced only a drawn part of the batches is there, in order; every open database is gone. With `torn`
    /// the next one is there in part, as a database that does not notice would leave it.
    pub fn cut_power(&self, torn: bool) {
        let mut inner = self.inner();
        inner.power += 1;
        let mut names: Vec<u64> = inner.images.keys().copied().collect();
        names.sort_unstable();
        for name in names {
            let Some(image) = inner.images.get_mut(&name) else { continue };
            let unsynced = std::mem::take(&mut image.unsynced);
            let kept = self.draw(unsynced.len() as u64 + 1);
            let mut batches = unsynced.into_iter();
            for _ in 0..kept {
                batches.next().into_iter().flatten().for_each(|change| put(&mut image.synced, change));
            }
            if let Some(next) = batches.next().filter(|_| torn) {
                let part = self.draw(next.len() as u64 + 1);
                next.into_iter().take(usize::try_from(part).unwrap_or(0)).for_each(|change| put(&mut image.synced, change));
            }
            image.rows = image.synced.clone();
        }
    }

    /// Changes one bit of one row, on disk and in what is read. Answers whether there was a row.
    pub fn flip_bit(&self) -> bool {
        let mut inner = self.inner();
        let Some((name, row)) = self.some_row(&inner) else { return false };
        let Some(image) = inner.images.get_mut(&name) else { return false };
        let (at, bit) = (self.draw(u64::MAX), self.draw(8));
        for rows in [&mut image.rows, &mut image.synced] {
            if let Some(bytes) = rows.get_mut(&row).filter(|bytes| !bytes.is_empty()) {
                let at = usize::try_from(at % bytes.len() as u64).unwrap_or(0);
                bytes[at] ^= 1 << bit;
            }
        }
        true
    }

    /// From now on a drawn stretch of rows of the newest database cannot be read. Answers whether there were any.
    pub fn lose_page(&self) -> bool {
        let mut inner = self.inner();
        let Some((name, first)) = self.some_row(&inner) else { return false };
        let length = usize::try_from(1 + self.draw(20)).unwrap_or(1);
        let Some(image) = inner.images.get_mut(&name) else { return false };
        let end = image.rows.range(first.clone()..).nth(length).map_or_else(|| vec![0xFF; 8], |(name, _)| name.clone());
        image.lost_page = Some((first, end));
        true
    }

    /// What was done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.inner().counts
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Evenly from 0 to below `end`.
    fn draw(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.rng.fill(&mut bytes);
        u64::from_le_bytes(bytes) % end.max(1)
    }

    /// A row of the newest database, other than the one that counts the others.
    fn some_row(&self, inner: &Inner) -> Option<(u64, Vec<u8>)> {
        let name = inner.images.keys().copied().max()?;
        let rows = &inner.images.get(&name)?.rows;
        let many = rows.len().checked_sub(1).filter(|many| *many > 0)?;
        let at = usize::try_from(self.draw(many as u64)).ok()? + 1;
        rows.keys().nth(at).map(|row| (name, row.clone()))
    }

    /// Waits at the gate if it is closed.
    fn pass(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner();
        inner.waiting += 1;
        self.gate.notify_all();
        let mut inner = self.gate.wait_while(inner, |inner| inner.closed).unwrap_or_else(PoisonError::into_inner);
        inner.waiting -= 1;
        inner
    }
}

fn put(rows: &mut BTreeMap<Vec<u8>, Vec<u8>>, (name, bytes): (Vec<u8>, Option<Vec<u8>>)) {
    match bytes {
        Some(bytes) => drop(rows.insert(name, bytes)),
        None => drop(rows.remove(&name)),
    }
}

/// Databases on a [`FaultDisk`].
#[derive(Clone)]
pub struct FaultBackend(Arc<FaultDisk>);

impl Backend for FaultBackend {
    fn shared(&self) -> Option<Arc<dyn Backend>> {
        Some(Arc::new(Self(Arc::clone(&self.0))))
    }

    fn name(&self) -> &'static str {
        "fault-disk"
    }

    fn open(&self, dir: &Path, _: Duration) -> Result<Box<dyn Rows>, StoreError> {
        let path = dir.join(NAME_FILE);
        let named = files::read_small(&path, 32)?.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse().ok());
        let mut inner = self.0.inner();
        let name = match named {
            Some(name) => name,
            None => {
                let name = inner.images.keys().max().map_or(1, |last| last + 1);
                fs::write(&path, format!("{name}")).map_err(|error| StoreError::unwritable(&path, &error))?;
                name
            }
        };
        inner.images.entry(name).or_default();
        Ok(Box::new(FaultRows { disk: Arc::clone(&self.0), name, power: inner.power, path }))
    }
}

/// An open database on a [`FaultDisk`].
struct FaultRows {
    disk: Arc<FaultDisk>,
    name: u64,
    power: u64,
    path: PathBuf,
}

impl FaultRows {
    fn image<'a>(&self, inner: &'a mut MutexGuard<'_, Inner>) -> Result<&'a mut Image, StoreError> {
        if inner.power != self.power {
            return Err(StoreError::Closed);
        }
        inner.images.get_mut(&self.name).ok_or(StoreError::Closed)
    }

    fn willing(&self, inner: &Inner) -> Result<(), StoreError> {
        inner.trouble.map_or(Ok(()), |kind| Err(StoreError::unwritable(&self.path, &kind.into())))
    }

    /// The row after `bound`, or before it.
    fn next(&self, bound: (Bound<&[u8]>, Bound<&[u8]>), back: bool) -> Result<Option<Row>, StoreError> {
        let mut inner = self.disk.inner();
        let image = self.image(&mut inner)?;
        let mut rows = image.rows.range::<[u8], _>(bound);
        let Some((name, bytes)) = (if back { rows.next_back() } else { rows.next() }) else { return Ok(None) };
        if image.is_lost(name) { Err(lost()) } else { Ok(Some((name.clone(), bytes.clone()))) }
    }
}

fn lost() -> StoreError {
    StoreError::Damaged("a page of the fault disk cannot be read".to_owned())
}

impl Rows for FaultRows {
    fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError> {
        let found = {
            let mut inner = self.disk.inner();
            let image = self.image(&mut inner)?;
            if image.is_lost(name) {
                return Err(lost());
            }
            image.rows.get(name).cloned()
        };
        Ok(found.map(|bytes| see(&bytes)).is_some())
    }

    fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        let mut last: Option<Vec<u8>> = None;
        loop {
            let start = last.as_deref().map_or(Bound::Included(prefix.max(from)), Bound::Excluded);
            let Some((name, bytes)) = self.next((start, Bound::Unbounded), false)? else { return Ok(()) };
            if !name.starts_with(prefix) || each(&name, &bytes) == ControlFlow::Break(()) {
                return Ok(());
            }
            last = Some(name);
        }
    }

    fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        let mut first = after_all(prefix);
        loop {
            let end = first.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let Some((name, bytes)) = self.next((Bound::Included(prefix), end), true)? else { return Ok(()) };
            if each(&name, &bytes) == ControlFlow::Break(()) {
                return Ok(());
            }
            first = Some(name);
        }
    }

    fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
        let mut inner = self.disk.pass();
        self.willing(&inner)?;
        inner.counts.writes += 1;
        let batch: Batch = changes.iter().map(|change| (change.name.to_vec(), change.bytes.map(<[u8]>::to_vec))).collect();
        let image = self.image(&mut inner)?;
        batch.iter().cloned().for_each(|change| put(&mut image.rows, change));
        image.unsynced.push(batch);
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        let mut inner = self.disk.pass();
        self.willing(&inner)?;
        inner.counts.syncs += 1;
        let image = self.image(&mut inner)?;
        std::mem::take(&mut image.unsynced).into_iter().flatten().for_each(|change| put(&mut image.synced, change));
        Ok(())
    }

    fn disk_bytes(&self) -> u64 {
        let mut inner = self.disk.inner();
        self.image(&mut inner).map_or(0, |image| image.rows.iter().map(|(name, bytes)| (name.len() + bytes.len()) as u64).sum())
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}
