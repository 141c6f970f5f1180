//! A word, with a sign before it, that says that a fact has something about it.

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::cells::{put, text_width};

/// A sign and a word: `! conflict`. Where there is no room for the word the sign stands alone.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, widgets::Widget};
/// use stellar_widgets::ConflictBadge;
///
/// let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
/// (&ConflictBadge::new("!", "conflict")).render(buf.area, &mut buf);
/// assert_eq!(buf, Buffer::with_lines(["! conflict  "]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ConflictBadge<'a> {
    sign: &'a str,
    word: &'a str,
    style: Style,
}

impl<'a> ConflictBadge<'a> {
    /// A badge of a sign and a word.
    #[must_use]
    pub fn new(sign: &'a str, word: &'a str) -> Self {
        Self { sign, word, style: Style::new() }
    }

    /// How it looks.
    #[must_use]
    pub const fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// The cells it wants.
    #[must_use]
    pub fn width(&self) -> u16 {
        let between = u16::from(!self.sign.is_empty() && !self.word.is_empty());
        text_width(self.sign).saturating_add(between).saturating_add(text_width(self.word))
    }
}

impl Widget for &ConflictBadge<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let whole = self.width() <= area.width;
        let mut x = put(buf, area, area.x, area.y, self.sign, area.width, self.style);
        if whole {
            if x > area.x {
                x = put(buf, area, x, area.y, " ", 1, self.style);
            }
            put(buf, area, x, area.y, self.word, area.width, self.style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(sign: &str, word: &str, width: u16) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, u16::from(width > 0)));
        (&ConflictBadge::new(sign, word)).render(buf.area, &mut buf);
        buf
    }

    #[test]
    fn the_sign_stays_when_the_word_has_no_room() {
        assert_eq!(drawn("!", "conflict", 10), Buffer::with_lines(["! conflict"]));
        assert_eq!(drawn("!", "conflict", 9), Buffer::with_lines(["!        "]));
        assert_eq!(drawn("!", "conflict", 1), Buffer::with_lines(["!"]));
        assert_eq!(drawn("", "drift", 5), Buffer::with_lines(["drift"]));
        assert_eq!(drawn("!", "競合", 6), Buffer::with_lines(["! 競合"]));
        drawn("!", "conflict", 0);
    }
}
