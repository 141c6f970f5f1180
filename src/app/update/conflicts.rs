//! The conflicts: which one is shown, what of it is chosen, and what happens underneath while it is looked at.

use std::sync::Arc;

use crate::{
    app::{
        layout::Regions,
        model::{ConflictsModel, Shared, Underneath},
    },
    fact::{ConflictClass, ConflictEntry, ConflictId, Key},
    theme::Role,
};

use super::{canvas, step::Step};

/// Opens at the conflict of the selected fact, also where somebody decided it, else at the most instructive one.
pub(super) fn open(conflicts: &mut ConflictsModel, shared: &Shared) {
    let all = &shared.snapshot.conflicts;
    let selected = all.iter().position(|conflict| Some(&conflict.key) == shared.selected.as_ref());
    conflicts.passed.clear();
    let decided = shared.selected.as_ref().filter(|key| selected.is_none() && decided_on(shared, key).is_some());
    match decided {
        Some(key) => show_one(conflicts, shared, 0, Some(key.clone())),
        None => show(conflicts, shared, selected.unwrap_or(0)),
    }
}

/// The conflict of a fact, where a person decided it.
fn decided_on<'s>(shared: &'s Shared, key: &Key) -> Option<&'s Arc<ConflictEntry>> {
    let conflict = shared.snapshot.facts.find(key)?.conflict.as_ref()?;
    conflict.resolution.is_by_a_person().then_some(conflict)
}

/// Up and down go through what can be chosen, pages scroll.
pub(super) fn step(conflicts: &mut ConflictsModel, shared: &Shared, regions: &Regions, step: Step) {
    match step {
        Step::PageUp | Step::PageDown => canvas::step(&mut conflicts.scroll, canvas::layer_column(regions), step),
        Step::Up | Step::Down | Step::First | Step::Last => {
            let many = conflicts.looked_at(&shared.snapshot).map_or(0, |conflict| choices(conflict));
            choose(conflicts, shared, step.from(conflicts.choice, many, 1));
        }
    }
}

/// The first that was not passed over yet, or the one that was passed over last; after all of them it begins anew. Their order may be another
/// by now, so that their places do not say what was looked at.
pub(super) fn turn(conflicts: &mut ConflictsModel, shared: &Shared, forward: bool) {
    let all = &shared.snapshot.conflicts;
    let place = |id: &ConflictId| all.iter().position(|conflict| conflict.id == *id);
    if forward {
        let here = conflicts.id.take().filter(|_| conflicts.decided_one.is_none());
        conflicts.passed.extend(here);
        let next = first_not_passed(conflicts, shared);
        if next.is_none() {
            conflicts.passed.clear();
        }
        return show(conflicts, shared, next.unwrap_or(0));
    }
    let before = std::iter::from_fn(|| conflicts.passed.pop()).find_map(|id| place(&id));
    show(conflicts, shared, before.unwrap_or_else(|| all.len().saturating_sub(1)));
}

fn first_not_passed(conflicts: &ConflictsModel, shared: &Shared) -> Option<usize> {
    shared.snapshot.conflicts.iter().position(|conflict| !conflicts.passed.contains(&conflict.id))
}

/// How much there is to choose from.
pub(super) fn choices(conflict: &ConflictEntry) -> usize {
    if conflict.class == ConflictClass::Value { conflict.candidates.len() } else { 2 }
}

/// Chooses a value; what it is chosen from was seen then.
pub(super) fn choose(conflicts: &mut ConflictsModel, shared: &Shared, choice: usize) {
    let Some(conflict) = conflicts.looked_at(&shared.snapshot) else { return };
    if choice < choices(conflict) {
        hold(conflicts, conflict, choice);
        conflicts.underneath = None;
        conflicts.confirming = None;
        conflicts.reveal = true;
    }
}

/// Finds the conflict that was shown again after the engine told what it knows; `open` says whether somebody looks at it.
pub(super) fn follow(conflicts: &mut ConflictsModel, shared: &mut Shared, open: bool) {
    let all = Arc::clone(&shared.snapshot.conflicts);
    // What was decided is told of until it is known to be.
    let over = conflicts.settled.take_if(|(id, _)| !all.iter().any(|conflict| conflict.id == *id));
    let own = over.is_some_and(|(id, _)| Some(id) == conflicts.id);
    let back = conflicts.returning.as_ref().and_then(|id| all.iter().position(|conflict| conflict.id == *id));
    match back {
        Some(at) => {
            conflicts.returning = None;
            show(conflicts, shared, at);
        }
        None => follow_shown(conflicts, shared, open, own),
    }
}

fn follow_shown(conflicts: &mut ConflictsModel, shared: &mut Shared, open: bool, own: bool) {
    let all = Arc::clone(&shared.snapshot.conflicts);
    let waits = all.iter().position(|conflict| Some(&conflict.id) == conflicts.id.as_ref());
    let decided = conflicts.decided_one.as_ref().filter(|_| waits.is_none()).and_then(|key| decided_on(shared, key)).map(Arc::clone);
    let Some(conflict) = waits.and_then(|at| all.get(at).map(Arc::clone)).or(decided) else {
        return over(conflicts, shared, open && !own);
    };
    if let Some(at) = waits {
        conflicts.at = at;
        conflicts.decided_one = None;
    }
    let conflict = &conflict;
    let moved = conflicts.digest.as_ref() != Some(&conflict.digest);
    let choice = found_again(conflicts, conflict);
    hold(conflicts, conflict, choice);
    conflicts.digest = Some(Arc::clone(&conflict.digest));
    if moved && open {
        notice(conflicts, shared, Underneath::Moved, &format!("{} changed while you looked.", conflict.key));
    }
}

/// The one that was shown is over: the most instructive of the others is shown.
fn over(conflicts: &mut ConflictsModel, shared: &mut Shared, open: bool) {
    let had = conflicts.id.clone();
    let by_us = conflicts.deciding.as_ref().is_some_and(|(_, deciding)| Some(&deciding.id) == had.as_ref());
    let key = conflicts.shown.take();
    // What somebody passed over does not come back before the rest was looked at.
    show(conflicts, shared, first_not_passed(conflicts, shared).unwrap_or(0));
    if !open || by_us {
        return;
    }
    match (key, conflicts.id.is_some()) {
        (Some(key), true) => {
            let said = format!("{key} needs no decision any more.");
            notice(conflicts, shared, Underneath::Over(key), &said);
        }
        (Some(key), false) => shared.say(format!("{key} needs no decision any more."), Role::Text),
        (None, true) => notice(conflicts, shared, Underneath::Came, "There is something to be decided."),
        (None, false) => {}
    }
}

fn notice(conflicts: &mut ConflictsModel, shared: &mut Shared, what: Underneath, said: &str) {
    conflicts.underneath = Some(what);
    conflicts.confirming = None;
    shared.say(said.to_owned(), Role::Conflict);
}

/// Where what was chosen stands now: the same value, else what its source says.
fn found_again(conflicts: &ConflictsModel, conflict: &ConflictEntry) -> usize {
    if conflict.class != ConflictClass::Value {
        return conflicts.choice.min(1);
    }
    let Some((value, source)) = &conflicts.chosen else { return 0 };
    let same = conflict.candidates.iter().position(|candidate| candidate.value == *value);
    let says = |source| conflict.candidates.iter().position(|candidate| candidate.sources.contains(source));
    same.or_else(|| source.as_ref().and_then(says)).unwrap_or(0)
}

fn hold(conflicts: &mut ConflictsModel, conflict: &ConflictEntry, choice: usize) {
    conflicts.choice = choice;
    let candidate = conflict.candidates.get(choice);
    conflicts.chosen = candidate.map(|candidate| (candidate.value.clone(), candidate.sources.first().cloned()));
}

/// Shows a conflict from its top, what is believed chosen.
pub(super) fn show(conflicts: &mut ConflictsModel, shared: &Shared, at: usize) {
    show_one(conflicts, shared, at, None);
}

fn show_one(conflicts: &mut ConflictsModel, shared: &Shared, at: usize, decided: Option<Key>) {
    conflicts.at = at;
    conflicts.decided_one = decided;
    let shown = conflicts.looked_at(&shared.snapshot);
    conflicts.id = shown.map(|conflict| conflict.id.clone());
    conflicts.shown = shown.map(|conflict| conflict.key.clone());
    conflicts.digest = shown.map(|conflict| Arc::clone(&conflict.digest));
    conflicts.scroll = 0;
    conflicts.choice = 0;
    conflicts.chosen = None;
    conflicts.underneath = None;
    conflicts.confirming = None;
    if let Some(conflict) = shown {
        hold(conflicts, conflict, 0);
    }
}
