//! The arithmetic of a score, a line for each factor and the sum below.

use std::borrow::Cow;

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::{
    cells::{Cut, put_cut, put_right, text_width},
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
/// let mut buf = Buffer::empty(Rect::new(0, 0, 44, 2));
/// (&FactorTable::new(&rows, 0.347)).render(buf.area, &mut buf);
/// assert_eq!(
///     buf,
///     Buffer::with_lines(["freshness   0.35 x  0.99  0.347  9 s old    ", "sum                       0.347             "])
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

    /// The rows it wants: one for each factor and one for the sum.
    #[must_use]
    pub fn height(&self) -> u16 {
        u16::try_from(self.rows.len()).unwrap_or(u16::MAX).saturating_add(1)
    }

    /// Draws the lines from `skip` on.
    pub(crate) fn render_from(&self, skip: u16, area: Rect, buf: &mut Buffer) {
        let columns = Columns::of(self.rows, area);
        let mark = self.charset.ellipsis();
        for (y, index) in (area.y..area.bottom()).zip(usize::from(skip)..=self.rows.len()) {
            let number = self.styles.number;
            match self.rows.get(index) {
                Some(row) => {
                    put_cut(buf, (area, mark), (area.x, y), &row.name, columns.name, Cut::End, self.styles.name);
                    if columns.arithmetic {
                        let text = format!("{:.2} x {:>5.2}", row.weight, row.value);
                        put_right(buf, (area, mark), (columns.arithmetic_end, y), &text, ARITHMETIC, number);
                    }
                    put_right(buf, (area, mark), (columns.contribution_end, y), &format!("{:.3}", row.contribution), CONTRIBUTION, number);
                    let x = columns.contribution_end.saturating_add(2);
                    put_cut(buf, (area, mark), (x, y), &row.why, area.right().saturating_sub(x), Cut::End, self.styles.why);
                }
                None => {
                    put_cut(buf, (area, mark), (area.x, y), "sum", columns.name, Cut::End, self.styles.sum);
                    put_right(buf, (area, mark), (columns.contribution_end, y), &format!("{:.3}", self.sum), CONTRIBUTION, self.styles.sum);
                }
            }
        }
    }
}

/// Where the columns end.
struct Columns {
    name: u16,
    arithmetic: bool,
    arithmetic_end: u16,
    contribution_end: u16,
}

impl Columns {
    fn of(rows: &[FactorRow<'_>], area: Rect) -> Self {
        let widest = rows.iter().map(|row| text_width(&row.name)).max().unwrap_or(0).max(3);
        let arithmetic = area.width >= widest + ARITHMETIC + CONTRIBUTION;
        let fixed = CONTRIBUTION + if arithmetic { ARITHMETIC } else { 0 };
        let name = widest.min(area.width.saturating_sub(fixed));
        let arithmetic_end = area.x.saturating_add(name).saturating_add(ARITHMETIC);
        let contribution_end = if arithmetic { arithmetic_end.saturating_add(CONTRIBUTION) } else { area.x + name + CONTRIBUTION };
        Self { name, arithmetic, arithmetic_end, contribution_end: contribution_end.min(area.right()) }
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
        let lines = drawn(60, 3);
        let at = |line: usize, text: &str| lines[line].find(text);
        assert!(at(0, "0.347").is_some());
        assert_eq!(at(0, "0.347"), at(2, "0.147"), "{lines:#?}");
        assert!(lines[1].contains("0.20 x -1.00") && lines[1].contains("-0.200"), "{lines:#?}");
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
