//! One fact at length: a column of blocks that scrolls.

use std::{borrow::Cow, ops::Range};

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::{
    cells::{Cut, put, put_cut, text_width, wrap},
    charset::Charset,
    confidence::{ConfidenceBar, ConfidenceStyles},
    conflict_badge::ConflictBadge,
    factor_table::{FactorRow, FactorStyles, FactorTable},
    sparkline::Sparkline,
};

/// A part of the canvas. Text wraps; the rest keeps to its lines.
#[derive(Clone, Debug, PartialEq)]
pub enum Block<'a> {
    /// An empty line.
    Gap,
    /// A line that names what follows.
    Heading(Cow<'a, str>),
    /// A value with what is said of it and how far it is believed.
    Value {
        /// The value; wraps.
        value: Cow<'a, str>,
        /// What is said of it: who gave it, how often such a one is right.
        says: Cow<'a, str>,
        /// How far it is believed, 0 to 1.
        score: Option<f64>,
        /// Whether it is the believed one.
        believed: bool,
    },
    /// Signs and words side by side: sign, word, style.
    Badges(Vec<(Cow<'a, str>, Cow<'a, str>, Style)>),
    /// A label and a text beside it.
    Pair {
        /// In a column of its own.
        label: Cow<'a, str>,
        /// Wraps in the rest.
        text: Cow<'a, str>,
        /// How the text looks.
        style: Style,
    },
    /// A text over the whole width.
    Text(Cow<'a, str>, Style),
    /// The arithmetic.
    Factors {
        /// A line each.
        rows: Vec<FactorRow<'a>>,
        /// What they sum to.
        sum: f64,
    },
    /// A series in one line.
    Series {
        /// Before it.
        label: Cow<'a, str>,
        /// Oldest first.
        series: Vec<Option<f64>>,
        /// What is lowest and highest; none: what is found in it.
        bounds: Option<(f64, f64)>,
        /// After it.
        note: Cow<'a, str>,
    },
}

/// The styles of a canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanvasStyles {
    /// Headings.
    pub heading: Style,
    /// The believed value.
    pub believed: Style,
    /// Other values.
    pub text: Style,
    /// Labels and what is secondary.
    pub dim: Style,
    /// The series.
    pub series: Style,
    /// Bars.
    pub confidence: ConfidenceStyles,
    /// The arithmetic.
    pub factors: FactorStyles,
}

/// Where a block stands in the whole column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its index.
    pub block: usize,
    /// Its first line, counted from the top of the column.
    pub top: usize,
    /// Its lines.
    pub height: usize,
}

/// A scrolled column of blocks.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};
/// use stellar_widgets::{Block, Charset, InsightCanvas};
///
/// let blocks = [
///     Block::Value { value: "3".into(), says: "right about 8 in 10".into(), score: Some(0.74), believed: true },
///     Block::Pair { label: "wanted".into(), text: "5 (git)".into(), style: Style::new() },
/// ];
/// let mut buf = Buffer::empty(Rect::new(0, 0, 50, 2));
/// (&InsightCanvas::new(&blocks).charset(Charset::Ascii)).render(buf.area, &mut buf);
/// assert_eq!(
///     buf,
///     Buffer::with_lines([
///         "3  right about 8 in 10     medium 0.74  #######---",
///         "wanted    5 (git)                                 "
///     ])
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InsightCanvas<'a> {
    blocks: &'a [Block<'a>],
    offset: usize,
    charset: Charset,
    styles: CanvasStyles,
}

/// The least cells of the column of labels, and the most.
const LABELS: (u16, u16) = (10, 24);

impl<'a> InsightCanvas<'a> {
    /// A column of blocks from its top.
    #[must_use]
    pub fn new(blocks: &'a [Block<'a>]) -> Self {
        Self { blocks, offset: 0, charset: Charset::default(), styles: CanvasStyles::default() }
    }

    /// How many lines are scrolled away at the top.
    #[must_use]
    pub const fn offset(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// Which characters to draw with.
    #[must_use]
    pub const fn charset(mut self, charset: Charset) -> Self {
        self.charset = charset;
        self
    }

    /// The styles.
    #[must_use]
    pub const fn styles(mut self, styles: CanvasStyles) -> Self {
        self.styles = styles;
        self
    }

    /// Where each block stands at this width.
    #[must_use]
    pub fn place(&self, width: u16) -> Vec<Placed> {
        let mut top = 0;
        let labels = self.labels(width);
        let place = |(block, content): (usize, &Block<'_>)| {
            let placed = Placed { block, top, height: content.height(width, labels) };
            top += placed.height;
            placed
        };
        self.blocks.iter().enumerate().map(place).collect()
    }

    /// The cells of the column of labels: those of the longest, within reason.
    fn labels(&self, width: u16) -> u16 {
        let label = |block: &Block<'_>| match block {
            Block::Pair { label, .. } | Block::Series { label, .. } => Some(text_width(label).saturating_add(2)),
            _ => None,
        };
        let widest = self.blocks.iter().filter_map(label).max().unwrap_or(0);
        widest.clamp(LABELS.0, LABELS.1).min((width / 3).max(LABELS.0)).min(width)
    }

    /// The lines of the whole column at this width.
    #[must_use]
    pub fn height(&self, width: u16) -> usize {
        self.place(width).last().map_or(0, |last| last.top + last.height)
    }

    /// The blocks that show in an area, with the part of the area each takes.
    #[must_use]
    pub fn visible(&self, area: Rect) -> Vec<(usize, Rect)> {
        let end = self.offset + usize::from(area.height);
        let within = |placed: Placed| {
            let from = placed.top.max(self.offset);
            let to = (placed.top + placed.height).min(end);
            let rows = u16::try_from(to.checked_sub(from).filter(|rows| *rows > 0)?).ok()?;
            let y = area.y + u16::try_from(from - self.offset).ok()?;
            Some((placed.block, Rect::new(area.x, y, area.width, rows)))
        };
        self.place(area.width).into_iter().filter_map(within).collect()
    }
}

impl Block<'_> {
    /// Its lines at this width.
    fn height(&self, width: u16, labels: u16) -> usize {
        match self {
            Self::Gap | Self::Heading(_) | Self::Series { .. } => 1,
            Self::Badges(badges) => badge_lines(badges, width).len(),
            Self::Value { value, says, .. } => value_lines(value, says, width).1.len() + usize::from(!value_lines(value, says, width).0),
            Self::Pair { text, .. } => wrap(text, width - labels).len().max(1),
            Self::Text(text, _) => wrap(text, width).len(),
            Self::Factors { rows, .. } => FactorTable::new(rows, 0.0).height(width),
        }
    }
}

/// Whether value and what is said of it share a line, and the lines of the value.
fn value_lines(value: &str, says: &str, width: u16) -> (bool, Vec<Range<usize>>) {
    let together = text_width(value).saturating_add(text_width(says)).saturating_add(2) <= width || says.is_empty();
    (together && !value.contains('\n'), wrap(value, width))
}

/// Which badges stand on which line.
fn badge_lines(badges: &[(Cow<'_, str>, Cow<'_, str>, Style)], width: u16) -> Vec<Range<usize>> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut used = 0_u16;
    for (index, (sign, word, _)) in badges.iter().enumerate() {
        let wanted = ConflictBadge::new(sign, word).width();
        match lines.last_mut() {
            Some(line) if used.saturating_add(2).saturating_add(wanted) <= width => {
                line.end = index + 1;
                used = used.saturating_add(2).saturating_add(wanted);
            }
            _ => {
                lines.push(index..index + 1);
                used = wanted;
            }
        }
    }
    lines
}

impl Widget for &InsightCanvas<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let places = self.place(area.width);
        for (block, place) in self.visible(area) {
            let skip = places.get(block).map_or(0, |placed| self.offset.saturating_sub(placed.top));
            if let Some(content) = self.blocks.get(block) {
                self.draw(content, skip, place, buf);
            }
        }
    }
}

impl InsightCanvas<'_> {
    /// Draws a block from its line `skip` on.
    fn draw(&self, block: &Block<'_>, skip: usize, area: Rect, buf: &mut Buffer) {
        let mark = self.charset.ellipsis();
        let labels = self.labels(area.width);
        match block {
            Block::Gap => {}
            Block::Heading(text) => {
                put_cut(buf, (area, mark), (area.x, area.y), text, area.width, Cut::End, self.styles.heading);
            }
            Block::Value { value, says, score, believed } => {
                let style = if *believed { self.styles.believed } else { self.styles.text };
                self.draw_value(value, says, *score, style, (skip, area), buf);
            }
            Block::Badges(badges) => draw_badges(badges, skip, area, buf),
            Block::Pair { label, text, style } => {
                let room = area.width - labels;
                if skip == 0 {
                    put_cut(buf, (area, mark), (area.x, area.y), label, labels.saturating_sub(1), Cut::End, self.styles.dim);
                }
                let right = Rect::new(area.right() - room, area.y, room, area.height);
                draw_lines(text, wrap(text, room).into_iter().skip(skip), *style, right, buf);
            }
            Block::Text(text, style) => draw_lines(text, wrap(text, area.width).into_iter().skip(skip), *style, area, buf),
            Block::Factors { rows, sum } => {
                let table = FactorTable::new(rows, *sum).charset(self.charset).styles(self.styles.factors);
                table.render_from(skip, area, buf);
            }
            Block::Series { label, series, bounds, note } => {
                let x = area.x.saturating_add(labels).min(area.right());
                put_cut(buf, (area, mark), (area.x, area.y), label, x - area.x, Cut::End, self.styles.dim);
                let noted = text_width(note).saturating_add(2);
                let room = area.right() - x;
                let line = u16::try_from(series.len()).unwrap_or(u16::MAX).min(room);
                let line = if room >= noted + 4 { line.min(room - noted) } else { line };
                let sparkline = Sparkline::new(series).charset(self.charset).style(self.styles.series);
                let sparkline = bounds.map_or(sparkline, |(low, high)| sparkline.bounds(low, high));
                (&sparkline).render(Rect::new(x, area.y, line, 1), buf);
                put(buf, area, x + line + 2, area.y, note, noted, self.styles.dim);
            }
        }
    }

    fn draw_value(&self, value: &str, says: &str, score: Option<f64>, style: Style, on: (usize, Rect), buf: &mut Buffer) {
        let (skip, area) = on;
        let (together, lines) = value_lines(value, says, area.width);
        let count = lines.len();
        draw_lines(value, lines.into_iter().skip(skip), style, area, buf);
        let mut x = area.x;
        let mut y = area.y;
        if together {
            x = x.saturating_add(text_width(value)).saturating_add(2);
        } else {
            y = y.saturating_add(u16::try_from(count.saturating_sub(skip)).unwrap_or(u16::MAX));
        }
        if y >= area.bottom() {
            return;
        }
        let after = put(buf, area, x, y, says, area.right().saturating_sub(x), self.styles.dim);
        let Some(score) = score else { return };
        let bar = ConfidenceBar::new(score).charset(self.charset).styles(self.styles.confidence);
        let room = area.right().saturating_sub(after.saturating_add(2));
        let fitting = [bar, bar.cells(5), bar.cells(0)].into_iter().find(|bar| bar.width() <= room);
        if let Some(bar) = fitting {
            (&bar).render(Rect::new(area.right() - bar.width(), y, bar.width(), 1), buf);
        }
    }
}

/// Draws lines of a text one below the other.
fn draw_lines(text: &str, lines: impl Iterator<Item = Range<usize>>, style: Style, area: Rect, buf: &mut Buffer) {
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        put(buf, area, area.x, y, text.get(line).unwrap_or_default(), area.width, style);
    }
}

/// Draws badges on their lines.
fn draw_badges(badges: &[(Cow<'_, str>, Cow<'_, str>, Style)], skip: usize, area: Rect, buf: &mut Buffer) {
    for (y, line) in (area.y..area.bottom()).zip(badge_lines(badges, area.width).into_iter().skip(skip)) {
        let mut x = area.x;
        for (sign, word, style) in badges.get(line).unwrap_or_default() {
            let badge = ConflictBadge::new(sign, word).style(*style);
            let width = badge.width().min(area.right().saturating_sub(x));
            (&badge).render(Rect::new(x, y, width, 1), buf);
            x = x.saturating_add(badge.width()).saturating_add(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks() -> Vec<Block<'static>> {
        vec![
            Block::Heading("service/checkout/replicas".into()),
            Block::Value { value: "3".into(), says: "right about 8 in 10".into(), score: Some(0.74), believed: true },
            Block::Badges(vec![("!".into(), "conflict".into(), Style::new()), ("#".into(), "drift".into(), Style::new())]),
            Block::Pair { label: "reason".into(), text: "Values differ and the winner leads by the margin.".into(), style: Style::new() },
            Block::Gap,
            Block::Factors {
                rows: vec![FactorRow { name: "freshness".into(), weight: 0.35, value: 0.99, contribution: 0.347, why: "9 s old".into() }],
                sum: 0.347,
            },
            Block::Series {
                label: "history".into(),
                series: vec![Some(1.0), Some(2.0), None, Some(4.0)],
                bounds: None,
                note: "7 days".into(),
            },
            Block::Text("日本語の説明文はとても長いので折り返されます。👩‍👩‍👧".into(), Style::new()),
        ]
    }

    fn lines(width: u16, height: u16, offset: usize) -> Vec<String> {
        let blocks = blocks();
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        (&InsightCanvas::new(&blocks).offset(offset).charset(Charset::Ascii)).render(buf.area, &mut buf);
        let row = |y| (0..width).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>().trim_end().to_owned();
        (0..height).map(row).collect()
    }

    #[test]
    fn blocks_stand_one_below_the_other() {
        let drawn = lines(60, 10, 0);
        assert_eq!(drawn[0], "service/checkout/replicas");
        assert_eq!(drawn[1], "3  right about 8 in 10               medium 0.74  #######---");
        assert_eq!(drawn[2], "! conflict  # drift");
        assert_eq!(drawn[3], "reason    Values differ and the winner leads by the margin.");
        assert!(drawn[5].starts_with("freshness") && drawn[6].starts_with("sum"), "{drawn:#?}");
        assert_eq!(drawn[7], "history   _- #  7 days");
    }

    #[test]
    fn scrolling_shows_the_same_lines_further_up() {
        let whole = lines(34, 40, 0);
        for offset in 0..12 {
            assert_eq!(lines(34, 6, offset), whole[offset..offset + 6], "scrolled by {offset}");
        }
    }

    #[test]
    fn places_cover_every_line_once_at_any_width() {
        let blocks = blocks();
        let canvas = InsightCanvas::new(&blocks);
        for width in 1..100 {
            let mut next = 0;
            for placed in canvas.place(width) {
                assert_eq!(placed.top, next, "width {width}");
                next += placed.height;
            }
            assert_eq!(next, canvas.height(width));
            let mut buf = Buffer::empty(Rect::new(0, 0, width, 7));
            (&canvas.offset(3)).render(buf.area, &mut buf);
        }
    }

    #[test]
    fn tiny_areas_do_not_panic() {
        lines(0, 0, 0);
        lines(1, 1, 0);
        lines(2, 30, 5);
        lines(80, 3, 999);
    }

    #[test]
    fn a_value_of_several_lines_has_what_is_said_below_it() {
        let blocks = [Block::Value { value: "a\nb".into(), says: "says".into(), score: None, believed: false }];
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 3));
        (&InsightCanvas::new(&blocks)).render(buf.area, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["a       ", "b       ", "says    "]));
    }
}
