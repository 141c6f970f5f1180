//! A box over what is there: it clears what is below and draws a light border.

use ratatui_core::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use crate::{
    cells::{Cut, clear, put, put_cut, text_width},
    charset::Charset,
};

/// A centred box with a title. The content is drawn by the caller into [`Overlay::inner`].
///
/// Where the area is too small for a border (below 3 rows or 4 columns) there is none.
///
/// ```
/// use ratatui_core::{buffer::Buffer, layout::Rect, widgets::Widget};
/// use stellar_widgets::{Charset, Overlay};
///
/// let mut buf = Buffer::empty(Rect::new(0, 0, 12, 5));
/// let overlay = Overlay::new("Help").size(10, 3).charset(Charset::Ascii);
/// assert_eq!(overlay.inner(buf.area), Rect::new(3, 2, 6, 1));
/// (&overlay).render(buf.area, &mut buf);
/// assert_eq!(
///     buf,
///     Buffer::with_lines(["            ", " + Help --+ ", " |        | ", " +--------+ ", "            "])
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Overlay<'a> {
    title: &'a str,
    note: &'a str,
    width: u16,
    height: u16,
    charset: Charset,
    style: Style,
    border_style: Style,
    title_style: Style,
}

impl<'a> Overlay<'a> {
    /// A box with a title; as large as the area unless [`Overlay::size`] says less.
    #[must_use]
    pub fn new(title: &'a str) -> Self {
        let plain = Style::new();
        Self {
            title,
            note: "",
            width: u16::MAX,
            height: u16::MAX,
            charset: Charset::default(),
            style: plain,
            border_style: plain,
            title_style: plain,
        }
    }

    /// What is said at the right of the top border, where there is room.
    #[must_use]
    pub const fn note(mut self, note: &'a str) -> Self {
        self.note = note;
        self
    }

    /// The wanted size, border included; never more than the area.
    #[must_use]
    pub const fn size(mut self, width: u16, height: u16) -> Self {
        self.width = width;
        self.height = height;
        self
    }

    /// Which characters to draw with.
    #[must_use]
    pub const fn charset(mut self, charset: Charset) -> Self {
        self.charset = charset;
        self
    }

    /// How the surface looks.
    #[must_use]
    pub const fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// How the border looks.
    #[must_use]
    pub const fn border_style(mut self, style: Style) -> Self {
        self.border_style = style;
        self
    }

    /// How the title looks.
    #[must_use]
    pub const fn title_style(mut self, style: Style) -> Self {
        self.title_style = style;
        self
    }

    /// Where the whole box stands in an area.
    #[must_use]
    pub fn outer(&self, area: Rect) -> Rect {
        let width = self.width.min(area.width);
        let height = self.height.min(area.height);
        Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height)
    }

    /// Where the content goes: inside the border, with a column of air left and right.
    #[must_use]
    pub fn inner(&self, area: Rect) -> Rect {
        let outer = self.outer(area);
        if bordered(outer) { Rect::new(outer.x + 2, outer.y + 1, outer.width - 4, outer.height - 2) } else { outer }
    }
}

/// Whether there is room for a border.
fn bordered(outer: Rect) -> bool {
    outer.height >= 3 && outer.width >= 4
}

impl Widget for &Overlay<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let outer = self.outer(area);
        clear(buf, outer, self.style);
        mend_left_edge(buf, outer);
        if !bordered(outer) {
            return;
        }
        let [top_left, top_right, bottom_left, bottom_right, line, side] = self.charset.border();
        let (left, right, top, bottom) = (outer.left(), outer.right() - 1, outer.top(), outer.bottom() - 1);
        for x in left + 1..right {
            put(buf, outer, x, top, line, 1, self.border_style);
            put(buf, outer, x, bottom, line, 1, self.border_style);
        }
        for y in top + 1..bottom {
            put(buf, outer, left, y, side, 1, self.border_style);
            put(buf, outer, right, y, side, 1, self.border_style);
        }
        for (x, y, corner) in [(left, top, top_left), (right, top, top_right), (left, bottom, bottom_left), (right, bottom, bottom_right)] {
            put(buf, outer, x, y, corner, 1, self.border_style);
        }
        let room = outer.width - 4;
        let mark = self.charset.ellipsis();
        if !self.title.is_empty() && room > 0 {
            put(buf, outer, left + 1, top, " ", 1, self.title_style);
            let after = put_cut(buf, (outer, mark), (left + 2, top), self.title, room, Cut::End, self.title_style);
            put(buf, outer, after, top, " ", 1, self.title_style);
        }
        let (titled, noted) = (text_width(self.title), text_width(self.note));
        if noted > 0 && titled.saturating_add(noted).saturating_add(4) <= room {
            let x = right - noted - 2;
            put(buf, outer, x, top, " ", 1, self.border_style);
            let after = put(buf, outer, x + 1, top, self.note, noted, self.border_style);
            put(buf, outer, after, top, " ", 1, self.border_style);
        }
    }
}

/// A wide cluster whose right half the box covers would spill over its border: it becomes a space.
fn mend_left_edge(buf: &mut Buffer, outer: Rect) {
    let Some(x) = outer.x.checked_sub(1) else { return };
    for y in outer.top()..outer.bottom() {
        if let Some(cell) = buf.cell_mut((x, y))
            && text_width(cell.symbol()) > 1
        {
            cell.set_symbol(" ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clears_what_is_below_and_mends_wide_characters_it_cuts() {
        let mut buf = Buffer::with_lines(["日本語日本語", "日本語日本語", "日本語日本語"]);
        (&Overlay::new("").size(6, 3).charset(Charset::Ascii)).render(buf.area, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["日 +----+ 語", "日 |    | 語", "日 +----+ 語"]));
    }

    #[test]
    fn a_long_title_is_cut_and_a_note_stands_where_there_is_room() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 3));
        (&Overlay::new("competing values").note("1/2")).render(buf.area, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["┌ competi… ┐", "│          │", "└──────────┘"]));
        let mut buf = Buffer::empty(Rect::new(0, 0, 16, 3));
        (&Overlay::new("keys").note("1/2")).render(buf.area, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["┌ keys ─── 1/2 ┐", "│              │", "└──────────────┘"]));
    }

    #[test]
    fn too_small_for_a_border_there_is_none() {
        for (width, height) in [(0, 0), (1, 1), (3, 3), (20, 2)] {
            let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
            let overlay = Overlay::new("title");
            (&overlay).render(buf.area, &mut buf);
            assert_eq!(overlay.inner(buf.area), buf.area);
            assert_eq!(buf, Buffer::empty(buf.area));
        }
    }
}
