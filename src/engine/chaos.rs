//! Faults on purpose: a profile says which, a run tries them on a scratch directory with simulated sources, a report says what came of it.
//!
//! Invariants: a run draws everything from its seed, so the same profile does the same again; faults are injected at the engine's own
//! seams, never into the code under test; nothing of a person's data is opened.
//!
//! It does not touch a running engine - `trying` does - and it does not print.

mod changing;
mod network;
mod profile;
mod report;
mod run;
mod scratch;
mod simulated;
mod spell;
mod taker;
mod target;
mod truth;
pub mod upstream;

pub use profile::{BUILT_IN, ChaosProfile, FaultKind, ProfileError};
pub use report::{Changes, ChaosReport, Recovery};
pub use run::rehearse;
