//! The cache: how it stands, keeping it small, its snapshots.

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
        id: "core.cache.evict",
        title: "Let facts go",
        doc: "Forgets what is cached of the matching keys, but for pinned ones, and says how many keys and bytes that were.\nNothing is \
              changed elsewhere: they come back with the next answer of their sources.",
        args: &[ArgSpec::positional("pattern", "PATTERN", ArgKind::Text, true, "Keys to forget: `**` is all")],
        right: Right::Maintain,
        offline: Offline::Works,
        danger: Danger::Local,
        surface: Surface::Command,
        scope: Scope::Engine,
        command: &["cache", "evict"],
        alias: &[],
        emits: &["core.cache.evict"],
    },
    ActionSpec {
        id: "core.cache.compact",
        title: "Compact the cache",
        doc: "Copies what is live to a fresh database, verifies it, and puts it in the place of the old one.\nFirst the least recently used \
              facts go until the low watermark. It is done by itself when the database takes more disk than it may; reads go on meanwhile.",
        args: &[],
        right: Right::Maintain,
        offline: Offline::Works,
        danger: Danger::Local,
        surface: Surface::Command,
        scope: Scope::Engine,
        command: &["cache", "compact"],
        alias: &[],
        emits: &["core.cache.compact"],
    },
    ActionSpec {
        id: "core.cache.replay",
        title: "Replay a trace",
        doc: "Counts how often a cache of this size would have missed, by the cache's own policy: least recently used.\nOne access per line, \
              `id` or `id,bytes`, all lines alike; `-` reads stdin. The capacity is in bytes where lines name sizes, else in entries. What \
              is larger than the whole cache is a miss and is not brought in; another size than before is a hit, and counts from then on.",
        args: &[
            ArgSpec::positional("trace", "TRACE", ArgKind::Path, true, "File with one access per line, or -"),
            ArgSpec {
                required: true,
                ..ArgSpec::option("capacity", "capacity", "N", ArgKind::Count, "Size of the cache: bytes, or entries where lines name none")
            },
        ],
        right: Right::Read,
        offline: Offline::Works,
        danger: Danger::None,
        surface: Surface::Command,
        scope: Scope::Here,
        command: &["cache", "replay"],
        alias: &[],
        emits: &["core.cache.replay"],
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
