//! Faults on purpose: which there are, and trying them.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Right};

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.chaos.read",
        title: "Which faults can be tried",
        doc: "Lists the built-in chaos profiles: what each tries, for how long, from which seed.",
        command: &["chaos", "list"],
        emits: &["core.chaos.read"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.chaos.run",
        title: "Try faults",
        doc: "Tries a chaos profile on a scratch directory with a simulated source, and reports what came of it.\nNothing of yours is opened. The same profile does the same again; only how long recovery took is measured. With --live a built-in profile of the network is tried on the running engine: its sources seem to be gone, or slow, and nothing that waits is sent until it is over. Exit 1 if a promise was broken.",
        args: &[
            ArgSpec::positional("profile", "PROFILE", ArgKind::Text, true, "A built-in profile, or a TOML file with one"),
            ArgSpec::option(
                "live",
                "live",
                "",
                ArgKind::Flag,
                "On the running engine instead: only what can be taken back, and nothing is sent meanwhile",
            ),
            ArgSpec::option("for_ms", "for", "D", ArgKind::Duration, "How long, with --live; 30s, at most 10m"),
            ArgSpec::option("yes", "yes", "", ArgKind::Flag, "With --live: do it without asking"),
        ],
        right: Right::Maintain,
        command: &["chaos", "run"],
        emits: &["core.chaos.run", "core.chaos.live"],
        ..ActionSpec::COMMAND
    },
];
