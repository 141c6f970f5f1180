//! Noticing that the configuration changed, so that whoever serves takes it up, and whoever asks goes along.
//!
//! No file is read here: that something moved is all that is said, and whoever is told loads again.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::context::Context;

/// An editor writes more than once; it is let finish.
const SETTLE: Duration = Duration::from_millis(200);
/// How long whoever serves may need to take up what changed.
pub(super) const TAKING_UP: Duration = Duration::from_secs(5);

/// How a configuration is had again.
pub struct Reloading<'a> {
    /// Files whose change makes it worth while.
    pub watched: &'a [PathBuf],
    /// Loads it; the sentence says why it cannot be used.
    pub load: &'a (dyn Fn() -> Result<Context, String> + Sync),
}

impl Reloading<'_> {
    /// For who has a configuration once and for all.
    pub const NEVER: Reloading<'static> = Reloading { watched: &[], load: &|| Err("it is not loaded again".to_owned()) };

    /// The configuration as it is now; one that cannot be used leaves what was had.
    pub(super) fn again(&self, context: &mut Context) {
        if let Ok(now) = (self.load)() {
            *context = now;
        }
    }

    /// Whether a file was written so lately that whoever serves may not have taken it up yet.
    pub(super) fn is_new(&self) -> bool {
        let written = self.watched.iter().filter_map(|file| std::fs::metadata(file).ok()?.modified().ok());
        let mut ages = written.filter_map(|written| SystemTime::now().duration_since(written).ok());
        ages.any(|age| age < TAKING_UP)
    }
}

/// A watch over files; without one, nothing ever moves.
pub(super) struct Moves {
    moved: mpsc::Receiver<()>,
    _watcher: Option<RecommendedWatcher>,
    // Held, so that waiting without a watcher is waiting and no end.
    _sender: mpsc::Sender<()>,
}

impl Moves {
    /// Watches the directories these files are in, so that one replaced by rename is seen.
    pub(super) fn of(files: &[PathBuf]) -> Self {
        let (sender, moved) = mpsc::channel(1);
        let (names, told) = (files.to_vec(), sender.clone());
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let ours = event.as_ref().map_or(true, |event| !event.kind.is_access() && event.paths.iter().any(|path| names.contains(path)));
            if ours {
                // A full channel already carries the news.
                let _ = told.try_send(());
            }
        });
        let watcher = watcher.ok().map(|mut watcher| {
            for parent in files.iter().filter_map(|file| file.parent()) {
                if let Err(error) = watcher.watch(parent, RecursiveMode::NonRecursive) {
                    tracing::warn!(%error, "the configuration is not watched");
                }
            }
            watcher
        });
        Self { moved, _watcher: watcher, _sender: sender }
    }

    /// Comes back when something moved and nothing has for a moment.
    pub(super) async fn next(&mut self) {
        if self.moved.recv().await.is_none() {
            return std::future::pending().await;
        }
        while tokio::time::timeout(SETTLE, self.moved.recv()).await.is_ok_and(|more| more.is_some()) {}
    }
}
