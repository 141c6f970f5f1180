//! A disk in memory for the log, that fails as real ones do when told to: it forgets what was not synced, tears writes at sectors, loses names,
//! fills, fails, dies in the middle of anything. For tests, rehearsals and replays.
//!
//! A sync that fails is the worst one there is: what it was to write is partly lost, and later syncs succeed without it. What is lost is
//! drawn from the seed; the same calls in the same order do the same again.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::disk::{LogDisk, LogFile};
use crate::engine::{
    store::StoreError,
    world::{Rng, SeededRng},
};

/// What reaches a disk as a whole or not at all.
const SECTOR: usize = 512;

/// The disk. It outlives the processes that open it.
pub struct SimLogDisk {
    inner: Mutex<Inner>,
    rng: SeededRng,
}

/// What was done to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SimCounts {
    /// Calls that change something, syncs among them.
    pub operations: u64,
    /// Writes to files.
    pub writes: u64,
    /// Syncs of files.
    pub syncs: u64,
}

/// What was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimCopy {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The data keys it was said to need; none: every one.
    pub keys: Option<Vec<u32>>,
}

#[derive(Default)]
struct Inner {
    files: Vec<SimFile>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    name_changes: Vec<NameChange>,
    aside: Vec<SimCopy>,
    counts: SimCounts,
    /// Counts starts: a file opened before the last one is gone.
    start: u64,
    dies_at: Option<u64>,
    dead: bool,
    trouble: Option<(u64, io::ErrorKind)>,
    sync_trouble: Option<io::ErrorKind>,
    capacity: Option<u64>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Put(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Default)]
struct SimFile {
    now: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<Unsynced>,
}

enum Unsynced {
    Write(usize, Vec<u8>),
    Cut(usize),
}

impl SimFile {
    fn write(bytes: &mut Vec<u8>, at: usize, written: &[u8]) {
        if bytes.len() < at + written.len() {
            bytes.resize(at + written.len(), 0);
        }
        bytes[at..at + written.len()].copy_from_slice(written);
    }
}

impl SimLogDisk {
    /// A healthy, empty disk.
    #[must_use]
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::default(), rng: SeededRng::new(seed) })
    }

    /// As the log takes it.
    #[must_use]
    pub fn as_disk(self: &Arc<Self>) -> Arc<dyn LogDisk> {
        Arc::new(Arc::clone(self))
    }

    /// The process dies: after so many more operations, in the middle of the last one; every later call fails until [`SimLogDisk::restart`].
    pub fn die_after(&self, operations: u64) {
        let mut inner = self.inner();
        inner.dies_at = Some(inner.counts.operations + operations);
    }

    /// Whether it died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.inner().dead
    }

    /// A new process starts; what was open before is gone. With `power_lost` the machine went down too: of what was not synced, drawn sectors and
    /// the first drawn part of the changed names are there.
    pub fn restart(&self, power_lost: bool) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        inner.start += 1;
        (inner.dead, inner.dies_at) = (false, None);
        if !power_lost {
            return;
        }
        for file in &mut inner.files {
            let unsynced = std::mem::take(&mut file.unsynced);
            self.settle(&mut file.synced, unsynced);
            file.now = file.synced.clone();
        }
        let kept = self.draw(inner.name_changes.len() as u64 + 1);
        let changes = std::mem::take(&mut inner.name_changes);
        changes.into_iter().take(kept).for_each(|change| rename(&mut inner.synced_names, change));
        inner.names = inner.synced_names.clone();
        // What no name leads to any more is only memory.
        for (at, file) in inner.files.iter_mut().enumerate() {
            if !inner.names.values().any(|named| *named == at) {
                *file = SimFile::default();
            }
        }
    }

    /// From so many operations on, each is refused for this reason, syncs among them; none: no longer.
    pub fn refuse(&self, after: u64, why: Option<io::ErrorKind>) {
        let mut inner = self.inner();
        inner.trouble = why.map(|why| (inner.counts.operations + after, why));
    }

    /// The next sync of a file fails for this reason, once.
    pub fn fail_next_sync(&self, why: io::ErrorKind) {
        self.inner().sync_trouble = Some(why);
    }

    /// It is well from now on: nothing is refused, no sync is to fail, and there is room.
    pub fn mend(&self) {
        let mut inner = self.inner();
        (inner.trouble, inner.sync_trouble, inner.capacity) = (None, None, None);
    }

    /// No more bytes than these fit; none: any number.
    pub fn hold_at_most(&self, bytes: Option<u64>) {
        self.inner().capacity = bytes;
    }

    /// Bytes that are on it.
    #[must_use]
    pub fn bytes_held(&self) -> u64 {
        held(&self.inner())
    }

    /// What was done so far.
    #[must_use]
    pub fn counts(&self) -> SimCounts {
        self.inner().counts
    }

    /// What was set aside, in order.
    #[must_use]
    pub fn aside(&self) -> Vec<SimCopy> {
        self.inner().aside.clone()
    }

    /// The bytes of a file, if it is there.
    #[must_use]
    pub fn bytes_of(&self, name: &str) -> Option<Vec<u8>> {
        let inner = self.inner();
        inner.names.get(name).and_then(|at| inner.files.get(*at)).map(|file| file.now.clone())
    }

    /// Puts a file there, durably, whatever was there.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut inner = self.inner();
        inner.files.push(SimFile { now: bytes.to_vec(), synced: bytes.to_vec(), unsynced: Vec::new() });
        let at = inner.files.len() - 1;
        inner.names.insert(name.to_owned(), at);
        inner.synced_names.insert(name.to_owned(), at);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Evenly from 0 to below `end`.
    fn draw(&self, end: u64) -> usize {
        let mut bytes = [0; 8];
        self.rng.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % end.max(1)).unwrap_or(0)
    }

    /// Brings what is on disk to one of the states it may be in: each sector of each write is there or not.
    fn settle(&self, synced: &mut Vec<u8>, unsynced: Vec<Unsynced>) {
        for change in unsynced {
            match change {
                Unsynced::Write(at, bytes) => {
                    let mut from = 0;
                    while from < bytes.len() {
                        let to = bytes.len().min(((at + from) / SECTOR + 1) * SECTOR - at);
                        if self.draw(2) == 1 {
                            SimFile::write(synced, at + from, &bytes[from..to]);
                        }
                        from = to;
                    }
                }
                Unsynced::Cut(length) => {
                    if self.draw(2) == 1 {
                        synced.resize(length, 0);
                    }
                }
            }
        }
    }

    /// Counts an operation. The last one before death is refused after `half` of it is done.
    fn operate(&self, half: impl FnOnce(&mut Inner)) -> io::Result<MutexGuard<'_, Inner>> {
        let mut inner = self.inner();
        if inner.dead {
            return Err(gone());
        }
        inner.counts.operations += 1;
        if inner.dies_at.is_some_and(|at| inner.counts.operations > at) {
            inner.dead = true;
            half(&mut inner);
            return Err(gone());
        }
        match inner.trouble {
            Some((from, why)) if inner.counts.operations > from => Err(why.into()),
            _ => Ok(inner),
        }
    }

    fn operate_on(&self, file: usize, start: u64, half: impl FnOnce(&mut SimFile)) -> io::Result<MutexGuard<'_, Inner>> {
        if self.inner().start != start {
            return Err(gone());
        }
        self.operate(|inner| {
            if let Some(file) = inner.files.get_mut(file) {
                half(file);
            }
        })
    }

    fn sync(&self, file: usize, start: u64) -> io::Result<()> {
        let mut inner = self.operate_on(file, start, |_| {})?;
        inner.counts.syncs += 1;
        let why = inner.sync_trouble.take();
        let Some(file) = inner.files.get_mut(file) else { return Err(gone()) };
        match why {
            Some(why) => {
                // Lost or not, it is not written a second time.
                let unsynced = std::mem::take(&mut file.unsynced);
                self.settle(&mut file.synced, unsynced);
                Err(why.into())
            }
            None => {
                for change in std::mem::take(&mut file.unsynced) {
                    match change {
                        Unsynced::Write(at, bytes) => SimFile::write(&mut file.synced, at, &bytes),
                        Unsynced::Cut(length) => file.synced.resize(length, 0),
                    }
                }
                Ok(())
            }
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("the process is dead")
}

fn held(inner: &Inner) -> u64 {
    inner.names.values().filter_map(|at| inner.files.get(*at)).map(|file| file.now.len() as u64).sum()
}

fn rename(names: &mut BTreeMap<String, usize>, change: NameChange) {
    match change {
        NameChange::Put(name, file) => drop(names.insert(name, file)),
        NameChange::Rename(from, to) => {
            if let Some(file) = names.remove(&from) {
                names.insert(to, file);
            }
        }
        NameChange::Remove(name) => drop(names.remove(&name)),
    }
}

fn change_name(inner: &mut Inner, change: NameChange) {
    rename(&mut inner.names, change.clone());
    inner.name_changes.push(change);
}

impl LogDisk for Arc<SimLogDisk> {
    fn list(&self) -> io::Result<Vec<String>> {
        let inner = self.inner();
        if inner.dead { Err(gone()) } else { Ok(inner.names.keys().cloned().collect()) }
    }

    fn read(&self, name: &str, at_most: u64) -> io::Result<Vec<u8>> {
        if self.is_dead() {
            return Err(gone());
        }
        let mut bytes = self.bytes_of(name).ok_or(io::ErrorKind::NotFound)?;
        bytes.truncate(usize::try_from(at_most).unwrap_or(usize::MAX));
        Ok(bytes)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn LogFile>> {
        let mut inner = self.operate(|_| {})?;
        inner.files.push(SimFile::default());
        let file = inner.files.len() - 1;
        change_name(&mut inner, NameChange::Put(name.to_owned(), file));
        Ok(Box::new(SimLogFile { disk: Arc::clone(self), file, start: inner.start }))
    }

    fn open(&self, name: &str) -> io::Result<(Box<dyn LogFile>, u64)> {
        let inner = self.inner();
        if inner.dead {
            return Err(gone());
        }
        let file = *inner.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        let length = inner.files.get(file).map_or(0, |file| file.now.len() as u64);
        Ok((Box::new(SimLogFile { disk: Arc::clone(self), file, start: inner.start }), length))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut inner = self.operate(|_| {})?;
        if !inner.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        change_name(&mut inner, NameChange::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut inner = self.operate(|_| {})?;
        change_name(&mut inner, NameChange::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut inner = self.operate(|_| {})?;
        inner.name_changes.clear();
        inner.synced_names = inner.names.clone();
        Ok(())
    }

    fn keep_damaged(&self, name: &str, bytes: &[u8], keys: Option<&[u32]>) -> Result<String, StoreError> {
        let refused = |error: io::Error| StoreError::unwritable(std::path::Path::new("damaged"), &error);
        let mut inner = self.operate(|_| {}).map_err(refused)?;
        let copy = SimCopy { name: name.to_owned(), bytes: bytes.to_vec(), keys: keys.map(<[u32]>::to_vec) };
        if !inner.aside.iter().any(|there| there.name == copy.name && there.bytes == copy.bytes) {
            inner.aside.push(copy);
        }
        Ok("damaged".to_owned())
    }

    fn set_aside(&self) -> Result<String, StoreError> {
        let refused = |error: io::Error| StoreError::unwritable(std::path::Path::new("damaged"), &error);
        let mut inner = self.operate(|_| {}).map_err(refused)?;
        let names = std::mem::take(&mut inner.names);
        inner.synced_names.clear();
        inner.name_changes.clear();
        for (name, file) in names {
            let bytes = inner.files.get(file).map(|file| file.now.clone()).unwrap_or_default();
            inner.aside.push(SimCopy { name, bytes, keys: None });
        }
        Ok("damaged".to_owned())
    }

    fn place(&self) -> String {
        "the simulated log".to_owned()
    }
}

/// An open file of it.
struct SimLogFile {
    disk: Arc<SimLogDisk>,
    file: usize,
    start: u64,
}

impl SimLogFile {
    fn put(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let half = self.disk.draw(bytes.len() as u64 + 1);
        let mut inner = self.disk.operate_on(self.file, self.start, |file| {
            SimFile::write(&mut file.now, at, &bytes[..half]);
            file.unsynced.push(Unsynced::Write(at, bytes[..half].to_vec()));
        })?;
        inner.counts.writes += 1;
        let length = inner.files.get(self.file).map_or(0, |file| file.now.len());
        let more = (at + bytes.len()).saturating_sub(length) as u64;
        if inner.capacity.is_some_and(|capacity| more > 0 && held(&inner) + more > capacity) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let Some(file) = inner.files.get_mut(self.file) else { return Err(gone()) };
        SimFile::write(&mut file.now, at, bytes);
        file.unsynced.push(Unsynced::Write(at, bytes.to_vec()));
        Ok(())
    }
}

impl LogFile for SimLogFile {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.put(at, bytes)
    }

    fn make_room(&mut self, from: u64, to: u64) -> io::Result<()> {
        self.put(from, &vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(0)])
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let mut inner = self.disk.operate_on(self.file, self.start, |_| {})?;
        let Some(file) = inner.files.get_mut(self.file) else { return Err(gone()) };
        file.now.resize(length, 0);
        file.unsynced.push(Unsynced::Cut(length));
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.disk.sync(self.file, self.start)
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.disk.sync(self.file, self.start)
    }
}
