//! The screen as a tree.
