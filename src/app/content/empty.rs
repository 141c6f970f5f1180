//! What is said where there is nothing to show: always what to do.

use super::status::first_steps;
use crate::{
    app::{
        model::{EngineLife, LEAST_SIZE, Model},
        part::Part,
        words::count,
    },
    fact::SourceState,
    text::SafeText,
    theme::Role,
};

/// The pieces that stand in place of the list.
#[must_use]
pub fn empty_parts(model: &Model) -> Vec<Part> {
    let shared = &model.shared;
    if let EngineLife::Dead(why) = &shared.engine {
        return vec![
            Part::Text(SafeText::line(&format!("The engine stopped: {why}")), Role::Error),
            Part::text("Leave and start again.", Role::Text),
        ];
    }
    if !model.list.filter.text().trim().is_empty() && shared.snapshot.partial {
        let text = format!("None of the first facts fits \"{}\"; the rest is being read.", model.list.filter.text());
        return vec![Part::Text(SafeText::line(&text), Role::Text)];
    }
    if !model.list.filter.text().trim().is_empty() && !shared.snapshot.facts.is_empty() {
        let text = format!("None of {} fits \"{}\".", count(shared.snapshot.facts.len(), "fact", "facts"), model.list.filter.text());
        return vec![Part::Text(SafeText::line(&text), Role::Text), Part::text("Esc clears the filter.", Role::Dim)];
    }
    let mut parts = vec![Part::text(&asking(model), Role::Text)];
    for source in shared.snapshot.sources.iter().filter(|source| source.enabled) {
        if let (SourceState::Failing { .. }, Some(error)) = (source.state, &source.error) {
            parts.push(Part::Text(SafeText::line(&format!("{}: {error}", source.source)), Role::Error));
        }
    }
    parts
}

/// Who is being asked, and who has answered.
fn asking(model: &Model) -> String {
    let shared = &model.shared;
    if shared.engine == EngineLife::Starting {
        return "Opening the cache...".to_owned();
    }
    if shared.offline {
        return "Nothing is cached, and with --offline nobody is asked.".to_owned();
    }
    let asked: Vec<_> = shared.snapshot.sources.iter().filter(|source| source.enabled).collect();
    if asked.is_empty() {
        return format!("No source is asked. {}", first_steps());
    }
    let host = asked.iter().any(|source| source.kind == "host");
    let others = asked.iter().filter(|source| source.kind != "host").count();
    let whom = match (host, others) {
        (true, 0) => "this host".to_owned(),
        (true, others) => format!("this host and {}", count(others, "source", "sources")),
        (false, others) => count(others, "source", "sources"),
    };
    let answered: Vec<String> = asked
        .iter()
        .filter(|source| source.complete_at.is_some())
        .map(|source| format!("{} answered: {}", source.source, count(usize::try_from(source.keys).unwrap_or(usize::MAX), "fact", "facts")))
        .collect();
    if answered.len() == asked.len() {
        return format!(
            "{} answered and had nothing. `stellar source test NAME` shows what it sends.",
            if asked.len() == 1 { "The source" } else { "All sources" }
        );
    }
    if answered.is_empty() { format!("Asking {whom}...") } else { format!("Asking {whom}... ({})", answered.join(", ")) }
}

/// What is said where the terminal is too small.
#[must_use]
pub fn small_sentence(model: &Model) -> String {
    let ((columns, rows), (least_columns, least_rows)) = (model.size, LEAST_SIZE);
    format!("Too small: {columns}x{rows}, {least_columns}x{least_rows} is needed. `stellar list` works anywhere.")
}
