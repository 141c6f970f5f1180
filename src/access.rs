//! The screen as a tree of roles, names and values, for whoever does not look at it: AccessKit's own types, so that what a platform is
//! handed, what is read aloud and what the tests ask is one thing.
//!
//! Invariants: one root, of role window; ids are unique and stay with what they name over every update, and only an announcement has a
//! new one each time; the focus is a node of the tree; every node has a name (a label is named by its value); the place in a list
//! stands on the option and how many there are on the list; bounds are the cells that are drawn, one unit each; the real cursor stands
//! within the bounds of the focused node; a field's text
//! is in runs below it, and while it is typed into the caret among them stands where the real cursor does. The tree comes from the same model and the same layout as the picture.
//!
//! It draws nothing, changes nothing and speaks to no bus: a tree goes out, and what a client asks for comes back as what a key or the
//! mouse would have asked for. The updates are full ones; whoever hands them on may send what changed.

mod id;
mod node;
mod request;
mod semantics;
#[cfg(test)]
mod tests;
mod text;

pub use request::{Asked, asked};
pub use semantics::semantics;
