//! Boxes over the panes.

use ratatui::layout::Rect;
use stellar_widgets::Overlay;

use crate::app::{
    content::{conflict_note, conflict_parts, help_parts, help_title, palette_rows, question_parts, queue_note, queue_parts},
    model::{Layer, Model},
    part::Part,
};

use super::{Column, LayerBody, LayerRegion};

/// Places the layer on top, if it is a box.
pub(super) fn place(model: &Model, area: Rect) -> Option<LayerRegion> {
    // A layer leaves the last line to the hints, and the one above while something is said there.
    let kept = if model.shared.message.is_some() { 2 } else { 1 };
    // Below the prompt stays what it is about.
    let prompt = model.layers.contains(&Layer::Prompt);
    let kept = if prompt { 3 } else { kept };
    let room = Rect::new(area.x, area.y, area.width, area.height.saturating_sub(kept));
    let layer = *model.layers.iter().rfind(|layer| **layer != Layer::Prompt)?;
    let (title, note, width) = match layer {
        Layer::Filter | Layer::Prompt => return None,
        Layer::Palette => ("Actions", String::new(), 76),
        Layer::Help => (help_title(model), String::new(), 88),
        Layer::Conflicts => ("Conflicts", conflict_note(model), 84),
        Layer::Queue => ("Queue", queue_note(model), 92),
        Layer::Question => (model.question.as_ref().map_or("", |question| question.title), String::new(), 72),
    };
    // On a small screen a box takes all of it; on a large one it is as high as what is in it.
    let width = if room.width < width + 8 { room.width } else { width };
    let overlay = |height: u16| Overlay::new(title).size(width, if room.height < height + 4 { room.height } else { height });
    let column = |parts: Vec<Part>, scroll: usize| {
        let inside = overlay(u16::MAX - 4).inner(room);
        let wanted = Column::new(inside, parts, scroll);
        let overlay = overlay(u16::try_from(wanted.height).unwrap_or(u16::MAX - 8).min(u16::MAX - 8) + 2);
        (overlay, LayerBody::Column(Column::new(overlay.inner(room), wanted.parts, scroll)))
    };
    let (overlay, body) = match layer {
        Layer::Queue if model.change().is_some() => (overlay(30), changes(model, overlay(30).inner(room))),
        Layer::Queue => column(queue_parts(model), 0),
        Layer::Question => column(question_parts(model), 0),
        Layer::Palette | Layer::Filter | Layer::Prompt => (overlay(26), palette(model, overlay(26).inner(room))),
        Layer::Help => column(help_parts(model), model.help.scroll),
        Layer::Conflicts => column(conflict_parts(model), model.conflicts.scroll),
    };
    Some(LayerRegion { layer, outer: overlay.outer(room), inner: overlay.inner(room), title, note, body })
}

/// Rows above, what is said of the selected one below: the rows take what they need, up to half.
fn changes(model: &Model, inner: Rect) -> LayerBody {
    let all = model.shared.snapshot.queue.commands.len();
    let height = u16::try_from(all).unwrap_or(u16::MAX).min((inner.height / 2).max(1)).min(inner.height);
    let list = Rect { height, ..inner };
    let visible = (model.queue.offset..all).zip(list.rows()).collect();
    let below = (height + 1).min(inner.height);
    let detail = Rect { y: inner.y + below, height: inner.height - below, ..inner };
    LayerBody::Changes { list, visible, detail: Column::new(detail, queue_parts(model), model.queue.scroll) }
}

fn palette(model: &Model, inner: Rect) -> LayerBody {
    let field = Rect::new(inner.x + 2, inner.y, inner.width.saturating_sub(2), inner.height.min(1));
    let list = Rect::new(inner.x, inner.y + 2, inner.width, inner.height.saturating_sub(2));
    let rows = palette_rows(model);
    let visible = (model.palette.offset..rows.len()).zip(list.rows()).collect();
    LayerBody::Palette { field, rows, visible }
}
