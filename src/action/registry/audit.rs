//! The audit: who did what, and whether the record of it is whole.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Scope, Surface};

/// What all of them are: a look.
const LOOK: ActionSpec = ActionSpec { scope: Scope::Engine, surface: Surface::Command, ..ActionSpec::COMMAND };

/// The codes of what stands in the audit.
const DEEDS: &[&str] = &[
    "change_asked",
    "note_asked",
    "change_goes_on",
    "change_ended",
    "change_parked",
    "change_blocked",
    "change_dead",
    "change_delivered",
    "sending_held",
    "sending_released",
    "key_locked",
    "key_unlocked",
    "conflict_decided",
    "decision_undone",
    "trust_reset",
    "denied",
    "config_loaded",
    "config_trusted",
    "secret_revealed",
    "cache_rekeyed",
    "cache_evicted",
    "cache_snapshot",
    "cache_hydrated",
    "damaged_dropped",
    "chaos_run",
];

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.audit.read",
        title: "List the audit",
        doc: "Lists who did what, when, from where and how it ended, oldest first.",
        args: &[
            ArgSpec::positional("pattern", "PATTERN", ArgKind::Text, false, "Only what was done to keys of this pattern"),
            ArgSpec::option("what", "what", "W,..", ArgKind::Choices(DEEDS), "Only these deeds"),
            ArgSpec::option("user", "user", "NAME", ArgKind::Text, "Only what this user did"),
            ArgSpec::option("since_ms", "since", "D", ArgKind::Duration, "Only what was done within this time"),
            ArgSpec::option("limit", "limit", "N", ArgKind::Count, "At most this many, the newest"),
        ],
        command: &["audit", "list"],
        emits: &["core.audit.read"],
        ..LOOK
    },
    ActionSpec {
        id: "core.audit.verify",
        title: "Verify the audit",
        doc: "Checks every record of the audit against the one before it and against what it stands for, and names what does not fit.\nExit 7: \
              something was altered, is missing, or was cut off.",
        args: &[ArgSpec::option(
            "expect",
            "expect",
            "HASH",
            ArgKind::Text,
            "A head that was noted down before: the audit must go on from there",
        )],
        command: &["audit", "verify"],
        emits: &["core.audit.verify"],
        ..LOOK
    },
    ActionSpec {
        id: "core.audit.head",
        title: "Head of the audit",
        doc: "Shows how many records there are and the hash of the last: noted down elsewhere, it shows later whether any of them was cut off.",
        command: &["audit", "head"],
        emits: &["core.audit.head"],
        ..LOOK
    },
    ActionSpec {
        id: "core.audit.export",
        title: "Export the audit",
        doc: "Writes every record as a line of JSON with its hash, without values, so that anybody can compute the chain again.",
        command: &["audit", "export"],
        emits: &["core.audit.export"],
        ..LOOK
    },
];
