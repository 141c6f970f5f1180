//! Who serves now, and what is in memory when it is not the disk.

use std::{sync::Arc, time::Duration};

use super::overlay::Overlay;
use crate::{
    engine::store::{api::CacheStore, error::StoreError, memory::MemoryStore},
    fact::Timestamp,
};

/// Behind one lock, which is never held while the disk is waited for.
#[derive(Default)]
pub struct State {
    /// The disk; none while it cannot be opened.
    pub primary: Option<Arc<dyn CacheStore>>,
    /// There when memory serves.
    pub over: Option<Over>,
    /// What the disk took since its last sync began.
    pub unsynced: Overlay,
    /// What the sync under way is about.
    pub syncing: Overlay,
    /// Nothing is answered any more.
    pub closed: bool,
}

/// Memory serves.
pub struct Over {
    pub since: Timestamp,
    /// By the monotonic clock.
    pub began: Duration,
    pub why: StoreError,
    /// What was there before; none while the disk can still be read.
    pub base: Option<Arc<MemoryStore>>,
    /// What changed since, and what was not synced then.
    pub overlay: Overlay,
    /// When the disk is tried next, by the monotonic clock.
    pub next_try: Duration,
    /// How long after that.
    pub pause: Duration,
}
