//! Columns of pieces: scrolling. The canvas: the series of the selected fact.

use crate::{
    app::{
        Effect,
        layout::{Column, LayerBody, Regions},
        model::{CanvasModel, EngineLife, Model},
    },
    fact::Insight,
};

use super::step::Step;

/// Readings of a series that are kept.
const READINGS: usize = 64;

/// Scrolls a column.
pub(super) fn step(scroll: &mut usize, column: Option<&Column>, step: Step) {
    let Some(column) = column else { return };
    let page = usize::from(column.area.height);
    let most = column.height.saturating_sub(page);
    *scroll = step.from(column.scroll, most + 1, page.saturating_sub(1));
}

/// The column of the layer on top, if it is one.
pub(super) fn layer_column(regions: &Regions) -> Option<&Column> {
    match &regions.layer.as_ref()?.body {
        LayerBody::Column(column) => Some(column),
        LayerBody::Palette { .. } | LayerBody::Changes { .. } => None,
    }
}

/// Asks for the past of the selected fact, once, where the canvas shows it and somebody may know.
pub(super) fn past(model: &mut Model) -> Option<Effect> {
    let canvas = &mut model.canvas;
    if canvas.asked == canvas.of || model.shared.engine != EngineLife::Running || !canvas.shown {
        return None;
    }
    canvas.asked.clone_from(&canvas.of);
    canvas.of.clone().map(Effect::Past)
}

/// Remembers how far the selected fact is believed; another fact starts another series.
pub(super) fn remember(canvas: &mut CanvasModel, insight: Option<&Insight>) {
    let key = insight.map(|insight| &insight.key);
    if canvas.of.as_ref() != key {
        canvas.of = key.cloned();
        canvas.series.clear();
        canvas.told = None;
        canvas.scroll = 0;
    }
    if let Some(insight) = insight {
        if canvas.series.len() == READINGS {
            canvas.series.pop_front();
        }
        canvas.series.push_back(insight.confidence.as_ref().map(|confidence| confidence.score));
    }
}
