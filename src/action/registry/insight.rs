//! Facts: listing, reading, explaining, watching.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Scope, Surface};

const OFFLINE: ArgSpec = ArgSpec::option("offline", "", "", ArgKind::Global, "Never fetch");
const REVEAL: ArgSpec = ArgSpec::option("reveal", "", "", ArgKind::Global, "Show secret values");
const REFRESH: ArgSpec = ArgSpec::option("refresh", "refresh", "", ArgKind::Flag, "Ask the sources first, whatever is cached");
const PATTERN: ArgSpec =
    ArgSpec::positional("pattern", "PATTERN", ArgKind::Text, false, "Keys that match: * is one segment, ** any number, {a,b} either");

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.insight.list",
        title: "List facts",
        doc: "Lists facts with what is believed about them, from the cache at once.\nOnly when nothing is cached are the sources asked first, bounded by their time-outs.",
        args: &[
            PATTERN,
            ArgSpec::option(
                "state",
                "state",
                "S,..",
                ArgKind::Choices(&["fresh", "stale", "offline", "gone"]),
                "Only facts in these states",
            ),
            ArgSpec::option(
                "mark",
                "mark",
                "M,..",
                ArgKind::Choices(&["conflict", "drift", "pending", "locked", "quarantined"]),
                "Only facts with any of these marks",
            ),
            ArgSpec::option(
                "sort",
                "sort",
                "ORDER",
                ArgKind::Choice(&["key", "age", "confidence"]),
                "By key, oldest first, or least believed first",
            ),
            REFRESH,
            OFFLINE,
            REVEAL,
        ],
        right: Right::Read,
        offline: Offline::Cached,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["list"],
        alias: &[],
        emits: &["core.insight.read"],
    },
    ActionSpec {
        id: "core.insight.read",
        title: "Read facts",
        doc: "Shows what is believed about these keys, how far, and who says so.\nThe answer comes from the cache at once; only when nothing is cached for a key are its sources asked first. Exit 3: no source can hold the key, or each that could has answered completely and did not have it. Exit 5: older than --max-age, or nothing cached and a source that could hold it has never answered and cannot be reached. Several keys: all are printed, the highest code wins.",
        args: &[
            ArgSpec::positional("keys", "KEY", ArgKind::Texts, true, "Names of facts, such as host/load/1m"),
            ArgSpec::option("max_age_ms", "max-age", "D", ArgKind::Duration, "Refuse what was vouched for longer ago, such as 30s"),
            REFRESH,
            ArgSpec::option("value", "value", "", ArgKind::Flag, "Print the bare value only"),
            ArgSpec::option("strict", "strict", "", ArgKind::Flag, "Exit 4 when a conflict is undecided"),
            OFFLINE,
            REVEAL,
        ],
        right: Right::Read,
        offline: Offline::Cached,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["get"],
        alias: &[],
        emits: &["core.insight.read"],
    },
    ActionSpec {
        id: "core.insight.confidence",
        title: "Why is this believed",
        doc: "Says why a fact stands as it does: the cause first, then the arithmetic of its confidence, which sums.",
        args: &[ArgSpec::positional("key", "KEY", ArgKind::Text, true, "Name of the fact"), OFFLINE, REVEAL],
        right: Right::Read,
        offline: Offline::Cached,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["why"],
        alias: &["insight", "confidence"],
        emits: &["core.insight.confidence"],
    },
    ActionSpec {
        id: "core.insight.watch",
        title: "Watch facts",
        doc: "Shows the current facts, then what happens to them, until it is interrupted.\nEvents carry numbers without gaps; a gap means missed events.",
        args: &[PATTERN, OFFLINE, REVEAL],
        right: Right::Read,
        offline: Offline::Cached,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["watch"],
        alias: &[],
        emits: &[
            "core.insight.read",
            "core.watch.ready",
            "core.insight.changed",
            "core.conflict.opened",
            "core.conflict.closed",
            "core.source.refreshed",
            "core.cache.hydrated",
            "core.cache.quarantined",
            "core.engine.fault",
            "core.watch.missed",
        ],
    },
];
