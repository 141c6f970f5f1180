//! What must hold after every message: a question tells what is so now, what is selected shows, nothing is scrolled beyond its end.

use crate::app::{
    layout::{LayerBody, ListBody, Regions, layout, scroll_into_view},
    model::{Layer, Model},
};

use super::{canvas, change};

/// Brings what is asked up to what waits now, and offsets within what there is.
pub(super) fn settle(model: &mut Model) {
    change::still_leaving(model);
    if model.too_small() {
        return;
    }
    let regions = layout(model);
    list(model, &regions);
    match regions.layer.as_ref().map(|layer| (layer.layer, &layer.body)) {
        Some((_, LayerBody::Palette { rows, .. })) => {
            model.palette.cursor = model.palette.cursor.min(rows.len().saturating_sub(1));
            let height = regions.layer.as_ref().map_or(0, |layer| usize::from(layer.inner.height.saturating_sub(2)));
            model.palette.offset = scroll_into_view(model.palette.offset, Some(model.palette.cursor), height, rows.len());
        }
        Some((_, LayerBody::Changes { list, detail, .. })) => {
            let all = model.shared.snapshot.queue.commands.len();
            model.queue.offset = scroll_into_view(model.queue.offset, Some(model.queue.at), usize::from(list.height), all);
            model.queue.scroll = detail.scroll;
        }
        Some((Layer::Help, LayerBody::Column(column))) => model.help.scroll = column.scroll,
        Some((Layer::Queue | Layer::Question, LayerBody::Column(_))) => {}
        Some((_, LayerBody::Column(column))) => {
            model.conflicts.scroll = column.scroll;
            // What is chosen shows, and so does the line below it that says who says so.
            if std::mem::take(&mut model.conflicts.reveal)
                && let Some(top) = column.chosen().and_then(|chosen| column.top_of(chosen))
            {
                let height = usize::from(column.area.height);
                let last = scroll_into_view(column.scroll, Some(top + 1), height, column.height);
                model.conflicts.scroll = scroll_into_view(last, Some(top), height, column.height);
            }
        }
        None => {}
    }
    let current = model.current().map(std::sync::Arc::clone);
    if model.canvas.of.as_ref() != current.as_ref().map(|insight| &insight.key) {
        canvas::remember(&mut model.canvas, current.as_deref());
    } else if let Some(column) = &regions.canvas {
        model.canvas.scroll = column.scroll;
    }
}

fn list(model: &mut Model, regions: &Regions) {
    let Some(region) = &regions.list else { return };
    if let ListBody::Rows(_) = &region.body {
        let height = usize::from(region.area.height.saturating_sub(u16::from(region.area.height > 1)));
        model.list.offset = scroll_into_view(model.list.offset, Some(model.list.cursor), height, model.list.rows.len());
    }
}
