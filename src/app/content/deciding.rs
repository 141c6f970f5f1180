//! What can be decided of the conflict that is shown: who could be sent its value, why something cannot be asked for, which keys do it.

use crate::{
    app::model::{Layer, Model},
    engine::SourceStatus,
    fact::{Candidate, ConflictClass, ConflictEntry, Insight, Mark},
};

/// Whether deciding a conflict is about a change of a person, not about what is believed.
#[must_use]
pub fn is_of_change(conflict: &ConflictEntry) -> bool {
    conflict.class != ConflictClass::Value
}

/// The competing value that is chosen.
#[must_use]
pub fn chosen(model: &Model) -> Option<&Candidate> {
    let conflict = model.conflict().filter(|conflict| !is_of_change(conflict))?;
    conflict.candidates.get(model.conflicts.choice)
}

/// The sources that take changes and do not have the chosen value yet.
#[must_use]
pub fn targets(model: &Model) -> Vec<&SourceStatus> {
    let Some(candidate) = chosen(model) else { return Vec::new() };
    let takes = |source: &&SourceStatus| source.enabled && source.writable && !candidate.sources.contains(&source.source);
    model.shared.snapshot.sources.iter().filter(takes).collect()
}

/// Why an action on the conflicts cannot be asked for now; none when it can.
#[must_use]
pub fn undecidable(model: &Model, id: &str) -> Option<&'static str> {
    if !model.layers.contains(&Layer::Conflicts) {
        return Some("in the conflicts");
    }
    if id == "core.conflict.undo" {
        let may_be_decided = model.conflict().is_some_and(|conflict| !is_of_change(conflict));
        return (model.conflicts.decided.is_empty() && !may_be_decided).then_some("nothing was decided here yet");
    }
    let Some(conflict) = model.conflict() else { return Some("nothing needs a decision") };
    if matches!(id, "core.conflict.next" | "core.conflict.previous") {
        let least = if model.conflicts.decided_one.is_some() { 1 } else { 2 };
        return (model.shared.snapshot.conflicts.len() < least).then_some("it is the only one");
    }
    let insight: Option<&Insight> = model.shared.snapshot.facts.find(&conflict.key).map(AsRef::as_ref);
    let of_change = is_of_change(conflict);
    match id {
        "core.conflict.mine" | "core.conflict.theirs" if !of_change => Some("no change of yours is in this conflict"),
        "core.conflict.auto" | "core.conflict.reject" | "core.conflict.send" if of_change => {
            Some("a change is decided with mine, theirs or another value")
        }
        "core.conflict.accept" if of_change && conflict.change.and_then(|id| model.shared.snapshot.queue.find(id)).is_none() => {
            Some("its change is not listed here; say mine or theirs")
        }
        _ if !of_change && insight.is_some_and(|insight| insight.marks.contains(Mark::Locked)) => Some("it is locked; unlock it first"),
        "core.conflict.send" if !model.shared.snapshot.sources.iter().any(|source| source.enabled && source.writable) => {
            Some("no source here takes changes (writable = true)")
        }
        "core.conflict.send" if targets(model).is_empty() => Some("every source that takes changes has this value"),
        _ => None,
    }
}

/// The keys that are worth a hint in the conflicts, the most useful first; the numbers are not among them.
#[must_use]
pub fn decision_hints(model: &Model) -> Vec<(&'static str, String)> {
    let of_change = model.conflict().is_some_and(|conflict| is_of_change(conflict));
    let mut hints: Vec<(&'static str, &str)> = Vec::new();
    if of_change {
        hints.extend([("core.conflict.accept", "decide"), ("core.conflict.mine", "mine"), ("core.conflict.theirs", "theirs")]);
    } else {
        hints.extend([("core.conflict.accept", "believe"), ("core.conflict.send", "send it to ...")]);
    }
    hints.extend([
        ("core.conflict.edit", "another value"),
        ("core.conflict.reject", "none is right"),
        ("core.conflict.auto", "let the rule decide"),
    ]);
    // Where it is not known that there is anything to take back, what leads on is worth more.
    let known = model.conflicts.decided_one.is_some() || !model.conflicts.decided.is_empty();
    let undo = [("core.conflict.undo", "undo")];
    hints.extend(undo.iter().filter(|_| known));
    hints.extend([("core.conflict.next", "next"), ("core.navigate.close", "close"), ("core.input.confidence", "why")]);
    hints.extend(undo.iter().filter(|_| !known));
    hints.into_iter().map(|(action, label)| (action, label.to_owned())).collect()
}

/// The numbers that choose, for a hint: `1-2`; none where nothing can be chosen.
#[must_use]
pub fn numbers(model: &Model) -> Option<String> {
    let conflict = model.conflict()?;
    let many = if is_of_change(conflict) { 2 } else { conflict.candidates.len().min(9) };
    Some(if many < 2 { many.to_string() } else { format!("1-{many}") })
}
