//! Why an action cannot be asked for now: said in the palette, in the line above the hints, and to whoever listens.

use crate::{
    action::{ActionSpec, Surface},
    app::{
        model::{EngineLife, Layer, Model},
        queue::Listed,
    },
    fact::{CommandState, Mark},
};

use super::deciding::undecidable;

/// What the screen carries out itself.
const DONE_HERE: [&str; 51] = [
    "core.navigate.next_pane",
    "core.navigate.prev_pane",
    "core.navigate.up",
    "core.navigate.down",
    "core.navigate.page_up",
    "core.navigate.page_down",
    "core.navigate.first",
    "core.navigate.last",
    "core.navigate.open",
    "core.navigate.close",
    "core.palette.open",
    "core.canvas.toggle",
    "core.conflict.open",
    "core.conflict.read",
    "core.conflict.show",
    "core.conflict.resolve",
    "core.conflict.mine",
    "core.conflict.theirs",
    "core.conflict.edit",
    "core.conflict.accept",
    "core.conflict.send",
    "core.conflict.auto",
    "core.conflict.reject",
    "core.conflict.undo",
    "core.conflict.next",
    "core.conflict.previous",
    "core.input.confidence",
    "core.input.set",
    "core.input.submit",
    "core.input.undo",
    "core.input.redo",
    "core.input.field_lock",
    "core.input.field_unlock",
    "core.queue.status",
    "core.queue.read",
    "core.queue.show",
    "core.queue.flush",
    "core.queue.hold",
    "core.queue.release",
    "core.queue.retry",
    "core.queue.edit",
    "core.queue.rebase",
    "core.queue.cancel",
    "core.queue.drop",
    "core.search.open",
    "core.help.open",
    "core.source.refresh",
    "core.view.sort",
    "core.view.mouse",
    "core.view.redraw",
    "core.app.suspend",
];

/// Whether an action acts on the conflict that is shown.
fn is_decision(id: &str) -> bool {
    const OPENS: [&str; 4] = ["core.conflict.open", "core.conflict.read", "core.conflict.show", "core.conflict.resolve"];
    id.starts_with("core.conflict.") && !OPENS.contains(&id)
}

/// Whether the screen carries an action out.
fn is_done_here(id: &str) -> bool {
    DONE_HERE.contains(&id) || id == "core.app.quit"
}

/// Why an action cannot be asked for now, in a sentence; none when it can.
#[must_use]
pub fn unavailable(model: &Model, spec: &ActionSpec) -> Option<String> {
    let shared = &model.shared;
    if !shared.persona.may(spec.right) {
        return Some(format!("the persona {} may not", shared.persona));
    }
    if !is_done_here(spec.id) {
        return Some(match (spec.surface, spec.command) {
            (Surface::Screen, _) | (_, []) => "not in this version".to_owned(),
            (_, words) => format!("in a shell: stellar {}", words.join(" ")),
        });
    }
    if needs_engine(spec.id) {
        match &shared.engine {
            EngineLife::Dead(_) => return Some("the engine has stopped".to_owned()),
            EngineLife::Starting => return Some("the engine is starting".to_owned()),
            EngineLife::Running => {}
        }
    }
    match spec.id {
        "core.source.refresh" if shared.offline => Some("started with --offline".to_owned()),
        "core.source.refresh" if shared.refreshing.is_some() => Some("already under way".to_owned()),
        "core.input.set" => unwritable(model).map(str::to_owned),
        "core.input.field_lock" | "core.input.field_unlock" => {
            let locks = spec.id == "core.input.field_lock";
            match model.current() {
                None => Some("no fact is selected".to_owned()),
                // The same key does both; each is offered where it fits.
                Some(insight) if !locks && !insight.marks.contains(Mark::Locked) => Some("it is not locked".to_owned()),
                Some(_) => None,
            }
        }
        "core.queue.flush" if shared.offline => Some("started with --offline".to_owned()),
        "core.queue.flush" | "core.queue.hold" | "core.queue.release" => queue_as_a_whole(model, spec.id).map(str::to_owned),
        "core.queue.retry" | "core.queue.edit" | "core.queue.rebase" | "core.queue.cancel" | "core.queue.drop" => {
            one_change(model, spec.id).map(str::to_owned)
        }
        id if is_decision(id) => undecidable(model, id).map(str::to_owned),
        _ => None,
    }
}

/// Whether somebody who owns the data directory is needed.
fn needs_engine(id: &str) -> bool {
    const OPENS: [&str; 3] = ["core.queue.status", "core.queue.read", "core.queue.show"];
    let changes = ["core.input.set", "core.input.submit", "core.input.undo", "core.input.redo"].contains(&id);
    let moves = id.starts_with("core.queue.") && !OPENS.contains(&id);
    let turns = matches!(id, "core.conflict.next" | "core.conflict.previous");
    changes || moves || (is_decision(id) && !turns) || id == "core.source.refresh" || id.starts_with("core.input.field_")
}

fn unwritable(model: &Model) -> Option<&'static str> {
    let shared = &model.shared;
    match model.current() {
        None => Some("no fact is selected"),
        Some(insight) if insight.marks.contains(Mark::Locked) => Some("it is locked; unlock it first"),
        Some(_) if shared.snapshot.queue.status.closed.is_some() => Some("changes cannot be kept now"),
        Some(_) if !shared.snapshot.sources.iter().any(|source| source.enabled && source.writable) => {
            Some("no source here takes changes (writable = true)")
        }
        Some(_) => None,
    }
}

fn queue_as_a_whole(model: &Model, id: &str) -> Option<&'static str> {
    let status = &model.shared.snapshot.queue.status;
    match (id, status.held_by.is_some()) {
        ("core.queue.flush", true) => Some("sending was stopped; release the queue first"),
        ("core.queue.flush", false) if status.depth == 0 => Some("nothing waits"),
        ("core.queue.hold", true) => Some("sending is stopped already"),
        ("core.queue.release", false) => one_change(model, id),
        _ => None,
    }
}

/// Why an action cannot be done with the selected change of the queue.
fn one_change(model: &Model, id: &str) -> Option<&'static str> {
    if model.shared.snapshot.queue.commands.is_empty() {
        return Some("nothing waits");
    }
    if !model.layers.contains(&Layer::Queue) {
        return None;
    }
    refused(id, model.change()?)
}

/// Why an action cannot be done with a change where it stands; none when it can.
fn refused(id: &str, listed: &Listed) -> Option<&'static str> {
    use CommandState::{Blocked, Dead, InFlight, Parked, Queued};
    let command = &listed.command;
    match (id, command.state) {
        ("core.queue.retry", Blocked) => Some("its target holds another value: decide it, or rebase it"),
        ("core.queue.retry", InFlight) => Some("it is being sent"),
        ("core.queue.cancel" | "core.queue.edit" | "core.queue.rebase", InFlight) => Some("it is being sent"),
        ("core.queue.cancel" | "core.queue.edit" | "core.queue.rebase", _) if command.uncertain => {
            Some("an attempt may have reached its target")
        }
        ("core.queue.cancel", Dead) => Some("it is at its end; drop it"),
        ("core.queue.release", Queued | InFlight | Blocked | Dead) => Some("it is not parked"),
        ("core.queue.drop", Queued | InFlight | Parked | Blocked) => Some("only what was given up is dropped; cancel it"),
        _ => None,
    }
}
