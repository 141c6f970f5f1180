//! The terminal: entered once, left whole, asked once what it can do, read and written in terms of our own.
//!
//! Invariants: this is the only room with crossterm; on every way out - end, panic in any thread, signal, suspend - every step
//! that was done is undone, before anything is printed; probes go out in one write and are waited for no longer than a bound;
//! what comes in late, split or unknown becomes no key; a frame goes out in one write.
//!
//! It knows no screen, no action and no engine.

mod ask;
mod event;
mod guard;
mod input;
mod parser;
mod probe;
mod screen;
mod signals;

pub use ask::ask_keyboard;
pub use event::{Mouse, MouseKind, Paste, TermEvent};
pub use guard::{Guard, is_terminal, size, terminal_lost};
pub use input::Input;
pub use parser::Parser;
pub use probe::{Capabilities, PROBES, ProbeReader, probe};
pub use screen::Screen;
pub use signals::{Signal, Signals};
