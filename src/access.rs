//! The screen as a tree of roles, names and values, for whoever does not look at it.
//!
//! Invariants: one root, of role window; ids are unique and stay with what they name; the focus is a node of the tree; every node has
//! a name; bounds are the cells that are drawn; the real cursor stands within the bounds of the focused node. The tree comes from the
//! same model and the same layout as the picture.
//!
//! It draws nothing and changes nothing: what a client asks for is an action's id, carried out like a key.

mod semantics;
#[cfg(test)]
mod tests;
mod tree;

pub use semantics::semantics;
pub use tree::{Bounds, Node, NodeId, NodeRole, Position, Tree};
