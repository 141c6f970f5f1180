//! The prompt: opening, typing, choosing who takes it, sending. What was typed stays until it is on disk.

use crate::{
    app::{
        ask::Ask,
        effect::Effect,
        model::{PromptFor, PromptModel, Shared},
        words,
    },
    fact::{SourceId, Value},
    keymap::Chord,
    text::json_line,
    theme::Role,
};

use super::step::Step;

/// Opens it with a text to start from; what was typed for the same thing before stays. A text that does not fit is not started from: a part
/// of a value is another value.
pub(super) fn open(prompt: &mut PromptModel, shared: &mut Shared, what: PromptFor, text: &str) {
    if prompt.what.as_ref() == Some(&what) && !prompt.field.text().is_empty() {
        return;
    }
    prompt.field.clear();
    if !text.is_empty() && !prompt.field.insert(text) {
        prompt.field.clear();
        shared.say("What is there is too long to be changed here: type another value, or give it on a command line.", Role::Text);
    }
    *prompt = PromptModel { what: Some(what), field: std::mem::take(&mut prompt.field), ..PromptModel::default() };
}

/// A key that no action has.
pub(super) fn key(prompt: &mut PromptModel, chord: Chord) {
    prompt.field.key(chord);
}

/// Pasted text; whether all of it was taken.
pub(super) fn insert(prompt: &mut PromptModel, text: &str) -> bool {
    prompt.field.insert(text)
}

/// Chooses among those who could take it.
pub(super) fn step(prompt: &mut PromptModel, step: Step) {
    prompt.chosen = step.from(prompt.chosen, prompt.sources.len(), 1);
    prompt.confirming = None;
}

/// Enter: asks for what was typed.
pub(super) fn submit(prompt: &mut PromptModel, shared: &mut Shared) -> Vec<Effect> {
    let Some(what) = prompt.what.clone() else { return Vec::new() };
    if prompt.job.is_some() {
        shared.say("It is on its way to disk.", Role::Dim);
        return Vec::new();
    }
    let text = prompt.field.text().trim().to_owned();
    if text.is_empty() {
        let said = if matches!(what, PromptFor::Note(_)) { "Type what is to be said." } else { "Type a value; \"\" is the empty one." };
        shared.say(said, Role::Dim);
        return Vec::new();
    }
    // With a screen reader a slip is not seen: it is read back first.
    if shared.is_assistive() && prompt.confirming.as_deref() != Some(text.as_str()) {
        let about = what.key().map(|key| format!("{key} = ")).unwrap_or_default();
        let shown = if is_secret(shared, &what) { "what was typed" } else { text.as_str() };
        shared.say(format!("{about}{shown}? Enter again asks for it, Esc leaves."), Role::Text);
        prompt.confirming = Some(text);
        return Vec::new();
    }
    prompt.confirming = None;
    let ask = ask_for(&what, &text, prompt.sources.get(prompt.chosen), is_secret(shared, &what));
    let job = shared.ask(&ask);
    prompt.job = Some(job);
    vec![Effect::Ask(job, ask)]
}

fn is_secret(shared: &Shared, what: &PromptFor) -> bool {
    what.key().and_then(|key| shared.snapshot.facts.find(key)).is_some_and(|insight| insight.secret)
}

fn ask_for(what: &PromptFor, text: &str, source: Option<&SourceId>, secret: bool) -> Ask {
    // In a shell a secret comes from stdin.
    let shown = if secret { "-" } else { text };
    match what {
        PromptFor::Value(key) => {
            let ask = Ask::new("core.input.set").text("key", key.as_str()).shown("value", text, shown).quiet("wait_ms", 0);
            match source {
                Some(source) => ask.text("source", source.as_str()),
                None => ask,
            }
        }
        PromptFor::Note(key) => {
            let ask = Ask::new("core.input.submit").text("text", text).quiet("wait_ms", 0);
            match key {
                Some(key) => ask.text("key", key.as_str()),
                None => ask,
            }
        }
        PromptFor::Edit { id, shown: short, .. } => {
            Ask::new("core.queue.edit").shown("id", &id.to_string(), short).shown("value", text, shown)
        }
        PromptFor::Decide { id, digest, .. } => {
            Ask::new("core.conflict.resolve").text("id", id.as_str()).shown("value", text, shown).quiet("digest", digest.as_ref())
        }
    }
}

/// Several could take it: one is chosen, and Enter asks again.
pub(super) fn choose(prompt: &mut PromptModel, shared: &mut Shared, choices: &[String]) {
    prompt.sources = choices.iter().filter_map(|name| SourceId::new(name).ok()).collect();
    prompt.chosen = 0;
    let many = words::count(prompt.sources.len(), "source takes", "sources take");
    shared.say(format!("{many} it: Up and Down choose, Enter queues."), Role::Text);
}

/// A value to start from, where it may be shown; what a field does not take is written as an escape, so that nothing of it is lost.
pub(super) fn text_of(value: &Value, secret: bool) -> String {
    if secret { String::new() } else { json_line(value.as_json_text()).into_owned() }
}
