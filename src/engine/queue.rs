//! The retry queue: outgoing changes, kept until their target has them, once.
//!
//! Invariants: a change is acknowledged when it is in the log of record and not before; what the queue is, is a fold over that log; changes
//! of one key at one target go out in the order they came, one at a time; an outcome that is not known is looked at before anything is sent
//! again; what was given up is kept with every answer.
//!
//! It decides no belief, and it knows no HTTP, file or command: targets are sources.

mod api;
mod audited;
mod backoff;
mod breaker;
mod chaining;
mod desk;
mod entry;
mod log;
mod on_journal;
mod rules;
mod sources;
mod state;

pub use audited::{is_audited, value_in};

pub use api::{ChangeRequest, Plan, QueueError, QueueEvent, QueueStatus, SourceQueue, Treatment};
pub use desk::{Desk, Paused};
pub use entry::{Asked, Entry, Lock, Step, What};

pub use on_journal::open_desk;
pub use rules::{OfSource, Surroundings, after, looked};
pub use state::QueueState;
