//! The mouse: what stands in the cell it points at. Nothing needs it.

use ratatui::layout::{Position, Rect};

use crate::app::{
    effect::Effect,
    layout::{LayerBody, ListBody, Part, Regions, layout},
    model::{Layer, Model, Pane},
    msg::{Pointer, PointerKind},
};

use super::{canvas, keys, list, palette, queue, step::Step};

/// The mouse did something.
pub(super) fn point(model: &mut Model, pointer: Pointer) -> Vec<Effect> {
    let regions = layout(model);
    let at = Position::new(pointer.x, pointer.y);
    model.touch();
    match pointer.kind {
        PointerKind::Press => press(model, &regions, at),
        PointerKind::ScrollUp => scroll(model, &regions, at, Step::Up),
        PointerKind::ScrollDown => scroll(model, &regions, at, Step::Down),
    }
}

fn hit(places: &[(usize, Rect)], at: Position) -> Option<usize> {
    places.iter().find(|(_, place)| place.contains(at)).map(|(index, _)| *index)
}

fn press(model: &mut Model, regions: &Regions, at: Position) -> Vec<Effect> {
    model.shared.message = None;
    if let Some((hint, _)) = regions.hints.iter().find(|(_, place)| place.contains(at)) {
        return keys::act(model, hint.action);
    }
    if let Some(layer) = &regions.layer {
        if !layer.outer.contains(at) {
            return keys::act(model, "core.navigate.close");
        }
        if let LayerBody::Palette { visible, .. } = &layer.body
            && let Some(row) = hit(visible, at)
        {
            model.palette.cursor = row;
            return keys::act(model, "core.input.submit");
        }
        if let LayerBody::Column(column) = &layer.body
            && let Some(piece) = hit(&column.visible, at)
            && let Some(Part::Choice(choice)) = column.parts.get(piece)
        {
            keys::choose(model, choice.number - 1);
        }
        if let LayerBody::Changes { visible, .. } = &layer.body
            && let Some(row) = hit(visible, at)
        {
            queue::show(&mut model.queue, &model.shared, row);
        }
        return Vec::new();
    }
    if regions.prompt.as_ref().is_some_and(|prompt| prompt.line.contains(at)) {
        return Vec::new();
    }
    // Pointing at a pane leaves the field; what was typed stays.
    model.layers.clear();
    if regions.tabs.is_some_and(|tabs| tabs.contains(at)) {
        return keys::act(model, "core.navigate.next_pane");
    }
    if regions.canvas.as_ref().is_some_and(|column| column.area.contains(at)) {
        model.pane = Pane::Canvas;
        return Vec::new();
    }
    if let Some(region) = &regions.list
        && let ListBody::Rows(rows) = &region.body
        && let Some(row) = hit(rows, at)
    {
        // Once selects, twice opens.
        if row == model.list.cursor && model.pane == Pane::List {
            return keys::act(model, "core.navigate.open");
        }
        model.pane = Pane::List;
        model.list.chosen = true;
        list::select(&mut model.list, &mut model.shared, row);
    }
    Vec::new()
}

fn scroll(model: &mut Model, regions: &Regions, at: Position, step: Step) -> Vec<Effect> {
    if let Some(layer) = &regions.layer {
        match &layer.body {
            LayerBody::Palette { .. } => palette::step(&mut model.palette, regions, step),
            LayerBody::Column(column) => match layer.layer {
                Layer::Help => canvas::step(&mut model.help.scroll, Some(column), step),
                Layer::Conflicts => canvas::step(&mut model.conflicts.scroll, Some(column), step),
                _ => {}
            },
            LayerBody::Changes { detail, .. } if detail.area.contains(at) => canvas::step(&mut model.queue.scroll, Some(detail), step),
            LayerBody::Changes { .. } => queue::step(&mut model.queue, &model.shared, regions, step),
        }
    } else if regions.canvas.as_ref().is_some_and(|column| column.area.contains(at)) {
        canvas::step(&mut model.canvas.scroll, regions.canvas.as_ref(), step);
    } else {
        list::step(&mut model.list, &mut model.shared, regions, step);
    }
    Vec::new()
}
