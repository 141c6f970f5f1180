//! A list of facts that asks only for the rows it shows.

mod columns;

use std::{borrow::Cow, ops::Range};

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::{
    cells::{Cut, fit, put, put_cut, put_fit, put_right, text_width},
    charset::Charset,
    confidence::{Band, ConfidenceBar, ConfidenceStyles},
};
use columns::Columns;

/// One row as it is to be shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InsightRow<'a> {
    /// The name of the fact.
    pub key: Cow<'a, str>,
    /// Byte ranges of the key that a search matched, in order.
    pub matches: Vec<Range<usize>>,
    /// The value, with its unit if it has one.
    pub value: Cow<'a, str>,
    /// How far it is believed, 0 to 1; none: not said.
    pub score: Option<f64>,
    /// How old it is, in at most four cells: `12m`.
    pub age: Cow<'a, str>,
    /// Signs of what else is to be said, at most three cells: `!~`.
    pub signs: Cow<'a, str>,
    /// The same in words: `conflict, stale`; shown where there is room.
    pub words: Cow<'a, str>,
    /// The style of signs and words.
    pub mark_style: Style,
    /// Whether the row is secondary.
    pub dim: bool,
}

/// Where the rows come from: only those that are shown are asked for.
pub trait RowSource {
    /// How many rows there are.
    fn len(&self) -> usize;
    /// The row at an index below [`RowSource::len`].
    fn row(&self, index: usize) -> InsightRow<'_>;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl RowSource for [InsightRow<'_>] {
    fn len(&self) -> usize {
        <[_]>::len(self)
    }

    fn row(&self, index: usize) -> InsightRow<'_> {
        self.get(index).cloned().unwrap_or_default()
    }
}

/// The styles of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListStyles {
    /// Column titles.
    pub header: Style,
    /// Keys and values.
    pub text: Style,
    /// Ages, and rows that are secondary.
    pub dim: Style,
    /// Matched parts of a key.
    pub matched: Style,
    /// Laid over the selected row, while the list has the focus.
    pub selected: Style,
    /// Laid over the selected row otherwise.
    pub selected_unfocused: Style,
    /// Words and bars of confidence.
    pub confidence: ConfidenceStyles,
}

/// The least offset change that brings a row into view.
///
/// Never leaves empty rows below while there are rows above; the answer is below `len`, or 0.
#[must_use]
pub fn scroll_into_view(offset: usize, selected: Option<usize>, height: usize, len: usize) -> usize {
    let most = len.saturating_sub(height);
    let offset = offset.min(most);
    match selected {
        Some(row) if row < offset => row.min(most),
        Some(row) if height > 0 && row >= offset + height => (row + 1 - height).min(most),
        _ => offset,
    }
}

/// A list of facts with a header: sign, key, value, confidence, age, words.
///
/// Columns that have no room go in this order: words, word of confidence, bar, age. The value never takes more than half of what is left.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, widgets::Widget};
/// use stellar_widgets::{Charset, InsightList, InsightRow};
///
/// let rows = [InsightRow {
///     key: "host/load".into(),
///     value: "0.42".into(),
///     score: Some(0.8),
///     age: "3s".into(),
///     signs: "!".into(),
///     ..InsightRow::default()
/// }];
/// let mut buf = Buffer::empty(Rect::new(0, 0, 54, 2));
/// (&InsightList::new(rows.as_slice()).selected(Some(0)).charset(Charset::Ascii)).render(buf.area, &mut buf);
/// assert_eq!(
///     buf,
///     Buffer::with_lines([
///         "     key                       value  confidence   age",
///         "> !  host/load                  0.42  high   ###-   3s"
///     ])
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InsightList<'a, R: ?Sized> {
    rows: &'a R,
    offset: usize,
    selected: Option<usize>,
    focused: bool,
    header: bool,
    charset: Charset,
    styles: ListStyles,
}

impl<'a, R: RowSource + ?Sized> InsightList<'a, R> {
    /// A list over rows, from the first.
    #[must_use]
    pub fn new(rows: &'a R) -> Self {
        Self { rows, offset: 0, selected: None, focused: true, header: true, charset: Charset::default(), styles: ListStyles::default() }
    }

    /// The first row shown.
    #[must_use]
    pub const fn offset(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// The selected row.
    #[must_use]
    pub const fn selected(mut self, selected: Option<usize>) -> Self {
        self.selected = selected;
        self
    }

    /// Whether the list has the focus.
    #[must_use]
    pub const fn focused(mut self, focused: bool) -> Self {
        self.focused = focused;
        self
    }

    /// Whether column titles are shown.
    #[must_use]
    pub const fn header(mut self, header: bool) -> Self {
        self.header = header;
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
    pub const fn styles(mut self, styles: ListStyles) -> Self {
        self.styles = styles;
        self
    }

    /// Where the rows go: the area less the header.
    #[must_use]
    pub fn body(&self, area: Rect) -> Rect {
        // A single row shows a fact rather than titles.
        let header = u16::from(self.header && area.height > 1);
        Rect::new(area.x, area.y + header.min(area.height), area.width, area.height.saturating_sub(header))
    }

    /// The rows shown in an area, each with its place.
    pub fn visible(&self, area: Rect) -> impl Iterator<Item = (usize, Rect)> {
        let body = self.body(area);
        (self.offset..self.rows.len()).zip(body.rows())
    }
}

impl<R: RowSource + ?Sized> Widget for &InsightList<'_, R> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let columns = Columns::of(area);
        if self.body(area).y > area.y {
            self.draw_header(area, &columns, buf);
        }
        for (index, place) in self.visible(area) {
            self.draw_row(&self.rows.row(index), Some(index) == self.selected, place, &columns, buf);
        }
    }
}

impl<R: RowSource + ?Sized> InsightList<'_, R> {
    fn draw_header(&self, area: Rect, columns: &Columns, buf: &mut Buffer) {
        let (style, mark, y) = (self.styles.header, self.charset.ellipsis(), area.y);
        put_cut(buf, (area, mark), (columns.key.start, y), "key", width(&columns.key), Cut::End, style);
        put_right(buf, (area, mark), (columns.value.end, y), "value", width(&columns.value), style);
        if let Some(bar) = &columns.bar {
            let (start, title) = columns.word.as_ref().map_or((bar.start, "conf"), |word| (word.start, "confidence"));
            put_cut(buf, (area, mark), (start, y), title, bar.end - start, Cut::End, style);
        }
        if let Some(age) = &columns.age {
            put_right(buf, (area, mark), (age.end, y), "age", width(age), style);
        }
    }

    fn draw_row(&self, row: &InsightRow<'_>, selected: bool, place: Rect, columns: &Columns, buf: &mut Buffer) {
        let (mark, y) = (self.charset.ellipsis(), place.y);
        let base = if row.dim { self.styles.dim } else { self.styles.text };
        if selected {
            buf.set_style(place, if self.focused { self.styles.selected } else { self.styles.selected_unfocused });
            put(buf, place, place.x, y, self.charset.pointer(), 1, base);
        }
        put(buf, place, columns.signs.start, y, &row.signs, width(&columns.signs), row.mark_style);
        let room = width(&columns.key);
        let parts = fit(&row.key, room, Cut::Middle, text_width(mark));
        let matched = self.styles.matched;
        put_fit(buf, place, (columns.key.start, y), &row.key, &parts, mark, |at| {
            if row.matches.iter().any(|range| range.contains(&at)) { base.patch(matched) } else { base }
        });
        put_right(buf, (place, mark), (columns.value.end, y), &row.value, width(&columns.value), base);
        if let Some(score) = row.score {
            let styles = self.styles.confidence;
            if let Some(word) = &columns.word {
                put(buf, place, word.start, y, Band::of(score).word(), width(word), styles.of(Band::of(score)));
            }
            if let Some(bar) = &columns.bar {
                let bar_place = Rect::new(bar.start, y, width(bar), 1);
                let widget = ConfidenceBar::new(score).cells(width(bar)).word(false).number(false).charset(self.charset).styles(styles);
                (&widget).render(bar_place, buf);
            }
        }
        if let Some(age) = &columns.age {
            put_right(buf, (place, mark), (age.end, y), &row.age, width(age), self.styles.dim);
        }
        if let Some(words) = &columns.words {
            put_cut(buf, (place, mark), (words.start, y), &row.words, width(words), Cut::End, row.mark_style);
        }
    }
}

/// Cells of a column.
fn width(column: &Range<u16>) -> u16 {
    column.end.saturating_sub(column.start)
}

#[cfg(test)]
mod tests;
