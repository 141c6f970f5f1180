//! Layers over the panes: opening them.

use crate::app::model::{Layer, Model, Question};

/// Opens a layer, or brings it to the top.
pub(super) fn push(model: &mut Model, layer: Layer) {
    model.layers.retain(|open| *open != layer);
    model.layers.push(layer);
}

/// Asks before something is done.
pub(super) fn ask_first(model: &mut Model, question: Question) {
    model.question = Some(question);
    push(model, Layer::Question);
}
