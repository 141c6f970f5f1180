//! Draws the model where the layout says. Reads only.

#[cfg(test)]
mod drawn_tests;
mod layer;
mod lines;
mod list;
mod looks;
mod prompt;
mod queue;
#[cfg(test)]
mod snapshot_tests;
#[cfg(test)]
mod tests;

use ratatui::{buffer::Buffer, style::Style, widgets::Widget};
use stellar_widgets::InsightCanvas;

use crate::theme::{Role, Surface, Theme};

use super::{
    content,
    layout::{Column, ListBody, Regions, block},
    model::Model,
};
use looks::{canvas_styles, charset};

/// Draws everything into a buffer of the layout's area.
pub fn view(model: &Model, regions: &Regions, theme: &Theme, buf: &mut Buffer) {
    let area = regions.area.intersection(buf.area);
    buf.set_style(area, theme.on(Surface::Screen, Role::Text));
    if regions.too_small {
        lines::too_small(area, &content::small_sentence(model), theme, buf);
        return;
    }
    lines::header(regions, theme, buf);
    lines::tabs(model, regions, theme, buf);
    if let Some(region) = &regions.list {
        list::title(model, regions, region, theme, buf);
        match &region.body {
            ListBody::Rows(_) => list::rows(model, region, theme, buf),
            ListBody::Empty(column) => draw_column(model, column, theme, buf),
        }
    }
    lines::divider(model, regions, theme, buf);
    if let Some(column) = &regions.canvas {
        draw_column(model, column, theme, buf);
    }
    lines::message(model, regions.message, theme, buf);
    if let Some(region) = &regions.prompt {
        prompt::prompt(model, region, theme, buf);
    }
    if let Some(region) = &regions.layer {
        layer::layer(model, region, theme, buf);
    }
    lines::footer(regions, theme, buf);
}

/// Draws a column of pieces.
fn draw_column(model: &Model, column: &Column, theme: &Theme, buf: &mut Buffer) {
    let blocks: Vec<_> = column.parts.iter().map(|part| block(part, theme)).collect();
    let canvas = InsightCanvas::new(&blocks).offset(column.scroll).charset(charset(model)).styles(canvas_styles(theme));
    (&canvas).render(column.area, buf);
}

/// Draws one line of text from a column on, cut to its area; returns the column after it.
fn put(buf: &mut Buffer, at: (u16, u16), text: &str, room: u16, style: Style) -> u16 {
    if at.1 >= buf.area.bottom() || at.0 >= buf.area.right() {
        return at.0;
    }
    buf.set_stringn(at.0, at.1, text, usize::from(room), style).0
}
