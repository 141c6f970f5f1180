//! The only place that writes to stdout and stderr.
//!
//! A closed stdout is remembered, not reported: whoever prints is told to stop, and the process ends with 0.

use std::{
    io::{self, BufWriter, ErrorKind, IsTerminal as _, Write},
    ops::ControlFlow,
};

use crate::text::{SafeText, json_line, truncate, width};

use super::line::{Line, Tone};

const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l";
const LEAVE: &[u8] = b"\x1b[?25h\x1b[?1049l";

/// A terminal's size in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub rows: usize,
    /// Cells of a line.
    pub columns: usize,
}

/// Where output goes.
pub struct Sink {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    json: bool,
    colour: bool,
    terminal: bool,
    size: Option<Size>,
    screen: bool,
    /// Whether somebody watches stderr, and whether a line of progress stands there.
    watched: bool,
    counting: bool,
    closed: bool,
    failed: Option<String>,
}

impl Sink {
    /// The process's own stdout and stderr.
    pub fn of_process() -> Self {
        // A dumb terminal understands no sequence: it is written to like a file.
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = io::stdout().is_terminal() && !dumb;
        let mut sink = Self::new(Box::new(BufWriter::with_capacity(64 * 1024, io::stdout())), Box::new(io::stderr()), terminal);
        sink.watched = io::stderr().is_terminal() && !dumb;
        sink
    }

    /// Any two writers.
    pub fn new(out: Box<dyn Write>, err: Box<dyn Write>, terminal: bool) -> Self {
        Self {
            out,
            err,
            json: false,
            colour: false,
            terminal,
            size: None,
            screen: false,
            watched: false,
            counting: false,
            closed: false,
            failed: None,
        }
    }

    /// Decides the form: JSON lines or text, and whether text may have colour.
    pub fn set_form(&mut self, json: bool, no_color: bool) {
        self.json = json;
        self.colour = self.terminal && !no_color && !json;
    }

    /// Whether lines are JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person watches.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether nobody reads any more, or stdout failed.
    pub fn is_done(&self) -> bool {
        self.closed || self.failed.is_some()
    }

    /// Why stdout could not be written, other than by being closed.
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Writes one JSON line, escaped.
    pub fn json(&mut self, json: &str) -> ControlFlow<()> {
        let line = json_line(json);
        self.write(&[line.as_bytes(), b"\n"])
    }

    /// Writes one line of text.
    pub fn line(&mut self, line: &Line) -> ControlFlow<()> {
        let mut text = String::new();
        self.put(&mut text, line, usize::MAX);
        // Padding of a last column that is empty is nobody's content.
        self.write(&[text.trim_end_matches(' ').as_bytes(), b"\n"])
    }

    /// Writes a block of text as it is, with a newline behind where it has none.
    pub fn block(&mut self, text: &SafeText) -> ControlFlow<()> {
        let end: &[u8] = if text.as_str().ends_with('\n') { b"" } else { b"\n" };
        self.write(&[text.as_str().as_bytes(), end])
    }

    /// Fixes the size, whatever the terminal's is.
    #[cfg(test)]
    pub fn sized(mut self, size: Size) -> Self {
        self.size = Some(size);
        self
    }

    /// Has somebody watch stderr.
    #[cfg(test)]
    pub fn watched(mut self) -> Self {
        self.watched = true;
        self
    }

    /// How large the terminal is now; 24 lines of 80 where it does not say.
    pub fn size(&self) -> Size {
        let told = || rustix::termios::tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_row > 0 && size.ws_col > 0);
        let of_terminal = || told().map(|size| Size { rows: size.ws_row.into(), columns: size.ws_col.into() });
        self.size.or_else(of_terminal).unwrap_or(Size { rows: 24, columns: 80 })
    }

    /// Shows these lines, as many and as much of each as fit, on a screen of their own until [`Self::leave_screen`].
    pub fn show(&mut self, lines: &[Line], size: Size) -> ControlFlow<()> {
        let mut text = String::from("\u{1b}[H");
        for (at, line) in lines.iter().take(size.rows).enumerate() {
            // No newline behind the last line: it would scroll the first one away.
            text.push_str(if at > 0 { "\r\n" } else { "" });
            self.put(&mut text, line, size.columns);
            text.push_str("\u{1b}[K");
        }
        text.push_str("\u{1b}[J");
        if !self.screen {
            self.screen = true;
            self.write(&[ENTER])?;
        }
        self.write(&[text.as_bytes()])?;
        self.flush()
    }

    /// Gives the terminal back as it was.
    pub fn leave_screen(&mut self) {
        if std::mem::take(&mut self.screen) {
            let _ = self.write(&[LEAVE]);
            let _ = self.flush();
        }
    }

    /// Writes the pieces of a line into `text`, at most `columns` cells of them.
    fn put(&self, text: &mut String, line: &Line, columns: usize) {
        let mut room = columns;
        for (tone, piece) in line.pieces() {
            let piece = truncate(piece, room);
            room = room.saturating_sub(width(piece.as_str()));
            match (self.colour, colour(*tone)) {
                (true, Some(code)) => {
                    text.push_str(code);
                    text.push_str(piece.as_str());
                    text.push_str("\u{1b}[0m");
                }
                _ => text.push_str(piece.as_str()),
            }
        }
    }

    /// Says something on stderr. A stderr that is gone is no reason to fail.
    pub fn say(&mut self, text: &str) {
        self.end_progress();
        let _ = self.out.flush();
        for line in SafeText::block(text).lines() {
            let _ = writeln!(self.err, "stellar: {line}");
        }
        let _ = self.err.flush();
    }

    /// Says how far long work is, in one line of stderr that is written over, where somebody watches and JSON is not asked for.
    pub fn progress(&mut self, step: &str, done: u64, total: u64) {
        if !self.watched || self.json {
            return;
        }
        let text = if total == 0 { format!("{step} {done}") } else { format!("{step} {done} of {total}") };
        let room = self.size().columns.saturating_sub(1);
        let _ = write!(self.err, "\r{}\u{1b}[K", truncate(&SafeText::line(&text), room)).and_then(|()| self.err.flush());
        self.counting = true;
    }

    /// Clears that line.
    pub fn end_progress(&mut self) {
        if std::mem::take(&mut self.counting) {
            let _ = write!(self.err, "\r\u{1b}[K").and_then(|()| self.err.flush());
        }
    }

    /// Hands everything over.
    pub fn flush(&mut self) -> ControlFlow<()> {
        let flushed = self.out.flush();
        self.note(flushed)
    }

    fn write(&mut self, parts: &[&[u8]]) -> ControlFlow<()> {
        if self.is_done() {
            return ControlFlow::Break(());
        }
        let written = parts.iter().try_for_each(|part| self.out.write_all(part));
        self.note(written)
    }

    fn note(&mut self, outcome: io::Result<()>) -> ControlFlow<()> {
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                ControlFlow::Break(())
            }
            Err(error) => {
                self.failed = Some(format!("stdout cannot be written: {error}"));
                ControlFlow::Break(())
            }
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.leave_screen();
    }
}

const fn colour(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Strong => Some("\u{1b}[1m"),
        Tone::Dim => Some("\u{1b}[2m"),
        Tone::Good => Some("\u{1b}[32m"),
        Tone::Warn => Some("\u{1b}[33m"),
        Tone::Bad => Some("\u{1b}[31m"),
    }
}
