//! The demo: the made-up system of [`upstream`](crate::engine::chaos::upstream) on loopback, with a configuration for it.
//!
//! Invariants: it listens on 127.0.0.1 only, on ports that are free; everything it writes is in one temporary directory, its owner's alone,
//! which is gone when the [`Demo`] is dropped; nothing of a person's own configuration or data is opened.
//!
//! It does not open the screen and does not print.

mod place;
mod server;

use std::path::{Path, PathBuf};

use super::{context::RuntimeError, owner::runtime, signals::told_to_end};
use place::Place;
use server::Server;

/// Upstreams that are running, and a configuration for them; both are gone when it is dropped.
pub struct Demo {
    // Dropped in this order: nobody writes into the directory when it is removed.
    server: Server,
    place: Place,
    seed: u64,
}

impl Demo {
    /// Starts the upstreams and writes the configuration.
    ///
    /// # Errors
    /// When no port or no temporary directory can be had.
    pub fn start(seed: u64) -> Result<Self, RuntimeError> {
        let server =
            Server::start(seed).map_err(|error| RuntimeError::Io(format!("the upstreams of the demo cannot be started: {error}")))?;
        let place = Place::make(server.sites()).map_err(|error| {
            RuntimeError::Io(format!("the demo cannot write its configuration into {}: {error}", std::env::temp_dir().display()))
        })?;
        Ok(Self { server, place, seed })
    }

    /// Where the script and the effects are told.
    #[must_use]
    pub fn address(&self) -> String {
        self.server.sites().control()
    }

    /// Name and address of each upstream.
    #[must_use]
    pub fn upstreams(&self) -> Vec<(&'static str, String)> {
        self.server.sites().upstreams()
    }

    /// The directory that everything is in.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.place.root()
    }

    /// The configuration.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.place.config_file()
    }

    /// A script that runs this program on the demo's configuration and data.
    #[must_use]
    pub fn command(&self) -> PathBuf {
        self.place.command()
    }

    /// What everything is drawn from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A variable as a program in the demo sees it: its own directories, and none of Stellar's variables that would lead elsewhere. The
    /// outer none: as it is outside.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Option<String>> {
        self.place.variable(name)
    }
}

/// Runs the upstreams until a signal says to end. `ready` is called once when they answer.
///
/// # Errors
/// As for [`Demo::start`].
pub fn serve_demo(seed: u64, ready: impl FnOnce(&Demo)) -> Result<(), RuntimeError> {
    runtime(1)?.block_on(async {
        let end = told_to_end();
        let demo = Demo::start(seed)?;
        ready(&demo);
        end.await;
        Ok(())
    })
}
