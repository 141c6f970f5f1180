//! The embedded engine: tokio tasks behind a cloneable [`EngineHandle`].
//!
//! Invariants: it never prints, never reads home or the environment (paths and resolved secrets are handed in), knows no
//! terminal and no argument parser; a read never waits for a source; a panic in a task is an event, not a dead process.
//!
//! It does not know who asks: a screen, a script and a socket client hold the same handle.

mod api;
mod cache;
mod cache_event;
mod claims;
mod commit;
mod core;
mod events;
mod evict;
mod handle;
mod health;
mod keeping;
mod poll;
mod refresh;
mod room;
pub mod source;
pub mod store;
pub mod world;

pub use api::{
    CacheStatus, CompactReport, EngineError, EngineEvent, EngineOptions, EvictReport, FactQuery, Knowledge, RefreshReport, RoomStatus,
    SortBy, SourceStatus, SourceTest, StampedEvent,
};
pub use cache::{TraceCount, TraceError, replay_trace};
pub use cache_event::{CacheEvent, HydratedFrom};
pub use handle::{Engine, EngineHandle};
pub use store::{StoreError, StoreStats};
pub use world::Secrets;

#[cfg(test)]
mod tests;
