//! From a key to an action, and from an action to the screen it is about.

use crate::{
    action,
    app::{
        content,
        effect::Effect,
        model::{EngineLife, Focus, Layer, Model, Pane, Then},
    },
    fact::Key,
    keymap::{Chord, KeyName, Mods},
    theme::Role,
};

use super::{
    canvas, change, changing, conflicts, deciding,
    layers::{ask_first, push},
    list, palette, prompt, queue,
    step::Step,
};

/// A key was pressed.
pub(super) fn key(model: &mut Model, chord: Chord) -> Vec<Effect> {
    if chord == Chord::new(Mods::CTRL, KeyName::Char('c')) {
        return super::interrupt(model);
    }
    model.shared.interrupted = false;
    model.shared.message = None;
    // What is asked for by a key is looked up first, so that a field leaves Enter and Esc to the screen.
    if let Some(action) = model.shared.keymap.action(model.contexts(), chord).cloned() {
        return act(model, &action);
    }
    match model.focus() {
        Focus::Layer(Layer::Filter) => {
            let before = model.list.filter.text().to_owned();
            model.list.filter.key(chord);
            if model.list.filter.text() == before {
                Vec::new()
            } else {
                vec![list::filtered(&mut model.list, &mut model.shared, model.now)]
            }
        }
        Focus::Layer(Layer::Palette) => {
            palette::key(&mut model.palette, chord);
            Vec::new()
        }
        Focus::Layer(Layer::Prompt) => {
            prompt::key(&mut model.prompt, chord);
            Vec::new()
        }
        Focus::Layer(Layer::Conflicts | Layer::Question) => {
            if let Some(number) = chord.typed().and_then(|char| char.to_digit(10)).filter(|number| *number > 0) {
                choose(model, usize::try_from(number).unwrap_or(usize::MAX) - 1);
            }
            Vec::new()
        }
        Focus::Pane(_) | Focus::Layer(Layer::Help | Layer::Queue) => Vec::new(),
    }
}

/// Chooses one of several by its place: a value of the conflict, or what is offered.
pub(super) fn choose(model: &mut Model, place: usize) {
    match model.focus() {
        Focus::Layer(Layer::Question) => {
            if let Some(Then::OneOf { offers, chosen }) = model.question.as_mut().map(|question| &mut question.then)
                && place < offers.len()
            {
                *chosen = place;
            }
        }
        _ => conflicts::choose(&mut model.conflicts, &model.shared, place),
    }
}

/// An action was asked for.
pub(super) fn act(model: &mut Model, id: &str) -> Vec<Effect> {
    // In a field it is the field's Enter.
    let in_field = id == "core.input.submit" && matches!(model.focus(), Focus::Layer(Layer::Filter | Layer::Palette | Layer::Prompt));
    if let Some(spec) = action::find(id)
        && !in_field
        && let Some(why) = content::unavailable(model, spec)
    {
        model.shared.say(format!("{}: {why}.", spec.title), Role::Dim);
        return Vec::new();
    }
    match id {
        "core.navigate.up" => step(model, Step::Up),
        "core.navigate.down" => step(model, Step::Down),
        "core.navigate.page_up" => step(model, Step::PageUp),
        "core.navigate.page_down" => step(model, Step::PageDown),
        "core.navigate.first" => step(model, Step::First),
        "core.navigate.last" => step(model, Step::Last),
        "core.navigate.next_pane" | "core.navigate.prev_pane" => other_pane(model),
        "core.navigate.open" => return open(model),
        "core.input.submit" if in_field => return open(model),
        "core.navigate.close" => return close(model),
        "core.palette.open" => {
            palette::open(&mut model.palette);
            push(model, Layer::Palette);
        }
        "core.help.open" => {
            model.help.scroll = 0;
            push(model, Layer::Help);
        }
        "core.conflict.open" => {
            conflicts::open(&mut model.conflicts, &model.shared);
            push(model, Layer::Conflicts);
        }
        "core.search.open" => {
            model.pane = Pane::List;
            push(model, Layer::Filter);
        }
        "core.canvas.toggle" => {
            model.canvas.shown = !model.canvas.shown;
            if !model.canvas.shown {
                model.pane = Pane::List;
            } else if model.current().is_some() && crate::app::layout::layout(model).canvas.is_none() {
                model.shared.say("There is no room for both here; the fact opens by itself.", Role::Dim);
            }
        }
        "core.input.confidence" => {
            // In the conflicts it is about the one that is shown.
            let about = model.conflict().filter(|_| model.below() == Focus::Layer(Layer::Conflicts)).map(|conflict| conflict.key.clone());
            if about.is_some() && about != model.shared.selected {
                let effects = go_to(model, about);
                model.pane = Pane::Canvas;
                model.canvas.scroll = 0;
                return effects;
            }
            model.layers.clear();
            model.pane = Pane::Canvas;
            model.canvas.scroll = 0;
        }
        "core.view.sort" => return vec![list::sort(&mut model.list, &model.shared, model.now)],
        "core.view.mouse" => {
            model.shared.mouse = !model.shared.mouse;
            let said = if model.shared.mouse { "The mouse acts on the screen." } else { "The mouse is left to the terminal." };
            model.shared.say(said, Role::Text);
            return vec![Effect::SetMouse(model.shared.mouse)];
        }
        "core.view.redraw" => return vec![Effect::Redraw],
        "core.source.refresh" => return refresh(model),
        "core.app.suspend" => return vec![Effect::Suspend],
        "core.app.quit" => match change::leaving(&model.shared) {
            None => return vec![Effect::Quit],
            Some(question) => ask_first(model, question),
        },
        other if deciding::is(other) => return deciding::act(model, other),
        other if changing::is(other) => return changing::act(model, other),
        other => model.shared.say(format!("{other} is not in this version."), Role::Dim),
    }
    Vec::new()
}

fn step(model: &mut Model, step: Step) {
    let regions = crate::app::layout::layout(model);
    match model.focus() {
        Focus::Pane(Pane::List) | Focus::Layer(Layer::Filter) => list::step(&mut model.list, &mut model.shared, &regions, step),
        Focus::Pane(Pane::Canvas) => canvas::step(&mut model.canvas.scroll, regions.canvas.as_ref(), step),
        Focus::Layer(Layer::Palette) => palette::step(&mut model.palette, &regions, step),
        Focus::Layer(Layer::Help) => canvas::step(&mut model.help.scroll, canvas::layer_column(&regions), step),
        Focus::Layer(Layer::Conflicts) => conflicts::step(&mut model.conflicts, &model.shared, &regions, step),
        Focus::Layer(Layer::Queue) => queue::step(&mut model.queue, &model.shared, &regions, step),
        Focus::Layer(Layer::Prompt) => prompt::step(&mut model.prompt, step),
        Focus::Layer(Layer::Question) => {
            if let Some(Then::OneOf { offers, chosen }) = model.question.as_mut().map(|question| &mut question.then) {
                *chosen = step.from(*chosen, offers.len(), 1);
            }
        }
    }
}

fn other_pane(model: &mut Model) {
    if model.layers.is_empty() {
        model.pane = match model.pane {
            Pane::List => Pane::Canvas,
            Pane::Canvas => Pane::List,
        };
    }
}

/// Enter.
fn open(model: &mut Model) -> Vec<Effect> {
    match model.focus() {
        Focus::Pane(Pane::List) => {
            if model.current().is_some() {
                model.list.chosen = true;
                model.pane = Pane::Canvas;
                model.canvas.scroll = 0;
            }
            Vec::new()
        }
        Focus::Pane(Pane::Canvas) | Focus::Layer(Layer::Help) => Vec::new(),
        Focus::Layer(Layer::Filter) => {
            model.layers.pop();
            Vec::new()
        }
        Focus::Layer(Layer::Palette) => match palette::chosen(model) {
            Some(row) if row.unavailable.is_none() => {
                model.layers.pop();
                act(model, row.id)
            }
            Some(row) => {
                let why = row.unavailable.unwrap_or_default();
                model.shared.say(format!("{}: {why}.", row.title), Role::Dim);
                Vec::new()
            }
            None => Vec::new(),
        },
        Focus::Layer(Layer::Conflicts) => act(model, "core.conflict.accept"),
        Focus::Layer(Layer::Queue) => go_to(model, model.change().map(|listed| listed.command.key.clone())),
        Focus::Layer(Layer::Prompt) => {
            let effects = prompt::submit(&mut model.prompt, &mut model.shared);
            deciding::typed(model, &effects);
            effects
        }
        Focus::Layer(Layer::Question) => {
            model.layers.pop();
            match model.question.take().map(|question| question.then) {
                Some(Then::Quit) => vec![Effect::Quit],
                Some(Then::Ask(ask)) => change::send(&mut model.shared, ask, "Asked for."),
                Some(Then::Decide(what)) => deciding::start(model, *what),
                Some(Then::OneOf { mut offers, chosen }) if chosen < offers.len() => deciding::start(model, offers.swap_remove(chosen).1),
                Some(Then::OneOf { .. }) => Vec::new(),
                None => Vec::new(),
            }
        }
    }
}

/// Leads to a fact in the list.
fn go_to(model: &mut Model, key: Option<Key>) -> Vec<Effect> {
    let Some(key) = key else { return Vec::new() };
    model.layers.clear();
    model.pane = Pane::List;
    model.shared.selected = Some(key);
    model.list.chosen = true;
    model.list.filter.clear();
    vec![list::arrange(&mut model.list, &model.shared, model.now)]
}

/// Esc: the layer on top, then the filter, then back to the list.
fn close(model: &mut Model) -> Vec<Effect> {
    let clears = match model.layers.pop() {
        Some(Layer::Filter) => true,
        Some(Layer::Question) => {
            model.question = None;
            false
        }
        Some(_) => false,
        None if model.pane == Pane::Canvas => {
            model.pane = Pane::List;
            false
        }
        None => true,
    };
    if clears && !model.list.filter.text().is_empty() {
        // What the filter found stays selected without it.
        model.list.chosen |= model.shared.selected.is_some();
        model.list.filter.clear();
        return vec![list::arrange(&mut model.list, &model.shared, model.now)];
    }
    Vec::new()
}

fn refresh(model: &mut Model) -> Vec<Effect> {
    if model.shared.engine != EngineLife::Running {
        return Vec::new();
    }
    let job = model.shared.next_job();
    model.shared.refreshing = Some(job);
    model.shared.say("Asking every source...", Role::Text);
    vec![Effect::Refresh(job, Vec::new())]
}
