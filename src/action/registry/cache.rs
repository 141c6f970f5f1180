//! The cache: how it stands, its snapshots.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Scope, Surface};

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.cache.read",
        title: "Cache status",
        doc: "Shows the cache in numbers: facts, bytes, what its encryption protects against and what not.",
        args: &[],
        right: Right::Read,
        offline: Offline::Works,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["cache", "status"],
        alias: &[],
        emits: &["core.cache.read"],
    },
    ActionSpec {
        id: "core.cache.snapshot",
        title: "Write a snapshot",
        doc: "Writes everything the cache believes into one sealed file, the same bytes for the same content.\nA snapshot that is there is replaced once the new one is whole; any other file is left alone. Only the store that made it can read it, with the key it was made with. The process that owns the data directory writes the file, with its own rights.",
        args: &[ArgSpec::positional("file", "FILE", ArgKind::Path, true, "Where to write it")],
        right: Right::Change,
        offline: Offline::Works,
        danger: Danger::Local,
        surface: Surface::Command,
        scope: Scope::Engine,
        command: &["cache", "snapshot"],
        alias: &[],
        emits: &["core.cache.snapshot"],
    },
    ActionSpec {
        id: "core.cache.hydrate",
        title: "Take a snapshot in",
        doc: "Verifies a snapshot from its first byte to its last, then takes it in: of what each source says of each key the newer one stays.\nWith --replace the cache holds afterwards what the snapshot holds and nothing else. A snapshot of another key, store or version, cut short, damaged or out of order is refused and nothing changes.",
        args: &[
            ArgSpec::positional("file", "FILE", ArgKind::Path, true, "The snapshot"),
            ArgSpec::option("replace", "replace", "", ArgKind::Flag, "Forget what is not in it"),
        ],
        right: Right::Maintain,
        offline: Offline::Works,
        danger: Danger::Destroys,
        surface: Surface::Command,
        scope: Scope::Engine,
        command: &["cache", "hydrate"],
        alias: &[],
        emits: &["core.cache.hydrate"],
    },
];
