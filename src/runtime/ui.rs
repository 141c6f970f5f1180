//! The screen, run: terminal in, frames out, the engine told and asked.
//!
//! Invariants: nothing blocks the loop; it is drawn only when the model has moved, at most sixty times a second; background work
//! answers with a message; the terminal is given back on every way out, and what is said about an error is said after that.

mod asking;
mod events;
mod feed;
mod glimpse;
mod link;
mod session;

use std::path::PathBuf;

use tokio::sync::mpsc::channel;

use super::{
    context::{Context, RuntimeError},
    log::Log,
    owner,
    reload::Reloading,
};
use crate::{term, theme::ColorDepth};

/// Messages that may wait.
const WAITING: usize = 64;

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
pub fn screen(context: &Context, reloading: &Reloading<'_>, options: &ScreenOptions) -> Result<(), RuntimeError> {
    if !screen_is_possible() {
        return Err(RuntimeError::Io("the screen needs a terminal to read from and to draw on; stellar list works anywhere".to_owned()));
    }
    let (messages, mut told) = channel(WAITING);
    let glimpse = glimpse::begin(context, &messages);
    let runtime = owner::runtime(2)?;
    let _inside = runtime.enter();
    // A question on the terminal comes before the first frame: afterwards the terminal is not the question's. Else nothing does that can
    // wait.
    let (log, ahead) =
        if link::asks(context) { (Some(Log::start(context)), runtime.block_on(link::ahead(context))?) } else { (None, None) };
    let session = session::begin(context, options, messages, &mut told);
    let _log = log.unwrap_or_else(|| Log::start(context));
    runtime.block_on(async {
        match session {
            Ok(session) => Box::pin(session::run(session, (context, reloading), told, ahead, glimpse)).await,
            Err(error) => {
                if let Some(engine) = ahead {
                    // What is said is why there is no screen.
                    let _ = engine.shutdown().await;
                }
                Err(error)
            }
        }
    })
}
