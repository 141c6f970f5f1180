//! The log of a process that owns a data directory: files below the state directory, written by a thread of their own.
//!
//! Below level `debug` it names no key and no value; every line is made harmless before it is written. Nothing of it reaches the
//! terminal, and a log that cannot be written costs only the log.

mod files;
mod lines;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;

use super::context::Context;

use files::Files;
use lines::subscriber;

/// Lines that may wait for the disk; the room for them is taken at once, and what comes on top is dropped.
const WAITING: usize = 4096;

/// Where the log of a state directory is.
#[must_use]
pub fn log_dir(state_dir: &Path) -> PathBuf {
    state_dir.join("log")
}

/// Keeps the log going; dropping it writes what is still waiting.
pub struct Log {
    _guard: WorkerGuard,
}

impl Log {
    /// Starts the log of this process. No file is made before the first line, so that whoever only asks the owner makes none. A second
    /// log of the same process is none.
    pub fn start(context: &Context) -> Self {
        let files = Files::new(log_dir(&context.state_dir), context.config.log.max_size);
        let (writer, guard) = NonBlockingBuilder::default().thread_name("log").buffered_lines_limit(WAITING).finish(files);
        // The first one stays: a process has one log.
        let _ = tracing::subscriber::set_global_default(subscriber(writer, level(context)));
        Self { _guard: guard }
    }
}

/// The first lines of an owner.
pub fn engine_started(context: &Context, notes: &[String]) {
    if level(context) >= LevelFilter::DEBUG {
        tracing::warn!("this log names keys and values, because its level is {}", context.config.log.level);
    }
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        config = context.config.digest.as_str(),
        data_dir = %context.data_dir.display(),
        sources = context.config.sources.len(),
        offline = context.offline,
        "engine started"
    );
    for note in notes {
        tracing::warn!("{note}");
    }
}

/// The last line of an owner.
pub fn engine_stopped<E: std::fmt::Display>(outcome: &Result<(), E>) {
    match outcome {
        Ok(()) => tracing::info!("engine stopped"),
        Err(error) => tracing::error!(%error, "engine stopped and could not close its store"),
    }
}

fn level(context: &Context) -> LevelFilter {
    // The configuration has checked the word.
    context.config.log.level.parse().unwrap_or(LevelFilter::INFO)
}
