//! The way back: probe the disk, open it again, write back what memory has, let it serve.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError},
    time::Duration,
};

use super::{Failover, state::Over};
use crate::engine::store::{
    api::{CacheStore, StoreOp},
    error::StoreError,
    memory::MemoryStore,
    standing::Turn,
};

/// The longest between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How many changes are written back at once.
const AT_ONCE: usize = 1000;
/// After so many rounds writers wait until the last one is through.
const FREE_ROUNDS: u32 = 3;

impl Failover {
    /// As [`CacheStore::heal`].
    pub(super) fn heal_if_due(&self) -> Option<Duration> {
        let due = self.look().over.as_ref()?.next_try;
        let now = self.clock.monotonic();
        if now < due {
            return Some(due.saturating_sub(now));
        }
        let Ok(_one) = self.healing.try_lock() else { return Some(super::FIRST_PAUSE) };
        let why = self.go_back().err()?;
        let mut state = self.change();
        let over = state.over.as_mut()?;
        over.why = why;
        over.pause = (over.pause * 2).min(LONGEST_PAUSE);
        over.next_try = self.clock.monotonic() + over.pause;
        Some(over.pause)
    }

    /// Tries once, due or not; answers why the disk still does not serve.
    pub(super) fn try_now(&self) -> Option<StoreError> {
        self.look().over.as_ref()?;
        let _one = self.healing.lock().unwrap_or_else(PoisonError::into_inner);
        self.go_back().err()
    }

    fn go_back(&self) -> Result<(), StoreError> {
        let Some(began) = self.look().over.as_ref().map(|over| over.began) else { return Ok(()) };
        self.primary.probe()?;
        // What the disk has must be readable without it while it is opened again.
        let base = self.base();
        let old = {
            let _order = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            self.change().primary.take()
        };
        // Not closed: a store that failed is not to be told that all is well.
        drop(old);
        let opened = self.primary.open()?;
        let written_back = self.write_back(&base, &opened.store).inspect_err(|_| {
            // It can be read at least.
            self.change().primary = Some(Arc::clone(&opened.store));
        })?;
        let after = self.clock.monotonic().saturating_sub(began);
        // That it was not closed is no news to who did not close it.
        let notes = if opened.set_aside { opened.notes } else { Vec::new() };
        self.turn(Turn::Recovered { after, written_back, rebuilt: opened.set_aside, notes });
        Ok(())
    }

    /// Brings the disk to what memory has; at the end of it the disk is in place and nothing is missing from it.
    fn write_back(&self, base: &MemoryStore, disk: &Arc<dyn CacheStore>) -> Result<u64, StoreError> {
        let missing = self.missing(base, disk.as_ref())?;
        apply(disk.as_ref(), &missing)?;
        let mut round = 0;
        loop {
            let _order = (round >= FREE_ROUNDS).then(|| self.writing.lock().unwrap_or_else(PoisonError::into_inner));
            let (ops, documents, changes) = {
                let state = self.look();
                let Some(Over { overlay, .. }) = &state.over else { return Err(StoreError::Closed) };
                (overlay.ops(), overlay.documents(), overlay.changes())
            };
            apply(disk.as_ref(), &ops)?;
            documents.iter().try_for_each(|(name, bytes)| disk.put_meta(name, bytes))?;
            disk.checkpoint()?;
            let mut state = self.change();
            if state.over.as_ref().is_some_and(|over| over.overlay.changes() == changes) {
                state.primary = Some(Arc::clone(disk));
                state.over = None;
                return Ok((missing.len() + ops.len() + documents.len()) as u64);
            }
            round += 1;
        }
    }

    /// What memory had before and the disk has not, other than what changed since.
    fn missing(&self, base: &MemoryStore, disk: &dyn CacheStore) -> Result<Vec<StoreOp>, StoreError> {
        let mut there = HashSet::new();
        disk.scan(&[], &mut |observation| {
            there.insert((observation.key, observation.source));
        })?;
        let mut missing = Vec::new();
        let state = self.look();
        let changed = state.over.as_ref().map(|over| &over.overlay);
        base.scan(&[], &mut |observation| {
            let covered = changed.is_some_and(|changed| changed.covers(&observation.key, &observation.source));
            if !covered && !there.contains(&(observation.key.clone(), observation.source.clone())) {
                missing.push(StoreOp::Put(observation));
            }
        })?;
        Ok(missing)
    }
}

fn apply(disk: &dyn CacheStore, ops: &[StoreOp]) -> Result<(), StoreError> {
    ops.chunks(AT_ONCE).try_for_each(|some| disk.apply(some))
}
