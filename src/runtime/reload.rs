//! Noticing that the configuration changed, so that whoever serves takes it up.
//!
//! Nothing is read here: that something moved is all that is said, and whoever is told loads again.

use std::{path::PathBuf, time::Duration};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::context::Context;

/// An editor writes more than once; it is let finish.
const SETTLE: Duration = Duration::from_millis(200);

/// How a configuration is had again.
pub struct Reloading<'a> {
    /// Files whose change makes it worth while.
    pub watched: Vec<PathBuf>,
    /// Loads it; the sentence says why it cannot be used.
    pub load: &'a dyn Fn() -> Result<Context, String>,
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
