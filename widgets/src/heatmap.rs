//! A small grid of shades.

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::{cells::put, charset::Charset};

/// Rows of counts as shades, the darkest for the greatest; columns newest at the right.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, widgets::Widget};
/// use stellar_widgets::{Charset, Heatmap};
///
/// let rows = [vec![0, 1, 4], vec![2, 0, 0]];
/// let mut buf = Buffer::empty(Rect::new(0, 0, 3, 2));
/// (&Heatmap::new(&rows).charset(Charset::Ascii)).render(buf.area, &mut buf);
/// assert_eq!(buf, Buffer::with_lines([" .#", "-  "]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Heatmap<'a> {
    rows: &'a [Vec<u64>],
    charset: Charset,
    style: Style,
}

impl<'a> Heatmap<'a> {
    /// A grid over rows of counts, top row first.
    #[must_use]
    pub fn new(rows: &'a [Vec<u64>]) -> Self {
        Self { rows, charset: Charset::default(), style: Style::new() }
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

impl Widget for &Heatmap<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let shades = self.charset.shades();
        let shown = |row: &'_ Vec<u64>| row.len().saturating_sub(usize::from(area.width));
        let most = self.rows.iter().flat_map(|row| row.iter().skip(shown(row))).copied().max().unwrap_or(0);
        if most == 0 {
            return;
        }
        for (y, row) in (area.y..area.bottom()).zip(self.rows) {
            for (x, count) in (area.x..area.right()).zip(row.iter().skip(shown(row))) {
                // Anything above nothing is at least the lightest shade.
                let step = (u128::from(*count) * 4).div_ceil(u128::from(most));
                let symbol = usize::try_from(step).ok().and_then(|step| shades.get(step)).copied().unwrap_or(" ");
                put(buf, area, x, y, symbol, 1, self.style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_counted_draws_nothing_and_the_greatest_is_darkest() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 1));
        (&Heatmap::new(&[vec![0, 0]]).charset(Charset::Ascii)).render(buf.area, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["  "]));
        (&Heatmap::new(&[vec![9, 1, u64::MAX]]).charset(Charset::Ascii)).render(buf.area, &mut buf);
        assert_eq!(buf, Buffer::with_lines([".#"]));
    }

    #[test]
    fn any_area_will_do() {
        let rows = [vec![1, 2, 3], vec![], vec![4]];
        for (width, height) in [(0, 0), (1, 1), (9, 9)] {
            let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
            (&Heatmap::new(&rows)).render(Rect::new(0, 0, 40, 40), &mut buf);
        }
    }
}
