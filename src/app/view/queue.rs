//! A row of the queue: which change, for whom, where it stands, how old it is.

use ratatui::{buffer::Buffer, layout::Rect};
use stellar_widgets::{Cut, fit, text_width};

use crate::{
    app::{content::change_row, model::Model},
    theme::{Role, Surface, Theme},
};

use super::{looks::charset, put};

/// From this width on a row says who takes the change.
const WITH_SOURCE: u16 = 60;
/// Cells of an age.
const AGE: u16 = 4;
/// Cells of where it stands.
const STATE: u16 = 10;
/// Cells of who takes it.
const SOURCE: u16 = 14;

/// Draws a row.
pub(super) fn row(model: &Model, index: usize, place: Rect, theme: &Theme, buf: &mut Buffer) {
    let Some(row) = change_row(model, index) else { return };
    let chosen = index == model.queue.at;
    if chosen {
        buf.set_style(place, theme.surface(Surface::Selected));
        put(buf, (place.x, place.y), charset(model).pointer(), 1, theme.role(Role::Text));
    }
    let mut right = place.right();
    let mut column = |width: u16, text: &str, role: Role, to_right: bool, buf: &mut Buffer| {
        let start = right.saturating_sub(width).max(place.x);
        let pad = if to_right { width.saturating_sub(text_width(text)) } else { 0 };
        put(buf, (start + pad, place.y), text, width.saturating_sub(pad), theme.role(role));
        right = start.saturating_sub(1);
    };
    column(AGE, &row.age, Role::Dim, true, buf);
    column(STATE, row.state, row.role, false, buf);
    if place.width >= WITH_SOURCE {
        column(SOURCE, row.source.as_str(), Role::Text, false, buf);
    }
    let start = place.x + 2;
    let room = right.saturating_sub(start);
    let mark = charset(model).ellipsis();
    let text = row.what.as_str();
    let parts = fit(text, room, Cut::End, text_width(mark));
    let after = put(buf, (start, place.y), text.get(parts.head).unwrap_or_default(), room, theme.role(Role::Text));
    if parts.cut {
        put(buf, (after, place.y), mark, 1, theme.role(Role::Text));
    }
}
