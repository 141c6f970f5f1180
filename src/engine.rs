//! The embedded engine: tokio tasks behind a cloneable [`EngineHandle`].
//!
//! Invariants: it never prints, never reads home or the environment (paths and resolved secrets are handed in), knows no
//! terminal and no argument parser; a read never waits for a source; a panic in a task is an event, not a dead process.
//!
//! It does not know who asks: a screen, a script and a socket client hold the same handle.

mod accepted;
mod acquaintance;
mod api;
mod asking_order;
mod attempt;
mod audit;
mod auditing;
mod belief;
mod believed;
mod cache;
mod cache_event;
mod changes;
mod changing;
pub mod chaos;
mod claims;
mod commit;
mod core;
mod decide;
mod events;
mod evict;
mod following;
mod handle;
mod heal;
mod health;
mod history;
pub mod journal;
mod keeping;
mod lasting;
mod listing;
mod looks;
mod making_way;
mod outdated;
mod poll;
mod queue;
mod recall;
mod reconcile;
mod refresh;
mod remember;
mod resolver;
mod resync;
mod reweigh;
mod room;
mod sending;
mod snapshots;
pub mod source;
pub mod store;
mod sweep;
mod telemetry;
mod tell;
mod tidying;
mod treating;
mod trust;
mod trying;
mod upkeep;
mod view;
mod weather;
mod window;
pub mod world;

pub use api::{
    CacheStatus, CompactReport, DecisionEvent, DecisionStep, EngineError, EngineEvent, EngineOptions, EvictReport, FactQuery, Knowledge,
    RefreshReport, RoomStatus, SortBy, SourceStatus, SourceTest, StampedEvent,
};
pub use audit::{AuditFinding, AuditRecord, AuditReport, Caller, Deed, Ending, Hash, Head, Note, Who, hash_of_hex, on_behalf_of};
pub use auditing::AuditLine;
pub use cache::{HotStatus, TraceCount, TraceError, replay_trace};
pub use cache_event::{CacheEvent, HydratedFrom};
pub use decide::{Choice, DecideError, DecisionRequest};
pub use handle::{Engine, EngineHandle};
pub use history::Believed;
pub use lasting::{HalfLife, HalfLifeFrom};
pub use listing::Listing;
pub use queue::{ChangeRequest, Plan, QueueError, QueueEvent, QueueStatus, SourceQueue, Treatment};
pub use resolver::{ConflictResolver, ConflictUpdate, ConflictUpdates};
pub use snapshots::Told;
pub use store::{
    DamagedCopy, Hydrated, KeyChange, KeyStatus, Mode, NotOne, OuterChange, Progress, SnapshotError, Standing, StoreError, StoreStats,
    Taken, Wipe,
};
pub use telemetry::Telemetry;
pub use trust::LearnedTrust;
pub use trying::{LONGEST_LIVE, LiveError, LiveReport, USUAL_LIVE};
pub use view::{Contested, EngineView, FactMap};
pub use window::glimpse;
pub use world::Secrets;

#[cfg(test)]
mod tests;
