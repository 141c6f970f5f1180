//! What the keyboard of the terminal at hand can tell apart, for a command that draws nothing.

use std::time::{Duration, Instant};

use crate::{keymap::Keyboard, term};

/// How long an answer is waited for. An answer that came later would be typed into the shell, so this is long; a terminal that
/// answers ends it at once.
const BOUND: Duration = Duration::from_secs(1);

/// Asks the terminal this process has; none where it has none, it did not answer, or `TERM` says that it understands no question.
#[must_use]
pub fn keyboard(term: Option<&str>) -> Option<Keyboard> {
    if term.is_none_or(|term| term.is_empty() || term == "dumb") {
        return None;
    }
    let since = Instant::now();
    term::ask_keyboard(BOUND, || since.elapsed())
}
