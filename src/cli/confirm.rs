//! Asking before something is lost for good.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use super::{messages::Failure, sink::Sink};

/// Asks whether this is meant, where somebody is there to be asked.
///
/// # Errors
/// Exit 4 when nobody is, or the answer is not yes: nothing happened.
pub fn confirm(what: &str, sink: &mut Sink) -> Result<(), Failure> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Failure::new("decision_needed", format!("{what}; nothing was done")).hint("--yes does it without asking"));
    }
    sink.say(&format!("{what}. Type yes to do it:"));
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    match read {
        Ok(_) if answer.trim().eq_ignore_ascii_case("yes") => Ok(()),
        _ => Err(Failure::new("decision_needed", "that was not a yes: nothing was done")),
    }
}
