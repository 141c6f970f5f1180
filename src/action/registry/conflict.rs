//! Conflicts: listing, showing, deciding.

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
    ActionSpec {
        id: "core.conflict.resolve",
        title: "Decide the conflict",
        doc: "Decides a conflict between a change of yours and what its target holds now.\n--mine sends yours on what is there now, --theirs lets \
              what is there stand, --value sends another value. Exit 4: what is to be decided is not what was seen any more.",
        args: &[
            ArgSpec::positional("id", "ID", ArgKind::Text, true, "Its id, such as c-7f3ak2m9qd, or the beginning of it"),
            ArgSpec::option("mine", "mine", "", ArgKind::Flag, "Your change counts"),
            ArgSpec::option("theirs", "theirs", "", ArgKind::Flag, "What the target holds counts"),
            ArgSpec::option("value", "value", "JSON", ArgKind::Text, "This counts: JSON if it parses, else a string"),
            ArgSpec::option("digest", "digest", "D", ArgKind::Text, "Decide only if this is still the digest"),
            ArgSpec::option("dry_run", "dry-run", "", ArgKind::Flag, "Say what would be sent, and decide nothing"),
        ],
        right: Right::Decide,
        offline: Offline::Queued,
        danger: Danger::Remote,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["conflicts", "resolve"],
        alias: &[],
        emits: &["core.queue.read", "core.conflict.read"],
    },
];
