//! One question to a terminal that is not taken: what its keyboard can tell apart.

use std::{
    io::{Write as _, stdout},
    time::Duration,
};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::keymap::Keyboard;

use super::{
    guard::is_terminal,
    probe::{PROBES, probe},
};

/// Gives the line back to the shell, whatever happens while the answer is waited for.
struct Raw;

impl Drop for Raw {
    fn drop(&mut self) {
        // Nothing is left to try when this fails, and a panic here would hide the one that is under way.
        let _ = disable_raw_mode();
    }
}

/// Asks the terminal, and waits for its answer for at most `bound`; what is typed meanwhile is lost. None where there is no terminal,
/// or it did not answer.
#[must_use]
pub fn ask_keyboard(bound: Duration, elapsed: impl Fn() -> Duration) -> Option<Keyboard> {
    if !is_terminal() {
        return None;
    }
    enable_raw_mode().ok()?;
    let _raw = Raw;
    let mut out = stdout();
    out.write_all(PROBES).and_then(|()| out.flush()).ok()?;
    let (found, _typed) = probe(bound, elapsed);
    found.answered.then(|| found.keyboard())
}
