//! Everything that can be asked for, once.
//!
//! One registry of [`ActionSpec`]s feeds the subcommands, their help, the keys, the palette, the socket and the documentation. A key
//! press, a subcommand, a socket line and an assistive client all name the same action.
//!
//! Invariants: ids are unique; every subcommand is an action and the other way round; arguments reach whoever carries them out as a
//! typed [`Call`], never as loose JSON; one table says which persona may do what.
//!
//! It carries nothing out, and knows no engine, no terminal and no argument parser.

pub mod args;
mod call;
mod global;
mod later;
mod markdown;
mod persona;
mod registry;
mod spec;

#[cfg(test)]
mod tests;

pub use args::SortArg;
pub use call::{Call, CallError};
pub use global::{GLOBALS, GlobalSpec};
pub use later::{LATER, LaterSpec};
pub use markdown::actions_markdown;
pub use persona::{Persona, PersonaError};
pub use registry::{all, find, nearest};
pub use spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Scope, Surface};
