//! The screen: a model, messages that change it, effects it asks for, and pure views of it.
//!
//! Invariants: `update` is synchronous and total - no I/O, no clock, no randomness; `layout` and `view` read only; focus is computed
//! from the model and never kept; every remote text passes through `SafeText` before it is drawn; an answer to an older question is
//! dropped. `update/<screen>.rs` gets its own screen's model and the shared one, never another screen's.
//!
//! It knows no terminal, no theme file, no task and no engine handle: whoever runs it hands in messages and carries out effects.

mod arrange;
mod content;
mod effect;
mod field;
#[cfg(test)]
mod fixture;
mod fuzzy;
mod layout;
mod model;
mod msg;
mod part;
mod snapshot;
mod update;
mod view;
mod words;

pub use arrange::{Arrange, Arranged, arrange};
pub use content::{PaletteRow, header, header_right, help_title, list_info, small_sentence, standing_message};
pub use effect::Effect;
pub use field::Field;
pub use layout::{Column, LayerBody, LayerRegion, ListBody, ListRegion, Regions, layout};
pub use model::{EngineLife, Focus, JobId, LEAST_SIZE, Layer, Message, Model, Pane, Setup, Shared};
pub use msg::{Msg, Pointer, PointerKind};
pub use part::Part;
pub use snapshot::Snapshot;
pub use update::{next_wake, update};
pub use view::view;
pub use words::{age_cell, believed, words as state_words};
