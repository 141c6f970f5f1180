//! How messages change the model. Total and synchronous: no I/O, no clock, no randomness.

mod answer;
mod canvas;
mod change;
mod changing;
#[cfg(test)]
mod changing_tests;
mod conflicts;
mod deciding;
#[cfg(test)]
mod deciding_tests;
mod drift;
mod keys;
mod layers;
mod list;
#[cfg(test)]
mod looked_tests;
mod palette;
mod pointer;
mod prompt;
mod queue;
mod settle;
mod step;
#[cfg(test)]
mod tests;
mod told;
mod wake;
#[cfg(test)]
mod wake_tests;

use crate::{fact::Timestamp, theme::Role};

use super::{
    effect::Effect,
    model::{EngineLife, Focus, Layer, Model},
    msg::Msg,
};

pub use wake::next_wake;

/// Takes a message and says what is to be done outside.
pub fn update(model: &mut Model, msg: Msg, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    let mut effects = match msg {
        Msg::Key(chord) => {
            model.touch();
            keys::key(model, chord)
        }
        Msg::Action(id) => {
            model.touch();
            keys::act(model, &id)
        }
        Msg::Paste(text, dropped) => {
            model.touch();
            paste(model, &text, dropped)
        }
        Msg::Pointer(pointer) => pointer::point(model, pointer),
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            model.touch();
            Vec::new()
        }
        Msg::TerminalFocus(focused) => {
            model.shared.terminal_focused = focused;
            Vec::new()
        }
        Msg::KeyboardFound(keyboard) => {
            model.shared.keyboard = keyboard;
            model.touch();
            Vec::new()
        }
        Msg::Interrupt => interrupt(model),
        Msg::Snapshot(snapshot) => told::snapshot(model, snapshot),
        Msg::Arranged(arranged) => told::arranged(model, arranged),
        Msg::Refreshed(job, outcome) => told::refreshed(model, job, outcome),
        Msg::Answered(job, answer) => answer::answered(model, job, &answer),
        Msg::Linked(owns) => {
            model.shared.owns = Some(owns);
            model.shared.looked.ask_anew();
            Vec::new()
        }
        Msg::Looked(key, found) => {
            if model.shared.looked.take(&key, found) {
                model.touch();
            }
            Vec::new()
        }
        Msg::History(history) => told::history(model, history),
        Msg::EngineGone(why) => told::engine_gone(model, &why),
        Msg::Fault(why) => {
            model.shared.say(format!("A task failed and the rest goes on: {why}"), Role::Error);
            model.touch();
            Vec::new()
        }
        Msg::CacheTold(sentence, trouble) => {
            model.shared.say(told::capitalised(&sentence), if trouble { Role::Offline } else { Role::Text });
            model.touch();
            Vec::new()
        }
        Msg::Said(text) => {
            model.shared.say(text, Role::Text);
            model.touch();
            Vec::new()
        }
        Msg::Wake => wake::wake(model),
    };
    settle::settle(model);
    effects.extend(canvas::past(model));
    effects.extend(look(model));
    effects
}

/// Asks for those who speak of what is shown at length, where the snapshot has but the first of them.
fn look(model: &mut Model) -> Vec<Effect> {
    if model.shared.engine != EngineLife::Running {
        return Vec::new();
    }
    let mut looked = std::mem::take(&mut model.shared.looked);
    let keys = looked.show(model.at_length().map(AsRef::as_ref));
    model.shared.looked = looked;
    keys.into_iter().map(Effect::Look).collect()
}

/// The first Ctrl+C closes a layer or hints, the second leaves.
fn interrupt(model: &mut Model) -> Vec<Effect> {
    model.touch();
    if model.shared.interrupted {
        return vec![Effect::Quit];
    }
    model.shared.interrupted = true;
    let effects = if model.layers.is_empty() { Vec::new() } else { keys::act(model, "core.navigate.close") };
    model.shared.say("Ctrl+C again leaves. What waits to be sent is on disk.", Role::Text);
    effects
}

/// Pasted text goes into the field that has the focus, and nowhere else.
fn paste(model: &mut Model, text: &str, dropped: usize) -> Vec<Effect> {
    model.shared.message = None;
    let whole = match model.focus() {
        Focus::Layer(Layer::Filter) => {
            let whole = model.list.filter.insert(text);
            let effects = vec![list::filtered(&mut model.list, &mut model.shared, model.now)];
            say_cut(model, whole && dropped == 0);
            return effects;
        }
        Focus::Layer(Layer::Palette) => palette::insert(&mut model.palette, text),
        Focus::Layer(Layer::Prompt) => prompt::insert(&mut model.prompt, text),
        Focus::Pane(_) | Focus::Layer(Layer::Help | Layer::Conflicts | Layer::Queue | Layer::Question) => {
            model.shared.say("Nothing takes text here; / opens the filter.", Role::Dim);
            return Vec::new();
        }
    };
    say_cut(model, whole && dropped == 0);
    Vec::new()
}

fn say_cut(model: &mut Model, whole: bool) {
    if !whole {
        model.shared.say("Not all of what was pasted was taken: a field holds one line without control characters.", Role::Dim);
    }
}
