//! The palette: every action there is, with the key it has here, and why it cannot be asked for if it cannot.

use std::ops::Range;

use crate::{
    action,
    app::{fuzzy::Fuzzy, model::Model},
};

use super::available::unavailable;

/// A row of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaletteRow {
    /// The action's id.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Byte ranges of the title that fit what is typed.
    pub matches: Vec<Range<usize>>,
    /// The key it has in the pane below, as it works in this terminal; or empty.
    pub key: String,
    /// Why it cannot be asked for now.
    pub unavailable: Option<String>,
    /// What it does, in a sentence.
    pub summary: &'static str,
}

/// The rows that fit what is typed: what can be asked for first, each in the order of fitting, then of the registry with moves last.
#[must_use]
pub fn palette_rows(model: &Model) -> Vec<PaletteRow> {
    let shared = &model.shared;
    let mut query = Fuzzy::new(model.palette.field.text());
    let mut rows: Vec<(bool, bool, u32, PaletteRow)> = Vec::new();
    for spec in action::all() {
        let (score, matches) = match &mut query {
            None => (0, Vec::new()),
            Some(query) => match query.score(spec.title) {
                Some(score) => (score, query.ranges(spec.title)),
                // Whoever knows the id may type a part of it; it ranks below every title.
                None if spec.id.contains(model.palette.field.text().trim()) => (0, Vec::new()),
                None => continue,
            },
        };
        let unavailable = unavailable(model, spec);
        let key = shared.keymap.hint(spec.id, model.pane_contexts(), shared.keyboard).map(|chord| chord.to_string()).unwrap_or_default();
        let row = PaletteRow { id: spec.id, title: spec.title, matches, key, unavailable, summary: spec.summary() };
        // Everybody knows the arrows; they come after what has to be found.
        let moves = spec.id.starts_with("core.navigate.");
        rows.push((row.unavailable.is_some(), moves, score, row));
    }
    rows.sort_by_key(|(unavailable, moves, score, _)| (*unavailable, std::cmp::Reverse(*score), *moves));
    rows.into_iter().map(|(.., row)| row).collect()
}
