//! Keys and looks: which are in force, and whether they can be read.

use crate::action::spec::{ActionSpec, ArgKind, ArgSpec};

pub(super) const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        id: "core.keymap.read",
        title: "List keys",
        doc: "Lists every action of the screen with its keys in force, which layer each comes from, and whether this terminal can send it.\nExit 2 if a keymap file is wrong; it is named with its line and left out.",
        command: &["keymap", "list"],
        emits: &["core.keymap.read"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.theme.read",
        title: "List themes",
        doc: "Lists the themes there are and marks the one in force.\nExit 2 if the configured one is missing or wrong; the default is in force then.",
        command: &["theme", "list"],
        emits: &["core.theme.read"],
        ..ActionSpec::COMMAND
    },
    ActionSpec {
        id: "core.theme.check",
        title: "Check the contrast of themes",
        doc: "Computes the contrast of each pair of colours that is drawn, for dark and for light backgrounds, least first.\nExit 1 if one is below 4.5:1, the least for text by WCAG 2.2, level AA.",
        args: &[ArgSpec::positional("name", "NAME", ArgKind::Text, false, "Only this theme")],
        command: &["theme", "check"],
        emits: &["core.theme.check"],
        ..ActionSpec::COMMAND
    },
];
