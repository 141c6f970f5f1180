//! The schedules of a polling engine: a task per unit, and one that notices a TTL running out.

use std::{path::PathBuf, sync::Arc, time::Duration};

use notify::{RecursiveMode, Watcher as _};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::fact::Timestamp;

use super::{api::EngineEvent, core::Core};

/// A watched source is looked at this often as well: not every file system tells of every change.
const WATCH_CHECK: Duration = Duration::from_secs(300);
/// Changes that come within this time are one.
const SETTLE: Duration = Duration::from_millis(50);
/// How often the TTLs are looked at, at the most.
const SWEEP: Duration = Duration::from_secs(1);

/// Starts a task per enabled unit and the sweep.
pub(super) fn start(core: &Arc<Core>) -> Vec<JoinHandle<()>> {
    let enabled = |unit: &usize| core.units[*unit].members.iter().any(|at| core.sources[*at].config.enabled);
    let mut tasks: Vec<_> = (0..core.units.len()).filter(enabled).map(|at| tokio::spawn(Arc::clone(core).run_unit(at))).collect();
    tasks.push(tokio::spawn(Arc::clone(core).run_sweep()));
    tasks.push(tokio::spawn(Arc::clone(core).run_heal()));
    tasks.push(tokio::spawn(Arc::clone(core).run_resync()));
    tasks.push(tokio::spawn(Arc::clone(core).run_snapshots()));
    tasks.push(tokio::spawn(Arc::clone(core).run_history()));
    tasks
}

impl Core {
    async fn run_unit(self: Arc<Self>, at: usize) {
        // Members of a unit share one configuration entry, so the first speaks for all.
        let slot = &self.sources[self.units[at].members[0]];
        let (changes, mut changed) = mpsc::channel::<()>(1);
        let paths = slot.source.watch_paths();
        let watcher = if slot.config.interval.is_none() { self.watch(&paths, changes) } else { None };
        let watched = watcher.is_some();
        let interval = slot.config.interval.unwrap_or(WATCH_CHECK);
        loop {
            let reports = self.refresh_unit(at).await;
            slot.set_live(watched && reports.iter().all(|report| report.error.is_none()));
            let not_before = slot.health().failure.as_ref().and_then(|failure| failure.not_before);
            let now = self.now();
            let wait = not_before.map_or(interval, |until| interval.max(until.since(now)));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                told = changed.recv(), if watched => {
                    if told.is_some() {
                        tokio::time::sleep(SETTLE).await;
                        while changed.try_recv().is_ok() {}
                    }
                }
            }
        }
    }

    /// Watches the directories the paths are in, so that a file replaced by rename is seen. None where that cannot be had.
    fn watch(&self, paths: &[PathBuf], changes: mpsc::Sender<()>) -> Option<notify::RecommendedWatcher> {
        if paths.is_empty() {
            return None;
        }
        let names = paths.to_vec();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let ours = event.as_ref().map_or(true, |event| {
                !event.kind.is_access() && event.paths.iter().any(|path| names.iter().any(|name| path.starts_with(name)))
            });
            if ours {
                // A full channel already carries the news.
                let _ = changes.try_send(());
            }
        })
        .ok()?;
        for path in paths {
            let parent = path.parent().unwrap_or(path);
            if let Err(error) = watcher.watch(parent, RecursiveMode::NonRecursive) {
                self.events.emit(
                    self.now(),
                    EngineEvent::Fault(format!("{} cannot be watched ({error}); it is looked at every 5 minutes", parent.display())),
                );
                return None;
            }
            if path.is_dir() {
                watcher.watch(path, RecursiveMode::NonRecursive).ok()?;
            }
        }
        Some(watcher)
    }

    /// Tells of facts whose state moved because time passed; sleeps until the next one can.
    async fn run_sweep(self: Arc<Self>) {
        loop {
            let now = self.now();
            let next = self.next_expiry(now);
            let wait = next.map_or(Duration::from_secs(60), |at| at.since(now)).clamp(SWEEP, Duration::from_secs(60));
            tokio::time::sleep(wait).await;
            if self.events.heard() && next.is_some_and(|at| at <= self.now()) {
                self.tell_changes(None, self.now());
            }
        }
    }

    /// The first moment after `now` at which a fact can turn stale by itself.
    fn next_expiry(&self, now: Timestamp) -> Option<Timestamp> {
        let mut next: Option<Timestamp> = None;
        let facts = self.read_facts();
        for slot in facts.table.matching(None).flat_map(|(_, slots)| slots) {
            let Some(at) = self.position(&slot.observation.source) else { continue };
            if let Some(expiry) = self.expiry(slot, at).filter(|expiry| *expiry > now) {
                next = Some(next.map_or(expiry, |next| next.min(expiry)));
            }
        }
        next
    }
}
