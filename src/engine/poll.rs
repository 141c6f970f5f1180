//! The schedules of a polling engine: a task per unit, and one that notices a TTL running out.

use std::{future::Future, panic::AssertUnwindSafe, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use notify::{RecursiveMode, Watcher as _};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{api::EngineEvent, core::Core, sweep::Sweep};

/// A watched source is looked at this often as well: not every file system tells of every change.
const WATCH_CHECK: Duration = Duration::from_secs(300);
/// Changes that come within this time are one.
const SETTLE: Duration = Duration::from_millis(50);
/// How often the TTLs are looked at, at the most.
const SWEEP: Duration = Duration::from_secs(1);

/// After which time a task that failed begins anew.
const ANEW: Duration = Duration::from_secs(5);
/// How often it is written down who was used when.
const REMEMBER: Duration = Duration::from_secs(300);

/// Starts a task per enabled unit and the sweep.
pub(super) fn start(core: &Arc<Core>) -> Vec<JoinHandle<()>> {
    let enabled = |unit: &usize| core.units[*unit].members.iter().any(|at| core.sources[*at].config.enabled);
    let kept = |what, run: Run| tokio::spawn(keep(Arc::clone(core), what, run));
    let mut tasks: Vec<_> = (0..core.units.len())
        .filter(enabled)
        .map(|at| {
            let core = Arc::clone(core);
            kept("the schedule of a source", Box::new(move || Box::pin(Arc::clone(&core).run_unit(at))))
        })
        .collect();
    let run = Arc::clone(core);
    tasks.push(kept("the watch over ages", Box::new(move || Box::pin(Arc::clone(&run).run_sweep()))));
    let run = Arc::clone(core);
    tasks.push(kept("the watch over the disk", Box::new(move || Box::pin(Arc::clone(&run).run_heal()))));
    let run = Arc::clone(core);
    tasks.push(kept("asking again for what was damaged", Box::new(move || Box::pin(Arc::clone(&run).run_resync()))));
    let run = Arc::clone(core);
    tasks.push(kept("the schedule of snapshots", Box::new(move || Box::pin(Arc::clone(&run).run_snapshots()))));
    if core.may_send() {
        let run = Arc::clone(core);
        tasks.push(kept("sending", Box::new(move || Box::pin(Arc::clone(&run).run_sending()))));
    }
    let run = Arc::clone(core);
    tasks.push(kept("getting to know sources", Box::new(move || Box::pin(Arc::clone(&run).run_acquaintance()))));
    let run = Arc::clone(core);
    tasks.push(kept("making the database smaller", Box::new(move || Box::pin(Arc::clone(&run).run_tidying()))));
    let run = Arc::clone(core);
    tasks.push(kept("history", Box::new(move || Box::pin(Arc::clone(&run).run_history()))));
    tasks
}

/// A task that may be begun again.
type Run = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Runs a task for good: a panic in it is said, and it begins anew.
async fn keep(core: Arc<Core>, what: &'static str, run: Run) {
    while AssertUnwindSafe(run()).catch_unwind().await.is_err() {
        let said = format!("{what} failed inside stellar and begins anew; what is known is kept. This is a bug worth reporting");
        core.events.emit(core.now(), EngineEvent::Fault(said));
        tokio::time::sleep(ANEW).await;
    }
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
            if slot.set_live(watched && reports.iter().all(|report| report.error.is_none())) {
                self.epoch.end();
                let mut dated = Vec::new();
                self.redate(self.units[at].members[0], &mut dated);
                self.tell_changes(&dated, self.now());
            }
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

    /// Tells of facts whose state moved because time passed; sleeps until the next one can, or until one can sooner.
    async fn run_sweep(self: Arc<Self>) {
        let mut sweep = Sweep::new(self.now());
        let mut remembered_at = self.now();
        loop {
            if self.now().since(remembered_at) >= REMEMBER {
                remembered_at = self.now();
                self.remember_recency().await;
            }
            let wait = self.sweep(&mut sweep).await.max(SWEEP);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.sooner.notified() => tokio::time::sleep(SWEEP).await,
            }
        }
    }

    /// Writes down the order of use, where it moved. A convenience: a disk that refuses is told of by the next change.
    async fn remember_recency(&self) {
        if let Some(document) = self.keeping.recency()
            && let Ok(writer) = self.writer()
        {
            let _ = writer.write(Vec::new(), vec![document]).await;
        }
    }
}
