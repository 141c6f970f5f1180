//! The actions that change facts and move the queue, from wherever they are asked for.

use crate::app::{
    ask::Ask,
    effect::Effect,
    model::{Layer, Model, PromptFor},
};

use super::{
    change::{self, Undo},
    conflicts,
    layers::{ask_first, push},
    prompt, queue,
};

/// Whether an action is one of these.
pub(super) fn is(id: &str) -> bool {
    id.starts_with("core.queue.")
        || matches!(
            id,
            "core.input.set"
                | "core.input.submit"
                | "core.input.undo"
                | "core.input.redo"
                | "core.input.field_lock"
                | "core.input.field_unlock"
                | "core.conflict.read"
                | "core.conflict.show"
                | "core.conflict.resolve"
        )
}

/// Asks for one, or opens what is needed to ask for it. That it can be asked for was seen before.
pub(super) fn act(model: &mut Model, id: &str) -> Vec<Effect> {
    match id {
        "core.input.set" => {
            if let Some(key) = model.current().map(|insight| insight.key.clone()) {
                prompt::open(&mut model.prompt, &mut model.shared, PromptFor::Value(key), "");
                push(model, Layer::Prompt);
            }
        }
        "core.input.submit" => {
            let about = model.current().map(|insight| insight.key.clone());
            prompt::open(&mut model.prompt, &mut model.shared, PromptFor::Note(about), "");
            push(model, Layer::Prompt);
        }
        "core.input.undo" => match change::undo(&model.shared) {
            Undo::Ask(ask) => return change::send(&mut model.shared, ask, "Taking it back..."),
            Undo::First(question) => ask_first(model, question),
        },
        "core.input.redo" => return change::send(&mut model.shared, Ask::new("core.input.redo"), "Making it again..."),
        "core.input.field_lock" | "core.input.field_unlock" => {
            if let Some(ask) = model.current().map(|insight| change::lock(insight)) {
                return change::send(&mut model.shared, ask, "Asked for.");
            }
        }
        "core.queue.flush" => return change::send(&mut model.shared, change::flush(), "Trying everything that waits..."),
        "core.queue.hold" => return change::send(&mut model.shared, Ask::new("core.queue.hold"), "Stopping all sending..."),
        "core.queue.release" if model.shared.snapshot.queue.status.held_by.is_some() => {
            return change::send(&mut model.shared, Ask::new("core.queue.release"), "Sending goes on...");
        }
        "core.queue.retry" | "core.queue.release" | "core.queue.rebase" | "core.queue.cancel" | "core.queue.drop" | "core.queue.edit"
            if model.layers.contains(&Layer::Queue) =>
        {
            return treat(model, id);
        }
        other if other.starts_with("core.conflict.") => {
            conflicts::open(&mut model.conflicts, &model.shared);
            push(model, Layer::Conflicts);
        }
        // What acts on one change leads to the queue, where one is chosen.
        _ => {
            let key = model.shared.selected.clone();
            queue::open(&mut model.queue, &model.shared, key.as_ref());
            push(model, Layer::Queue);
        }
    }
    Vec::new()
}

fn treat(model: &mut Model, id: &str) -> Vec<Effect> {
    let Some(listed) = model.change().cloned() else { return Vec::new() };
    let command = &listed.command;
    let action = match id {
        "core.queue.retry" => "core.queue.retry",
        "core.queue.release" => "core.queue.release",
        "core.queue.rebase" => "core.queue.rebase",
        "core.queue.cancel" => "core.queue.cancel",
        "core.queue.edit" => {
            let what = PromptFor::Edit { id: command.id, shown: listed.shown.clone(), key: command.key.clone() };
            let text = prompt::text_of(&command.value, listed.secret);
            prompt::open(&mut model.prompt, &mut model.shared, what, &text);
            push(model, Layer::Prompt);
            return Vec::new();
        }
        _ => {
            ask_first(model, queue::dropping(&listed));
            return Vec::new();
        }
    };
    change::send(&mut model.shared, queue::treat(action, &listed), "Asked for.")
}
