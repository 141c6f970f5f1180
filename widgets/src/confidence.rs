//! Confidence as a number, a word and a bar, so that colour only repeats what is already said.

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::{
    cells::{put, text_width},
    charset::Charset,
};

/// A score in words. Below 0.40 low, below 0.75 medium, else high; what is no number is low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Band {
    /// Below 0.40.
    Low,
    /// 0.40 to below 0.75.
    Medium,
    /// 0.75 and above.
    High,
}

impl Band {
    /// The band of a score.
    #[must_use]
    pub fn of(score: f64) -> Self {
        if score >= 0.75 {
            Self::High
        } else if score >= 0.40 {
            Self::Medium
        } else {
            Self::Low
        }
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A style for each band, and one for the empty part of a bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConfidenceStyles {
    /// For [`Band::Low`].
    pub low: Style,
    /// For [`Band::Medium`].
    pub medium: Style,
    /// For [`Band::High`].
    pub high: Style,
    /// For what is missing to 1.
    pub track: Style,
}

impl ConfidenceStyles {
    /// The style of a band.
    #[must_use]
    pub const fn of(&self, band: Band) -> Style {
        match band {
            Band::Low => self.low,
            Band::Medium => self.medium,
            Band::High => self.high,
        }
    }
}

/// A score as `medium 0.74 ━━━━━━━───`; what there is no room for is left out from the left, the bar last.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, widgets::Widget};
/// use stellar_widgets::{Charset, ConfidenceBar};
///
/// let mut buf = Buffer::empty(Rect::new(0, 0, 23, 1));
/// (&ConfidenceBar::new(0.74).charset(Charset::Ascii).cells(10)).render(buf.area, &mut buf);
/// assert_eq!(buf, Buffer::with_lines(["medium 0.74  #######---"]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ConfidenceBar {
    score: f64,
    cells: u16,
    number: bool,
    word: bool,
    charset: Charset,
    styles: ConfidenceStyles,
}

impl ConfidenceBar {
    /// A bar of ten cells with word and number.
    #[must_use]
    pub fn new(score: f64) -> Self {
        let score = if score.is_finite() { score.clamp(0.0, 1.0) } else { 0.0 };
        Self { score, cells: 10, number: true, word: true, charset: Charset::default(), styles: ConfidenceStyles::default() }
    }

    /// How long the bar is.
    #[must_use]
    pub const fn cells(mut self, cells: u16) -> Self {
        self.cells = cells;
        self
    }

    /// Whether the number is shown.
    #[must_use]
    pub const fn number(mut self, number: bool) -> Self {
        self.number = number;
        self
    }

    /// Whether the word is shown.
    #[must_use]
    pub const fn word(mut self, word: bool) -> Self {
        self.word = word;
        self
    }

    /// Which characters to draw with.
    #[must_use]
    pub const fn charset(mut self, charset: Charset) -> Self {
        self.charset = charset;
        self
    }

    /// The styles of the bands and the track.
    #[must_use]
    pub const fn styles(mut self, styles: ConfidenceStyles) -> Self {
        self.styles = styles;
        self
    }

    /// The cells it wants.
    #[must_use]
    pub fn width(&self) -> u16 {
        let word = if self.word { 7 } else { 0 };
        let number = if self.number { 6 } else { 0 };
        word + number + self.cells
    }

    /// How many cells of the bar are full: rounded, but neither full nor empty unless the score is.
    fn filled(&self) -> u16 {
        let cells = f64::from(self.cells);
        // The product lies between 0 and the cell count, so the cast keeps it.
        let filled = (self.score * cells).round() as u16;
        let least = u16::from(self.score > 0.0).min(self.cells);
        let most = if self.score < 1.0 { self.cells.saturating_sub(1).max(least) } else { self.cells };
        filled.clamp(least, most)
    }
}

impl Widget for &ConfidenceBar {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let band = Band::of(self.score);
        let style = self.styles.of(band);
        let number = format!("{:.2}", self.score);
        let mut x = area.x;
        let bar_and_number = self.cells + if self.number { 6 } else { 0 };
        if self.word && (self.cells == 0 && !self.number || area.width >= bar_and_number + 7) {
            put(buf, area, x, area.y, band.word(), 6, style);
            x = x.saturating_add(7);
        }
        if self.number && (self.cells == 0 || area.right().saturating_sub(x) >= bar_and_number) {
            put(buf, area, x, area.y, &number, text_width(&number), style);
            x = x.saturating_add(6);
        }
        let (full, empty) = self.charset.bar();
        let filled = self.filled();
        for cell in 0..self.cells {
            let (symbol, style) = if cell < filled { (full, style) } else { (empty, self.styles.track) };
            put(buf, area, x.saturating_add(cell), area.y, symbol, 1, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui_core::buffer::Cell;

    use super::*;

    fn drawn(bar: ConfidenceBar, width: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        bar.render_ref(&mut buf);
        buf.content().iter().map(Cell::symbol).collect::<String>()
    }

    impl ConfidenceBar {
        fn render_ref(&self, buf: &mut Buffer) {
            self.render(buf.area, buf);
        }
    }

    #[test]
    fn bands_meet_at_their_limits() {
        let bands = [-1.0, 0.0, 0.399, 0.40, 0.749, 0.75, 1.0, f64::NAN].map(Band::of);
        assert_eq!(bands, [Band::Low, Band::Low, Band::Low, Band::Medium, Band::Medium, Band::High, Band::High, Band::Low]);
    }

    #[test]
    fn a_bar_is_full_only_at_one_and_empty_only_at_zero() {
        let ascii = |score| drawn(ConfidenceBar::new(score).charset(Charset::Ascii).cells(4).word(false).number(false), 4);
        assert_eq!(ascii(0.0), "----");
        assert_eq!(ascii(0.01), "#---");
        assert_eq!(ascii(0.5), "##--");
        assert_eq!(ascii(0.99), "###-");
        assert_eq!(ascii(1.0), "####");
        assert_eq!(ascii(f64::NAN), "----");
        assert_eq!(ascii(7.0), "####");
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let bar = ConfidenceBar::new(0.66).charset(Charset::Ascii).cells(5);
        assert_eq!(drawn(bar, 18), "medium 0.66  ###--");
        assert_eq!(drawn(bar, 17), "0.66  ###--      ");
        assert_eq!(drawn(bar, 7), "###--  ");
        assert_eq!(drawn(bar, 1), "#");
        assert_eq!(drawn(bar, 0), "");
    }

    #[test]
    fn an_area_outside_the_buffer_draws_nothing() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 3, 1));
        (&ConfidenceBar::new(1.0)).render(Rect::new(9, 9, 9, 9), &mut buf);
        assert_eq!(buf, Buffer::empty(Rect::new(0, 0, 3, 1)));
    }
}
