//! What the screen can be asked for. Keys come from the keymap, which names these ids.

use crate::action::spec::{ActionSpec, Danger, Offline, Right, Scope, Surface};

const fn on_screen(id: &'static str, title: &'static str, doc: &'static str) -> ActionSpec {
    ActionSpec {
        id,
        title,
        doc,
        args: &[],
        right: Right::Read,
        offline: Offline::Works,
        danger: Danger::None,
        surface: Surface::Screen,
        scope: Scope::Screen,
        command: &[],
        alias: &[],
        emits: &[],
    }
}

const fn needs(mut spec: ActionSpec, right: Right, offline: Offline, danger: Danger) -> ActionSpec {
    spec.right = right;
    spec.offline = offline;
    spec.danger = danger;
    spec
}

pub(super) const ACTIONS: &[ActionSpec] = &[
    on_screen("core.navigate.next_pane", "Next pane", "Moves the focus to the next pane."),
    on_screen("core.navigate.prev_pane", "Previous pane", "Moves the focus to the pane before."),
    on_screen("core.navigate.up", "Up", "Moves one row or line up."),
    on_screen("core.navigate.down", "Down", "Moves one row or line down."),
    on_screen("core.navigate.page_up", "Page up", "Moves one page up."),
    on_screen("core.navigate.page_down", "Page down", "Moves one page down."),
    on_screen("core.navigate.first", "First", "Moves to the first row or line."),
    on_screen("core.navigate.last", "Last", "Moves to the last row or line."),
    on_screen("core.navigate.open", "Open", "Opens what is selected."),
    on_screen("core.navigate.close", "Back", "Closes the layer on top, clears the filter, or goes back to the list."),
    on_screen("core.view.sort", "Sort the list", "Sorts the list by key, by age, by confidence, in turn."),
    on_screen("core.view.mouse", "Mouse", "Takes the mouse or leaves it to the terminal, for selecting text."),
    on_screen("core.view.redraw", "Redraw", "Draws the whole screen again."),
    on_screen("core.palette.open", "Palette", "Opens the palette, where every action can be found by its title."),
    on_screen("core.canvas.toggle", "Insight canvas", "Shows or hides the canvas beside the list."),
    on_screen("core.overlay.telemetry", "Telemetry", "Shows or hides the telemetry column."),
    needs(
        on_screen("core.runbook.invoke", "Run a runbook", "Opens the runbooks that fit what is selected."),
        Right::Runbook,
        Offline::Works,
        Danger::Remote,
    ),
    on_screen("core.conflict.open", "Conflicts", "Opens the conflicts, most instructive first."),
    needs(
        on_screen(
            "core.conflict.mine",
            "My change counts",
            "Sends your change on what its target holds now, in the conflict that is shown.",
        ),
        Right::Decide,
        Offline::Queued,
        Danger::Remote,
    ),
    needs(
        on_screen("core.conflict.theirs", "The target's value counts", "Lets what the target holds stand; your change ends."),
        Right::Decide,
        Offline::Queued,
        Danger::Local,
    ),
    needs(
        on_screen(
            "core.conflict.accept",
            "Believe the chosen value",
            "Decides the conflict that is shown with what is chosen in it. Of values, nothing is sent.",
        ),
        Right::Decide,
        Offline::Works,
        Danger::Local,
    ),
    needs(
        on_screen(
            "core.conflict.send",
            "Believe it and send it",
            "Believes the chosen value and gives it to a source that takes changes; what is sent is shown and asked first.",
        ),
        Right::Decide,
        Offline::Queued,
        Danger::Remote,
    ),
    needs(
        on_screen(
            "core.conflict.auto",
            "Let the rule decide",
            "Has the value hold that the rule believes most; nobody says that it is right.",
        ),
        Right::Decide,
        Offline::Works,
        Danger::Local,
    ),
    needs(
        on_screen("core.conflict.reject", "None is right", "Says that none of the values is right. Nothing is sent."),
        Right::Decide,
        Offline::Works,
        Danger::Local,
    ),
    needs(
        on_screen("core.conflict.edit", "Decide with another value", "Opens the prompt for a value in the place of those that compete."),
        Right::Decide,
        Offline::Queued,
        Danger::Remote,
    ),
    on_screen("core.conflict.next", "Next conflict", "Shows the next conflict; after the last one comes the first."),
    on_screen("core.conflict.previous", "Previous conflict", "Shows the conflict before."),
    on_screen("core.input.confidence", "Why is this believed", "Shows the arithmetic behind the selected fact."),
    on_screen("core.search.open", "Search", "Filters the list as you type."),
    on_screen("core.help.open", "Help", "Shows the keys of the focused pane as they work in this terminal."),
    on_screen("core.accessibility.toggle", "Assistive mode", "Turns the assistive layer on or off."),
    on_screen("core.app.suspend", "Suspend", "Goes to the background until the shell brings it back."),
    on_screen("core.app.quit", "Quit", "Leaves. What waits to be sent is on disk."),
];
