//! One row of keys and what they do.

use std::borrow::Cow;

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::cells::{put, text_width};

/// A key and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint<'a> {
    /// The key as it is written: `Ctrl+K`.
    pub key: Cow<'a, str>,
    /// What it does, in a word or three.
    pub label: Cow<'a, str>,
}

/// Hints side by side; those that do not fit whole are left out from the end.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, widgets::Widget};
/// use stellar_widgets::{Hint, HintFooter};
///
/// let hints = [Hint { key: "/".into(), label: "filter".into() }, Hint { key: "?".into(), label: "keys".into() }];
/// let mut buf = Buffer::empty(Rect::new(0, 0, 20, 1));
/// (&HintFooter::new(&hints)).render(buf.area, &mut buf);
/// assert_eq!(buf, Buffer::with_lines([" / filter   ? keys  "]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HintFooter<'a> {
    hints: &'a [Hint<'a>],
    key_style: Style,
    label_style: Style,
}

impl<'a> HintFooter<'a> {
    /// Between two hints.
    const GAP: u16 = 3;

    /// A row of hints, the most useful first.
    #[must_use]
    pub fn new(hints: &'a [Hint<'a>]) -> Self {
        Self { hints, key_style: Style::new(), label_style: Style::new() }
    }

    /// How keys look.
    #[must_use]
    pub const fn key_style(mut self, style: Style) -> Self {
        self.key_style = style;
        self
    }

    /// How labels look.
    #[must_use]
    pub const fn label_style(mut self, style: Style) -> Self {
        self.label_style = style;
        self
    }

    /// Where each hint that fits is drawn, in order.
    #[must_use]
    pub fn place(&self, area: Rect) -> Vec<Rect> {
        let mut places = Vec::new();
        let mut x = area.x.saturating_add(1);
        for hint in self.hints {
            let width = text_width(&hint.key).saturating_add(1).saturating_add(text_width(&hint.label));
            if area.height == 0 || x.saturating_add(width) > area.right() {
                break;
            }
            places.push(Rect::new(x, area.y, width, 1));
            x = x.saturating_add(width).saturating_add(Self::GAP);
        }
        places
    }
}

impl Widget for &HintFooter<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        for (hint, place) in self.hints.iter().zip(self.place(area)) {
            let after = put(buf, area, place.x, place.y, &hint.key, place.width, self.key_style);
            put(buf, area, after.saturating_add(1), place.y, &hint.label, place.width, self.label_style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u16) -> Buffer {
        let hints = [
            Hint { key: "Enter".into(), label: "open".into() },
            Hint { key: "語".into(), label: "鍵".into() },
            Hint { key: "q".into(), label: "quit".into() },
        ];
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        (&HintFooter::new(&hints)).render(buf.area, &mut buf);
        buf
    }

    #[test]
    fn hints_that_do_not_fit_whole_are_left_out() {
        assert_eq!(drawn(30), Buffer::with_lines([" Enter open   語 鍵   q quit  "]));
        assert_eq!(drawn(28), Buffer::with_lines([" Enter open   語 鍵   q quit"]));
        assert_eq!(drawn(27), Buffer::with_lines([" Enter open   語 鍵        "]));
        assert_eq!(drawn(10), Buffer::with_lines(["          "]));
        drawn(0);
        drawn(1);
    }
}
