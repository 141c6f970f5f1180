//! What flags and `STELLAR_*` variables say, one over the other: a flag wins over a variable, a variable over the file.

use std::path::PathBuf;

use super::{
    model::Config,
    origin::{Origin, Origins},
    problem::{ConfigProblem, did_you_mean, quote},
    sections::{LOOK, accessibility, is_look},
    settings::{ACCESSIBILITY, LEVELS, PERSONAS},
};

/// What the flags of the command line say; nothing where a flag is not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--persona`
    pub persona: Option<String>,
    /// `--theme`
    pub theme: Option<String>,
    /// `--accessibility`
    pub accessibility: Option<String>,
    /// `--log-level`
    pub log_level: Option<String>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--record`
    pub record: Option<PathBuf>,
    /// `--offline --json --no-color --linear --plain-borders --reveal`
    pub switches: Switches,
}

/// Settings of one run that no file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// Never fetch nor send.
    pub offline: bool,
    /// One JSON object per line.
    pub json: bool,
    /// No colours; `NO_COLOR` too.
    pub no_color: bool,
    /// The linear reader; `TERM=dumb` too.
    pub linear: bool,
    /// Borders of plain characters.
    pub plain_borders: bool,
    /// Show what is masked.
    pub reveal: bool,
}

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that is set to something.
pub(super) fn variable(env: Env<'_>, name: &str) -> Option<String> {
    env(name).filter(|text| !text.is_empty())
}

/// The switches in force: the flag, else the variable.
pub(super) fn switches(flags: Switches, env: Env<'_>, problems: &mut Vec<ConfigProblem>, origins: &mut Origins) -> Switches {
    let mut read = |flag: bool, name: &str, origin_path: &str| {
        let variable_name = format!("STELLAR_{name}");
        let from_env = variable(env, &variable_name).and_then(|text| switch(&variable_name, &text, problems)).unwrap_or(false);
        if flag {
            origins.set(origin_path, Origin::Flag(format!("--{}", name.to_lowercase().replace('_', "-"))));
        } else if from_env {
            origins.set(origin_path, Origin::Env(variable_name));
        }
        flag || from_env
    };
    let mut switches = Switches {
        offline: read(flags.offline, "OFFLINE", "offline"),
        json: read(flags.json, "JSON", "json"),
        no_color: read(flags.no_color, "NO_COLOR", "no_color"),
        linear: read(flags.linear, "LINEAR", "linear"),
        plain_borders: read(flags.plain_borders, "PLAIN_BORDERS", "plain_borders"),
        reveal: read(flags.reveal, "REVEAL", "reveal"),
    };
    switches.no_color |= variable(env, "NO_COLOR").is_some();
    switches.linear |= variable(env, "TERM").is_some_and(|term| term == "dumb");
    switches
}

fn switch(name: &str, text: &str, problems: &mut Vec<ConfigProblem>) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => {
            let message = format!("{name} is {}; it must be 1 or 0.", quote(text));
            problems.push(ConfigProblem::outside("bad_environment", name, message).with(quote(text), "1 or 0"));
            None
        }
    }
}

/// Puts what variables and flags say over the file's settings; mistakes are noted and change nothing.
pub(super) fn apply(config: &mut Config, flags: &Overrides, env: Env<'_>, problems: &mut Vec<ConfigProblem>, origins: &mut Origins) {
    let app = &mut config.app;
    let mut layer = |flag: &Option<String>, name: &str, path: &str, check: Check<'_>, put: &mut dyn FnMut(&str)| {
        let option = format!("--{}", name.to_lowercase().replace('_', "-"));
        let variable_name = format!("STELLAR_{name}");
        let from_env =
            variable(env, &variable_name).map(|text| (text, "bad_environment", variable_name.clone(), Origin::Env(variable_name)));
        let from_flag = flag.clone().map(|text| (text, "bad_flag", option.clone(), Origin::Flag(option)));
        for (text, code, place, origin) in from_env.into_iter().chain(from_flag) {
            match check.fault(&text) {
                None => {
                    put(&text);
                    origins.set(path, origin);
                }
                Some((expected, hint)) => {
                    let message = format!("{place} is {}; it must be {expected}.{hint}", quote(&text));
                    problems.push(ConfigProblem::outside(code, &place, message).with(quote(&text), expected));
                }
            }
        }
    };
    layer(&flags.persona, "PERSONA", "app.persona", Check::OneOf(PERSONAS), &mut |text| app.persona = text.to_owned());
    layer(&flags.theme, "THEME", "app.theme", Check::Look, &mut |text| app.theme = text.to_owned());
    layer(&flags.accessibility, "ACCESSIBILITY", "app.accessibility", Check::OneOf(ACCESSIBILITY), &mut |text| {
        app.accessibility = accessibility(text).unwrap_or_default();
    });
    let log = &mut config.log;
    layer(&flags.log_level, "LOG_LEVEL", "log.level", Check::OneOf(LEVELS), &mut |text| log.level = text.to_owned());
}

enum Check<'a> {
    OneOf(&'a [&'a str]),
    Look,
}

impl Check<'_> {
    /// What is expected instead, and a hint.
    fn fault(&self, text: &str) -> Option<(String, String)> {
        match self {
            Self::OneOf(words) if words.contains(&text) => None,
            Self::OneOf(words) => Some((format!("one of: {}", words.join(" ")), did_you_mean(text, words.iter().copied()))),
            Self::Look => (!is_look(text)).then(|| (LOOK.to_owned(), String::new())),
        }
    }
}
