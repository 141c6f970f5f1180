//! A series as one line of heights.

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::{cells::put, charset::Charset};

/// The newest part of a series, newest at the right; a gap where there was no value.
///
/// Scaled between the least and the greatest value that is shown, or between given bounds. One row high.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, widgets::Widget};
/// use stellar_widgets::{Charset, Sparkline};
///
/// let series = [Some(0.0), None, Some(0.5), Some(1.0)];
/// let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
/// (&Sparkline::new(&series).charset(Charset::Ascii)).render(buf.area, &mut buf);
/// assert_eq!(buf, Buffer::with_lines(["_ =#"]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sparkline<'a> {
    series: &'a [Option<f64>],
    bounds: Option<(f64, f64)>,
    charset: Charset,
    style: Style,
}

impl<'a> Sparkline<'a> {
    /// A line over a series, oldest first.
    #[must_use]
    pub fn new(series: &'a [Option<f64>]) -> Self {
        Self { series, bounds: None, charset: Charset::default(), style: Style::new() }
    }

    /// What is lowest and highest, instead of what is found.
    #[must_use]
    pub const fn bounds(mut self, low: f64, high: f64) -> Self {
        self.bounds = Some((low, high));
        self
    }

    /// Which characters to draw with.
    #[must_use]
    pub const fn charset(mut self, charset: Charset) -> Self {
        self.charset = charset;
        self
    }

    /// How it looks.
    #[must_use]
    pub const fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

impl Widget for &Sparkline<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let from = self.series.len().saturating_sub(usize::from(area.width));
        let shown = self.series.get(from..).unwrap_or_default();
        let finite = || shown.iter().flatten().copied().filter(|value| value.is_finite());
        let (low, high) = self.bounds.unwrap_or((finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max)));
        let heights = self.charset.heights();
        for (x, value) in (area.x..area.right()).zip(shown) {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            // A flat series stands in the middle: neither low nor high is meant.
            let part = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
            let step = (part * 7.0).round() as usize;
            put(buf, area, x, area.y, heights.get(step).copied().unwrap_or(" "), 1, self.style);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui_core::buffer::Cell;

    use super::*;

    fn drawn(series: &[Option<f64>], width: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        (&Sparkline::new(series).charset(Charset::Ascii)).render(buf.area, &mut buf);
        buf.content().iter().map(Cell::symbol).collect()
    }

    #[test]
    fn shows_the_newest_part_scaled_to_what_is_shown() {
        let series = [Some(900.0), Some(0.0), Some(1.0), Some(2.0)];
        assert_eq!(drawn(&series, 3), "_=#");
        assert_eq!(drawn(&series, 6), "#___  ");
    }

    #[test]
    fn odd_series_are_drawn_quietly() {
        assert_eq!(drawn(&[], 2), "  ");
        assert_eq!(drawn(&[Some(3.0), Some(3.0)], 2), "==");
        assert_eq!(drawn(&[None, Some(f64::NAN), Some(f64::INFINITY)], 3), "   ");
        assert_eq!(drawn(&[Some(1.0)], 0), "");
    }

    #[test]
    fn given_bounds_hold() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 1));
        (&Sparkline::new(&[Some(0.0), Some(5.0)]).bounds(0.0, 10.0).charset(Charset::Ascii)).render(buf.area, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["_="]));
    }
}
