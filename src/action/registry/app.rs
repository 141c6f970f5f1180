//! The program itself: running, checking, completing, documenting, asking by id.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right};

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.app.run",
        title: "Run",
        doc: "Shows the facts as they change; where nobody watches, once.\nErrors of a command line that could not be read carry this id too.",
        offline: Offline::Cached,
        emits: &["core.insight.read"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.app.serve",
        title: "Serve",
        doc: "Polls and watches the sources and answers other processes of this user through the socket, until it is ended.\nWith --install a systemd user unit does so from now on.",
        args: &[
            ArgSpec::option("install", "install", "", ArgKind::Flag, "Write a systemd user unit for it and start that"),
            ArgSpec::option("uninstall", "uninstall", "", ArgKind::Flag, "Stop that unit and remove it"),
            ArgSpec::option("status", "status", "", ArgKind::Flag, "Say whether that unit is there and runs"),
        ],
        offline: Offline::Cached,
        command: &["serve"],
        emits: &["core.app.serve", "core.app.service"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.app.demo",
        title: "Show a made-up system",
        doc: "Starts upstreams on loopback that misbehave by a script, and opens the screen on them: conflicts, drift, outages and their end within a minute.\nConfiguration and data are its own, in a temporary directory that is removed at the end; nothing of yours is read or changed.",
        args: &[
            ArgSpec::option(
                "serve_only",
                "serve-only",
                "",
                ArgKind::Flag,
                "Only the upstreams, until it is ended; says where they and a configuration for them are",
            ),
            ArgSpec::option("seed", "seed", "N", ArgKind::Count, "What the troubles are drawn from; 1 if left out"),
        ],
        command: &["demo"],
        emits: &["core.app.demo", "core.insight.read"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.app.doctor",
        title: "Check this installation",
        doc: "Checks directories, permissions, configuration, key, store, sources and socket, and says what to do about what is wrong.\nExit 1 if a check failed.",
        command: &["doctor"],
        emits: &["core.app.doctor"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.app.wipe",
        title: "Remove everything",
        doc: "Removes the cache with every fact and change in it, its keys, what was set aside, the log and the socket, for good; asks first and says what.\nThe configuration stays, and so does a key file of yours. Refused while another stellar owns the data directory.",
        args: &[ArgSpec::option("yes", "yes", "", ArgKind::Flag, "Do it without asking")],
        right: Right::Maintain,
        danger: Danger::Destroys,
        command: &["wipe"],
        emits: &["core.app.wipe"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.action.invoke",
        title: "Ask for an action by id",
        doc: "Carries out any action by its id with its arguments as JSON; without an id it lists them.\nThe subcommands are shorter ways to write the same.",
        args: &[
            ArgSpec::positional("id", "ID", ArgKind::Text, false, "Id of the action, such as core.insight.read"),
            ArgSpec::option("payload", "payload", "JSON", ArgKind::Json, "Its arguments, a JSON object"),
        ],
        command: &["action"],
        emits: &["core.action.describe"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.app.completions",
        title: "Shell completions",
        doc: "Prints a completion script for a shell.",
        args: &[ArgSpec::positional(
            "shell",
            "SHELL",
            ArgKind::Choice(&["bash", "elvish", "fish", "powershell", "zsh"]),
            true,
            "Which shell",
        )],
        command: &["completions"],
        emits: &["core.app.completions"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.app.man",
        title: "Manual page",
        doc: "Prints the manual page in roff; try: stellar man | man -l -",
        command: &["man"],
        emits: &["core.app.man"],
        ..ActionSpec::COMMAND
    },
];
