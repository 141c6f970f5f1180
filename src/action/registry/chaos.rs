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
        doc: "Tries a chaos profile on a scratch directory with a simulated source, and reports what came of it.\nNothing of yours is opened. The same profile does the same again; only how long recovery took is measured. Exit 1 if a promise was broken.",
        args: &[
            ArgSpec::positional("profile", "PROFILE", ArgKind::Text, true, "A built-in profile, or a TOML file with one"),
            ArgSpec::option("live", "live", "", ArgKind::Flag, "On the running engine instead; not in this build"),
        ],
        right: Right::Maintain,
        command: &["chaos", "run"],
        emits: &["core.chaos.run"],
        ..ActionSpec::COMMAND
    },
];
