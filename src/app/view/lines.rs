//! The lines around the panes: top line, tabs, divider, message, hints.

use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};
use stellar_widgets::{Cut, Hint, HintFooter, Tab, TabStrip, fit, text_width, wrap};

use crate::{
    app::{
        content,
        layout::{Regions, WIDE},
        model::{Model, Pane},
    },
    theme::{Role, Surface, Theme},
};

use super::{
    looks::{charset, plain_on},
    put,
};

/// The top line.
pub(super) fn header(regions: &Regions, theme: &Theme, buf: &mut Buffer) {
    buf.set_style(regions.header, plain_on(theme, Surface::Bar));
    for (segment, place) in &regions.segments {
        put(buf, (place.x, place.y), segment.text.as_str(), place.width, theme.role(segment.role));
    }
}

/// The tabs of a narrow screen.
pub(super) fn tabs(model: &Model, regions: &Regions, theme: &Theme, buf: &mut Buffer) {
    let Some(area) = regions.tabs else { return };
    let tabs = ["Facts", "Detail"].map(|title| Tab { title: title.into() });
    let chosen = match model.pane {
        Pane::List => 0,
        Pane::Canvas => 1,
    };
    let strip = TabStrip::new(&tabs, chosen).style(theme.role(Role::Dim)).chosen_style(theme.role(Role::Accent));
    (&strip).render(area, buf);
}

/// The line between list and canvas.
pub(super) fn divider(model: &Model, regions: &Regions, theme: &Theme, buf: &mut Buffer) {
    let Some(area) = regions.divider else { return };
    let [.., across, down] = charset(model).border();
    let symbol = if area.width == 1 { down } else { across };
    for position in area.positions() {
        put(buf, (position.x, position.y), symbol, 1, theme.role(Role::Border));
    }
}

/// The line above the hints.
pub(super) fn message(model: &Model, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let Some(message) = content::standing_message(model) else { return };
    // What does the same in a shell stands at the right of a wide screen, where it takes no more than half of it.
    let echo = if message.echo.is_empty() { String::new() } else { format!("> {}", message.echo) };
    let echoed = Some(text_width(&echo)).filter(|width| *width > 0 && area.width >= WIDE && *width <= area.width / 2);
    let room = area.width.saturating_sub(2).saturating_sub(echoed.map_or(0, |width| width + 2));
    let mark = charset(model).ellipsis();
    let text = message.text.as_str();
    let parts = fit(text, room, Cut::End, text_width(mark));
    let style = theme.role(message.role);
    let after = put(buf, (area.x + 1, area.y), text.get(parts.head).unwrap_or_default(), room, style);
    if parts.cut {
        put(buf, (after, area.y), mark, 2, style);
    }
    if let Some(width) = echoed {
        put(buf, (area.right().saturating_sub(width + 1), area.y), &echo, width, theme.role(Role::Dim));
    }
}

/// The hints.
pub(super) fn footer(regions: &Regions, theme: &Theme, buf: &mut Buffer) {
    let area = regions.footer;
    buf.set_style(area, plain_on(theme, Surface::Bar));
    let hints: Vec<Hint<'_>> =
        regions.hints.iter().map(|(hint, _)| Hint { key: hint.key.as_str().into(), label: hint.label.as_str().into() }).collect();
    let footer = HintFooter::new(&hints).key_style(theme.role(Role::Key)).label_style(theme.role(Role::Label));
    (&footer).render(area, buf);
}

/// The sentence of a screen that is too small.
pub(super) fn too_small(area: Rect, sentence: &str, theme: &Theme, buf: &mut Buffer) {
    for (y, line) in (area.y..area.bottom()).zip(wrap(sentence, area.width)) {
        put(buf, (area.x, y), sentence.get(line).unwrap_or_default(), area.width, theme.on(Surface::Screen, Role::Text));
    }
}
