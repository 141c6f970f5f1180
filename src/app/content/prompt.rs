//! The prompt and the question: what is typed about what, what is asked before it is done.

use crate::{
    app::{
        model::{Model, PromptFor, Then},
        part::{Choice, Part},
        words::count,
    },
    text::SafeText,
    theme::Role,
};

/// What stands around the field of the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptLine {
    /// In front of it: `service/checkout/replicas = `.
    pub label: SafeText,
    /// What it is, for whoever listens.
    pub name: SafeText,
    /// Behind it: who takes it, what Enter does.
    pub tail: SafeText,
}

/// What stands around the field; none while the prompt is closed.
#[must_use]
pub fn prompt_line(model: &Model) -> Option<PromptLine> {
    let prompt = &model.prompt;
    let (label, name) = match prompt.what.as_ref()? {
        PromptFor::Value(key) => (format!("{key} = "), format!("New value of {key}")),
        PromptFor::Note(None) => ("note: ".to_owned(), "Note".to_owned()),
        PromptFor::Note(Some(key)) => (format!("note on {key}: "), format!("Note on {key}")),
        PromptFor::Edit { shown, key, .. } => (format!("{shown} {key} = "), format!("Another value of the change {shown} of {key}")),
        PromptFor::Decide { key, .. } => (format!("instead, {key} = "), format!("Another value in the conflict of {key}")),
    };
    let tail = match (prompt.sources.get(prompt.chosen), prompt.job) {
        (_, Some(_)) => "queueing...".to_owned(),
        (Some(source), None) => format!("to {source} ({} of {})", prompt.chosen + 1, prompt.sources.len()),
        (None, None) => String::new(),
    };
    Some(PromptLine { label: SafeText::line(&label), name: SafeText::line(&name), tail: SafeText::line(&tail) })
}

/// What the prompt has to say besides what is typed.
#[must_use]
pub fn prompt_says(model: &Model) -> String {
    let prompt = &model.prompt;
    match (prompt.sources.get(prompt.chosen), &prompt.what) {
        (Some(source), _) => format!("to {source}, one of {}; up and down choose", count(prompt.sources.len(), "source", "sources")),
        (None, Some(PromptFor::Note(_))) => "any text".to_owned(),
        (None, _) => "JSON if it parses, else a string".to_owned(),
    }
}

/// The pieces of the question.
#[must_use]
pub fn question_parts(model: &Model) -> Vec<Part> {
    let Some(question) = &model.question else { return Vec::new() };
    let mut parts: Vec<Part> = question.says.iter().map(|paragraph| Part::Text(SafeText::line(paragraph), Role::Text)).collect();
    if let Then::OneOf { offers, chosen } = &question.then {
        parts.push(Part::Gap);
        parts.extend(offers.iter().enumerate().map(|(at, (name, _))| {
            Part::Choice(Choice {
                number: at + 1,
                of: format!("{}\u{1}{name}", question.title),
                value: SafeText::line(name),
                says: SafeText::default(),
                below: SafeText::default(),
                score: None,
                believed: false,
                chosen: at == *chosen,
            })
        }));
    }
    parts
}
