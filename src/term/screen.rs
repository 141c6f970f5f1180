//! Frames: what differs from the last one, in one write.

use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::{Buffer, Cell},
    layout::Rect,
};

use crate::text::width as width_of;

/// What stands on the terminal, so that only what changes is sent.
#[derive(Debug)]
pub struct Screen {
    shown: Buffer,
    next: Buffer,
    cursor: Option<(u16, u16)>,
    synchronised: bool,
    /// What stands on the terminal is not known: everything is sent.
    unknown: bool,
}

impl Screen {
    /// A screen of this size of which nothing is known.
    #[must_use]
    pub fn new(width: u16, height: u16) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self { shown: Buffer::empty(area), next: Buffer::empty(area), cursor: None, synchronised: false, unknown: true }
    }

    /// Whether frames are wrapped so that the terminal shows them at once.
    pub fn set_synchronised(&mut self, synchronised: bool) {
        self.synchronised = synchronised;
    }

    /// Takes another size; the next frame sends everything.
    pub fn resize(&mut self, width: u16, height: u16) {
        let area = Rect::new(0, 0, width, height);
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
        self.unknown = true;
    }

    /// Something else wrote on the terminal; the next frame sends everything.
    pub fn invalidate(&mut self) {
        self.shown.reset();
        self.unknown = true;
    }

    /// Draws a frame and gives the bytes that bring it to the terminal; none when nothing changed.
    ///
    /// `draw` is given an empty buffer and says where the cursor stands.
    ///
    /// # Errors
    /// Never in practice: the bytes go to memory.
    pub fn frame(&mut self, draw: impl FnOnce(&mut Buffer) -> Option<(u16, u16)>) -> std::io::Result<Vec<u8>> {
        self.next.reset();
        let cursor = draw(&mut self.next).filter(|(x, y)| *x < self.next.area.width && *y < self.next.area.height);
        let mut cells = Vec::new();
        let differing = differing(&self.shown, &self.next);
        // Terminals disagree on how wide a cluster of several characters is: what follows one is placed anew.
        for run in differing.split_inclusive(|(_, _, cell)| is_cluster(cell)) {
            CrosstermBackend::new(&mut cells).draw(run.iter().copied())?;
        }
        let changed = self.unknown || self.shown != self.next;
        if !changed && cursor == self.cursor {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::with_capacity(cells.len() + 48);
        if self.synchronised {
            bytes.extend_from_slice(b"\x1b[?2026h");
        }
        if changed {
            // Hidden while it runs over the cells.
            bytes.extend_from_slice(b"\x1b[?25l");
            if self.unknown {
                bytes.extend_from_slice(b"\x1b[0m\x1b[2J");
            }
            bytes.extend_from_slice(&cells);
        }
        match cursor {
            Some((x, y)) => bytes.extend_from_slice(format!("\x1b[{};{}H\x1b[?25h", y + 1, x + 1).as_bytes()),
            None => bytes.extend_from_slice(b"\x1b[?25l"),
        }
        if self.synchronised {
            bytes.extend_from_slice(b"\x1b[?2026l");
        }
        std::mem::swap(&mut self.shown, &mut self.next);
        self.cursor = cursor;
        self.unknown = false;
        Ok(bytes)
    }

    /// What stands on the terminal.
    #[must_use]
    pub const fn shown(&self) -> &Buffer {
        &self.shown
    }
}

/// What is to be sent. A cluster of several characters may have been drawn over the cells behind it, where this terminal thinks it wider:
/// a row that has or had one is sent anew from there on, so that nothing stays of it and nothing is under it.
fn differing<'a>(shown: &Buffer, next: &'a Buffer) -> Vec<(u16, u16, &'a Cell)> {
    let mut differing = shown.diff(next);
    let width = usize::from(next.area.width);
    let rows = shown.content().chunks(width.max(1)).zip(next.content().chunks(width.max(1)));
    let mut anew: Vec<(u16, u16)> = Vec::new();
    for (y, (before, now)) in (next.area.y..).zip(rows) {
        let cluster = before.iter().zip(now).position(|(before, now)| is_cluster(before) || is_cluster(now));
        if let Some(x) = cluster.filter(|_| before != now) {
            anew.push((y, u16::try_from(x).unwrap_or(u16::MAX)));
        }
    }
    if anew.is_empty() {
        return differing;
    }
    differing.retain(|(x, y, _)| !anew.iter().any(|(row, from)| y == row && x >= from));
    for (y, from) in anew {
        let mut x = from;
        while let Some(cell) = next.cell((x, y)) {
            differing.push((x, y, cell));
            x = x.saturating_add(u16::try_from(width_of(cell.symbol())).unwrap_or(1).max(1));
        }
    }
    differing.sort_by_key(|(x, y, _)| (*y, *x));
    differing
}

fn is_cluster(cell: &Cell) -> bool {
    cell.symbol().chars().nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use ratatui::style::Style;

    use super::*;

    fn frame(screen: &mut Screen, text: &str, cursor: Option<(u16, u16)>) -> String {
        let draw = |buf: &mut Buffer| {
            buf.set_string(0, 0, text, Style::new());
            cursor
        };
        String::from_utf8(screen.frame(draw).unwrap()).unwrap()
    }

    #[test]
    fn a_frame_sends_what_changed_and_nothing_twice() {
        let mut screen = Screen::new(20, 2);
        assert!(frame(&mut screen, "hello", Some((1, 0))).contains("hello"));
        assert_eq!(frame(&mut screen, "hello", Some((1, 0))), "");
        assert_eq!(frame(&mut screen, "hello", Some((2, 1))), "\x1b[2;3H\x1b[?25h", "only the cursor moved");
        let changed = frame(&mut screen, "hallo", Some((2, 1)));
        assert!(changed.contains('a') && !changed.contains("hallo"), "{changed:?}");
        screen.invalidate();
        assert!(frame(&mut screen, "hallo", Some((2, 1))).contains("hallo"));
        screen.resize(10, 1);
        assert!(frame(&mut screen, "hallo", None).ends_with("\x1b[?25l"));
    }

    #[test]
    fn a_vt_shows_what_was_drawn() {
        let mut vt = vt100::Parser::new(NonZero::new(3).unwrap(), NonZero::new(12).unwrap(), 0);
        let mut screen = Screen::new(12, 3);
        for text in ["日本語 abc", "日本 x", "e\u{301}x z", ""] {
            vt.process(frame(&mut screen, text, Some((3, 2))).as_bytes());
            let row = vt.screen().contents_between(0, 0, 0, 12);
            assert_eq!(row.trim_end(), text.trim_end());
            assert_eq!(vt.screen().cursor_position(), (2, 3));
        }
    }

    #[test]
    fn a_terminal_that_takes_a_joined_cluster_apart_still_shows_the_rest_in_its_place() {
        let mut vt = vt100::Parser::new(NonZero::new(1).unwrap(), NonZero::new(12).unwrap(), 0);
        vt.process(frame(&mut Screen::new(12, 1), "👩‍👩‍👧 z|", None).as_bytes());
        assert_eq!(vt.screen().contents_between(0, 3, 0, 5), "z|");
    }

    #[test]
    fn nothing_stays_of_a_joined_cluster_that_a_terminal_took_apart() {
        let mut vt = vt100::Parser::new(NonZero::new(1).unwrap(), NonZero::new(12).unwrap(), 0);
        let mut screen = Screen::new(12, 1);
        let row = |vt: &vt100::Parser<()>| vt.screen().contents_between(0, 0, 0, 12).trim_end().to_owned();
        vt.process(frame(&mut screen, "👩‍👩‍👧", None).as_bytes());
        assert!(!row(&vt).contains('👧'), "it was drawn over cells that are not its own: {:?}", row(&vt));
        vt.process(frame(&mut screen, "a", None).as_bytes());
        assert_eq!(row(&vt), "a");
        vt.process(frame(&mut screen, "日👩‍👩‍👧日", None).as_bytes());
        assert_eq!(vt.screen().contents_between(0, 4, 0, 6), "日");
        vt.process(frame(&mut screen, "", None).as_bytes());
        assert_eq!(row(&vt), "");
    }

    #[test]
    fn frames_can_be_synchronised() {
        let mut screen = Screen::new(4, 1);
        screen.set_synchronised(true);
        let bytes = frame(&mut screen, "ab", None);
        assert!(bytes.starts_with("\x1b[?2026h") && bytes.ends_with("\x1b[?2026l"));
    }

    #[test]
    fn a_cursor_outside_is_hidden() {
        let mut screen = Screen::new(2, 1);
        assert!(frame(&mut screen, "a", Some((7, 7))).ends_with("\x1b[?25l"));
        assert_eq!(frame(&mut Screen::new(0, 0), "a".get(..0).unwrap_or_default(), None).matches("2J").count(), 1);
    }
}
