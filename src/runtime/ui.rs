//! The screen, run: terminal in, frames out, the engine told and asked.
//!
//! Invariants: nothing blocks the loop; it is drawn only when the model has moved, at most sixty times a second; background work
//! answers with a message; the terminal is given back on every way out, and what is said about an error is said after that.

mod feed;
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

/// Whether this process has a terminal to draw on and to read from, and nobody else answers for the data directory.
#[must_use]
pub fn screen_is_possible(context: &Context) -> bool {
    term::is_terminal() && std::os::unix::net::UnixStream::connect(&context.socket).is_err()
}

/// Becomes the owner of the data directory and shows its facts until somebody leaves.
///
/// # Errors
/// When another process owns the directory, the engine cannot start, or the terminal cannot be had.
pub fn screen(context: &Context, options: &ScreenOptions) -> Result<(), RuntimeError> {
    let _log = super::log::Log::start(context);
    owner::runtime(2)?.block_on(session::run(context, options))
}
