//! The palette: typing and choosing.

use crate::{
    app::{
        content::{PaletteRow, palette_rows},
        layout::{LayerBody, Regions},
        model::{Model, PaletteModel},
    },
    keymap::Chord,
};

use super::step::Step;

/// Opens it empty.
pub(super) fn open(palette: &mut PaletteModel) {
    palette.field.clear();
    top(palette);
}

/// A key that no action has.
pub(super) fn key(palette: &mut PaletteModel, chord: Chord) {
    let before = palette.field.text().to_owned();
    palette.field.key(chord);
    if palette.field.text() != before {
        top(palette);
    }
}

/// Pasted text; whether all of it was taken.
pub(super) fn insert(palette: &mut PaletteModel, text: &str) -> bool {
    top(palette);
    palette.field.insert(text)
}

/// Moves the choice.
pub(super) fn step(palette: &mut PaletteModel, regions: &Regions, step: Step) {
    if let Some(LayerBody::Palette { rows, visible, .. }) = regions.layer.as_ref().map(|layer| &layer.body) {
        palette.cursor = step.from(palette.cursor, rows.len(), visible.len().saturating_sub(1));
    }
}

/// The chosen row.
pub(super) fn chosen(model: &Model) -> Option<PaletteRow> {
    palette_rows(model).into_iter().nth(model.palette.cursor)
}

fn top(palette: &mut PaletteModel) {
    palette.cursor = 0;
    palette.offset = 0;
}
