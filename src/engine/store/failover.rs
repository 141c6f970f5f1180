//! The store that goes on when its disk does not: memory serves while the disk is full, failing, read-only or damaged, and the disk takes
//! over again when it is well.
//!
//! Invariants: what the disk took and did not sync is in memory until it is synced, so no change that was answered is forgotten by going
//! over; a read never waits for a write, a sync or a repair; [`CacheStore::apply_durably`] is never answered from memory; nothing is tried
//! on a disk that does not take a probe.
//!
//! It does not decide when to try again by itself: whoever runs it calls [`CacheStore::heal`].

mod heal;
mod keeping;
mod overlay;
mod primary;
mod state;

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use super::{
    api::{CacheStore, Compacted, Quarantined, StoreOp, StoreStats, VerifyReport},
    error::StoreError,
    key_keeper::KeyKeeper,
    log_keys::LogSealer,
    memory::MemoryStore,
    names,
    snapshot_key::SnapshotKeys,
    standing::{Standing, Turn},
};
use crate::{
    engine::world::Clock,
    fact::{Key, Observation, SourceId},
};
use overlay::Overlay;
use state::{Over, State};

pub use primary::{Primary, open_over, open_resilient};

/// Before the disk is tried for the first time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// A store around another that may fail.
pub struct Failover {
    primary: Box<dyn Primary>,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    /// Held by whoever writes, so that writes reach memory in the order they reached the disk. Readers never take it.
    writing: Mutex<()>,
    /// Held by whoever syncs: what one sync is about is not another's.
    syncing: Mutex<()>,
    /// Held by whoever heals, and by whoever changes keys: a store is not opened again while what went before it is at its keyslots.
    healing: Mutex<()>,
    /// Held by whoever brings what the disk has into memory.
    gathering: Mutex<()>,
    turns: Mutex<Vec<Turn>>,
    woken: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// Who answers a read.
enum Reader {
    Disk(Arc<dyn CacheStore>),
    Memory,
}

impl Failover {
    /// A store around `primary`, which was opened as `opened`; none: it could not be, and why.
    #[must_use]
    pub fn new(primary: Box<dyn Primary>, opened: Result<Arc<dyn CacheStore>, StoreError>, clock: Arc<dyn Clock>) -> Self {
        let failover = Self {
            primary,
            clock,
            state: RwLock::default(),
            writing: Mutex::default(),
            syncing: Mutex::default(),
            healing: Mutex::default(),
            gathering: Mutex::default(),
            turns: Mutex::default(),
            woken: OnceLock::new(),
        };
        match opened {
            Ok(store) => failover.change().primary = Some(store),
            Err(why) => failover.go_over(&why),
        }
        failover
    }

    fn look(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, turn: Turn) {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).push(turn);
        if let Some(wake) = self.woken.get() {
            wake();
        }
    }

    /// Memory serves from now on, unless it does already.
    fn go_over(&self, why: &StoreError) {
        {
            let mut state = self.change();
            if state.over.is_some() || state.closed {
                return;
            }
            let mut overlay = std::mem::take(&mut state.syncing);
            overlay.absorb(std::mem::take(&mut state.unsynced));
            let began = self.clock.monotonic();
            state.over = Some(Over {
                since: self.clock.now(),
                began,
                why: why.clone(),
                base: None,
                overlay,
                next_try: began + FIRST_PAUSE,
                pause: FIRST_PAUSE,
            });
        }
        self.turn(Turn::FailedOver { why: why.to_string() });
    }

    /// Whether what the store said means that the disk failed and memory shall serve; goes over if so.
    fn failed<T>(&self, outcome: &Result<T, StoreError>, store: &dyn CacheStore) -> bool {
        let why = match outcome {
            Err(why @ (StoreError::Unwritable { .. } | StoreError::Damaged(_))) => why.clone(),
            Err(_) => return false,
            Ok(_) => match store.ailing() {
                Some(why) => why,
                None => return false,
            },
        };
        self.go_over(&why);
        true
    }

    fn reader(&self) -> Result<Reader, StoreError> {
        let state = self.look();
        match (&state.over, &state.primary) {
            _ if state.closed => Err(StoreError::Closed),
            (None, Some(primary)) => Ok(Reader::Disk(Arc::clone(primary))),
            _ => Ok(Reader::Memory),
        }
    }

    /// What was there before memory took over, brought into memory if it is not.
    fn base(&self) -> Arc<MemoryStore> {
        let known = || self.look().over.as_ref().and_then(|over| over.base.clone());
        if let Some(base) = known() {
            return base;
        }
        let _one = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(base) = known() {
            return base;
        }
        let primary = self.look().primary.clone();
        let base = Arc::new(self.gather(primary.as_deref()));
        if let Some(over) = &mut self.change().over {
            over.base = Some(Arc::clone(&base));
        }
        base
    }

    /// Everything that can still be read; what cannot, from the newest snapshot.
    fn gather(&self, primary: Option<&dyn CacheStore>) -> MemoryStore {
        let memory = MemoryStore::default();
        // In memory nothing refuses.
        let mut keep = |observation: Observation| drop(memory.apply(&[StoreOp::Put(observation)]));
        let whole = primary.is_some_and(|primary| primary.scan(&[], &mut keep).is_ok() && primary.ailing().is_none());
        if !whole {
            let entries = self.primary.restore(&memory);
            if entries > 0 {
                self.turn(Turn::Restored { entries });
            }
        }
        memory
    }

    fn get_from_memory(&self, key: &Key) -> Result<Vec<Observation>, StoreError> {
        let readable = {
            let state = self.look();
            state
                .primary
                .clone()
                .filter(|primary| state.over.as_ref().is_some_and(|over| over.base.is_none()) && primary.ailing().is_none())
        };
        let below = readable.and_then(|primary| primary.get(key).ok().filter(|_| primary.ailing().is_none()));
        let below = match below {
            Some(below) => below,
            None => self.base().get(key)?,
        };
        let primary = {
            let state = self.look();
            match (&state.over, &state.primary) {
                (Some(over), _) => return Ok(over.overlay.over(key, below)),
                (None, primary) => primary.clone(),
            }
        };
        // The disk came back meanwhile.
        primary.map_or(Err(StoreError::Closed), |primary| primary.get(key))
    }

    fn scan_memory(&self, segments: &[&str], each: &mut dyn FnMut(Observation)) -> Result<(), StoreError> {
        let base = self.base();
        let mut found = Vec::new();
        {
            let state = self.look();
            let covered = |observation: &Observation| {
                state.over.as_ref().is_some_and(|over| over.overlay.covers(&observation.key, &observation.source))
            };
            base.scan(segments, &mut |observation| {
                if !covered(&observation) {
                    found.push(observation);
                }
            })?;
            let added = state.over.iter().flat_map(|over| over.overlay.observations());
            found.extend(added.filter(|observation| names::starts_with(&observation.key, segments)).cloned());
        }
        found.into_iter().for_each(each);
        Ok(())
    }

    /// Writes through `write`, and where the disk refuses, to memory through `note`.
    fn write(&self, write: impl FnOnce(&dyn CacheStore) -> Result<(), StoreError>, note: impl Fn(&mut Overlay)) -> Result<(), StoreError> {
        let _order = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Reader::Disk(primary) = self.reader()? {
            let written = write(primary.as_ref());
            if !self.failed(&written, primary.as_ref()) {
                written?;
            }
        }
        let mut state = self.change();
        let State { over, unsynced, .. } = &mut *state;
        note(over.as_mut().map_or(unsynced, |over| &mut over.overlay));
        Ok(())
    }

    fn sync(&self, sync: impl FnOnce(&dyn CacheStore) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let _one = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let Reader::Disk(primary) = self.reader()? else { return Ok(()) };
        {
            let mut state = self.change();
            let begun = std::mem::take(&mut state.unsynced);
            state.syncing.absorb(begun);
        }
        let synced = sync(primary.as_ref());
        if self.failed(&synced, primary.as_ref()) {
            return Ok(());
        }
        synced?;
        self.change().syncing = Overlay::default();
        Ok(())
    }
}

impl CacheStore for Failover {
    fn get(&self, key: &Key) -> Result<Vec<Observation>, StoreError> {
        if let Reader::Disk(primary) = self.reader()? {
            let found = primary.get(key);
            if !self.failed(&found, primary.as_ref()) {
                return found;
            }
        }
        self.get_from_memory(key)
    }

    fn apply(&self, ops: &[StoreOp]) -> Result<(), StoreError> {
        self.write(|primary| primary.apply(ops), |overlay| overlay.note(ops))
    }

    fn apply_durably(&self, ops: &[StoreOp]) -> Result<(), StoreError> {
        let _order = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let primary = match self.reader()? {
            Reader::Disk(primary) => primary,
            Reader::Memory => return Err(self.refusal()),
        };
        let written = primary.apply_durably(ops);
        if !self.failed(&written, primary.as_ref()) && written.is_ok() {
            // Else an older change that waits for its sync would count as the later one.
            self.change().unsynced.note(ops);
        }
        written
    }

    fn scan(&self, segments: &[&str], each: &mut dyn FnMut(Observation)) -> Result<(), StoreError> {
        let Reader::Disk(primary) = self.reader()? else { return self.scan_memory(segments, each) };
        let hasher = RandomState::new();
        let mut given = HashSet::new();
        let scanned = primary.scan(segments, &mut |observation| {
            given.insert(hasher.hash_one((&observation.key, &observation.source)));
            each(observation);
        });
        if !self.failed(&scanned, primary.as_ref()) {
            return scanned;
        }
        self.scan_memory(segments, &mut |observation| {
            if given.insert(hasher.hash_one((&observation.key, &observation.source))) {
                each(observation);
            }
        })
    }

    fn get_meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (primary, noted) = {
            let state = self.look();
            if state.closed {
                return Err(StoreError::Closed);
            }
            (state.primary.clone(), state.over.as_ref().and_then(|over| over.overlay.document(name).cloned()))
        };
        let (None, Some(primary)) = (&noted, primary) else { return Ok(noted) };
        let found = primary.get_meta(name);
        // A document is remembered only as a convenience: where it cannot be read there is none.
        if self.failed(&found, primary.as_ref()) { Ok(found.ok().flatten()) } else { found }
    }

    fn put_meta(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(|primary| primary.put_meta(name, bytes), |overlay| overlay.note_document(name, bytes))
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.sync(|primary| primary.flush())
    }

    fn checkpoint(&self) -> Result<(), StoreError> {
        self.sync(|primary| primary.checkpoint())
    }

    fn window_due(&self) -> Option<u64> {
        let Ok(Reader::Disk(primary)) = self.reader() else { return None };
        primary.window_due()
    }

    fn outdate_window(&self) -> Result<(), StoreError> {
        // Where the disk is left alone the log is refused by it, too.
        let Ok(Reader::Disk(primary)) = self.reader() else { return Ok(()) };
        primary.outdate_window()
    }

    fn keep_window(&self, write: u64, body: &[u8]) -> Result<(), StoreError> {
        let Reader::Disk(primary) = self.reader()? else { return Ok(()) };
        // A convenience: a disk that refuses it says so again where it matters.
        primary.keep_window(write, body)
    }

    fn standing(&self) -> Option<Standing> {
        let state = self.look();
        let over = state.over.as_ref()?;
        let damaged = matches!(over.why, StoreError::Damaged(_));
        Some(Standing { since: over.since, why: over.why.to_string(), damaged, waiting: over.overlay.len() })
    }

    fn heal(&self) -> Option<Duration> {
        self.heal_if_due()
    }

    fn take_turns(&self) -> Vec<Turn> {
        std::mem::take(&mut *self.turns.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn on_turn(&self, wake: Box<dyn Fn() + Send + Sync>) {
        let _ = self.woken.set(wake);
    }

    fn compact(&self, without: &[(Key, SourceId)]) -> Result<Compacted, StoreError> {
        let _order = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.reader()? {
            // Given up it has changed nothing: that the disk had no room for a copy is no failure of the disk.
            Reader::Disk(primary) => {
                let compacted = primary.compact(without)?;
                let gone: Vec<_> = without.iter().map(|(key, source)| StoreOp::Evict(key.clone(), source.clone())).collect();
                // Else what was put and not yet synced would come back when memory serves.
                self.change().unsynced.note(&gone);
                Ok(compacted)
            }
            Reader::Memory => Err(self.refusal()),
        }
    }

    fn take_quarantined(&self) -> Vec<Quarantined> {
        self.look().primary.as_ref().map(|primary| primary.take_quarantined()).unwrap_or_default()
    }

    fn snapshot_keys(&self) -> Option<SnapshotKeys> {
        let primary = self.look().primary.clone();
        primary.map_or_else(|| self.primary.snapshot_keys(), |primary| primary.snapshot_keys())
    }

    fn log_sealer(&self) -> Option<Arc<dyn LogSealer>> {
        self.primary.log_sealer()
    }

    fn keys(&self) -> Option<&dyn KeyKeeper> {
        let sealed = self.look().primary.as_ref().is_some_and(|primary| primary.keys().is_some());
        sealed.then_some(self)
    }

    fn stats(&self) -> StoreStats {
        let state = self.look();
        let disk = state.primary.as_ref().map(|primary| primary.stats());
        match state.over.as_ref().and_then(|over| over.base.as_ref()) {
            Some(base) => StoreStats { quarantined: disk.unwrap_or_default().quarantined, ..base.stats() },
            None => disk.unwrap_or_default(),
        }
    }

    fn verify(&self) -> Result<VerifyReport, StoreError> {
        match self.reader()? {
            Reader::Disk(primary) => primary.verify(),
            Reader::Memory => Err(self.refusal()),
        }
    }

    fn close(&self) -> Result<(), StoreError> {
        if self.look().closed {
            return Ok(());
        }
        let said = self.try_now().is_some();
        let _order = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let primary = {
            let mut state = self.change();
            state.closed = true;
            state.over = None;
            state.primary.take()
        };
        let closed = primary.map_or(Ok(()), |primary| primary.close());
        self.primary.release();
        // That the disk does not serve was said when it began, and every answer since was given knowing it.
        if said { Ok(()) } else { closed }
    }
}

impl Failover {
    /// Why nothing durable can be done now.
    fn refusal(&self) -> StoreError {
        match self.look().over.as_ref().map(|over| over.why.clone()) {
            Some(StoreError::Damaged(why)) => {
                StoreError::Unwritable { path: "the cache".to_owned(), cause: format!("it is damaged and being rebuilt: {why}") }
            }
            Some(why) => why,
            None => StoreError::Closed,
        }
    }
}
