//! Conflicts: listing, showing.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Scope, Surface};

const REVEAL: ArgSpec = ArgSpec::option("reveal", "", "", ArgKind::Global, "Show secret values");

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.conflict.list",
        title: "List conflicts",
        doc: "Lists undecided conflicts, most instructive first: smallest margin, then more sources, then key.",
        args: &[
            ArgSpec::option("all", "all", "", ArgKind::Flag, "The decided ones too"),
            ArgSpec::option("limit", "limit", "N", ArgKind::Count, "At most this many"),
            REVEAL,
        ],
        right: Right::Read,
        offline: Offline::Works,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["conflicts", "list"],
        alias: &[],
        emits: &["core.conflict.read"],
    },
    ActionSpec {
        id: "core.conflict.read",
        title: "Show a conflict",
        doc: "Shows one conflict: the competing values, who stands for each, and why one is believed.",
        args: &[ArgSpec::positional("id", "ID", ArgKind::Text, true, "Its id, such as c-7f3ak2m9qd, or the beginning of it"), REVEAL],
        right: Right::Read,
        offline: Offline::Works,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["conflicts", "show"],
        alias: &[],
        emits: &["core.conflict.read"],
    },
];
