//! What the screen asks of whoever owns the data directory, and what is answered: an action of the registry with its arguments, as a
//! subcommand would ask it. The line of a shell that asks the same goes with it.

use serde_json::{Map, Value as Json};

use crate::{
    action,
    fact::{CommandId, CommandState, ConflictId, Key, SourceId, Value},
};

/// An action with its arguments. The id of the command that comes of it is minted by whoever carries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The action.
    pub action: &'static str,
    /// Its arguments.
    pub args: Map<String, Json>,
    /// What asks the same in a shell.
    pub echo: String,
}

impl Ask {
    /// An action without arguments.
    #[must_use]
    pub fn new(action: &'static str) -> Self {
        let words = action::find(action).map_or(&[][..], |spec| spec.command);
        let echo = std::iter::once("stellar").chain(words.iter().copied()).collect::<Vec<_>>().join(" ");
        Self { action, args: Map::new(), echo }
    }

    /// With an argument.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.shown(name, value, value)
    }

    /// With an argument that is written otherwise: shorter, or not at all where it is secret.
    #[must_use]
    pub fn shown(mut self, name: &str, value: &str, shown: &str) -> Self {
        self.args.insert(name.to_owned(), value.into());
        let spec = action::find(self.action).and_then(|spec| spec.args.iter().find(|arg| arg.name == name));
        if let Some(arg) = spec.filter(|arg| !arg.is_positional()) {
            self.echo.push_str(&format!(" --{}", arg.flag));
        }
        self.echo.push(' ');
        self.echo.push_str(&quoted(shown));
        self
    }

    /// With a flag.
    #[must_use]
    pub fn flag(mut self, name: &str) -> Self {
        self.args.insert(name.to_owned(), true.into());
        let spec = action::find(self.action).and_then(|spec| spec.args.iter().find(|arg| arg.name == name));
        if let Some(arg) = spec {
            self.echo.push_str(&format!(" --{}", arg.flag));
        }
        self
    }

    /// With an argument that nobody types.
    #[must_use]
    pub fn quiet(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "._/:+=@%,-".contains(char);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// What was answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// What is told of changes and locks.
    pub told: Vec<Told>,
    /// Why it failed, if it did.
    pub trouble: Option<Trouble>,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// How a change stands.
    Change {
        /// Which.
        id: CommandId,
        /// Of which fact.
        key: Key,
        /// Who is to take it.
        source: SourceId,
        /// The value it brings, masked where it is secret.
        value: Value,
        /// Where it stands.
        state: CommandState,
        /// What happens to it next, or happened.
        sentence: String,
    },
    /// How a conflict stands: it was decided, or a decision on it was taken back.
    Conflict {
        /// Which.
        id: ConflictId,
        /// Of which fact.
        key: Key,
        /// Whether it is decided now.
        decided: bool,
    },
    /// What would be sent, and is not yet.
    Plan {
        /// Of which fact.
        key: Key,
        /// Who is to take it.
        source: SourceId,
        /// The value it brings, masked where it is secret.
        value: Value,
        /// What it starts from, masked where it is secret; none: it is not there, or not known.
        base: Option<Value>,
        /// Changes that go before it.
        behind: u64,
    },
    /// Belief was frozen, or let go.
    Lock {
        /// In which fact.
        key: Key,
        /// Whether it is frozen now.
        locked: bool,
    },
}

/// Why something that was asked for was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The stable code.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// What there is to choose from.
    pub choices: Vec<String>,
}

impl Answer {
    /// What is answered when nobody could be asked.
    #[must_use]
    pub fn failed(code: &str, message: impl Into<String>) -> Self {
        let trouble = Trouble { code: code.to_owned(), message: message.into(), choices: Vec::new() };
        Self { told: Vec::new(), trouble: Some(trouble) }
    }

    /// Why it failed. That something is still queued when a wait of no length is over is none.
    #[must_use]
    pub fn failure(&self) -> Option<&Trouble> {
        self.trouble.as_ref().filter(|trouble| trouble.code != "wait_expired")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_shell_asks_the_same() {
        let set = |value: &str| Ask::new("core.input.set").text("key", "a/b").text("value", value).quiet("wait_ms", 0).echo;
        let cases = [
            (set("9"), "stellar set a/b 9"),
            (set(""), "stellar set a/b ''"),
            (set("it's $HOME"), "stellar set a/b 'it'\\''s $HOME'"),
            (Ask::new("core.input.set").text("key", "a/b").shown("value", "s3cr3t", "-").echo, "stellar set a/b -"),
            (Ask::new("core.input.set").text("key", "a").text("value", "1").text("source", "wiki").echo, "stellar set a 1 --source wiki"),
            (
                Ask::new("core.conflict.resolve").text("id", "c-1").flag("mine").quiet("digest", "d").echo,
                "stellar conflicts resolve c-1 --mine",
            ),
            (Ask::new("core.input.undo").shown("which", "q-0000008w2k", "q-8w2k").echo, "stellar undo q-8w2k"),
            (Ask::new("core.queue.flush").quiet("wait_ms", 0).echo, "stellar queue flush"),
        ];
        for (echo, wanted) in cases {
            assert_eq!(echo, wanted);
        }
    }

    #[test]
    fn a_wait_that_ran_out_is_no_failure() {
        assert!(Answer::failed("wait_expired", "still queued").failure().is_none());
        assert!(Answer::failed("locked", "it is locked").failure().is_some());
    }
}
