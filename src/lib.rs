//! Stellar: an offline-first operations terminal.
//!
//! The map of the house. Data goes one way through it, and so do the imports; `tests/it/arch.rs` holds the arrows.
//!
//! - [`text`]: what may leave for a person's eyes or ears.
//! - [`fact`]: what is known, and the arithmetic of believing it. Pure.
//! - [`action`]: everything that can be asked for, once.
//! - [`config`]: the configuration file, layered, validated, explained, trusted.
//! - [`engine`]: the embedded engine: store, sources, schedules, events.
//! - [`app`]: the screen as a model, messages, effects and pure views.
//! - [`access`]: the same screen as a tree of roles, names and values.
//! - [`wire`]: the versioned JSON contract.
//! - [`keymap`], [`theme`]: keys and looks, as data.
//! - [`term`]: the terminal itself; the only room with crossterm.
//! - [`runtime`]: one port to the engine, local or through the socket.
//! - [`cli`]: subcommands, printing, exit codes.

#[cfg(windows)]
compile_error!("Stellar runs on Linux and macOS; Windows is not supported: file locks, sockets and process groups differ.");

pub mod access;
pub mod action;
pub mod app;
pub mod cli;
pub mod config;
pub mod engine;
pub mod fact;
pub mod keymap;
pub mod runtime;
pub mod term;
pub mod text;
pub mod theme;
pub mod wire;

/// Memory that nobody uses goes back to the system, from whichever thread it was taken: what the hot tier bounds is then bounded in the
/// process as well.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
