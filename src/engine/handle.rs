//! The handle everybody holds, and the guard that ends the engine.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::fact::{ConflictEntry, Insight, Key, Pattern, SourceId, Timestamp};

use super::api::{CacheStatus, EngineError, EngineOptions, FactQuery, Knowledge, RefreshReport, SourceStatus, SourceTest, StampedEvent};

/// A cheap, cloneable way to ask the engine anything. Reads run on the caller's thread and never wait for a source.
#[derive(Clone)]
pub struct EngineHandle;

/// A running engine. Dropping it without [`Engine::shutdown`] is a crash the store survives.
pub struct Engine;

impl Engine {
    /// Opens the store (synchronously, bounded) and, when asked to poll, starts the schedules. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the directory is busy, newer, unwritable or beyond healing.
    pub fn start(_options: EngineOptions) -> Result<Self, EngineError> {
        Err(EngineError::Unavailable("not started".to_owned()))
    }

    /// The handle to give away.
    #[must_use]
    pub fn handle(&self) -> EngineHandle {
        EngineHandle
    }

    /// Stops tasks, flushes, writes the manifest.
    ///
    /// # Errors
    /// When the last flush fails.
    pub async fn shutdown(self) -> Result<(), EngineError> {
        Ok(())
    }
}

impl EngineHandle {
    /// What is believed about a key now; none when nothing is cached.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn get(&self, _key: &Key) -> Result<Option<Arc<Insight>>, EngineError> {
        Ok(None)
    }

    /// Every matching fact, resolved for now.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn list(&self, _query: &FactQuery) -> Result<Vec<Arc<Insight>>, EngineError> {
        Ok(Vec::new())
    }

    /// Conflicts, most instructive first: smallest margin, then more sources, then key. `all` adds the decided.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn conflicts(&self, _all: bool) -> Result<Vec<Arc<ConflictEntry>>, EngineError> {
        Ok(Vec::new())
    }

    /// What can be said of a key nothing is cached for.
    #[must_use]
    pub fn knowledge(&self, _key: &Key) -> Knowledge {
        Knowledge::NoSuchKey
    }

    /// Enabled sources that could hold a key of the pattern (none: all).
    #[must_use]
    pub fn sources_for(&self, _pattern: Option<&Pattern>) -> Vec<SourceId> {
        Vec::new()
    }

    /// Asks these sources now, together, each bounded by its time-out; joins a fetch that is already under way.
    ///
    /// # Errors
    /// When offline was asked for, or a name is unknown.
    pub async fn refresh(&self, _sources: &[SourceId]) -> Result<Vec<RefreshReport>, EngineError> {
        Ok(Vec::new())
    }

    /// One fetch of one source that stores nothing.
    ///
    /// # Errors
    /// When the name is unknown.
    pub async fn test_source(&self, name: &str) -> Result<SourceTest, EngineError> {
        Err(EngineError::NoSuchSource(name.to_owned()))
    }

    /// How every source stands, in configured order.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceStatus> {
        Vec::new()
    }

    /// The cache, in numbers.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn cache_status(&self) -> Result<CacheStatus, EngineError> {
        Err(EngineError::Unavailable("not started".to_owned()))
    }

    /// Everything that happens from now on, in order; a slow reader is told how many it missed.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<StampedEvent> {
        broadcast::channel(1).1
    }

    /// The engine's wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}
