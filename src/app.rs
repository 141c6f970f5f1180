//! The screen: a model, messages that change it, effects it asks for, and pure views of it.
//!
//! Invariants: `update` is synchronous and total - no I/O, no clock, no randomness; `layout` and `view` read only; focus is computed
//! from the model and never kept; every remote text passes through `SafeText` before it is drawn; an answer to an older question is
//! dropped. `update/<screen>.rs` gets its own screen's model and the shared one, never another screen's.
//!
//! It knows no terminal, no theme file, no task and no engine handle: whoever runs it hands in messages and carries out effects.

mod arrange;
mod ask;
mod content;
mod effect;
mod field;
#[cfg(test)]
pub(crate) mod fixture;
mod fuzzy;
mod history;
pub mod layout;
mod looked;
pub mod model;
mod msg;
mod part;
mod queue;
mod snapshot;
mod spoken;
mod update;
mod view;
mod words;

pub use arrange::{Arrange, Arranged, arrange};
pub use ask::{Answer, Ask, Told, Trouble};
pub use effect::Effect;
pub use history::{History, Moment};
pub use layout::Regions;
pub use looked::Looked;
pub use model::{JobId, Model, Setup};
pub use msg::{Msg, Pointer, PointerKind};
pub use queue::{Listed, Queue};
pub use snapshot::Snapshot;
pub use update::{next_wake, update};
pub use view::view;
