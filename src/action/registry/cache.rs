//! The cache: how it stands, and keeping it small.

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
];
