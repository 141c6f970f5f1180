//! The prompt: one line above the one that says what came of it.

use ratatui::buffer::Buffer;
use stellar_widgets::{Cut, fit, text_width};

use crate::{
    app::{layout::PromptRegion, model::Model},
    theme::{Role, Surface, Theme},
};

use super::{
    layer::field,
    looks::{charset, plain_on},
    put,
};

/// Draws the prompt.
pub(super) fn prompt(model: &Model, region: &PromptRegion, theme: &Theme, buf: &mut Buffer) {
    buf.set_style(region.line, plain_on(theme, Surface::Screen));
    for position in region.line.positions() {
        put(buf, (position.x, position.y), " ", 1, plain_on(theme, Surface::Screen));
    }
    put(buf, (region.line.x + 1, region.line.y), ">", 1, theme.role(Role::Key));
    let mark = charset(model).ellipsis();
    let label = region.says.label.as_str();
    // Both ends of a key tell it from others.
    let parts = fit(label, region.label.width, Cut::Middle, text_width(mark));
    let style = theme.role(Role::Label);
    let mut x = put(buf, (region.label.x, region.label.y), label.get(parts.head).unwrap_or_default(), region.label.width, style);
    if parts.cut {
        x = put(buf, (x, region.label.y), mark, 1, style);
    }
    put(buf, (x, region.label.y), label.get(parts.tail).unwrap_or_default(), region.label.right().saturating_sub(x), style);
    buf.set_style(region.field, plain_on(theme, Surface::Field));
    field(buf, region.field, &model.prompt.field, theme.role(Role::Text));
    put(buf, (region.tail.x, region.tail.y), region.says.tail.as_str(), region.tail.width, theme.role(Role::Pending));
}
