//! The lines at the top and the bottom: what is known in numbers, what to know now, which keys act.

use crate::{
    action,
    app::{
        model::{EngineLife, Focus, Layer, Message, Model, Pane, PromptFor, Shared},
        words::{ago, count, stepped},
    },
    engine::SortBy,
    fact::{Timestamp, span},
    text::SafeText,
    theme::Role,
};

use super::{
    available::unavailable,
    deciding::{decision_hints, numbers},
    prompt::prompt_says,
};

/// A piece of the top line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What is said.
    pub text: SafeText,
    /// How it looks.
    pub role: Role,
    /// From when the age in it counts, if there is one.
    pub since: Option<Timestamp>,
}

/// A hint: a key and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HintLine {
    /// The action.
    pub action: &'static str,
    /// The key that works here.
    pub key: String,
    /// What it does.
    pub label: String,
}

fn segment(text: &str, role: Role) -> Segment {
    Segment { text: SafeText::line(text), role, since: None }
}

/// The top line from the left, the weightiest pieces first: what has no room goes from the end.
#[must_use]
pub fn header(model: &Model) -> Vec<Segment> {
    let shared = &model.shared;
    let snapshot = &shared.snapshot;
    let mut segments = vec![segment("stellar", Role::Accent)];
    match &shared.engine {
        EngineLife::Dead(_) => segments.push(segment("engine stopped", Role::Error)),
        EngineLife::Starting => segments.push(segment("starting", Role::Dim)),
        EngineLife::Running => {}
    }
    if snapshot.partial {
        segments.push(segment("reading facts", Role::Dim));
    } else {
        segments.push(segment(&count(snapshot.facts.len(), "fact", "facts"), Role::Text));
    }
    match snapshot.need_you() {
        0 => {}
        1 => segments.push(segment("1 needs you", Role::Conflict)),
        more => segments.push(segment(&format!("{more} need you"), Role::Conflict)),
    }
    if shared.drifting > 0 {
        segments.push(segment(&format!("drift {}", shared.drifting), Role::Drift));
    }
    segments.extend(queue(model));
    let (answered, asked) = snapshot.reachable();
    if asked > 0 {
        let role = if answered < asked { Role::Offline } else { Role::Text };
        segments.push(segment(&format!("sources {answered}/{asked}"), role));
    }
    if shared.offline {
        segments.push(segment("offline", Role::Offline));
    }
    segments.push(segment(shared.persona.as_str(), Role::Dim));
    segments
}

/// What waits to be sent, and for how long the oldest has; that sending was stopped.
fn queue(model: &Model) -> Option<Segment> {
    let queue = &model.shared.snapshot.queue;
    let held = if queue.status.held_by.is_some() { " held" } else { "" };
    if queue.status.depth == 0 && held.is_empty() {
        return None;
    }
    let age = queue.oldest.map(|oldest| format!(", oldest {}", span::short(stepped(model.now.since(oldest))))).unwrap_or_default();
    let role = if held.is_empty() { Role::Pending } else { Role::Conflict };
    Some(Segment { since: queue.oldest, ..segment(&format!("queue {}{held}{age}", queue.status.depth), role) })
}

/// What stands at the right of the top line: the source that has failed longest, or nothing.
#[must_use]
pub fn header_right(model: &Model) -> Option<Segment> {
    let queue = &model.shared.snapshot.queue;
    let waiting = |depth: u64| count(usize::try_from(depth).unwrap_or(usize::MAX), "change", "changes");
    let failing = model.shared.snapshot.failing();
    let Some((source, since)) = failing.first() else {
        // A target need not be polled: what holds changes up is said all the same.
        let held_up = queue.held_up()?;
        return Some(segment(&format!("{} holds {} up", held_up.source, waiting(held_up.depth)), Role::Offline));
    };
    let more = failing.len() - 1;
    let others = if more > 0 { format!(" and {more} more") } else { String::new() };
    // Where the line is short and the drift stands in it, too, the count of the queue has to do.
    let is_short = model.shared.drifting > 0 && model.size.0 < 140;
    let waits = match queue.of_source(&source.source) {
        Some(held) if !is_short => format!(", {} {}", waiting(held.depth), if held.depth == 1 { "waits" } else { "wait" }),
        _ => String::new(),
    };
    let text = format!("{}{others} unreachable for {}{waits}", source.source, span::words(stepped(model.now.since(*since))));
    Some(Segment { since: Some(*since), ..segment(&text, Role::Offline) })
}

/// What stands beside the title of the list: how many of how many, in which order.
#[must_use]
pub fn list_info(model: &Model) -> String {
    let (shown, all) = (model.list.rows.len(), model.list.facts.len());
    let all = if model.shared.snapshot.partial { format!("the first {all}") } else { format!("{all}") };
    let many = if shown == model.list.facts.len() { all } else { format!("{shown} of {all}") };
    match model.list.sort {
        SortBy::Key => many,
        SortBy::Age => format!("{many}, oldest first"),
        SortBy::Confidence => format!("{many}, least believed first"),
    }
}

/// What the line above the hints says: the last message, else what is most worth knowing now.
#[must_use]
pub fn standing_message(model: &Model) -> Option<Message> {
    let shared = &model.shared;
    if let Some(message) = &shared.message {
        return Some(message.clone());
    }
    let say = |text: String, role| Some(Message { text: SafeText::line(&text), role, echo: SafeText::default() });
    if is_typing(model) {
        return say(prompt_says(model), Role::Dim);
    }
    if let EngineLife::Dead(why) = &shared.engine {
        let told = shared.told_at.map(|at| format!(" What is shown was told {}.", ago(at, model.now))).unwrap_or_default();
        return say(format!("The engine stopped: {why}.{told}"), Role::Error);
    }
    if let Some(why) = &shared.snapshot.queue.status.closed {
        return say(format!("Changes cannot be kept now: {why}"), Role::Error);
    }
    if let Some((source, since)) = shared.snapshot.failing().first() {
        let why = source.error.as_ref().map_or_else(|| "no answer".to_owned(), ToString::to_string);
        let known = if source.complete_at.is_some() { " Showing what was known then." } else { "" };
        let key = shared.keymap.hint("core.source.refresh", model.contexts(), shared.keyboard);
        let retry = key.map(|key| format!(" {key}: ask again")).unwrap_or_default();
        let failing = span::words(stepped(model.now.since(*since)));
        let stop = if why.ends_with(['.', '?', '!']) { "" } else { "." };
        return say(format!("{} has failed for {failing}: {why}{stop}{known}{retry}", source.source), Role::Offline);
    }
    if let Some(note) = shared.snapshot.notes.first() {
        return say(format!("{note} Details: stellar doctor"), Role::Stale);
    }
    if shared.snapshot.only_this_host() && !shared.snapshot.facts.is_empty() {
        return say(format!("This is only this machine. {}", first_steps()), Role::Dim);
    }
    None
}

/// What is typed about is said above the hints while nothing else is.
fn is_typing(model: &Model) -> bool {
    model.focus() == Focus::Layer(Layer::Prompt)
}

/// From when the age in the line above the hints counts, if there is one in it.
#[must_use]
pub fn message_since(model: &Model) -> Option<Timestamp> {
    let shared = &model.shared;
    match &shared.engine {
        _ if shared.message.is_some() || is_typing(model) => None,
        EngineLife::Dead(_) => shared.told_at,
        _ if shared.snapshot.queue.status.closed.is_some() => None,
        _ => shared.snapshot.failing().first().map(|(_, since)| *since),
    }
}

/// What to do when nothing is configured, by what this program can do.
#[must_use]
pub fn first_steps() -> String {
    let steps = [
        (&["demo"][..], "stellar demo shows conflicts"),
        (&["source", "detect"], "stellar source detect finds your systems"),
        (&["config", "init"], "stellar config init writes a file to start from"),
    ];
    let there = |words: &[&str]| action::all().any(|spec| spec.command == words);
    let known: Vec<&str> = steps.into_iter().filter(|(words, _)| there(words)).map(|(_, sentence)| sentence).take(2).collect();
    if known.is_empty() { String::new() } else { format!("{}.", known.join("; ")) }
}

/// The keys that are worth a hint where the focus is, the most useful first.
#[must_use]
pub fn hints(model: &Model) -> Vec<HintLine> {
    let shared = &model.shared;
    let needs = shared.snapshot.undecided();
    // On a narrow screen every cell counts: this hint must stay.
    let decide = match model.size.0 {
        ..60 => "",
        60..100 => "see ",
        _ => "decide ",
    };
    let conflicts = if needs == 0 { "conflicts".to_owned() } else { format!("{decide}{}", count(needs, "conflict", "conflicts")) };
    let wanted: Vec<(&'static str, String)> = match model.focus() {
        Focus::Pane(Pane::List) => vec![
            ("core.navigate.open", "open".to_owned()),
            ("core.search.open", "filter".to_owned()),
            ("core.conflict.open", conflicts),
            ("core.palette.open", "actions".to_owned()),
            ("core.help.open", "keys".to_owned()),
            ("core.input.set", "set".to_owned()),
            ("core.queue.read", queue_hint(shared)),
            ("core.source.refresh", "ask again".to_owned()),
            ("core.view.sort", "sort".to_owned()),
            ("core.app.quit", "quit".to_owned()),
        ],
        Focus::Pane(Pane::Canvas) => vec![
            ("core.navigate.close", "back".to_owned()),
            ("core.navigate.down", "down".to_owned()),
            ("core.navigate.up", "up".to_owned()),
            ("core.conflict.open", conflicts),
            ("core.help.open", "keys".to_owned()),
            ("core.app.quit", "quit".to_owned()),
        ],
        Focus::Layer(Layer::Filter) => vec![("core.input.submit", "keep".to_owned()), ("core.navigate.close", "clear".to_owned())],
        Focus::Layer(Layer::Palette) => vec![("core.input.submit", "do it".to_owned()), ("core.navigate.close", "close".to_owned())],
        Focus::Layer(Layer::Help) => vec![("core.navigate.close", "close".to_owned()), ("core.navigate.down", "down".to_owned())],
        Focus::Layer(Layer::Prompt) => {
            let enter = if matches!(model.prompt.what, Some(PromptFor::Decide { .. })) { "decide" } else { "queue" };
            vec![("core.input.submit", enter.to_owned()), ("core.navigate.close", "leave".to_owned())]
        }
        Focus::Layer(Layer::Question) => {
            let (yes, no) = model.question.as_ref().map_or(("yes", "no"), |question| (question.yes, question.no));
            vec![("core.navigate.open", yes.to_owned()), ("core.navigate.close", no.to_owned())]
        }
        Focus::Layer(Layer::Queue) if model.change().is_none() => {
            vec![("core.queue.release", "let it go".to_owned()), ("core.navigate.close", "close".to_owned())]
        }
        Focus::Layer(Layer::Queue) => changes_hints(),
        Focus::Layer(Layer::Conflicts) => decision_hints(model),
    };
    // What cannot be done now is no hint.
    let can = |action: &str| action == "core.input.submit" || action::find(action).is_some_and(|spec| unavailable(model, spec).is_none());
    let wanted = wanted.into_iter().filter(|(action, label)| !label.is_empty() && can(action));
    let keyed = |(action, label): (&'static str, String)| {
        let key = shared.keymap.hint(action, model.contexts(), shared.keyboard)?;
        Some(HintLine { action, key: key.to_string(), label })
    };
    // The numbers choose; they are no keys of an action.
    let choosing = numbers(model).filter(|_| model.focus() == Focus::Layer(Layer::Conflicts));
    let choosing = choosing.map(|key| HintLine { action: "core.navigate.down", key, label: "choose".to_owned() });
    choosing.into_iter().chain(wanted.filter_map(keyed)).collect()
}

fn queue_hint(shared: &Shared) -> String {
    match shared.snapshot.queue.commands.len() {
        0 => String::new(),
        _ => "queue".to_owned(),
    }
}

/// What can be done with the selected change.
fn changes_hints() -> Vec<(&'static str, String)> {
    let all = [
        ("core.queue.retry", "retry"),
        ("core.queue.edit", "edit"),
        ("core.queue.cancel", "take back"),
        ("core.queue.release", "let it go"),
        ("core.queue.rebase", "rebase"),
        ("core.queue.drop", "drop"),
        ("core.queue.flush", "flush"),
        ("core.navigate.close", "close"),
        ("core.navigate.open", "go to it"),
    ];
    all.into_iter().map(|(action, label)| (action, label.to_owned())).collect()
}
