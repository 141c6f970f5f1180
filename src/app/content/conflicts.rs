//! The conflicts, one at a time, most instructive first.

use crate::{
    app::{model::Model, part::Part, queue::Listed, words},
    fact::{Band, Base, ConflictClass, Insight, SourceId},
    text::SafeText,
    theme::Role,
};

use super::change::value_of;

/// What stands beside the title: which of how many.
#[must_use]
pub fn conflict_note(model: &Model) -> String {
    let all = model.shared.snapshot.conflicts.len();
    if all == 0 { String::new() } else { format!("{} of {all}", model.conflicts.at + 1) }
}

/// The pieces of the conflict that is shown.
#[must_use]
pub fn conflict_parts(model: &Model) -> Vec<Part> {
    if model.shared.snapshot.partial {
        return vec![Part::text("The facts are being read. What needs a decision is shown when all are there.", Role::Text)];
    }
    let Some(conflict) = model.conflict() else {
        return vec![Part::text("Nothing needs a decision. Where sources disagree and no rule can decide, it is asked here.", Role::Text)];
    };
    let insight = model.shared.snapshot.facts.find(&conflict.key).map(AsRef::as_ref);
    let mut parts = vec![Part::Heading(SafeText::line(conflict.key.as_str()))];
    parts.push(Part::text(class(conflict.class), Role::Text));
    parts.push(Part::Gap);
    if let Some(listed) = conflict.change.and_then(|id| model.shared.snapshot.queue.find(id)) {
        parts.extend(disputed(model, listed));
        return parts;
    }
    for (index, candidate) in conflict.candidates.iter().enumerate() {
        let value = match insight {
            Some(insight) => words::value(&candidate.value, insight),
            // Without the fact its class is not known: it is shown as if it were secret.
            None => SafeText::line("********"),
        };
        let believed = candidate.sources.contains(&conflict.winner);
        parts.push(Part::Value {
            value: SafeText::line(&format!("{}  {value}", index + 1)),
            says: SafeText::line(if believed { "believed now" } else { "" }),
            score: Some(candidate.score),
            believed,
        });
        for source in &candidate.sources {
            let text = SafeText::line(&standing(source, insight, model));
            parts.push(Part::Pair { label: SafeText::line(&format!("   {source}")), text, role: Role::Text });
        }
    }
    if let Some(wanted) = insight.and_then(|insight| Some((insight.wanted.as_ref()?, insight))) {
        let text = words::value(wanted.0, wanted.1);
        parts.push(Part::Pair { label: SafeText::line("wanted"), text, role: Role::Drift });
    }
    parts.push(Part::Gap);
    parts.extend(conflict.reason_codes.iter().map(|reason| Part::text(reason.sentence(), Role::Text)));
    let ahead = format!(
        "The first is ahead by {:.2}; it is {} ({:.2}).",
        conflict.margin,
        Band::of(conflict.confidence.score),
        conflict.confidence.score
    );
    parts.push(Part::text(&ahead, Role::Dim));
    parts.push(Part::Gap);
    parts.push(Part::text("Shown to be read: deciding it is not in this version. Nothing here sends anything.", Role::Dim));
    parts
}

/// A change whose target moved: where it started, what it brings, what is there, and what deciding does.
fn disputed(model: &Model, listed: &Listed) -> Vec<Part> {
    let command = &listed.command;
    let base = |base: &Base| match base {
        Base::Unknown => SafeText::line("not known"),
        Base::Absent => SafeText::line("not there"),
        Base::Value(value) => value_of(model, listed, value),
    };
    let valued = |number: &str, value: &SafeText, says: &str, believed| Part::Value {
        value: SafeText::line(&format!("{number}{value}")),
        says: SafeText::line(says),
        score: None,
        believed,
    };
    let mine = value_of(model, listed, &command.value);
    let asked = format!("mine: asked for {} by {}", words::ago(command.created_at, model.now), command.author.user);
    let there = format!("theirs: what {} holds now", command.source);
    vec![
        Part::Pair { label: SafeText::line("base"), text: base(&command.base), role: Role::Text },
        valued("1  ", &mine, &asked, true),
        valued("2  ", &base(&command.theirs), &there, false),
        Part::Gap,
        Part::text("1 sends mine on what is there now. 2 lets theirs stand, and mine ends. e takes another value.", Role::Text),
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

/// When a source spoke and how far it is trusted.
fn standing(source: &SourceId, insight: Option<&Insight>, model: &Model) -> String {
    let view = insight.and_then(|insight| insight.sources.iter().find(|view| view.source == *source));
    match view {
        Some(view) if view.live => format!("live, trust {:.2}", view.trust),
        Some(view) => format!("{}, trust {:.2}", words::ago(view.observed_at, model.now), view.trust),
        None => "trust unknown".to_owned(),
    }
}
