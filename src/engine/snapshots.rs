//! Snapshots of a running engine: asked for by a person, made by schedule, taken in.
//!
//! A snapshot is made while everything goes on; where the content keeps moving, the writes wait for one. What a hydration takes goes to
//! the disk first and into memory batch by batch, on the thread that writes.

use std::{path::Path, sync::Arc, time::Duration};

use crate::fact::Timestamp;

use super::{
    api::{EngineError, EngineEvent},
    cache_event::{CacheEvent, HydratedFrom},
    core::Core,
    following::Follower,
    store::{CacheStore, Hydrated, Mode, Progress, SnapshotError, SnapshotKeys, Taken, Verified, snapshots},
};

/// How often it is tried beside the writes, before they wait.
const BESIDE: usize = 2;
/// How long a new engine waits before its first scheduled snapshot at least: it has sources to ask first.
const SETTLE: Duration = Duration::from_secs(60);

/// Whom long work tells how far it is.
pub type Told = Box<dyn FnMut(Progress) + Send>;

impl Core {
    /// Writes a snapshot to `path`.
    pub(super) async fn snapshot(self: &Arc<Self>, path: &Path, progress: Told) -> Result<Taken, EngineError> {
        let at = path.to_owned();
        let outcome =
            self.unmoved(progress, move |store, keys, told| snapshots::take(store, keys, &at, &mut |progress| told(progress))).await;
        outcome.map_err(|error| EngineError::Snapshot { file: path.to_owned(), error })
    }

    /// Puts a snapshot of this moment on the shelf, if anything changed since the newest one.
    pub(super) async fn shelve(self: &Arc<Self>, now: Timestamp) -> Result<Option<Taken>, SnapshotError> {
        let data_dir = self.options.data_dir.clone();
        let kept = usize::try_from(self.options.config.cache.snapshots_kept).unwrap_or(usize::MAX);
        self.unmoved(Box::new(|_| {}), move |store, keys, told| {
            snapshots::shelve(store, keys, &data_dir, kept, now, &mut |progress| told(progress))
        })
        .await
    }

    /// Runs work on the store that must not see it move: beside the writes first, in their place when that keeps failing.
    async fn unmoved<T: Send + 'static>(
        self: &Arc<Self>,
        mut told: Told,
        work: impl Fn(&dyn CacheStore, &SnapshotKeys, &mut Told) -> Result<T, SnapshotError> + Send + Sync + 'static,
    ) -> Result<T, SnapshotError> {
        let keys = self.store.snapshot_keys().ok_or(SnapshotError::NoKey)?;
        let work = Arc::new(work);
        for _ in 0..BESIDE {
            let (store, keys, work) = (Arc::clone(&self.store), keys.clone(), Arc::clone(&work));
            let beside = tokio::task::spawn_blocking(move || {
                let outcome = work(store.as_ref(), &keys, &mut told);
                (outcome, told)
            });
            let outcome;
            (outcome, told) = beside.await.map_err(|_| gone())?;
            if !matches!(outcome, Err(SnapshotError::Moved)) {
                return outcome;
            }
        }
        self.writer()?.work(move |store| work(store, &keys, &mut told)).await?
    }

    /// Verifies the snapshot at `path` and takes it in.
    pub(super) async fn hydrate(self: &Arc<Self>, path: &Path, mode: Mode, progress: Told) -> Result<Hydrated, EngineError> {
        let refused = |error| EngineError::Snapshot { file: path.to_owned(), error };
        // One that is refused here has moved nothing, so nothing is told and no history of it is kept: the disk stays as it was.
        let (verified, progress) = self.verified(path, progress).await.map_err(refused)?;
        let hydrated = self.take_in(verified, mode, progress).await.map_err(refused);
        // Even where it ended in the middle, what was taken is there: sources must not vouch for what they did not say.
        self.sources.iter().for_each(|slot| slot.source.forget());
        self.tell_everything(self.now());
        let hydrated = hydrated?;
        self.emit_cache(CacheEvent::Hydrated { entries: hydrated.taken, from: HydratedFrom::Snapshot });
        if mode == Mode::Replace && hydrated.removed > 0 {
            self.require_resync(None);
        }
        Ok(hydrated)
    }

    /// Reads all of it and finds it whole; changes nothing.
    async fn verified(&self, path: &Path, mut told: Told) -> Result<(Verified, Told), SnapshotError> {
        self.load()?;
        let keys = self.store.snapshot_keys().ok_or(SnapshotError::NoKey)?;
        let at = path.to_owned();
        // Nothing waits for this: most bad snapshots are found here.
        let verifying = tokio::task::spawn_blocking(move || {
            let verified = snapshots::verify(&at, &keys, &mut |progress| told(progress));
            (verified, told)
        });
        let (verified, told) = verifying.await.map_err(|_| gone())?;
        Ok((verified?, told))
    }

    async fn take_in(self: &Arc<Self>, verified: Verified, mode: Mode, mut told: Told) -> Result<Hydrated, SnapshotError> {
        let follower = Follower::new(self);
        let take = move |store: &dyn CacheStore| {
            let taken = snapshots::take_in(store, verified, mode, &mut |progress| told(progress), &mut |ops| follower.take(ops));
            // In the place of writes: what is written next is told after it.
            if follower.end() { taken } else { Err(gone()) }
        };
        self.writer()?.work(take).await?
    }

    /// Makes snapshots by schedule, as long as the engine runs.
    pub(super) async fn run_snapshots(self: Arc<Self>) {
        let every = self.options.config.cache.snapshot_every;
        if self.options.config.cache.snapshots_kept == 0 || self.store.snapshot_keys().is_none() {
            return;
        }
        tokio::time::sleep(SETTLE.min(every)).await;
        let mut last = snapshots::newest_at(&self.options.data_dir);
        loop {
            tokio::time::sleep(wait(last, every, self.now())).await;
            last = Some(self.now());
            // Memory may hold less than the disk does: such a snapshot would push out a better one.
            if self.store.standing().is_some() {
                continue;
            }
            match self.shelve(self.now()).await {
                Ok(Some(taken)) => tracing::info!(entries = taken.entries, bytes = taken.file_bytes, "snapshot made"),
                Ok(None) => tracing::debug!("no snapshot: nothing changed since the newest one"),
                Err(error) => self.events.emit(self.now(), EngineEvent::Fault(format!("the scheduled snapshot was not made: {error}"))),
            }
        }
    }
}

/// How long until the next one. A date in the future, from before a clock was set back, waits no longer than any other.
fn wait(last: Option<Timestamp>, every: Duration, now: Timestamp) -> Duration {
    last.map_or(Duration::ZERO, |last| last.plus(every).since(now)).min(every)
}

fn gone() -> SnapshotError {
    SnapshotError::Unreadable("the work on it ended inside stellar, which is a bug worth reporting".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_is_due_an_interval_after_the_last_and_at_once_after_none() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let hour = Duration::from_secs(3600);
        assert_eq!(wait(None, hour, at(0)), Duration::ZERO);
        assert_eq!(wait(Some(at(0)), hour, at(600)), Duration::from_secs(3000));
        assert_eq!(wait(Some(at(0)), hour, at(9000)), Duration::ZERO);
        assert_eq!(wait(Some(at(31_536_000)), hour, at(0)), hour, "a clock that was set back a year");
    }
}
