//! What a screen is shown: every fact resolved, how the sources stand, the conflicts that wait - kept as it changes, shared, never copied.
//!
//! Invariants: a change touches the pieces of the facts it concerns and no other; whoever holds a view holds one moment; facts are in
//! the order of keys; the conflicts are those of the facts.
//!
//! It does not resolve, and it does not know the clock: the core hands in what changed and when it turns by itself.

mod contested;
mod fact_map;
mod keeper;
#[cfg(test)]
mod tests;

pub use contested::Contested;
pub(super) use contested::InOrder;
pub use fact_map::FactMap;
pub use keeper::EngineView;
pub(super) use keeper::{Difference, Keeper, Unordered};
