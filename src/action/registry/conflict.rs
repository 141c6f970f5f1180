//! Conflicts: listing, showing.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Scope, Surface};

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.conflict.read",
        title: "List conflicts",
        doc: "Lists undecided conflicts, most instructive first: smallest margin, then more sources, then key.",
        args: &[
            ArgSpec::option("all", "all", "", ArgKind::Flag, "The decided ones too"),
            ArgSpec::option("limit", "limit", "N", ArgKind::Count, "At most this many"),
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
        id: "core.conflict.show",
        title: "Show a conflict",
        doc: "Shows one conflict: the competing values, who stands for each, and why one is believed.",
        args: &[ArgSpec::positional("id", "ID", ArgKind::Text, true, "Its id, such as c-7f3ak2m9qd, or the beginning of it")],
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
