//! What the engine and background work told.

use std::sync::Arc;

use crate::{
    app::{
        arrange::Arranged,
        effect::Effect,
        history::History,
        model::{EngineLife, JobId, Layer, ListModel, Model},
        snapshot::Snapshot,
        words::count,
    },
    engine::{RefreshReport, SortBy},
    fact::ConflictEntry,
    text::SafeText,
    theme::Role,
};

use super::{answer, canvas, conflicts, drift, list, queue, wake};

/// With more facts than this the engine dates those of a source one after the other: what shows is asked for first.
const RENEWED_WITH_ITS_SOURCE: usize = 1_000;

/// The engine told what it knows.
pub(super) fn snapshot(model: &mut Model, snapshot: Snapshot) -> Vec<Effect> {
    let shared = &mut model.shared;
    shared.drifting = drift::count(&shared.snapshot.facts, &snapshot.facts, shared.drifting);
    let before = std::mem::replace(&mut shared.snapshot, snapshot);
    let first = shared.engine != EngineLife::Running;
    shared.engine = EngineLife::Running;
    shared.told_at = Some(model.now);
    let now = &shared.snapshot;
    let sources = before.sources == now.sources;
    let rest = sources
        && (Arc::ptr_eq(&before.conflicts, &now.conflicts) || are_same(&before.conflicts, &now.conflicts))
        && (before.partial, &before.queue) == (now.partial, &now.queue)
        && before.notes == now.notes;
    // With other keys the arranged list comes in a moment: one frame for both, and that moment is not lost to the pace of frames.
    let moved = before.facts.same_keys(&now.facts) && (first || !rest);
    if moved {
        model.touch();
    }
    let open = model.layers.contains(&Layer::Conflicts) && !model.shared.snapshot.partial && !first;
    conflicts::follow(&mut model.conflicts, &mut model.shared, open);
    queue::follow(&mut model.queue, &model.shared);
    if !rest && !first {
        answer::news(&before.queue, &mut model.shared, model.now);
    }
    if !first && before.facts.is(&model.shared.snapshot.facts) {
        return Vec::new();
    }
    let mut effects = Vec::new();
    if !sources && model.shared.snapshot.facts.len() > RENEWED_WITH_ITS_SOURCE {
        effects.extend(wake::renew(model, std::time::Duration::ZERO));
    }
    let in_place = model.list.sort == SortBy::Key && model.list.facts.same_keys(&model.shared.snapshot.facts);
    if in_place {
        follow_in_place(model);
    } else {
        effects.push(list::arrange(&mut model.list, &model.shared, model.now));
    }
    effects
}

/// Whether the same conflicts stand in the same order; what is the same piece of memory is not looked into.
fn are_same(before: &[Arc<ConflictEntry>], now: &[Arc<ConflictEntry>]) -> bool {
    before.len() == now.len() && before.iter().zip(now).all(|(one, other)| Arc::ptr_eq(one, other) || one == other)
}

/// The same keys in the same order: the rows stay, and only what shows is looked at.
fn follow_in_place(model: &mut Model) {
    let facts = model.shared.snapshot.facts.clone();
    let shown = model.list.offset..model.list.offset + usize::from(model.size.1);
    let place = |row: usize| usize::try_from(*model.list.rows.get(row)?).ok();
    let differs = |row: usize| {
        let place = place(row)?;
        Some(!Arc::ptr_eq(model.list.facts.get(place)?, facts.get(place)?))
    };
    let moved = shown.chain([model.list.cursor]).any(|row| differs(row) == Some(true));
    let selected = differs(model.list.cursor) == Some(true);
    model.list.facts = facts;
    if moved {
        model.touch();
    }
    if selected {
        let current = model.current().map(Arc::clone);
        canvas::remember(&mut model.canvas, current.as_deref());
    }
}

/// The list was arranged.
pub(super) fn arranged(model: &mut Model, arranged: Arranged) -> Vec<Effect> {
    if arranged.generation != model.list.generation {
        return Vec::new();
    }
    model.touch();
    let Arranged { facts, rows, position, .. } = arranged;
    // What came while it was arranged is newer, and stands at the same places if the keys are the same.
    let newest = &model.shared.snapshot.facts;
    model.list.facts = if facts.same_keys(newest) { newest.clone() } else { facts };
    model.list.rows = rows;
    // The chosen fact stays selected; where it is gone, what took its place is.
    let row = match model.list {
        ListModel { to_end: true, .. } => usize::MAX,
        ListModel { chosen: true, cursor, .. } => position.unwrap_or(cursor),
        _ => 0,
    };
    let to_end = model.list.to_end && model.shared.snapshot.partial;
    list::select(&mut model.list, &mut model.shared, row);
    model.list.to_end = to_end;
    let current = model.current().map(Arc::clone);
    canvas::remember(&mut model.canvas, current.as_deref());
    Vec::new()
}

/// A refresh ended.
pub(super) fn refreshed(model: &mut Model, job: JobId, outcome: Result<Vec<RefreshReport>, String>) -> Vec<Effect> {
    if model.shared.refreshing != Some(job) {
        return Vec::new();
    }
    model.touch();
    model.shared.refreshing = None;
    let (text, role) = match outcome {
        Err(why) => (format!("Asking again failed: {why}"), Role::Error),
        Ok(reports) => {
            let failed: Vec<String> =
                reports.iter().filter_map(|report| Some(format!("{}: {}", report.source, report.error.as_ref()?))).collect();
            let changed: u64 = reports.iter().map(|report| report.changed).sum();
            let answered = reports.len() - failed.len();
            let said = format!(
                "{} answered, {} changed.",
                count(answered, "source", "sources"),
                count(usize::try_from(changed).unwrap_or(usize::MAX), "fact", "facts")
            );
            if failed.is_empty() { (said, Role::Text) } else { (format!("{said} {}", failed.join("; ")), Role::Offline) }
        }
    };
    model.shared.say(text, role);
    Vec::new()
}

/// Somebody who keeps the past told it: it is shown instead of what was seen since the fact was selected.
pub(super) fn history(model: &mut Model, history: History) -> Vec<Effect> {
    if model.canvas.of.as_ref() == Some(&history.key) {
        model.touch();
        model.canvas.told = Some(history);
    }
    Vec::new()
}

/// A sentence of the engine as it stands by itself: with a capital letter and a full stop.
pub(super) fn capitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// The engine is gone: what is shown stays, and says how old it is.
pub(super) fn engine_gone(model: &mut Model, why: &str) -> Vec<Effect> {
    model.touch();
    model.shared.engine = EngineLife::Dead(SafeText::line(why));
    model.shared.refreshing = None;
    model.shared.message = None;
    Vec::new()
}
