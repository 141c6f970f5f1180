//! The queue: its rows, and what is said of the selected change.

use crate::{
    app::{
        model::Model,
        part::Part,
        words::{self, count},
    },
    fact::{Operation, span},
    text::SafeText,
    theme::Role,
};

use super::change::{change_parts, state_role, state_word, value_of};

/// A row of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// The end of its id.
    pub id: SafeText,
    /// `service/checkout/replicas = 4`
    pub what: SafeText,
    /// Who is to take it.
    pub source: SafeText,
    /// Where it stands.
    pub state: &'static str,
    /// How that looks.
    pub role: Role,
    /// How long it has been waiting.
    pub age: String,
}

impl ChangeRow {
    /// The row in words, but for its name.
    #[must_use]
    pub fn spoken(&self) -> String {
        format!("{}, for {}, {}, {}", self.state, self.source, self.age, self.id)
    }
}

/// A row of the queue; none when there is no such row.
#[must_use]
pub fn change_row(model: &Model, row: usize) -> Option<ChangeRow> {
    let listed = model.shared.snapshot.queue.commands.get(row)?;
    let command = &listed.command;
    let value = value_of(model, listed, &command.value);
    let what = match command.operation {
        Operation::Set => format!("{} = {value}", command.key),
        Operation::Note => format!("note: {value}"),
    };
    Some(ChangeRow {
        id: SafeText::line(&listed.shown),
        what: SafeText::line(&what),
        source: SafeText::line(command.source.as_str()),
        state: state_word(command.state),
        role: state_role(command.state),
        age: span::short(words::stepped(command.age(model.now))),
    })
}

/// What stands beside the title: which of how many.
#[must_use]
pub fn queue_note(model: &Model) -> String {
    let queue = &model.shared.snapshot.queue;
    let all = queue.commands.len();
    let more = if queue.left_out > 0 { format!(", and {} more", queue.left_out) } else { String::new() };
    if all == 0 { String::new() } else { format!("{} of {all}{more}", model.queue.at + 1) }
}

/// What is said of the selected change; where there is none, what that means.
#[must_use]
pub fn queue_parts(model: &Model) -> Vec<Part> {
    let queue = &model.shared.snapshot.queue;
    let mut parts = Vec::new();
    if let Some(why) = &queue.status.closed {
        parts.push(Part::Text(SafeText::line(&format!("Changes cannot be kept now: {why}")), Role::Error));
    }
    if let Some(author) = &queue.status.held_by {
        let text = format!("Sending was stopped by {}. Changes are still taken, and stay queued.", author.user);
        parts.push(Part::Text(SafeText::line(&text), Role::Conflict));
    }
    match model.change() {
        Some(listed) => parts.extend(change_parts(model, listed)),
        None if queue.ended.is_empty() => {
            parts.push(Part::text("Nothing waits to be sent. What you change stands here until its target has it.", Role::Text));
        }
        None => parts.push(Part::text("Nothing waits to be sent.", Role::Text)),
    }
    // What is through is said where nothing waits: so that it is seen that it is.
    if model.change().is_none() && !queue.ended.is_empty() {
        parts.push(Part::Gap);
        parts.push(Part::heading(&format!("Delivered lately: {}", count(queue.ended.len(), "change", "changes"))));
        for listed in queue.ended.iter() {
            let value = value_of(model, listed, &listed.command.value);
            let text =
                format!("{} = {value} to {}, {}", listed.command.key, listed.command.source, words::ago(listed.command.since, model.now));
            parts.push(Part::Pair { label: SafeText::line(&listed.shown), text: SafeText::line(&text), role: Role::Text });
        }
    }
    parts
}
