//! Changes: asking for one, taking it back, freezing belief.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec, Danger, Offline, Right, Scope, Surface};

/// What these actions have in common.
const BASE: ActionSpec = ActionSpec {
    right: Right::Change,
    offline: Offline::Queued,
    danger: Danger::Remote,
    surface: Surface::Both,
    scope: Scope::Engine,
    ..ActionSpec::COMMAND
};

/// The id of the command that comes of it: asking again with it is the same command.
const FRESH: ArgSpec = ArgSpec::option("id", "", "", ArgKind::Minted, "Id of the command that comes of it, q- and 26 characters");
const WAIT: ArgSpec =
    ArgSpec::option("wait_ms", "wait", "D", ArgKind::Duration, "Wait this long for delivery; exit 8 when it is still queued then");

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.input.set",
        title: "Change a fact",
        doc: "Queues a change of a fact and answers when it is on disk, after up to two seconds for its delivery; nothing that was acknowledged is \
              lost.\nVALUE is JSON if it parses, else a string; - reads it from stdin. With - in the place of KEY every line of stdin is one change, \
              {\"key\":..,\"value\":..} with source and expires where needed: all of them are queued or none. Exit 0: queued or delivered. Exit 1: the \
              value breaks the key's schema, the fact is locked, or no source takes it. Exit 2: several sources take it and none was named. Exit 4: \
              its target holds a third value. Exit 8: --wait ran out.",
        args: &[
            ArgSpec::positional("key", "KEY", ArgKind::Text, true, "Name of the fact, or - for one change per line of stdin"),
            ArgSpec::positional("value", "VALUE", ArgKind::Text, false, "JSON if it parses, else a string; - reads it from stdin"),
            ArgSpec::option("source", "source", "S", ArgKind::Text, "Who is to take it, where several could"),
            ArgSpec::option("expires_ms", "expires", "D", ArgKind::Duration, "Send it by itself only this long; then it waits for you"),
            WAIT,
            ArgSpec::option("dry_run", "dry-run", "", ArgKind::Flag, "Say what it would do, and change nothing"),
            ArgSpec::option("string", "string", "", ArgKind::Flag, "Take VALUE as a string whatever it looks like"),
            FRESH,
            ArgSpec::option(
                "changes",
                "",
                "",
                ArgKind::Rows,
                "Several changes in the place of one, each {id, key, value, source, expires_ms, line}",
            ),
        ],
        command: &["set"],
        emits: &["core.queue.read", "core.queue.plan"],
        ..BASE
    },
    ActionSpec {
        id: "core.input.submit",
        title: "Submit a note",
        doc: "Queues a note for the source that queue.submit_to names; without one it is kept here, in the record of changes.",
        args: &[
            ArgSpec::positional("text", "TEXT", ArgKind::Text, true, "What is to be said"),
            ArgSpec::option("key", "key", "KEY", ArgKind::Text, "The fact that it is about"),
            WAIT,
            FRESH,
        ],
        command: &["submit"],
        emits: &["core.queue.read"],
        ..BASE
    },
    ActionSpec {
        id: "core.input.undo",
        title: "Undo",
        doc: "Takes back your newest change that was not delivered, or the one that is named, and says which.\nOne that was delivered is taken back by \
              a change that sends what it replaced: that is shown and asked for first. Exit 4: it was not agreed to.",
        args: &[
            ArgSpec::positional("which", "ID", ArgKind::Text, false, "Which: its id or the end of it, such as q-8w2k"),
            ArgSpec::option("yes", "yes", "", ArgKind::Flag, "Send what a delivered change replaced, without asking"),
            ArgSpec::option("dry_run", "dry-run", "", ArgKind::Flag, "Say which change it would be, and take nothing back"),
            FRESH,
        ],
        offline: Offline::Works,
        command: &["undo"],
        emits: &["core.queue.read"],
        ..BASE
    },
    ActionSpec {
        id: "core.input.redo",
        title: "Redo",
        doc: "Makes the change again that you took back last.",
        args: &[FRESH],
        command: &["redo"],
        emits: &["core.queue.read"],
        ..BASE
    },
    ActionSpec {
        id: "core.input.field_lock",
        title: "Lock belief",
        doc: "Freezes what is believed about a fact: observing goes on, nothing changes it, and changes are refused until it is unlocked.",
        args: &[ArgSpec::positional("key", "KEY", ArgKind::Text, true, "Name of the fact")],
        right: Right::Decide,
        offline: Offline::Works,
        danger: Danger::Local,
        command: &["lock"],
        emits: &["core.input.field_lock"],
        ..BASE
    },
    ActionSpec {
        id: "core.input.field_unlock",
        title: "Unlock belief",
        doc: "Lets what is believed about a fact move again.",
        args: &[ArgSpec::positional("key", "KEY", ArgKind::Text, true, "Name of the fact")],
        right: Right::Decide,
        offline: Offline::Works,
        danger: Danger::Local,
        command: &["unlock"],
        emits: &["core.input.field_lock"],
        ..BASE
    },
];
