//! The configuration: where it is, a first one, checking, showing, trusting.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Right};

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.config.path",
        title: "Where the configuration is",
        doc: "Prints where the configuration file, the data and the state are, whether they exist or not.",
        command: &["config", "path"],
        emits: &["core.config.path"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.config.init",
        title: "Write a first configuration",
        doc: "Writes a commented configuration file to start from; one that is there is left as it is.",
        right: Right::Change,
        danger: Danger::Local,
        command: &["config", "init"],
        emits: &["core.config.init"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.config.check",
        title: "Check the configuration",
        doc: "Validates the configuration and executes nothing.\nEvery fault is named with its file, line, what was found and what was expected.",
        command: &["config", "check"],
        emits: &["core.config.check"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.config.show",
        title: "Show the configuration in force",
        doc: "Shows every effective setting and where it came from; secrets stay references.",
        command: &["config", "show"],
        emits: &["core.config.show"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.config.trust",
        title: "Trust a configuration file",
        doc: "Records the digest of a file outside the configuration directory, so that it may run commands, resolve secrets and send.\nThe record holds until the file changes.",
        args: &[ArgSpec::positional("file", "FILE", ArgKind::Path, true, "The file to trust")],
        right: Right::Decide,
        danger: Danger::Local,
        command: &["config", "trust"],
        emits: &["core.config.trust"],
        ..ActionSpec::COMMAND
    },
];
