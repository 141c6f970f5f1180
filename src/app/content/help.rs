//! The keys of the focused pane, as they work in this terminal.

use crate::{
    action,
    app::{
        model::{Focus, Layer, Model, Pane},
        part::Part,
        words,
    },
    fact::{FactState, Mark},
    text::SafeText,
    theme::Role,
};

/// What the help is about.
#[must_use]
pub fn help_title(model: &Model) -> &'static str {
    match model.below() {
        Focus::Layer(Layer::Queue) => "Keys of the queue",
        Focus::Layer(_) => "Keys of the conflicts",
        Focus::Pane(Pane::List) => "Keys of the list",
        Focus::Pane(Pane::Canvas) => "Keys of the canvas",
    }
}

/// The pieces of the help: every action that has a key here, then the signs.
#[must_use]
pub fn help_parts(model: &Model) -> Vec<Part> {
    let shared = &model.shared;
    let mut parts = Vec::new();
    for spec in action::all() {
        let keys: Vec<String> = shared
            .keymap
            .keys(spec.id, model.pane_contexts())
            .into_iter()
            .filter(|chord| chord.works_on(shared.keyboard))
            .map(|chord| chord.to_string())
            .collect();
        if !keys.is_empty() {
            let label = SafeText::line(&keys.join("  "));
            parts.push(Part::Pair { label, text: SafeText::line(spec.summary()), role: Role::Label });
        }
    }
    if let Focus::Layer(Layer::Conflicts) = model.below() {
        parts.push(Part::Pair { label: SafeText::line("1-9"), text: SafeText::line("Choose one of the values."), role: Role::Label });
    }
    parts.push(Part::Gap);
    parts.push(Part::text("In a text field readline keys edit, Enter takes, Esc leaves. Ctrl+C twice leaves Stellar.", Role::Dim));
    parts.push(Part::Gap);
    parts.push(Part::heading("Signs"));
    for mark in Mark::ALL {
        parts.push(sign(words::mark_sign(mark), mark.code(), mark_meaning(mark), words::mark_role(mark)));
    }
    for state in FactState::ALL.into_iter().filter(|state| *state != FactState::Fresh) {
        parts.push(sign(words::state_sign(state), state.code(), state_meaning(state), words::state_role(state)));
    }
    parts
}

fn sign(sign: &str, word: &str, meaning: &str, role: Role) -> Part {
    Part::Pair { label: SafeText::line(&format!("{sign} {word}")), text: SafeText::line(meaning), role }
}

const fn mark_meaning(mark: Mark) -> &'static str {
    match mark {
        Mark::Conflict => "Sources differ and nothing has decided.",
        Mark::Drift => "What is wanted differs from what is.",
        Mark::Pending => "A change is under way.",
        Mark::Locked => "Belief is frozen.",
        Mark::Quarantined => "Its stored record was damaged.",
    }
}

const fn state_meaning(state: FactState) -> &'static str {
    match state {
        FactState::Fresh => "Within its time to live.",
        FactState::Stale => "Older than its time to live.",
        FactState::Offline => "Its source did not answer last time.",
        FactState::Gone => "No source has it any more.",
    }
}
