//! The queue: which change is selected, and what is done with it.

use crate::{
    app::{
        ask::Ask,
        layout::{LayerBody, Regions},
        model::{Question, QueueModel, Shared, Then},
        queue::Listed,
    },
    fact::Key,
};

use super::{canvas, step::Step};

/// Opens at the newest change of a fact, where it has one, else where it was.
pub(super) fn open(queue: &mut QueueModel, shared: &Shared, key: Option<&Key>) {
    let of_key = |listed: &Listed| key.is_some_and(|key| listed.command.key == *key);
    let at = shared.snapshot.queue.commands.iter().rposition(of_key);
    show(queue, shared, at.unwrap_or(queue.at));
}

/// Up and down go through the changes, pages scroll what is said about the selected one.
pub(super) fn step(queue: &mut QueueModel, shared: &Shared, regions: &Regions, step: Step) {
    match step {
        Step::PageUp | Step::PageDown => {
            if let Some(LayerBody::Changes { detail, .. }) = regions.layer.as_ref().map(|layer| &layer.body) {
                canvas::step(&mut queue.scroll, Some(detail), step);
            }
        }
        Step::Up | Step::Down | Step::First | Step::Last => {
            show(queue, shared, step.from(queue.at, shared.snapshot.queue.commands.len(), 1));
        }
    }
}

/// Selects a change.
pub(super) fn show(queue: &mut QueueModel, shared: &Shared, at: usize) {
    let commands = &shared.snapshot.queue.commands;
    queue.at = at.min(commands.len().saturating_sub(1));
    let id = commands.get(queue.at).map(|listed| listed.command.id);
    if queue.id != id {
        queue.scroll = 0;
    }
    queue.id = id;
}

/// Finds the change that was selected again after the queue moved; where it is gone, what took its place is.
pub(super) fn follow(queue: &mut QueueModel, shared: &Shared) {
    let found = shared.snapshot.queue.commands.iter().position(|listed| Some(listed.command.id) == queue.id);
    show(queue, shared, found.unwrap_or(queue.at));
}

/// What an action of the queue asks for, of one change.
pub(super) fn treat(action: &'static str, listed: &Listed) -> Ask {
    Ask::new(action).shown("id", &listed.command.id.to_string(), &listed.shown)
}

/// What is asked before a change that was given up is forgotten.
pub(super) fn dropping(listed: &Listed) -> Question {
    let command = &listed.command;
    Question {
        title: "Forget this change?",
        says: vec![
            format!("{} of {} was given up. Dropping it forgets it with every answer.", listed.shown, command.key),
            "It can be retried or edited instead.".to_owned(),
        ],
        yes: "drop it",
        no: "keep it",
        then: Then::Ask(treat("core.queue.drop", listed)),
    }
}
