//! Boxes over the panes: palette, help, conflicts.

use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};
use stellar_widgets::{Overlay, text_width};
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    app::{
        content::PaletteRow,
        layout::{Field, LayerBody, LayerRegion},
        model::Model,
        words,
    },
    theme::{Role, Surface, Theme},
};

use super::{
    draw_column,
    looks::{charset, plain_on},
    put, queue,
};

/// The least cells in which a row of the palette says what its action does.
const LEAST_SAID: u16 = 16;

/// Draws the layer on top.
pub(super) fn layer(model: &Model, region: &LayerRegion, theme: &Theme, buf: &mut Buffer) {
    let overlay = Overlay::new(region.title)
        .note(&region.note)
        .charset(charset(model))
        .style(plain_on(theme, Surface::Overlay))
        .border_style(theme.on(Surface::Overlay, Role::Border))
        .title_style(theme.on(Surface::Overlay, Role::Heading));
    (&overlay).render(region.outer, buf);
    match &region.body {
        LayerBody::Column(column) => {
            if let Some(place) = column.chosen_place() {
                buf.set_style(place, theme.surface(Surface::Selected));
            }
            draw_column(model, column, theme, buf);
            if let Some(place) = column.chosen_place() {
                put(buf, (place.x, place.y), charset(model).pointer(), 1, theme.role(Role::Text));
            }
            let below = column.height.saturating_sub(column.scroll + usize::from(region.inner.height));
            more(&format!(" {} ", words::count(below, "more line", "more lines")), below, region, theme, buf);
        }
        LayerBody::Changes { visible, detail, .. } => {
            for (index, place) in visible {
                queue::row(model, *index, *place, theme, buf);
            }
            draw_column(model, detail, theme, buf);
            let below = detail.height.saturating_sub(detail.scroll + usize::from(detail.area.height));
            more(&format!(" {} ", words::count(below, "more line", "more lines")), below, region, theme, buf);
        }
        LayerBody::Palette { field: area, rows, visible } => {
            put(buf, (area.x.saturating_sub(2), area.y), ":", 1, theme.role(Role::Key));
            buf.set_style(*area, plain_on(theme, Surface::Field));
            field(buf, *area, &model.palette.field, theme.role(Role::Text));
            if rows.is_empty() {
                put(buf, (area.x, area.y + 2), "No action fits.", area.width, theme.role(Role::Dim));
            }
            let shown = visible.iter().filter_map(|(index, _)| rows.get(*index));
            let titles = shown.map(|row| text_width(row.title)).max().unwrap_or(0).max(20);
            for (index, place) in visible {
                if let Some(row) = rows.get(*index) {
                    palette_row(model, row, *index == model.palette.cursor, (*place, titles), theme, buf);
                }
            }
            // Where rows have no room for it, what is said of the chosen one stands below the field.
            if let Some(row) = rows.get(model.palette.cursor).filter(|_| region.inner.width < 4 + titles + LEAST_SAID) {
                said(row, (area.x, area.y + 1), area.width, theme, buf);
            }
            let below = rows.len().saturating_sub(model.palette.offset + visible.len());
            more(&format!(" {below} more "), below, region, theme, buf);
        }
    }
}

/// Says in the bottom border that there is more.
fn more(text: &str, below: usize, region: &LayerRegion, theme: &Theme, buf: &mut Buffer) {
    if below > 0 && region.outer != region.inner {
        let x = region.outer.right().saturating_sub(text_width(text) + 2);
        put(buf, (x, region.outer.bottom() - 1), text, region.outer.width, theme.role(Role::Dim));
    }
}

/// What an action does, or why it cannot be asked for.
fn said(row: &PaletteRow, at: (u16, u16), room: u16, theme: &Theme, buf: &mut Buffer) {
    let (said, role) = row.unavailable.as_deref().map_or((row.summary, Role::Dim), |why| (why, Role::Stale));
    let said = crate::text::truncate(&said.into(), usize::from(room));
    put(buf, at, said.as_str(), room, theme.role(role));
}

/// Title, key, and why it cannot be asked for; the titles of all rows are at most so wide.
fn palette_row(model: &Model, row: &PaletteRow, chosen: bool, (place, titles): (Rect, u16), theme: &Theme, buf: &mut Buffer) {
    let role = if row.unavailable.is_some() { Role::Dim } else { Role::Text };
    if chosen {
        buf.set_style(place, theme.surface(Surface::Selected));
        put(buf, (place.x, place.y), charset(model).pointer(), 1, theme.role(role));
    }
    let mut x = place.x + 2;
    for (at, cluster) in row.title.grapheme_indices(true) {
        let style = theme.role(role);
        let matched = row.matches.iter().any(|range| range.contains(&at));
        let style = if matched { style.patch(theme.role(Role::Match)) } else { style };
        x = put(buf, (x, place.y), cluster, place.right().saturating_sub(x), style);
    }
    let key_width = text_width(&row.key);
    let key_x = place.right().saturating_sub(key_width);
    // Title in a column of its own, then what it does or why not; the key at the right where there is room.
    let said_x = place.x + 4 + titles;
    let said_room = key_x.saturating_sub(2).saturating_sub(said_x);
    if said_room >= LEAST_SAID {
        said(row, (said_x, place.y), said_room, theme, buf);
    }
    if key_x > x {
        put(buf, (key_x, place.y), &row.key, key_width, theme.role(Role::Key));
    }
}

/// A field: the part of its text around the caret.
pub(super) fn field(buf: &mut Buffer, area: Rect, field: &Field, style: Style) {
    let start = field.shown(area.width).start;
    put(buf, (area.x, area.y), field.text().get(start..).unwrap_or_default(), area.width, style);
}
