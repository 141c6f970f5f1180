//! What the engine and background work told.

use std::sync::Arc;

use crate::{
    app::{
        arrange::Arranged,
        effect::Effect,
        model::{EngineLife, JobId, Model},
        snapshot::Snapshot,
        words::count,
    },
    engine::RefreshReport,
    text::SafeText,
    theme::Role,
};

use super::{canvas, conflicts, list};

/// The engine told what it knows.
pub(super) fn snapshot(model: &mut Model, snapshot: Snapshot) -> Vec<Effect> {
    let shared = &mut model.shared;
    let before = std::mem::replace(&mut shared.snapshot, snapshot);
    let first = shared.engine == EngineLife::Starting;
    shared.engine = EngineLife::Running;
    shared.told_at = Some(model.now);
    let same = Arc::ptr_eq(&before.facts, &shared.snapshot.facts);
    let rest = before.sources == shared.snapshot.sources
        && before.conflicts == shared.snapshot.conflicts
        && before.queue == shared.snapshot.queue
        && before.notes == shared.snapshot.notes;
    // With other facts the arranged list comes in a moment: one frame for both, and that moment is not lost to the pace of frames.
    if same && (first || !rest) {
        model.touch();
    }
    conflicts::follow(&mut model.conflicts, &model.shared);
    if same { Vec::new() } else { vec![list::arrange(&mut model.list, &model.shared)] }
}

/// The list was arranged.
pub(super) fn arranged(model: &mut Model, arranged: Arranged) -> Vec<Effect> {
    if arranged.generation != model.list.generation {
        return Vec::new();
    }
    model.touch();
    let Arranged { facts, rows, position, .. } = arranged;
    model.list.facts = facts;
    model.list.rows = rows;
    // The chosen fact stays selected; where it is gone, what took its place is.
    let row = if model.list.chosen { position.unwrap_or(model.list.cursor) } else { 0 };
    list::select(&mut model.list, &mut model.shared, row);
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
