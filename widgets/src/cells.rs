//! Text measured and placed in cells: widths, cutting, wrapping, clipped drawing. No widget of its own.

use std::ops::Range;

use ratatui_core::{
    buffer::{Buffer, CellWidth},
    layout::Rect,
    style::Style,
};
use unicode_segmentation::UnicodeSegmentation;

/// How many cells a text takes; control characters take none.
#[must_use]
pub fn text_width(text: &str) -> u16 {
    graphemes(text).fold(0, |sum, (_, _, width)| sum.saturating_add(width))
}

/// The drawn clusters of a text with their byte offset and width in cells.
pub(crate) fn graphemes(text: &str) -> impl Iterator<Item = (usize, &str, u16)> {
    text.grapheme_indices(true)
        .filter(|(_, cluster)| !cluster.contains(char::is_control))
        .map(|(at, cluster)| (at, cluster, cluster.cell_width()))
        .filter(|(_, _, width)| *width > 0)
}

/// Where a text that is too long loses something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// What is last goes.
    #[default]
    End,
    /// What stands in the middle goes: for names whose both ends tell them apart.
    Middle,
}

/// The parts of a text that fit, as byte ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// What stands before the mark of omission.
    pub head: Range<usize>,
    /// What stands after it; empty unless cut in the middle.
    pub tail: Range<usize>,
    /// Whether something was left out.
    pub cut: bool,
}

/// Cuts a text to `max` cells, leaving room for a mark of omission `mark` cells wide.
///
/// What does not fit whole is left out: a wide cluster is never split.
#[must_use]
pub fn fit(text: &str, max: u16, cut: Cut, mark: u16) -> Fit {
    if text_width(text) <= max {
        return Fit { head: 0..text.len(), tail: text.len()..text.len(), cut: false };
    }
    let room = max.saturating_sub(mark);
    let (head_room, tail_room) = match cut {
        Cut::End => (room, 0),
        Cut::Middle => (room / 2, room - room / 2),
    };
    let head = prefix(text, head_room);
    let tail = suffix(text, tail_room).max(head);
    Fit { head: 0..head, tail: tail..text.len(), cut: true }
}

/// The byte offset up to which `room` cells reach.
fn prefix(text: &str, room: u16) -> usize {
    let mut used = 0_u16;
    for (at, _, width) in graphemes(text) {
        used = used.saturating_add(width);
        if used > room {
            return at;
        }
    }
    text.len()
}

/// The byte offset from which `room` cells reach to the end.
fn suffix(text: &str, room: u16) -> usize {
    let mut used = 0_u16;
    let mut from = text.len();
    for (at, cluster) in text.grapheme_indices(true).rev() {
        let width = if cluster.contains(char::is_control) { 0 } else { cluster.cell_width() };
        used = used.saturating_add(width);
        if used > room {
            break;
        }
        from = at;
    }
    from
}

/// Breaks a text into lines of at most `width` cells, at spaces where there are any, at newlines always.
///
/// Returns byte ranges; an empty text is one empty line, a width of 0 gives none.
#[must_use]
pub fn wrap(text: &str, width: u16) -> Vec<Range<usize>> {
    if width == 0 {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let mut offset = 0;
    for paragraph in text.split('\n') {
        wrap_paragraph(paragraph, offset, width, &mut lines);
        offset += paragraph.len() + 1;
    }
    lines
}

/// Wraps text without a newline that stands at `offset` in the whole.
fn wrap_paragraph(text: &str, offset: usize, width: u16, lines: &mut Vec<Range<usize>>) {
    let mut start = 0;
    let mut used = 0_u16;
    let mut space: Option<usize> = None;
    for (at, cluster, cells) in graphemes(text) {
        if used.saturating_add(cells) > width && at > start {
            if cluster == " " {
                lines.push(offset + start..offset + at);
                start = at + 1;
                used = 0;
                space = None;
                continue;
            }
            match space.filter(|blank| *blank > start) {
                Some(blank) => {
                    lines.push(offset + start..offset + blank);
                    start = blank + 1;
                    used = text.get(start..at).map_or(0, text_width);
                }
                None => {
                    lines.push(offset + start..offset + at);
                    start = at;
                    used = 0;
                }
            }
            space = None;
        }
        if cluster == " " {
            space = Some(at);
        }
        used = used.saturating_add(cells);
    }
    lines.push(offset + start.min(text.len())..offset + text.len());
}

/// Draws a text from `x`, in at most `max` cells, inside `area` only; returns the column after it.
pub(crate) fn put(buf: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, max: u16, style: Style) -> u16 {
    let area = area.intersection(buf.area);
    if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
        return x;
    }
    let room = max.min(area.right() - x);
    let (after, _) = buf.set_stringn(x, y, text, usize::from(room), style);
    after
}

/// Draws the parts of a cut text with its mark of omission; `style_at` gives the style of the cluster at a byte offset.
pub(crate) fn put_fit(
    buf: &mut Buffer,
    area: Rect,
    at: (u16, u16),
    text: &str,
    parts: &Fit,
    mark: &str,
    style_at: impl Fn(usize) -> Style,
) -> u16 {
    let (mut x, y) = at;
    let mark = if parts.cut { mark } else { "" };
    for range in [&parts.head, &parts.tail] {
        for (offset, cluster, width) in graphemes(text.get(range.clone()).unwrap_or_default()) {
            x = put(buf, area, x, y, cluster, width, style_at(range.start + offset));
        }
        if range == &parts.head {
            x = put(buf, area, x, y, mark, text_width(mark), style_at(parts.head.end.saturating_sub(1)));
        }
    }
    x
}

/// Draws a text cut to `max` cells and returns the column after it; `on` is the area and the mark of omission.
pub(crate) fn put_cut(buf: &mut Buffer, on: (Rect, &str), at: (u16, u16), text: &str, max: u16, cut: Cut, style: Style) -> u16 {
    let (area, mark) = on;
    let parts = fit(text, max, cut, text_width(mark));
    let mark = if text_width(mark) <= max { mark } else { "" };
    put_fit(buf, area, at, text, &parts, mark, |_| style)
}

/// Draws a text that ends before a column, cut to `max` cells; `end` is that column and the row.
pub(crate) fn put_right(buf: &mut Buffer, on: (Rect, &str), end: (u16, u16), text: &str, max: u16, style: Style) {
    let shown = text_width(text).min(max);
    put_cut(buf, on, (end.0.saturating_sub(shown), end.1), text, shown, Cut::End, style);
}

/// Makes every cell of an area an empty one in this style.
pub(crate) fn clear(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    for position in area.positions() {
        if let Some(cell) = buf.cell_mut(position) {
            cell.reset();
            cell.set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, max: u16, how: Cut) -> String {
        let parts = fit(text, max, how, 1);
        format!("{}{}{}", &text[parts.head], if parts.cut { "…" } else { "" }, &text[parts.tail])
    }

    #[test]
    fn width_counts_cells_of_clusters() {
        assert_eq!(text_width("abc"), 3);
        assert_eq!(text_width("日本"), 4);
        assert_eq!(text_width("👩‍👩‍👧"), 2, "a family joined by ZWJ is one cluster");
        assert_eq!(text_width("e\u{301}"), 1);
        assert_eq!(text_width("a\u{7}b\u{1b}"), 2, "control characters take no cell");
        assert_eq!(text_width("שלום"), 4);
    }

    #[test]
    fn a_text_is_cut_at_its_end_or_in_its_middle() {
        assert_eq!(cut("service/checkout", 20, Cut::End), "service/checkout");
        assert_eq!(cut("service/checkout", 8, Cut::End), "service…");
        assert_eq!(cut("service/checkout", 9, Cut::Middle), "serv…kout");
        assert_eq!(cut("日本語日本語", 5, Cut::End), "日本…", "a wide cluster is not split");
        assert_eq!(cut("abc", 1, Cut::Middle), "…");
        assert_eq!(fit("abc", 0, Cut::End, 1), Fit { head: 0..0, tail: 3..3, cut: true });
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_never_inside_a_cluster() {
        let lines = |text: &str, width| wrap(text, width).into_iter().map(|range| text[range].to_owned()).collect::<Vec<_>>();
        assert_eq!(lines("seen 9 s ago by prom", 10), ["seen 9 s", "ago by", "prom"]);
        assert_eq!(lines("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(lines("日本語", 3), ["日", "本", "語"]);
        assert_eq!(lines("a\nb", 9), ["a", "b"]);
        assert_eq!(lines("", 9), [""]);
        assert_eq!(lines("exact fit", 5), ["exact", "fit"]);
        assert!(wrap("abc", 0).is_empty());
    }

    #[test]
    fn drawing_stays_inside_the_area() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 2));
        let area = Rect::new(1, 0, 3, 1);
        put(&mut buf, area, 1, 0, "abcdef", 99, Style::new());
        put(&mut buf, area, 1, 1, "outside", 99, Style::new());
        put(&mut buf, area, 9, 0, "outside", 99, Style::new());
        assert_eq!(buf, Buffer::with_lines([" abc  ", "      "]));
    }
}
