//! The screen, run: terminal in, frames out, the engine told and asked.
//!
//! Invariants: nothing blocks the loop; it is drawn only when the model has moved, at most sixty times a second; background work
//! answers with a message; the terminal is given back on every way out, and what is said about an error is said after that.

mod asking;
mod feed;
mod link;
mod session;

use std::path::PathBuf;

use super::{
    context::{Context, RuntimeError},
    owner,
};
use crate::{term, theme::ColorDepth};

/// What the screen is started with, besides the context.
#[derive(Clone, Debug)]
pub struct ScreenOptions {
    /// Where `themes/` and `keymaps/` of a person may be.
    pub config_dir: PathBuf,
    /// Whether borders and bars are drawn in ASCII.
    pub plain_borders: bool,
    /// How many colours are shown.
    pub depth: ColorDepth,
    /// Where the session is recorded, values replaced.
    pub record: Option<PathBuf>,
}

/// Whether this process has a terminal to draw on and to read from.
#[must_use]
pub fn screen_is_possible() -> bool {
    term::is_terminal()
}

/// Shows the facts of the data directory until somebody leaves: its owner tells them, or this process becomes it.
///
/// # Errors
/// When the owner does not speak of the same thing, the engine cannot start, or the terminal cannot be had.
pub fn screen(context: &Context, options: &ScreenOptions) -> Result<(), RuntimeError> {
    let _log = super::log::Log::start(context);
    owner::runtime(2)?.block_on(session::run(context, options))
}
