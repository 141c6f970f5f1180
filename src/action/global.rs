//! The flags every subcommand takes, and the variables that mirror them.

use super::spec::ArgKind;

/// One global flag. `--data-dir` is mirrored by `STELLAR_DATA_DIR`, and so on.
#[derive(Debug)]
pub struct GlobalSpec {
    /// Its long flag without dashes.
    pub flag: &'static str,
    /// What a value is called; empty for a switch.
    pub value_name: &'static str,
    /// [`ArgKind::Flag`], [`ArgKind::Text`], [`ArgKind::Path`] or [`ArgKind::Choice`].
    pub kind: ArgKind,
    /// One line of help.
    pub help: &'static str,
    /// Whether this build does what it says; else it is refused by name and hidden.
    pub built: bool,
}

impl GlobalSpec {
    /// The variable that mirrors it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("STELLAR_{}", self.flag.replace('-', "_").to_uppercase())
    }
}

const fn switch(flag: &'static str, help: &'static str) -> GlobalSpec {
    GlobalSpec { flag, value_name: "", kind: ArgKind::Flag, help, built: true }
}

const fn valued(flag: &'static str, value_name: &'static str, kind: ArgKind, help: &'static str) -> GlobalSpec {
    GlobalSpec { flag, value_name, kind, help, built: true }
}

/// Every global flag.
pub const GLOBALS: &[GlobalSpec] = &[
    switch("json", "One JSON object per line on stdout, nothing else there"),
    valued("config", "FILE", ArgKind::Path, "Read this configuration file"),
    valued("profile", "NAME", ArgKind::Text, "Use this profile: its own configuration, data and state"),
    valued("data-dir", "DIR", ArgKind::Path, "Keep the cache in this directory"),
    switch("offline", "Never fetch nor send"),
    valued(
        "persona",
        "P",
        ArgKind::Choice(&["sre", "operator", "secops", "platform-engineer", "partner-developer", "assistive-bridge"]),
        "Act as this persona",
    ),
    valued("theme", "T", ArgKind::Text, "Use this theme on the screen"),
    switch("no-color", "No colours; NO_COLOR does the same"),
    valued("accessibility", "M", ArgKind::Choice(&["auto", "full", "announce", "linear", "off"]), "How much assistive behaviour"),
    switch("linear", "One line after another instead of a screen; TERM=dumb does the same"),
    switch("plain-borders", "No box-drawing characters on the screen"),
    valued("record", "FILE", ArgKind::Path, "Record the session, values redacted"),
    valued("log-level", "L", ArgKind::Choice(&["error", "warn", "info", "debug", "trace"]), "How much the log says"),
    switch("reveal", "Show secret values"),
];
