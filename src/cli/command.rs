//! The command line, built from the registry.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, builder::PossibleValuesParser, value_parser};
use serde_json::{Map, Value as Json};

use crate::{
    action::{self, ActionSpec, ArgKind, ArgSpec, GLOBALS, GlobalSpec, LATER},
    text::parse_duration,
};

/// What each first word that is no action by itself is about.
const GROUPS: &[(&str, &str)] = &[
    ("source", "Where facts come from"),
    ("conflicts", "Where sources disagree"),
    ("queue", "What waits to be sent"),
    ("resilience", "What waits to be sent"),
    ("cache", "What is kept here"),
    ("chaos", "Faults on purpose, on a scratch directory"),
    ("damaged", "What was set aside as damaged"),
    ("config", "The configuration file"),
    ("keymap", "The keys of the screen"),
    ("theme", "The colours of the screen"),
    ("insight", "Facts, by their longer names"),
];

/// The whole command line.
#[must_use]
pub fn command() -> Command {
    let mut root = Command::new("stellar")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Facts from every system you run, how far to believe them, online and offline")
        .long_about(
            "Facts from every system you run, how far to believe them, online and offline.\n\nWithout a subcommand: the facts of this \
             host, or of the configured sources, as they change. Every subcommand takes --json.",
        )
        .after_help(
            "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 no such thing, 4 a decision is needed,\n5 too old or nothing \
             cached, 6 this persona may not, 7 the store is damaged, 8 --wait ran out.\nVariables STELLAR_* mirror the flags: \
             STELLAR_JSON=1, STELLAR_DATA_DIR=DIR.",
        )
        .disable_help_subcommand(true)
        .args(GLOBALS.iter().map(global));
    for spec in action::all() {
        for (path, hidden) in [(spec.command, false), (spec.alias, true)] {
            if !path.is_empty() {
                root = put(root, path, leaf(spec, path, hidden), hidden);
            }
        }
    }
    for later in LATER {
        let name = later.command.last().copied().unwrap_or_default();
        let unbuilt = Command::new(name)
            .hide(true)
            .disable_help_flag(true)
            .arg(Arg::new("rest").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true).hide(true));
        root = put(root, later.command, unbuilt, false);
    }
    root
}

/// Puts a leaf at its path, making the groups it belongs to.
fn put(root: Command, path: &'static [&'static str], leaf: Command, hidden: bool) -> Command {
    let [group, rest @ ..] = path else { return root };
    if rest.is_empty() {
        return root.subcommand(leaf);
    }
    if root.find_subcommand(group).is_some() {
        return root.mut_subcommand(group, |group| put(group, rest, leaf, hidden));
    }
    let about = GROUPS.iter().find(|(name, _)| name == group).map_or("", |(_, about)| about);
    let made = Command::new(*group)
        .about(about)
        .hide(hidden)
        .subcommand_required(true)
        .arg_required_else_help(false)
        .disable_help_subcommand(true);
    root.subcommand(put(made, rest, leaf, hidden))
}

fn leaf(spec: &'static ActionSpec, path: &'static [&'static str], hidden: bool) -> Command {
    let name = path.last().copied().unwrap_or_default();
    Command::new(name)
        .about(spec.summary().trim_end_matches('.'))
        .long_about(spec.doc)
        .hide(hidden)
        .args(spec.args.iter().filter(|arg| arg.is_typed()).map(argument))
}

fn global(spec: &'static GlobalSpec) -> Arg {
    let arg = Arg::new(spec.flag).long(spec.flag).help(spec.help).global(true).hide(!spec.built).help_heading("Everywhere");
    match spec.kind {
        ArgKind::Flag => arg.action(ArgAction::SetTrue),
        ArgKind::Path => arg.value_name(spec.value_name).value_parser(value_parser!(PathBuf)),
        // Words are checked by the configuration, which says the same of a flag as of its variable.
        _ => arg.value_name(spec.value_name),
    }
}

/// What an argument is called within the command line: a global flag of the same name is another thing.
pub fn id(spec: &ArgSpec) -> &'static str {
    if spec.name == "profile" { "profile of the action" } else { spec.name }
}

fn argument(spec: &'static ArgSpec) -> Arg {
    let mut arg = Arg::new(id(spec)).help(spec.help).required(spec.required);
    if !spec.is_positional() {
        arg = arg.long(spec.flag);
    }
    if !spec.value_name.is_empty() {
        arg = arg.value_name(spec.value_name);
    }
    match spec.kind {
        ArgKind::Flag => arg.action(ArgAction::SetTrue),
        // A negative number is a value, not a flag.
        ArgKind::Text => arg.allow_negative_numbers(true),
        ArgKind::Path | ArgKind::Secret | ArgKind::Minted | ArgKind::Rows => arg,
        ArgKind::Texts => arg.num_args(1..),
        ArgKind::Duration => {
            arg.value_parser(|text: &str| parse_duration(text).map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
        }
        ArgKind::Count => arg.value_parser(value_parser!(u64)),
        ArgKind::Choice(words) => arg.value_parser(PossibleValuesParser::new(words)),
        ArgKind::Choices(words) => {
            arg.value_parser(PossibleValuesParser::new(words)).value_delimiter(',').num_args(1).action(ArgAction::Append)
        }
        ArgKind::Json => arg.value_parser(|text: &str| {
            serde_json::from_str::<Map<String, Json>>(text).map_err(|error| format!("not a JSON object: {error}"))
        }),
    }
}
