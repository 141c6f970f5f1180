//! Tabs in one row, the chosen one marked by brackets as well as by its style.

use std::borrow::Cow;

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::cells::{put, text_width};

/// One tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab<'a> {
    /// Its name.
    pub title: Cow<'a, str>,
}

/// Tabs in one row. When they do not all fit, those around the chosen one are shown.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, widgets::Widget};
/// use stellar_widgets::{Tab, TabStrip};
///
/// let tabs = [Tab { title: "Facts".into() }, Tab { title: "Detail".into() }];
/// let mut buf = Buffer::empty(Rect::new(0, 0, 17, 1));
/// (&TabStrip::new(&tabs, 1)).render(buf.area, &mut buf);
/// assert_eq!(buf, Buffer::with_lines([" Facts [Detail]  "]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TabStrip<'a> {
    tabs: &'a [Tab<'a>],
    chosen: usize,
    style: Style,
    chosen_style: Style,
}

impl<'a> TabStrip<'a> {
    /// Tabs and the index of the chosen one.
    #[must_use]
    pub fn new(tabs: &'a [Tab<'a>], chosen: usize) -> Self {
        Self { tabs, chosen, style: Style::new(), chosen_style: Style::new() }
    }

    /// How the others look.
    #[must_use]
    pub const fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// How the chosen one looks.
    #[must_use]
    pub const fn chosen_style(mut self, style: Style) -> Self {
        self.chosen_style = style;
        self
    }

    /// Where each tab is drawn; none for those that have no room.
    #[must_use]
    pub fn place(&self, area: Rect) -> Vec<Option<Rect>> {
        let widths: Vec<u16> = self.tabs.iter().map(|tab| text_width(&tab.title).saturating_add(2)).collect();
        let mut first = self.chosen.min(self.tabs.len().saturating_sub(1));
        let mut used = widths.get(first).copied().unwrap_or(0);
        while first > 0 {
            let before = widths.get(first - 1).copied().unwrap_or(0);
            if used.saturating_add(before) > area.width {
                break;
            }
            used += before;
            first -= 1;
        }
        let mut x = area.x;
        let mut places = vec![None; first];
        for width in widths.into_iter().skip(first) {
            let room = area.right().saturating_sub(x);
            // The chosen tab is shown cut rather than not at all.
            let shown = if places.len() == self.chosen { width.min(room) } else { width };
            if area.height == 0 || shown == 0 || shown > room {
                places.push(None);
                x = area.right();
            } else {
                places.push(Some(Rect::new(x, area.y, shown, 1)));
                x = x.saturating_add(shown);
            }
        }
        places
    }
}

impl Widget for &TabStrip<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        for (index, (tab, place)) in self.tabs.iter().zip(self.place(area)).enumerate() {
            let Some(place) = place else { continue };
            let chosen = index == self.chosen;
            let style = if chosen { self.chosen_style } else { self.style };
            let (open, close) = if chosen { ("[", "]") } else { (" ", " ") };
            let after = put(buf, place, place.x, place.y, open, 1, style);
            let after = put(buf, place, after, place.y, &tab.title, place.width.saturating_sub(1), style);
            put(buf, place, after, place.y, close, 1, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(chosen: usize, width: u16) -> Buffer {
        let tabs = ["Facts", "Detail", "詳細"].map(|title| Tab { title: title.into() });
        let mut buf = Buffer::empty(Rect::new(0, 0, width, u16::from(width > 0)));
        (&TabStrip::new(&tabs, chosen)).render(buf.area, &mut buf);
        buf
    }

    #[test]
    fn the_chosen_tab_is_always_shown() {
        assert_eq!(drawn(0, 22), Buffer::with_lines(["[Facts] Detail  詳細  "]));
        assert_eq!(drawn(2, 22), Buffer::with_lines([" Facts  Detail [詳細] "]));
        assert_eq!(drawn(2, 14), Buffer::with_lines([" Detail [詳細]"]));
        assert_eq!(drawn(1, 8), Buffer::with_lines(["[Detail]"]));
        assert_eq!(drawn(1, 4), Buffer::with_lines(["[Det"]));
        assert_eq!(drawn(1, 1), Buffer::with_lines(["["]));
        drawn(1, 0);
        drawn(99, 20);
    }

    #[test]
    fn no_tabs_draw_nothing() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        (&TabStrip::new(&[], 0)).render(buf.area, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["    "]));
    }
}
