//! From the words of a command line to what is to be done.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgMatches, error::ErrorKind};
use serde_json::{Map, Value as Json};

use crate::{
    action::{self, ActionSpec, ArgKind, ArgSpec, LATER},
    config::{Overrides, Switches},
};

use super::{
    command::{command, id},
    messages::Failure,
};

/// What a command line asks for.
#[derive(Debug)]
pub enum Asked {
    /// Text that clap made: help or the version.
    Text(String),
    /// An action; none: the program without a subcommand.
    Run(Box<Invocation>),
}

/// An action with its arguments and the global flags.
#[derive(Debug, Default)]
pub struct Invocation {
    /// Which; none without a subcommand.
    pub spec: Option<&'static ActionSpec>,
    /// Its arguments, named as in JSON.
    pub args: Map<String, Json>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--profile`
    pub profile: Option<String>,
    /// The other global flags.
    pub overrides: Overrides,
}

/// Reads a command line.
pub fn parse(words: &[OsString]) -> Result<Asked, Failure> {
    // There is nothing to read, and the whole command line would be built for it: that takes longer than anything else of a start.
    if words.len() == 1 { Ok(Asked::Run(Box::default())) } else { read(words) }
}

fn read(words: &[OsString]) -> Result<Asked, Failure> {
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Ok(Asked::Text(error.render().to_string()));
        }
        Err(error) => return Err(Failure::usage(sentence(&error))),
    };
    let mut path = Vec::new();
    let mut innermost = &matches;
    while let Some((name, inner)) = innermost.subcommand() {
        path.push(name);
        innermost = inner;
    }
    if let Some(later) = LATER.iter().find(|later| later.command == path) {
        let message = format!("stellar {}, which {}, is not in this build", path.join(" "), later.what);
        return Err(Failure::new("not_in_this_build", message).hint("stellar --help shows what is"));
    }
    let spec = action::all().find(|spec| !path.is_empty() && (spec.command == path || spec.alias == path));
    let args = spec.map(|spec| arguments(spec, innermost)).unwrap_or_default();
    Ok(Asked::Run(Box::new(Invocation {
        spec,
        args,
        config: innermost.get_one::<PathBuf>("config").cloned(),
        profile: text(innermost, "profile"),
        overrides: Overrides {
            persona: text(innermost, "persona"),
            theme: text(innermost, "theme"),
            accessibility: text(innermost, "accessibility"),
            log_level: text(innermost, "log-level"),
            data_dir: innermost.get_one::<PathBuf>("data-dir").cloned(),
            record: innermost.get_one::<PathBuf>("record").cloned(),
            switches: Switches {
                offline: innermost.get_flag("offline"),
                json: innermost.get_flag("json"),
                no_color: innermost.get_flag("no-color"),
                linear: innermost.get_flag("linear"),
                plain_borders: innermost.get_flag("plain-borders"),
                reveal: innermost.get_flag("reveal"),
            },
        },
    })))
}

/// Whether `--json` is among the words, for a command line that could not be read.
pub fn wants_json(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}

fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn arguments(spec: &ActionSpec, matches: &ArgMatches) -> Map<String, Json> {
    spec.args.iter().filter_map(|arg| argument(arg, matches).map(|value| (arg.name.to_owned(), value))).collect()
}

fn argument(arg: &ArgSpec, matches: &ArgMatches) -> Option<Json> {
    let name = id(arg);
    match arg.kind {
        ArgKind::Flag => matches.get_flag(name).then_some(Json::Bool(true)),
        ArgKind::Text | ArgKind::Path | ArgKind::Choice(_) => text(matches, name).map(Json::String),
        ArgKind::Texts | ArgKind::Choices(_) => matches.get_many::<String>(name).map(|words| words.cloned().map(Json::String).collect()),
        ArgKind::Duration | ArgKind::Count => matches.get_one::<u64>(name).copied().map(Json::from),
        ArgKind::Secret | ArgKind::Minted | ArgKind::Rows => None,
        ArgKind::Json => matches.get_one::<Map<String, Json>>(name).cloned().map(Json::Object),
    }
}

/// What clap has against a command line, as one sentence without its decoration.
fn sentence(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let body = rendered.strip_prefix("error: ").unwrap_or(&rendered);
    let lines = body.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ").replace("tip: ", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_of_an_action_is_taken_for_a_global_flag() {
        let globals: Vec<String> =
            command().get_arguments().filter(|arg| arg.is_global_set()).map(|arg| arg.get_id().to_string()).collect();
        assert!(globals.contains(&"profile".to_owned()), "{globals:?}");
        for spec in action::all() {
            let taken = spec.args.iter().filter(|arg| arg.is_typed()).find(|arg| globals.iter().any(|global| global == id(arg)));
            assert!(taken.is_none(), "{}: {taken:?}", spec.id);
        }
        let words = ["stellar", "chaos", "run", "crash"].map(OsString::from);
        let Ok(Asked::Run(asked)) = read(&words) else { panic!() };
        assert_eq!((asked.profile, asked.args.get("profile")), (None, Some(&Json::from("crash"))));
    }

    #[test]
    fn no_words_ask_for_what_reading_none_asks_for() {
        let words = [OsString::from("stellar")];
        let asked = [parse(&words), read(&words)].map(|asked| match asked {
            Ok(Asked::Run(invocation)) => invocation,
            other => panic!("{other:?}"),
        });
        let [one, other] = asked.map(|invocation| format!("{invocation:?}"));
        assert_eq!(one, other);
    }
}
