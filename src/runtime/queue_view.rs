//! The queue as a screen holds it: looked at here, put on the wire, taken from it.

use std::sync::Arc;

use crate::{
    app::{Listed, Queue},
    engine::EngineHandle,
    fact::{Command, CommandState, ConflictEntry, Value},
    wire::{ViewCommand, ViewConflict, ViewQueue},
};

/// Changes that are told to a screen; of more, how many.
const MOST: usize = 500;
/// Delivered changes that are told.
const ENDED: usize = 20;

/// How the queue stands now.
pub fn look(handle: &EngineHandle) -> Queue {
    let mut status = handle.queue_status();
    let oldest = status.oldest.take().map(|age| handle.now().minus(age));
    let open = |state: &CommandState| state.is_under_way() || *state == CommandState::Dead;
    let all = handle.commands(&CommandState::ALL.into_iter().filter(open).collect::<Vec<_>>());
    let left_out = all.len().saturating_sub(MOST);
    let commands = if left_out == 0 { all } else { chosen(all) };
    let mut ended = handle.commands(&[CommandState::Delivered, CommandState::Confirmed]);
    ended.sort_by_key(|command| std::cmp::Reverse(command.since));
    ended.truncate(ENDED);
    let listed = |command: Arc<Command>| Listed {
        shown: handle.shown(command.id),
        secret: handle.is_secret(&command.key),
        command: Arc::unwrap_or_clone(command),
    };
    let blocked = status.states.iter().any(|(state, _)| *state == CommandState::Blocked);
    let conflicts = if blocked { handle.changes_that_wait() } else { Vec::new() };
    Queue {
        oldest: oldest.map(|oldest| commands.iter().map(|command| command.created_at).min().filter(|_| left_out == 0).unwrap_or(oldest)),
        status,
        commands: commands.into_iter().map(listed).collect(),
        ended: ended.into_iter().map(listed).collect(),
        left_out: left_out as u64,
        conflicts: conflicts.into(),
    }
}

/// Of too many the ones that wait for a person first, then the oldest; in the order in which they were asked for.
fn chosen(all: Vec<Arc<Command>>) -> Vec<Arc<Command>> {
    let mut numbered: Vec<(usize, Arc<Command>)> = all.into_iter().enumerate().collect();
    numbered.sort_by_key(|(at, command)| (!command.state.needs_a_person(), *at));
    numbered.truncate(MOST);
    numbered.sort_by_key(|(at, _)| *at);
    numbered.into_iter().map(|(_, command)| command).collect()
}

/// Puts it on the wire: secret values as `hidden` shows them, others as `open` does.
pub fn to_wire(queue: &Queue, open: &dyn Fn(&Value) -> String, hidden: &dyn Fn(&Value) -> String) -> ViewQueue {
    let command = |listed: &Listed| {
        let veil = if listed.secret { hidden } else { open };
        ViewCommand::of(&listed.shown, listed.secret, &listed.command, veil)
    };
    let is_secret = |conflict: &ConflictEntry| queue.commands.iter().any(|listed| listed.secret && listed.command.key == conflict.key);
    let conflict = |conflict: &Arc<ConflictEntry>| ViewConflict::of(conflict, if is_secret(conflict) { hidden } else { open });
    let mut view = ViewQueue::of(&queue.status);
    view.oldest = queue.oldest;
    view.commands = queue.commands.iter().map(command).collect();
    view.ended = queue.ended.iter().map(command).collect();
    view.left_out = queue.left_out;
    view.conflicts = queue.conflicts.iter().map(conflict).collect();
    view
}

/// Takes it from the wire.
///
/// # Errors
/// A sentence, when it holds a word or a value that is not known here.
pub fn from_wire(view: ViewQueue) -> Result<Queue, String> {
    let status = view.status();
    let listed = |told: ViewCommand| Listed { shown: told.shown, secret: told.secret, command: told.command };
    Ok(Queue {
        status,
        oldest: view.oldest,
        commands: view.commands.into_iter().map(listed).collect(),
        ended: view.ended.into_iter().map(listed).collect(),
        left_out: view.left_out,
        conflicts: view.conflicts.into_iter().map(|conflict| conflict.entry().map(Arc::new)).collect::<Result<_, _>>()?,
    })
}
