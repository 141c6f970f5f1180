//! Boxes over the panes.

use ratatui::layout::Rect;
use stellar_widgets::Overlay;

use crate::app::{
    content::{conflict_note, conflict_parts, help_parts, help_title, palette_rows},
    model::{Layer, Model},
};

use super::{Column, LayerBody, LayerRegion};

/// Places the layer on top, if it is a box.
pub(super) fn place(model: &Model, area: Rect) -> Option<LayerRegion> {
    // A layer leaves the last line to the hints.
    let room = Rect::new(area.x, area.y, area.width, area.height - 1);
    let layer = *model.layers.last()?;
    let (title, note, wanted) = match layer {
        Layer::Filter => return None,
        Layer::Palette => ("Actions", String::new(), (76, 24)),
        Layer::Help => (help_title(model), String::new(), (84, 40)),
        Layer::Conflicts => ("Conflicts", conflict_note(model), (92, 26)),
    };
    // On a small screen a box takes all of it.
    let width = if room.width < wanted.0 + 8 { room.width } else { wanted.0 };
    let height = if room.height < wanted.1 + 4 { room.height } else { wanted.1 };
    let overlay = Overlay::new(title).size(width, height);
    let (outer, inner) = (overlay.outer(room), overlay.inner(room));
    let body = match layer {
        Layer::Palette | Layer::Filter => palette(model, inner),
        Layer::Help => LayerBody::Column(Column::new(inner, help_parts(model), model.help.scroll)),
        Layer::Conflicts => LayerBody::Column(Column::new(inner, conflict_parts(model), model.conflicts.scroll)),
    };
    Some(LayerRegion { layer, outer, inner, title, note, body })
}

fn palette(model: &Model, inner: Rect) -> LayerBody {
    let field = Rect::new(inner.x + 2, inner.y, inner.width.saturating_sub(2), inner.height.min(1));
    let list = Rect::new(inner.x, inner.y + 2, inner.width, inner.height.saturating_sub(2));
    let rows = palette_rows(model);
    let visible = (model.palette.offset..rows.len()).zip(list.rows()).collect();
    LayerBody::Palette { field, rows, visible }
}
