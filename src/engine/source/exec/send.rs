//! `[[source.write]]` of a command: a change becomes one run of it.
//!
//! The value goes in on standard input, the names in the environment; the arguments are filled templates, never text for a shell. How it
//! ends says what became of the change: see [`judged`].

use crate::{
    config::WriteConfig,
    fact::{Key, Pattern},
};

use super::{
    super::{
        Answer, Change, Delivery,
        fail::fail,
        outcome::of_error,
        template::{Place, Template, Words},
    },
    run::{Finished, Lost, Run, Surplus},
};

/// A compiled write route.
pub(super) struct WriteRoute {
    pattern: Pattern,
    arguments: Vec<Template>,
    run: Run,
}

impl WriteRoute {
    /// Compiles a route; `like` has everything but program and arguments.
    ///
    /// # Errors
    /// A sentence that names the route and what is wrong with it.
    pub(super) fn compile(config: &WriteConfig, like: &Run, program: impl Fn(&str) -> std::path::PathBuf) -> Result<Self, String> {
        let named = |why: String| format!("[[source.write]] match = {:?}: {why}", config.pattern.as_str());
        let (first, rest) = config.command.split_first().ok_or_else(|| named("command is empty".to_owned()))?;
        let arguments = rest.iter().map(|text| Template::compile(text, Place::Argument, &config.pattern, false).map_err(named));
        let run = Run { program: program(first), ..like.clone() };
        Ok(Self { pattern: config.pattern.clone(), arguments: arguments.collect::<Result<_, _>>()?, run })
    }

    /// Whether the key has this route.
    pub(super) fn is_for(&self, key: &Key) -> bool {
        self.pattern.matches(key)
    }

    /// Runs the command for a change.
    pub(super) async fn send(&self, change: &Change) -> Delivery {
        let run = match self.filled(change) {
            Ok(run) => run,
            Err(why) => {
                let why = format!("[[source.write]] match = {:?}: {why}", self.pattern.as_str());
                return Delivery::Refused { answer: Answer::new(None, &why) };
            }
        };
        match run.finished(Surplus::Dropped).await {
            Ok(finished) => judged(&finished, &run.environment, change.secret),
            Err(Lost { error, started: false }) => of_start(error),
            Err(Lost { error, started: true }) => Delivery::Unavailable { error, maybe_applied: true },
        }
    }

    fn filled(&self, change: &Change) -> Result<Run, String> {
        let captures = self.pattern.captures(&change.key).unwrap_or_default();
        let words = Words::of(change, &captures);
        let mut run = self.run.clone();
        run.arguments = self.arguments.iter().map(|argument| argument.fill(&words)).collect::<Result<_, _>>()?;
        let given =
            [("STELLAR_KEY", change.key.as_str()), ("STELLAR_ID", &change.id), ("STELLAR_IDEMPOTENCY_KEY", &change.idempotency_key)];
        for (name, value) in given {
            run.environment.retain(|(other, _)| other != name);
            run.environment.push((name.to_owned(), value.to_owned()));
        }
        run.input = Some(format!("{}\n", change.value.as_json_text()));
        Ok(run)
    }
}

/// What a command said, without the variables it was given that are secrets by their names.
fn without_secrets(said: &str, environment: &[(String, String)]) -> String {
    let speaks_of =
        |name: &str| ["TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "KEY"].iter().any(|word| name.to_ascii_uppercase().contains(word));
    let secrets = environment.iter().filter(|(name, value)| !name.starts_with("STELLAR_") && value.len() > 3 && speaks_of(name));
    secrets.fold(said.to_owned(), |said, (_, value)| said.replace(value.as_str(), "(secret)"))
}

/// A command that could not be started did nothing. One that is not there may be there tomorrow: nothing is wrong with the change.
fn of_start(error: super::super::SourceError) -> Delivery {
    match error.code {
        "denied" => of_error(&error),
        _ => Delivery::Unavailable { error, maybe_applied: false },
    }
}

/// What the end of a command means: 0 it took the change; 64 and 65 (usage, data) it never will; 75 (try again) not now; 69 what it needs is
/// not there; 77 (permission) not as things are; anything else, signals too, is nothing anybody can rely on.
fn judged(finished: &Finished, environment: &[(String, String)], is_secret: bool) -> Delivery {
    let code = finished.status.code().and_then(|code| u16::try_from(code).ok());
    let said = [&finished.errors, &finished.output].into_iter().find_map(|bytes| super::run::first_line(bytes)).filter(|_| !is_secret);
    let end = match code {
        Some(code) => format!("the command ended with exit code {code}"),
        None => format!("the command was ended by {}", finished.status),
    };
    let text = said.map_or_else(|| end.clone(), |said| format!("{end}: {}", without_secrets(&said, environment)));
    let answer = Answer::new(code, &text);
    match code {
        Some(0) => Delivery::Accepted { revision: None, guarded: false, confirmed: None },
        Some(64 | 65) => Delivery::Refused { answer },
        Some(69 | 75) => Delivery::Unavailable { error: fail("exec_failed", text), maybe_applied: true },
        Some(77) => Delivery::Denied { answer },
        _ => Delivery::Poison { answer, maybe_applied: true },
    }
}

#[cfg(test)]
mod tests;
