//! The arithmetic of a score, a line for each factor and the sum below.

use std::{borrow::Cow, ops::Range};

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::{
    cells::{Cut, put, put_cut, put_right, text_width, wrap},
    charset::Charset,
};

/// One factor: `name  weight x value  contribution  why`.
#[derive(Clone, Debug, PartialEq)]
pub struct FactorRow<'a> {
    /// What it is called.
    pub name: Cow<'a, str>,
    /// What it weighs, 0 to 1.
    pub weight: f64,
    /// Its value, -1 to 1.
    pub value: f64,
    /// Weight times value.
    pub contribution: f64,
    /// Why it has this value.
    pub why: Cow<'a, str>,
}

/// The styles of a factor table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactorStyles {
    /// Names.
    pub name: Style,
    /// Numbers.
    pub number: Style,
    /// The column of reasons.
    pub why: Style,
    /// The sum.
    pub sum: Style,
}

/// A table of factors with their sum. Reasons go first when there is little room, then weights and values.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, widgets::Widget};
/// use stellar_widgets::{FactorRow, FactorTable};
///
/// let rows = [FactorRow { name: "freshness".into(), weight: 0.35, value: 0.99, contribution: 0.347, why: "9 s old".into() }];
/// let mut buf = Buffer::empty(Rect::new(0, 0, 46, 2));
/// (&FactorTable::new(&rows, 0.347)).render(buf.area, &mut buf);
/// assert_eq!(
///     buf,
///     Buffer::with_lines(["freshness   0.35 x  0.99  0.347  9 s old      ", "sum                       0.347               "])
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FactorTable<'a> {
    rows: &'a [FactorRow<'a>],
    sum: f64,
    charset: Charset,
    styles: FactorStyles,
}

/// Cells of `   0.35 x  0.99`.
const ARITHMETIC: u16 = 15;
/// The least cells reasons are shown in.
const LEAST_WHY: u16 = 12;
/// Cells of ` -0.347`.
const CONTRIBUTION: u16 = 7;

impl<'a> FactorTable<'a> {
    /// A table of factors and the score they sum to.
    #[must_use]
    pub fn new(rows: &'a [FactorRow<'a>], sum: f64) -> Self {
        Self { rows, sum, charset: Charset::default(), styles: FactorStyles::default() }
    }

    /// Which characters to draw with.
    #[must_use]
    pub const fn charset(mut self, charset: Charset) -> Self {
        self.charset = charset;
        self
    }

    /// The styles.
    #[must_use]
    pub const fn styles(mut self, styles: FactorStyles) -> Self {
        self.styles = styles;
        self
    }

    /// The lines it wants at a width: those of each factor, whose reason may wrap, and one for the sum.
    #[must_use]
    pub fn height(&self, width: u16) -> usize {
        let columns = Columns::of(self.rows, Rect::new(0, 0, width, 1));
        self.rows.iter().map(|row| columns.lines(row).len()).sum::<usize>() + 1
    }

    /// Draws the lines from `skip` on.
    pub(crate) fn render_from(&self, skip: usize, area: Rect, buf: &mut Buffer) {
        let columns = Columns::of(self.rows, area);
        let mut line = 0;
        let mut next = || {
            let y = u16::try_from(line).ok().and_then(|line: u16| (area.y + line).checked_sub(u16::try_from(skip).ok()?));
            line += 1;
            y.filter(|y| (area.y..area.bottom()).contains(y))
        };
        for row in self.rows {
            for (index, why) in columns.lines(row).into_iter().enumerate() {
                let Some(y) = next() else { continue };
                if index == 0 {
                    self.draw_numbers(row, &columns, (area, y), buf);
                }
                put(buf, area, columns.why, y, row.why.get(why).unwrap_or_default(), area.width, self.styles.why);
            }
        }
        if let Some(y) = next() {
            let on = (area, self.charset.ellipsis());
            put_cut(buf, on, (area.x, y), "sum", columns.name, Cut::End, self.styles.sum);
            put_right(buf, on, (columns.contribution_end, y), &format!("{:.3}", self.sum), CONTRIBUTION, self.styles.sum);
        }
    }

    fn draw_numbers(&self, row: &FactorRow<'_>, columns: &Columns, at: (Rect, u16), buf: &mut Buffer) {
        let (area, y) = at;
        let on = (area, self.charset.ellipsis());
        put_cut(buf, on, (area.x, y), &row.name, columns.name, Cut::End, self.styles.name);
        if columns.arithmetic {
            let text = format!("{:.2} x {:>5.2}", row.weight, row.value);
            put_right(buf, on, (columns.arithmetic_end, y), &text, ARITHMETIC, self.styles.number);
        }
        let text = format!("{:.3}", row.contribution);
        put_right(buf, on, (columns.contribution_end, y), &text, CONTRIBUTION, self.styles.number);
    }
}

/// Where the columns end.
struct Columns {
    name: u16,
    arithmetic: bool,
    arithmetic_end: u16,
    contribution_end: u16,
    /// Where reasons begin, and their cells; too few for a word: none are shown.
    why: u16,
    why_width: u16,
}

impl Columns {
    fn of(rows: &[FactorRow<'_>], area: Rect) -> Self {
        let widest = rows.iter().map(|row| text_width(&row.name)).max().unwrap_or(0).max(3);
        let arithmetic = area.width >= widest + ARITHMETIC + CONTRIBUTION;
        let fixed = CONTRIBUTION + if arithmetic { ARITHMETIC } else { 0 };
        let name = widest.min(area.width.saturating_sub(fixed));
        let arithmetic_end = area.x.saturating_add(name).saturating_add(ARITHMETIC);
        let contribution_end = if arithmetic { arithmetic_end.saturating_add(CONTRIBUTION) } else { area.x + name + CONTRIBUTION };
        let contribution_end = contribution_end.min(area.right());
        let why = contribution_end.saturating_add(2);
        let why_width = area.right().saturating_sub(why);
        Self { name, arithmetic, arithmetic_end, contribution_end, why, why_width }
    }

    /// The lines of a row's reason; at least one.
    fn lines(&self, row: &FactorRow<'_>) -> Vec<Range<usize>> {
        if self.why_width < LEAST_WHY { std::iter::once(0..0).collect() } else { wrap(&row.why, self.why_width) }
    }
}

impl Widget for &FactorTable<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        self.render_from(0, area, buf);
    }
}

#[cfg(test)]
mod tests {
    use ratatui_core::buffer::Cell;

    use super::*;

    fn rows() -> Vec<FactorRow<'static>> {
        [("freshness", 0.50, 0.694, "9 s old, half-life 15 min"), ("schema 検証", 0.20, -1.0, "does not fit")]
            .map(|(name, weight, value, why)| FactorRow { name: name.into(), weight, value, contribution: weight * value, why: why.into() })
            .to_vec()
    }

    fn drawn(width: u16, height: u16) -> Vec<String> {
        let rows = rows();
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        (&FactorTable::new(&rows, 0.147)).render(buf.area, &mut buf);
        buf.content().chunks(usize::from(width.max(1))).map(|row| row.iter().map(Cell::symbol).collect::<String>()).collect()
    }

    #[test]
    fn the_sum_stands_under_the_contributions() {
        let lines = drawn(70, 3);
        let at = |line: usize, text: &str| lines[line].find(text);
        assert!(at(0, "0.347").is_some());
        assert_eq!(at(0, "0.347"), at(2, "0.147"), "{lines:#?}");
        assert!(lines[1].contains("0.20 x -1.00") && lines[1].contains("-0.200"), "{lines:#?}");
    }

    #[test]
    fn a_reason_that_is_too_long_wraps_in_its_column() {
        let lines = drawn(52, 5);
        assert!(lines[0].trim_end().ends_with("9 s old,") && lines[1].trim() == "half-life 15 min", "{lines:#?}");
        let rows = rows();
        assert_eq!(FactorTable::new(&rows, 0.1).height(52), 4);
        assert_eq!(FactorTable::new(&rows, 0.1).height(30), 3);
    }

    #[test]
    fn narrow_tables_lose_reasons_then_arithmetic_then_names() {
        assert!(!drawn(34, 3)[0].contains("old, half-life") && drawn(34, 3)[0].contains("x  0.69"));
        assert!(!drawn(24, 3)[0].contains('x') && drawn(24, 3)[0].contains("0.347"));
        assert!(drawn(8, 3)[0].contains("0.347"));
        drawn(1, 1);
        drawn(0, 0);
    }
}
