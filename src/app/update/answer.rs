//! What was asked for is answered: what was typed is let go when it is on disk, and not before.

use std::time::Duration;

use crate::{
    app::{
        ask::{Answer, Ask, Told, Trouble},
        effect::Effect,
        model::{JobId, Layer, Model, Shared, Stage},
        words,
    },
    fact::{Command, CommandState, Key, Operation, SourceId, Timestamp, Value},
    text::{SafeText, shown_value},
    theme::Role,
};

use super::{deciding, prompt};

/// How long ago something may have been delivered to be news.
const NEW: Duration = Duration::from_secs(10);

/// An answer came.
pub(super) fn answered(model: &mut Model, job: JobId, answer: &Answer) -> Vec<Effect> {
    let Some(at) = model.shared.asked.iter().position(|(asked, _)| *asked == job) else { return Vec::new() };
    let (_, ask) = model.shared.asked.remove(at);
    model.touch();
    let typed = model.prompt.job == Some(job);
    if typed {
        model.prompt.job = None;
    }
    let mut deciding = deciding::taken(model, job);
    let refused = answer.failure().zip(deciding.as_ref());
    if let Some(said) = refused.and_then(|(trouble, what)| deciding::failed(model, what, answer, trouble)) {
        model.shared.say(SafeText::line(&said), Role::Conflict);
        return Vec::new();
    }
    match answer.failure() {
        Some(Trouble { choices, .. }) if typed && !choices.is_empty() => prompt::choose(&mut model.prompt, &mut model.shared, choices),
        Some(trouble) => model.shared.say_with(SafeText::line(&with_stop(&trouble.message)), Role::Error, ""),
        None => {
            if typed {
                model.prompt.field.clear();
                model.prompt.what = None;
                model.layers.retain(|layer| *layer != Layer::Prompt);
            }
            let stage = deciding.as_ref().map(|what| what.stage);
            if let Some(said) = deciding.take().and_then(|what| deciding::done(model, what, answer)) {
                let sent = answer.told.iter().find_map(|told| sent(&model.shared, &ask, told)).unwrap_or_default();
                // What asks the same in a shell stood there while it was decided; now the sentence needs the room.
                model.shared.say_with(SafeText::line(&format!("{} {said}{sent}", words::clock(model.now))), Role::Text, "");
            }
            if stage.is_some_and(|stage| stage != Stage::Change) {
                return Vec::new();
            }
            // What became of it meanwhile is newer than an answer that tells of nothing, or that it is queued.
            let waiting = model.shared.message.as_ref().is_none_or(|message| message.echo.as_str() == ask.echo || typed);
            if (waiting || !answer.told.is_empty()) && !is_through(&model.shared, answer) {
                let said = said(model, &ask, answer);
                model.shared.say_with(said, Role::Text, &ask.echo);
            }
        }
    }
    Vec::new()
}

/// What comes of the change that a decision brought, behind what is said of the decision.
fn sent(shared: &Shared, ask: &Ask, told: &Told) -> Option<String> {
    let Told::Change { key, source, value, state, sentence, .. } = told else { return None };
    Some(format!(" {}", with_stop(&change(shared, ask, (key, source, value), *state, sentence))))
}

/// Whether a change that is told as queued is known to be delivered, which is said already.
fn is_through(shared: &Shared, answer: &Answer) -> bool {
    let [Told::Change { id, state: CommandState::Queued | CommandState::InFlight, .. }] = answer.told.as_slice() else { return false };
    shared.snapshot.queue.ended.iter().any(|listed| listed.command.id == *id)
}

/// `12:04:31Z queued service/search/replicas = 9 for cluster. Sent when it answers.`
fn said(model: &Model, ask: &Ask, answer: &Answer) -> String {
    let told = match answer.told.as_slice() {
        [Told::Change { key, source, value, state, sentence, .. }] => change(&model.shared, ask, (key, source, value), *state, sentence),
        [Told::Lock { key, locked: true }] => format!("{key} is locked: observing goes on, and nothing changes what is believed."),
        [Told::Lock { key, locked: false }] => format!("{key} is unlocked."),
        [Told::Conflict { key, .. } | Told::Plan { key, .. }] => format!("{key}: done."),
        [] if ask.action == "core.queue.flush" => "everything that waited was sent.".to_owned(),
        [] => "done.".to_owned(),
        many => format!("{} are still under way; what waits was tried.", words::count(many.len(), "change", "changes")),
    };
    format!("{} {told}", words::clock(model.now))
}

fn change(shared: &Shared, ask: &Ask, (key, source, value): (&Key, &SourceId, &Value), state: CommandState, sentence: &str) -> String {
    let insight = shared.snapshot.facts.find(key);
    let shown = insight.map_or_else(|| shown_value(value.as_json_text(), ""), |insight| words::value(value, insight));
    let note = ask.action == "core.input.submit";
    let what = if note { format!("the note {shown}") } else { format!("{key} = {shown}") };
    match state {
        CommandState::Queued | CommandState::InFlight => format!("queued {what} for {source}. {sentence}"),
        CommandState::Delivered | CommandState::Confirmed if note => format!("noted. {sentence}"),
        CommandState::Delivered | CommandState::Confirmed => format!("delivered {what} to {source}. {sentence}"),
        CommandState::Cancelled if ask.action == "core.queue.drop" => format!("dropped {what}."),
        CommandState::Cancelled => format!("{what} is taken back; nothing is sent."),
        CommandState::Parked | CommandState::Blocked | CommandState::Dead => format!("{state}: {what} for {source}. {sentence}"),
    }
}

fn with_stop(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    // A name keeps the letter it begins with.
    let is_name = sentence.split_whitespace().next().is_some_and(|word| word.contains(['/', '-', '.']));
    let whole = if is_name { sentence.to_owned() } else { format!("{first}{}", chars.as_str()) };
    if whole.ends_with(['.', '?', '!']) { whole } else { format!("{whole}.") }
}

/// What a change that was asked for here came to, where that is news: it was delivered, or waits for a person now.
pub(super) fn news(before: &crate::app::Queue, shared: &mut Shared, now: Timestamp) {
    let queue = shared.snapshot.queue.clone();
    // One that was through before it was ever seen to wait is news, too.
    let moved = |command: &Command| match before.find(command.id) {
        Some(was) => was.command.state != command.state && !was.command.state.is_delivered(),
        None => command.state.is_delivered() && now.since(command.since) < NEW,
    };
    let is_news = |listed: &&crate::app::Listed| {
        let command = &listed.command;
        let ends = command.state.is_delivered() || command.state.needs_a_person();
        command.author.user == shared.user && ends && moved(command)
    };
    let Some(listed) = queue.ended.iter().chain(queue.commands.iter()).filter(is_news).max_by_key(|listed| listed.command.since) else {
        return;
    };
    let command = &listed.command;
    let insight = shared.snapshot.facts.find(&command.key);
    let shown = match insight {
        Some(insight) => words::value(&command.value, insight).to_string(),
        None if listed.secret => words::MASK.to_owned(),
        None => shown_value(command.value.as_json_text(), "").to_string(),
    };
    let what = if command.operation == Operation::Note { "the note".to_owned() } else { format!("{} = {shown}", command.key) };
    let why = command.reason.map_or("", crate::fact::CommandReason::sentence);
    let (said, role) = if command.state.is_delivered() {
        (format!("delivered {what} to {}.", command.source), Role::Text)
    } else {
        (format!("{}: {what} for {}. {why}", command.state, command.source), Role::Conflict)
    };
    shared.say_with(format!("{} {said}", words::clock(command.since)), role, "");
}
