//! The conflicts: which one is shown.

use crate::{
    app::{
        ask::Ask,
        layout::Regions,
        model::{ConflictsModel, Shared},
    },
    fact::ConflictEntry,
};

use super::{canvas, step::Step};

/// Opens at the conflict of the selected fact, else at the most instructive one.
pub(super) fn open(conflicts: &mut ConflictsModel, shared: &Shared) {
    let all = &shared.snapshot.conflicts;
    let selected = all.iter().position(|conflict| Some(&conflict.key) == shared.selected.as_ref());
    show(conflicts, shared, selected.unwrap_or(0));
}

/// Up and down go through the conflicts, pages scroll the one that is shown.
pub(super) fn step(conflicts: &mut ConflictsModel, shared: &Shared, regions: &Regions, step: Step) {
    match step {
        Step::PageUp | Step::PageDown => canvas::step(&mut conflicts.scroll, canvas::layer_column(regions), step),
        Step::Up | Step::Down | Step::First | Step::Last => {
            let at = step.from(conflicts.at, shared.snapshot.conflicts.len(), 1);
            show(conflicts, shared, at);
        }
    }
}

/// Finds the conflict that was shown again after the engine told what it knows.
pub(super) fn follow(conflicts: &mut ConflictsModel, shared: &Shared) {
    let all = &shared.snapshot.conflicts;
    let scroll = conflicts.scroll;
    match all.iter().position(|conflict| Some(&conflict.id) == conflicts.id.as_ref()) {
        Some(at) => {
            show(conflicts, shared, at);
            conflicts.scroll = scroll;
        }
        None => show(conflicts, shared, conflicts.at.min(all.len().saturating_sub(1))),
    }
}

fn show(conflicts: &mut ConflictsModel, shared: &Shared, at: usize) {
    conflicts.at = at;
    conflicts.id = shared.snapshot.conflicts.get(at).map(|conflict| conflict.id.clone());
    conflicts.scroll = 0;
}

/// Decides the change whose target moved: mine or theirs.
pub(super) fn decide(conflict: &ConflictEntry, mine: bool) -> Ask {
    Ask::new("core.conflict.resolve")
        .text("id", conflict.id.as_str())
        .flag(if mine { "mine" } else { "theirs" })
        .quiet("digest", conflict.digest.as_ref())
}
