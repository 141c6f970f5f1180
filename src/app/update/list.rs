//! The list: moving, filtering, sorting.

use crate::{
    app::{
        arrange::Arrange,
        effect::Effect,
        layout::{ListBody, Regions},
        model::{ListModel, Shared},
    },
    engine::SortBy,
    fact::Timestamp,
};

use super::step::Step;

/// Asks for the rows to be arranged anew; answers to earlier questions are dropped.
pub(super) fn arrange(list: &mut ListModel, shared: &Shared, now: Timestamp) -> Effect {
    list.generation += 1;
    list.arranged_at = now;
    Effect::Arrange(Arrange {
        generation: list.generation,
        facts: shared.snapshot.facts.clone(),
        now,
        query: list.filter.text().to_owned(),
        sort: list.sort,
        selected: shared.selected.clone(),
    })
}

/// The filter was typed: what fits best is selected, and the rows are arranged anew.
pub(super) fn filtered(list: &mut ListModel, shared: &mut Shared, now: Timestamp) -> Effect {
    list.cursor = 0;
    list.chosen = false;
    list.to_end = false;
    shared.selected = None;
    arrange(list, shared, now)
}

/// The next order.
pub(super) fn sort(list: &mut ListModel, shared: &Shared, now: Timestamp) -> Effect {
    list.sort = match list.sort {
        SortBy::Key => SortBy::Age,
        SortBy::Age => SortBy::Confidence,
        SortBy::Confidence => SortBy::Key,
    };
    arrange(list, shared, now)
}

/// Moves the selection.
pub(super) fn step(list: &mut ListModel, shared: &mut Shared, regions: &Regions, step: Step) {
    let page = regions.list.as_ref().map_or(1, |region| match &region.body {
        ListBody::Rows(rows) => rows.len(),
        ListBody::Empty(_) => 1,
    });
    let row = step.from(list.cursor, list.rows.len(), page.saturating_sub(1));
    list.chosen = true;
    select(list, shared, row);
    list.to_end = step == Step::Last && shared.snapshot.partial;
}

/// Selects a row.
pub(super) fn select(list: &mut ListModel, shared: &mut Shared, row: usize) {
    list.to_end = false;
    list.cursor = row.min(list.rows.len().saturating_sub(1));
    shared.selected = list.fact(list.cursor).map(|insight| insight.key.clone());
}
