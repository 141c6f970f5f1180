//! Bytes from a terminal, made into events.
//!
//! Total: any bytes in any pieces give events and never garbage. A sequence that is not known is left out whole, so an answer that
//! comes late types nothing. Only a lone Esc needs time to be told from the beginning of a sequence: [`Parser::flush`].

mod csi;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::keymap::{Chord, KeyName, Mods};

use super::event::{Paste, TermEvent};

/// Begins a paste.
const PASTE_START: &[u8] = b"\x1b[200~";
/// Ends a paste.
const PASTE_END: &[u8] = b"\x1b[201~";
/// The longest sequence that is waited for; a longer one is left out.
const LONGEST_SEQUENCE: usize = 64 * 1024;

/// Reads bytes, gives events in order.
#[derive(Debug)]
pub struct Parser {
    pending: Vec<u8>,
    events: VecDeque<TermEvent>,
    paste: Option<Paste>,
    paste_bytes: Vec<u8>,
    paste_cap: usize,
    /// Inside a string (OSC, DCS ..) that got too long: everything up to its end is left out.
    skipping: bool,
}

/// What the front of the pending bytes is.
enum Step {
    /// This many bytes are done with.
    Done(usize, Option<TermEvent>),
    /// More bytes are needed.
    More,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new(Self::PASTE_CAP)
    }
}

impl Parser {
    /// Bytes of a paste that are taken.
    pub const PASTE_CAP: usize = 1024 * 1024;

    /// A parser that takes at most `paste_cap` bytes of a paste.
    #[must_use]
    pub fn new(paste_cap: usize) -> Self {
        Self { pending: Vec::new(), events: VecDeque::new(), paste: None, paste_bytes: Vec::new(), paste_cap, skipping: false }
    }

    /// Takes bytes as they come.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        loop {
            if self.paste.is_some() {
                if !self.take_paste() {
                    return;
                }
                continue;
            }
            if self.pending.is_empty() {
                return;
            }
            if self.pending.starts_with(PASTE_START) {
                self.pending.drain(..PASTE_START.len());
                self.paste = Some(Paste { text: String::new(), dropped: 0 });
                self.paste_bytes.clear();
                continue;
            }
            match self.step() {
                Step::Done(count, event) => {
                    self.pending.drain(..count.min(self.pending.len()).max(1));
                    self.events.extend(event);
                }
                Step::More => return,
            }
        }
    }

    /// The next event.
    pub fn next_event(&mut self) -> Option<TermEvent> {
        self.events.pop_front()
    }

    /// Whether a lone Esc waits to be told from the beginning of a sequence.
    #[must_use]
    pub fn waits_for_escape(&self) -> bool {
        self.paste.is_none() && !self.skipping && self.pending == b"\x1b"
    }

    /// Nothing came for a while: a lone Esc was the key.
    pub fn flush(&mut self) {
        if self.waits_for_escape() {
            self.pending.clear();
            self.events.push_back(TermEvent::Key(Chord::plain(KeyName::Esc)));
        }
    }

    /// Takes pending bytes into the paste; whether it ended.
    fn take_paste(&mut self) -> bool {
        let end = self.pending.windows(PASTE_END.len()).position(|window| window == PASTE_END);
        // The last bytes may be the beginning of the end.
        let until = end.unwrap_or_else(|| self.pending.len().saturating_sub(PASTE_END.len() - 1));
        let room = self.paste_cap.saturating_sub(self.paste_bytes.len());
        let taken = until.min(room);
        self.paste_bytes.extend(self.pending.drain(..taken));
        self.pending.drain(..until - taken);
        let Some(mut paste) = self.paste.take() else { return false };
        paste.dropped += until - taken;
        if end.is_none() {
            self.paste = Some(paste);
            return false;
        }
        self.pending.drain(..PASTE_END.len());
        paste.text = String::from_utf8_lossy(&self.paste_bytes).into_owned();
        if paste.dropped > 0 {
            // The cap may have cut a character in two.
            paste.text = paste.text.trim_end_matches('\u{fffd}').to_owned();
        }
        self.paste_bytes = Vec::new();
        self.events.push_back(TermEvent::Paste(paste));
        true
    }

    /// What stands at the front.
    fn step(&mut self) -> Step {
        if self.skipping {
            return self.skip_string(0);
        }
        let bytes = self.pending.as_slice();
        match bytes {
            [] => Step::More,
            [0x1b] => Step::More,
            [0x1b, b'[', ..] => csi::step(bytes),
            [0x1b, b'O', ..] => ss3(bytes),
            [0x1b, b']' | b'P' | b'_' | b'^' | b'X', ..] => self.skip_string(2),
            [0x1b, 0x1b, ..] => Step::Done(1, Some(TermEvent::Key(Chord::plain(KeyName::Esc)))),
            [0x1b, rest @ ..] => match plain(rest) {
                Some((count, chord)) => {
                    let alt = chord.map(|chord| TermEvent::Key(Chord::new(chord.mods() | Mods::ALT, chord.key())));
                    Step::Done(count + 1, alt)
                }
                None => Step::More,
            },
            _ => match plain(bytes) {
                Some((count, chord)) => Step::Done(count, chord.map(TermEvent::Key)),
                None => Step::More,
            },
        }
    }

    /// Leaves out a string up to its end: BEL or ESC \.
    fn skip_string(&mut self, from: usize) -> Step {
        let body = self.pending.get(from..).unwrap_or_default();
        let end = body.iter().enumerate().find_map(|(at, byte)| match (byte, body.get(at + 1)) {
            (0x07, _) => Some(from + at + 1),
            (0x1b, Some(b'\\')) => Some(from + at + 2),
            // Another sequence begins: this one was cut off.
            (0x1b, Some(_)) => Some(from + at),
            _ => None,
        });
        match end {
            Some(count) => {
                self.skipping = false;
                Step::Done(count, None)
            }
            None if self.pending.len() > LONGEST_SEQUENCE => {
                self.skipping = true;
                // An Esc at the very end may be the beginning of the end.
                let kept = usize::from(self.pending.last() == Some(&0x1b));
                Step::Done(self.pending.len() - kept, None)
            }
            None => Step::More,
        }
    }
}

/// `ESC O` and one more byte: keys in application mode.
fn ss3(bytes: &[u8]) -> Step {
    let Some(byte) = bytes.get(2) else { return Step::More };
    let key = match byte {
        b'M' => KeyName::Enter,
        b'j'..=b'y' => KeyName::Char(char::from(byte - 0x40)),
        0x1b => return Step::Done(2, None),
        other => match csi::letter(*other) {
            Some(key) => key,
            None => return Step::Done(3, None),
        },
    };
    Step::Done(3, Some(TermEvent::Key(Chord::plain(key))))
}

/// A key that is one character: bytes taken and the chord; none when bytes are missing.
fn plain(bytes: &[u8]) -> Option<(usize, Option<Chord>)> {
    let first = *bytes.first()?;
    let ctrl = |char: u8| Some((1, Some(Chord::new(Mods::CTRL, KeyName::Char(char::from(char))))));
    let key = |key| Some((1, Some(Chord::plain(key))));
    match first {
        0x00 => ctrl(b' '),
        0x09 => key(KeyName::Tab),
        0x0d => key(KeyName::Enter),
        0x01..=0x1a => ctrl(first + 0x60),
        0x1b => key(KeyName::Esc),
        0x1c..=0x1f => ctrl(first + 0x40),
        0x7f => key(KeyName::Backspace),
        0x20..=0x7e => key(KeyName::Char(char::from(first))),
        _ => utf8(bytes),
    }
}

/// A character of several bytes; bytes that are none are left out one by one.
fn utf8(bytes: &[u8]) -> Option<(usize, Option<Chord>)> {
    let length = match bytes.first()? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((1, None)),
    };
    let available = bytes.get(..length.min(bytes.len()))?;
    match std::str::from_utf8(available) {
        Ok(text) if available.len() == length => {
            let char = text.chars().next().filter(|char| !char.is_control());
            Some((length, char.map(|char| Chord::plain(KeyName::Char(char)))))
        }
        Err(error) if error.error_len().is_none() => None,
        _ => Some((1, None)),
    }
}
