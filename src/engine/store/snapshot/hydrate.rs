//! Taking a snapshot into a store: after all of it was verified, in batches, each whole or not at all.

use std::{fs::File, path::Path};

use super::{OnProgress, error::SnapshotError, reader::Verified};
use crate::{
    engine::store::{
        api::{CacheStore, StoreOp},
        error::StoreError,
        snapshot_key::SnapshotKeys,
    },
    fact::{Key, Observation, SourceId},
};

/// Records of one batch, and as many more as the key of the last of them has.
const BATCH: usize = 1024;
/// Batches after which what is taken is made durable: until then it waits in memory.
const DURABLE: u32 = 32;

/// What becomes of what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Of what each source says of each key the newer one stays, by when it was fetched; ours where they are of one moment.
    Merge,
    /// Afterwards the store holds what the snapshot holds and nothing else.
    Replace,
}

/// What a hydration did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hydrated {
    /// Observations in the snapshot.
    pub entries: u64,
    /// Those that were taken.
    pub taken: u64,
    /// Those that were left, because the store held them, or newer ones.
    pub kept: u64,
    /// Observations of the store that went because the snapshot does not hold them.
    pub removed: u64,
}

/// Verifies the snapshot at `path` and takes it. `told` gets every batch after the store took it.
///
/// # Errors
/// A snapshot that does not pass is refused before anything changes. [`SnapshotError::Partly`] and [`SnapshotError::Changed`] come later,
/// before anything was removed; the same call again goes on where it ended.
pub fn hydrate(
    store: &dyn CacheStore,
    keys: &SnapshotKeys,
    path: &Path,
    mode: Mode,
    progress: OnProgress<'_>,
    told: &mut dyn FnMut(Vec<StoreOp>),
) -> Result<Hydrated, SnapshotError> {
    let verified = Verified::open(path, keys, progress)?;
    take_in(store, verified, mode, progress, told)
}

/// As [`hydrate`], of a snapshot that was verified before.
///
/// # Errors
/// As for [`hydrate`].
pub fn take_in(
    store: &dyn CacheStore,
    mut verified: Verified<File>,
    mode: Mode,
    progress: OnProgress<'_>,
    told: &mut dyn FnMut(Vec<StoreOp>),
) -> Result<Hydrated, SnapshotError> {
    let entries = verified.head().entries;
    let mut taking =
        Taking { store, mode, told, batch: Vec::new(), undurable: 0, done: Hydrated { entries, ..Hydrated::default() }, ours: None };
    let mut names: Vec<(Key, SourceId)> = Vec::new();
    let outcome = verified.each("taking", progress, &mut |observation| {
        if mode == Mode::Replace {
            names.push((observation.key.clone(), observation.source.clone()));
        }
        taking.consider(observation)
    });
    let taken = taking.done.taken;
    outcome.map_err(|error| match error {
        stays @ (SnapshotError::Partly { .. } | SnapshotError::Store(_)) => stays,
        _ => SnapshotError::Changed(taken),
    })?;
    taking.apply()?;
    if mode == Mode::Replace {
        taking.remove_but(&names)?;
    }
    let taken = taking.done.taken;
    store.flush().map_err(|error| SnapshotError::Partly { taken, error })?;
    Ok(taking.done)
}

struct Taking<'a> {
    store: &'a dyn CacheStore,
    mode: Mode,
    told: &'a mut dyn FnMut(Vec<StoreOp>),
    batch: Vec<StoreOp>,
    /// Batches that are not durable yet.
    undurable: u32,
    done: Hydrated,
    /// What the store held of the key that was asked for last.
    ours: Option<(Key, Vec<Observation>)>,
}

impl Taking<'_> {
    fn consider(&mut self, theirs: Observation) -> Result<(), SnapshotError> {
        if self.ours.as_ref().is_none_or(|(key, _)| *key != theirs.key) {
            // All of a key is told at once, so that nobody weighs a part of it.
            if self.batch.len() >= BATCH {
                self.apply()?;
            }
            self.ours = Some((theirs.key.clone(), self.store.get(&theirs.key).map_err(|error| self.partly(error))?));
        }
        let held = self.ours.iter().flat_map(|(_, ours)| ours).find(|ours| ours.source == theirs.source);
        let take = held.is_none_or(|ours| match self.mode {
            Mode::Merge => age(&theirs) > age(ours),
            Mode::Replace => theirs != *ours,
        });
        if !take {
            self.done.kept += 1;
            return Ok(());
        }
        self.batch.push(StoreOp::Put(theirs));
        Ok(())
    }

    fn apply(&mut self) -> Result<(), SnapshotError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.store.apply(&self.batch).map_err(|error| self.partly(error))?;
        for op in &self.batch {
            match op {
                StoreOp::Put(_) => self.done.taken += 1,
                StoreOp::Evict(..) => self.done.removed += 1,
            }
        }
        (self.told)(std::mem::take(&mut self.batch));
        self.undurable += 1;
        if self.undurable < DURABLE {
            return Ok(());
        }
        self.undurable = 0;
        self.store.flush().map_err(|error| self.partly(error))
    }

    /// Last of all, so that whatever fails before has lost nothing. `names` is sorted.
    fn remove_but(&mut self, names: &[(Key, SourceId)]) -> Result<(), SnapshotError> {
        let mut strange = Vec::new();
        self.store.scan(&[], &mut |ours| {
            let name = (ours.key, ours.source);
            if names.binary_search(&name).is_err() {
                strange.push(name);
            }
        })?;
        for names in strange.chunks(BATCH) {
            self.batch.extend(names.iter().cloned().map(|(key, source)| StoreOp::Evict(key, source)));
            self.apply()?;
        }
        Ok(())
    }

    fn partly(&self, error: StoreError) -> SnapshotError {
        SnapshotError::Partly { taken: self.done.taken, error }
    }
}

/// What decides which of two is newer: when it was fetched, then when the origin vouched for it, then when it changed there.
fn age(observation: &Observation) -> impl Ord + use<> {
    (observation.fetched_at, observation.observed_at, observation.changed_at)
}
