//! Sources: refreshing, listing, testing.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Scope, Surface};

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.source.refresh",
        title: "Refresh",
        doc: "Asks the sources now, together, each bounded by its time-out.\nExit 0 if any answered, else 5.",
        args: &[ArgSpec::positional("pattern", "PATTERN", ArgKind::Text, false, "Only sources that could hold such keys")],
        right: Right::Read,
        offline: Offline::Needs,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["refresh"],
        alias: &[],
        emits: &["core.source.refresh"],
    },
    ActionSpec {
        id: "core.source.read",
        title: "List sources",
        doc: "Lists the configured sources and how each stands.",
        args: &[],
        right: Right::Read,
        offline: Offline::Works,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["source", "list"],
        alias: &[],
        emits: &["core.source.read"],
    },
    ActionSpec {
        id: "core.source.test",
        title: "Test a source",
        doc: "Asks one source once, shows what it would bring, and stores nothing.\nNames items left out, keys two items claim, and keys the source may not claim.",
        args: &[ArgSpec::positional("name", "NAME", ArgKind::Text, true, "Name of the source")],
        right: Right::Read,
        offline: Offline::Needs,
        danger: Danger::None,
        surface: Surface::Both,
        scope: Scope::Engine,
        command: &["source", "test"],
        alias: &[],
        emits: &["core.source.test"],
    },
];
