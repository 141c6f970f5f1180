//! The queue: how it stands, what waits in it, and what a person does with that.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Scope, Surface};

/// What reads.
const LOOK: ActionSpec = ActionSpec { scope: Scope::Engine, surface: Surface::Both, ..ActionSpec::COMMAND };
/// What moves commands.
const MOVE: ActionSpec = ActionSpec { right: Right::Change, offline: Offline::Queued, danger: Danger::Remote, ..LOOK };
const ID: ArgSpec = ArgSpec::positional("id", "ID", ArgKind::Text, true, "Its id or the end of it, such as q-8w2k");

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.queue.status",
        title: "Queue status",
        doc: "Shows how the queue stands: what is under way, the oldest, what needs you, and each source with something waiting.",
        command: &["queue", "status"],
        alias: &["resilience", "status"],
        emits: &["core.queue.status"],
        ..LOOK
    },
    ActionSpec {
        id: "core.queue.read",
        title: "List changes",
        doc: "Lists changes in the order in which they were asked for: what is under way or was given up, or those in the states that are named.",
        args: &[ArgSpec::option(
            "states",
            "state",
            "S,..",
            ArgKind::Choices(&["queued", "in_flight", "parked", "blocked", "delivered", "confirmed", "dead", "cancelled"]),
            "Only changes in these states",
        )],
        command: &["queue", "list"],
        alias: &["resilience", "list"],
        emits: &["core.queue.read"],
        ..LOOK
    },
    ActionSpec {
        id: "core.queue.show",
        title: "Show a change",
        doc: "Shows one change: what it brings, what it starts from, every attempt with its answer, and what can be done.",
        args: &[ID],
        command: &["queue", "show"],
        alias: &["resilience", "show"],
        emits: &["core.queue.read"],
        ..LOOK
    },
    ActionSpec {
        id: "core.queue.flush",
        title: "Flush the queue",
        doc: "Tries everything that waits to be sent, now, and shows what is still under way afterwards.",
        args: &[ArgSpec::option(
            "wait_ms",
            "wait",
            "D",
            ArgKind::Duration,
            "Wait this long at most; exit 8 when something is still queued then",
        )],
        offline: Offline::Needs,
        command: &["queue", "flush"],
        alias: &["resilience", "flush"],
        emits: &["core.queue.read", "core.queue.status"],
        ..MOVE
    },
    ActionSpec {
        id: "core.queue.hold",
        title: "Hold the queue",
        doc: "Stops all sending until it is released, over restarts too. Changes are still taken, and stay queued.",
        offline: Offline::Works,
        danger: Danger::Local,
        command: &["queue", "hold"],
        alias: &["resilience", "hold"],
        emits: &["core.queue.status"],
        ..MOVE
    },
    ActionSpec {
        id: "core.queue.release",
        title: "Release the queue",
        doc: "Lets sending go on after a hold; or lets one change go on that waits for you because it is old or its source refused us.",
        args: &[ArgSpec::positional("id", "ID", ArgKind::Text, false, "One change: its id or the end of it")],
        command: &["queue", "release"],
        alias: &["resilience", "release"],
        emits: &["core.queue.status", "core.queue.read"],
        ..MOVE
    },
    ActionSpec {
        id: "core.queue.retry",
        title: "Retry a change",
        doc: "Tries a change again as it is, also one that was given up.",
        args: &[ID],
        command: &["queue", "retry"],
        alias: &["resilience", "retry"],
        emits: &["core.queue.read"],
        ..MOVE
    },
    ActionSpec {
        id: "core.queue.edit",
        title: "Edit a change",
        doc: "Gives a change that was not delivered another value, and lets it go on.",
        args: &[
            ID,
            ArgSpec::positional("value", "VALUE", ArgKind::Text, true, "JSON if it parses, else a string; - reads it from stdin"),
            ArgSpec::option("string", "string", "", ArgKind::Flag, "Take VALUE as a string whatever it looks like"),
        ],
        command: &["queue", "edit"],
        alias: &["resilience", "edit"],
        emits: &["core.queue.read"],
        ..MOVE
    },
    ActionSpec {
        id: "core.queue.rebase",
        title: "Rebase a change",
        doc: "Lets a change start from what its target holds now, and go on.",
        args: &[ID],
        command: &["queue", "rebase"],
        alias: &["resilience", "rebase"],
        emits: &["core.queue.read"],
        ..MOVE
    },
    ActionSpec {
        id: "core.queue.cancel",
        title: "Cancel a change",
        doc: "Takes a change back before it is delivered.",
        args: &[ID],
        offline: Offline::Works,
        danger: Danger::Local,
        command: &["queue", "cancel"],
        alias: &["resilience", "cancel"],
        emits: &["core.queue.read"],
        ..MOVE
    },
    ActionSpec {
        id: "core.queue.drop",
        title: "Drop a change",
        doc: "Forgets a change that was given up.",
        args: &[ID],
        offline: Offline::Works,
        danger: Danger::Destroys,
        command: &["queue", "drop"],
        alias: &["resilience", "drop"],
        emits: &["core.queue.read"],
        ..MOVE
    },
];
