//! The conflicts, one at a time, most instructive first: who says what, what is believed, what can be decided.

use std::collections::HashMap;

use crate::{
    app::{
        model::{Model, Underneath},
        part::{Choice, Part},
        queue::Listed,
        words::{self, count},
    },
    fact::{Band, Base, Candidate, ConflictClass, ConflictEntry, Insight, SourceId, SourceState, SourceView},
    text::SafeText,
    theme::Role,
};

use super::change::value_of;

/// What stands beside the title: which of how many.
#[must_use]
pub fn conflict_note(model: &Model) -> String {
    let all = model.shared.snapshot.conflicts.len();
    if model.conflicts.decided_one.is_some() {
        return match all {
            0 => "decided".to_owned(),
            all => format!("decided; {}", count(all, "other waits", "others wait")),
        };
    }
    match all {
        0 => String::new(),
        1 => "1 of 1".to_owned(),
        _ => format!("{} of {all}, most instructive first", model.conflicts.at + 1),
    }
}

/// The pieces of the conflict that is shown.
#[must_use]
pub fn conflict_parts(model: &Model) -> Vec<Part> {
    if model.shared.snapshot.partial {
        return vec![Part::text("The facts are being read. What needs a decision is shown when all are there.", Role::Text)];
    }
    let Some(conflict) = model.conflict() else {
        let mut parts =
            vec![Part::text("Nothing needs a decision. Where sources disagree and no rule can decide, it is asked here.", Role::Text)];
        parts.extend(decided(model).into_iter().flat_map(|line| [Part::Gap, line]));
        return parts;
    };
    let insight = model.shared.snapshot.facts.find(&conflict.key).map(|insight| model.shared.looked.at_length(insight));
    let mut parts = vec![Part::Heading(SafeText::line(conflict.key.as_str()))];
    parts.extend(underneath(model));
    match conflict.change.and_then(|id| model.shared.snapshot.queue.find(id)) {
        Some(listed) => parts.extend(disputed(model, conflict, listed)),
        None => parts.extend(values(model, conflict, insight)),
    }
    parts.extend(decided(model).into_iter().flat_map(|line| [Part::Gap, line]));
    parts.extend(after_this_one(model));
    parts
}

/// What happened underneath, until something is chosen.
fn underneath(model: &Model) -> Option<Part> {
    let text = match model.conflicts.underneath.as_ref()? {
        Underneath::Moved => "It changed while you looked. These are the values now.".to_owned(),
        Underneath::Over(key) => format!("{key} needs no decision any more. This is the next one."),
        Underneath::Came => "It came while you looked.".to_owned(),
    };
    Some(Part::Text(SafeText::line(&text), Role::Conflict))
}

/// What was decided here, and how the last of it is taken back.
fn decided(model: &Model) -> Option<Part> {
    let last = model.conflicts.decided.last()?;
    let shared = &model.shared;
    let key = shared.keymap.hint("core.conflict.undo", model.contexts(), shared.keyboard);
    let undo = key.map(|key| format!("; {key} undo")).unwrap_or_default();
    let text = format!("decided: {}{undo}. Last: {}, {}.", model.conflicts.decided.len(), last.key, last.what);
    Some(Part::Text(SafeText::line(&text), Role::Text))
}

/// The conflicts that come next, as many as are worth a glance.
fn after_this_one(model: &Model) -> Vec<Part> {
    const GLANCE: usize = 5;
    let conflicts = &model.shared.snapshot.conflicts;
    let shown = if model.conflicts.decided_one.is_some() { 0 } else { model.conflicts.at + 1 };
    let next: Vec<_> = conflicts.iter().skip(shown).collect();
    if next.is_empty() {
        return Vec::new();
    }
    let line = |conflict: &ConflictEntry| {
        let says = match conflict.class {
            ConflictClass::Value => count(conflict.candidates.len(), "value", "values"),
            ConflictClass::Change => "a change of yours".to_owned(),
            ConflictClass::Delete => "deleted there".to_owned(),
        };
        Part::Text(SafeText::line(&format!("{}, {says}", conflict.key)), Role::Dim)
    };
    let mut parts = vec![Part::Gap, Part::heading("After this one")];
    parts.extend(next.iter().take(GLANCE).map(|conflict| line(conflict)));
    if next.len() > GLANCE {
        parts.push(Part::text(&format!("and {} more", next.len() - GLANCE), Role::Dim));
    }
    parts
}

/// A value of a conflict for a person.
#[must_use]
pub fn candidate_value(candidate: &Candidate, insight: Option<&Insight>) -> SafeText {
    match insight {
        Some(insight) => words::value(&candidate.value, insight),
        // Without the fact its class is not known: it is shown as if it were secret.
        None => SafeText::line(words::MASK),
    }
}

/// Competing values: each with who says it, then what is wanted, what deciding does, and why it is asked.
fn values(model: &Model, conflict: &ConflictEntry, insight: Option<&Insight>) -> Vec<Part> {
    let mut parts = Vec::new();
    let views: HashMap<&SourceId, &SourceView> =
        insight.iter().flat_map(|insight| &insight.sources).map(|view| (&view.source, view)).collect();
    let standing = |source| match (views.get(source), insight) {
        (Some(view), Some(insight)) => standing(view, insight, model),
        (None, Some(insight)) if insight.left_out.is_some() => "not read yet".to_owned(),
        _ => "trust unknown".to_owned(),
    };
    for (index, candidate) in conflict.candidates.iter().enumerate() {
        let believed = index == 0;
        let is_said = !candidate.sources.is_empty();
        let lines: Vec<(&SourceId, String)> = candidate.sources.iter().map(|source| (source, standing(source))).collect();
        let below = lines.iter().map(|(source, said)| format!("{source} {said}")).collect::<Vec<_>>().join("; ");
        let says = match (believed, is_said) {
            (true, true) => "believed now",
            (true, false) => "believed now; no source says it",
            (false, _) => "",
        };
        parts.push(Part::Choice(Choice {
            number: index + 1,
            of: format!("{}\u{1}{}", conflict.id, candidate.value.as_json_text()),
            value: candidate_value(candidate, insight),
            says: SafeText::line(says),
            below: SafeText::line(&below),
            score: is_said.then_some(candidate.score),
            believed,
            chosen: index == model.conflicts.choice,
        }));
        for (source, said) in lines {
            parts.push(Part::Pair { label: SafeText::line(&format!("     {source}")), text: SafeText::line(&said), role: Role::Text });
        }
    }
    parts.extend(insight.and_then(|insight| wanted(insight, model)));
    parts.push(Part::Gap);
    parts.push(Part::text("Deciding changes what is believed and teaches trust. It sends nothing.", Role::Text));
    parts.push(Part::Gap);
    parts.push(Part::text(class(conflict.class), Role::Text));
    parts.extend(conflict.reason_codes.iter().map(|reason| Part::text(reason.sentence(), Role::Text)));
    // What no source says has no score that others could be behind of.
    if conflict.candidates.first().is_some_and(|first| !first.sources.is_empty()) {
        let (band, score) = (Band::of(conflict.confidence.score), conflict.confidence.score);
        parts.push(Part::text(&format!("The first is ahead by {:.2}; it is {band} ({score:.2}).", conflict.margin), Role::Dim));
    }
    parts
}

/// `5 by git, changed 2 h ago`
fn wanted(insight: &Insight, model: &Model) -> Option<Part> {
    let wanted = insight.wanted.as_ref()?;
    let changed = words::wanting(insight).next().map(|view| words::ago(view.changed_at, model.now));
    let by = changed.map(|ago| format!(" by {}, changed {ago}", words::names(words::wanting(insight)))).unwrap_or_default();
    let text = SafeText::line(&format!("{}{by}", words::value(wanted, insight)));
    Some(Part::Pair { label: SafeText::line("wanted"), text, role: Role::Drift })
}

/// A change whose target moved: where it started, what it brings, what is there, and what deciding does.
fn disputed(model: &Model, conflict: &ConflictEntry, listed: &Listed) -> Vec<Part> {
    let command = &listed.command;
    let base = |base: &Base| match base {
        Base::Unknown => SafeText::line("not known"),
        Base::Absent => SafeText::line("not there"),
        Base::Value(value) => value_of(model, listed, value),
    };
    let valued = |index: usize, value: SafeText, says: &str| {
        Part::Choice(Choice {
            number: index + 1,
            of: format!("{}\u{1}{index}", conflict.id),
            value,
            says: SafeText::line(says),
            below: SafeText::default(),
            score: None,
            believed: index == 0,
            chosen: index == model.conflicts.choice,
        })
    };
    let asked = format!("mine: asked for {} by {}", words::ago(command.created_at, model.now), command.author.user);
    let there = format!("theirs: what {} holds now", command.source);
    vec![
        Part::Pair { label: SafeText::line("base"), text: base(&command.base), role: Role::Text },
        valued(0, value_of(model, listed, &command.value), &asked),
        valued(1, base(&command.theirs), &there),
        Part::Gap,
        Part::text("Mine is sent on what is there now. Theirs lets that stand, and mine ends.", Role::Text),
        Part::text(class(conflict.class), Role::Text),
        Part::Text(SafeText::line(&format!("Until then {} waits, and what comes after it on its key.", listed.shown)), Role::Dim),
    ]
}

const fn class(class: ConflictClass) -> &'static str {
    match class {
        ConflictClass::Value => "Sources report different values.",
        ConflictClass::Change => "A queued change meets a target that changed meanwhile.",
        ConflictClass::Delete => "One source deleted what another one changed.",
    }
}

/// When a source spoke, how far it is trusted and how often it was right, what its value weighs.
fn standing(view: &SourceView, insight: &Insight, model: &Model) -> String {
    let mut said = vec![if view.live { "live".to_owned() } else { words::ago(view.observed_at, model.now) }];
    if matches!(view.state, SourceState::Failing { .. }) {
        said.push("unreachable".to_owned());
    }
    said.push(words::trust(view));
    // Where lines are short the score of the value has to do.
    if let Some(score) = view.score.filter(|_| model.size.0 >= 60) {
        said.push(format!("score {score:.2}"));
    }
    said.extend(words::misfit(view, insight));
    said.join(", ")
}
