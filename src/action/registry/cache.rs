//! The cache: how it stands, whether it is whole, its keys, keeping it small, its snapshots, what was set aside.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Scope, Surface};

/// What these actions have in common.
const BASE: ActionSpec = ActionSpec { scope: Scope::Engine, ..ActionSpec::COMMAND };

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.cache.read",
        title: "Cache status",
        doc: "Shows the cache in numbers: facts, bytes, what its encryption protects against and what not.",
        surface: Surface::Both,
        command: &["cache", "status"],
        emits: &["core.cache.read"],
        ..BASE
    },
    ActionSpec {
        id: "core.cache.verify",
        title: "Verify the cache",
        doc: "Opens every record and says what is damaged and what is sealed with another key; deletes nothing.\nExit 7: damaged or missing records. Exit 1: records of a key that is not at hand.",
        command: &["cache", "verify"],
        emits: &["core.cache.verify"],
        ..BASE
    },
    ActionSpec {
        id: "core.cache.rekey",
        title: "Change the cache's keys",
        doc: "Makes a new data key and seals everything with it, while reading and writing go on; interrupted, it goes on at the next start.\nThe key that wraps the data key is made anew in the same kind of place, or kept where --key says: a key file of stellar's own (auto), the system's keyring, a passphrase, which is asked for, or a key file of yours.",
        args: &[
            ArgSpec::option(
                "key",
                "key",
                "K",
                ArgKind::Text,
                "Where the wrapping key is from now on: auto, keyring, passphrase or file:PATH",
            ),
            ArgSpec::option(
                "wrap_only",
                "wrap-only",
                "",
                ArgKind::Flag,
                "Keep the data key; only what wraps it changes, which takes no time",
            ),
            ArgSpec::option(
                "passphrase",
                "passphrase",
                "",
                ArgKind::Secret,
                "The new passphrase; asked for, or from STELLAR_NEW_PASSPHRASE",
            ),
        ],
        right: Right::Maintain,
        danger: Danger::Local,
        command: &["cache", "rekey"],
        emits: &["core.cache.rekey"],
        ..BASE
    },
    ActionSpec {
        id: "core.cache.damaged",
        title: "List what was set aside",
        doc: "Lists the copies that were set aside because they were damaged, oldest first.",
        command: &["cache", "damaged", "list"],
        emits: &["core.cache.damaged"],
        ..BASE
    },
    ActionSpec {
        id: "core.cache.discard",
        title: "Drop what was set aside",
        doc: "Removes one copy that was set aside, for good; asks first. Nothing else removes any of them.",
        args: &[
            ArgSpec::positional("id", "ID", ArgKind::Text, true, "Its name, as the list has it, or the beginning of it"),
            ArgSpec::option("yes", "yes", "", ArgKind::Flag, "Do it without asking"),
        ],
        right: Right::Maintain,
        danger: Danger::Destroys,
        command: &["cache", "damaged", "drop"],
        emits: &["core.cache.discard"],
        ..BASE
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
        danger: Danger::Local,
        command: &["cache", "snapshot"],
        emits: &["core.cache.snapshot"],
        ..BASE
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
        danger: Danger::Destroys,
        command: &["cache", "hydrate"],
        emits: &["core.cache.hydrate"],
        ..BASE
    },
];
