//! What this terminal can do, asked once.
//!
//! All questions go out in one write. The last is one that every terminal answers, so its answer says that no other will come;
//! a terminal that answers nothing costs the bound and no more.

use std::time::Duration;

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::read,
    stdio::stdin,
};

use crate::keymap::Keyboard;

/// The questions: kitty keyboard, `modifyOtherKeys`, synchronised update, background colour, primary device attributes.
pub const PROBES: &[u8] = b"\x1b[?u\x1b[?4m\x1b[?2026$p\x1b]11;?\x1b\\\x1b[c";

/// What a terminal said it can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The kitty keyboard protocol.
    pub kitty: bool,
    /// `modifyOtherKeys`.
    pub modify_other_keys: bool,
    /// Synchronised update.
    pub synchronised: bool,
    /// Its background: red, green, blue.
    pub background: Option<(u8, u8, u8)>,
    /// Whether it answered at all.
    pub answered: bool,
}

impl Capabilities {
    /// What its keyboard can tell apart.
    #[must_use]
    pub const fn keyboard(&self) -> Keyboard {
        Keyboard { extras: self.kitty || self.modify_other_keys }
    }

    /// Whether its background is light; unknown counts as dark.
    #[must_use]
    pub fn is_light(&self) -> bool {
        self.background.is_some_and(|(red, green, blue)| 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) > 140_000)
    }
}

/// Reads answers out of what comes in; keeps the rest, which somebody typed.
#[derive(Debug, Default)]
pub struct ProbeReader {
    bytes: Vec<u8>,
    typed: Vec<u8>,
    found: Capabilities,
}

/// The longest answer that is waited for.
const LONGEST_ANSWER: usize = 4096;

impl ProbeReader {
    /// Takes bytes; whether the last answer has come.
    pub fn feed(&mut self, bytes: &[u8]) -> bool {
        self.bytes.extend_from_slice(bytes);
        while !self.found.answered {
            let Some(start) = self.bytes.iter().position(|byte| *byte == 0x1b) else {
                self.typed.append(&mut self.bytes);
                break;
            };
            self.typed.extend(self.bytes.drain(..start));
            let Some(length) = answer_length(&self.bytes).filter(|length| *length <= LONGEST_ANSWER) else {
                if self.bytes.len() > LONGEST_ANSWER {
                    self.bytes.clear();
                }
                break;
            };
            let answer: Vec<u8> = self.bytes.drain(..length).collect();
            if !self.understand(&answer) {
                self.typed.extend_from_slice(&answer);
            }
        }
        self.found.answered
    }

    /// What was found, and what was typed meanwhile.
    #[must_use]
    pub fn finish(mut self) -> (Capabilities, Vec<u8>) {
        self.typed.append(&mut self.bytes);
        (self.found, self.typed)
    }

    /// Takes an answer; whether it was one.
    fn understand(&mut self, answer: &[u8]) -> bool {
        match answer {
            [0x1b, b'[', b'?', .., b'c'] => self.found.answered = true,
            [0x1b, b'[', b'?', .., b'u'] => self.found.kitty = true,
            [0x1b, b'[', b'>', b'4', .., b'm'] => self.found.modify_other_keys = true,
            [0x1b, b'[', b'?', b'2', b'0', b'2', b'6', b';', state, b'$', b'y'] => {
                // 1 and 2: can be set; 3: always on; 0 and 4: not to be had.
                self.found.synchronised = matches!(state, b'1'..=b'3');
            }
            [0x1b, b']', b'1', b'1', b';', colour @ ..] => self.found.background = background(colour),
            _ => return false,
        }
        true
    }
}

/// The length of the sequence at the front; none while its end is missing.
fn answer_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'[' => {
            let body = bytes.get(2..)?;
            body.iter().position(|byte| !matches!(byte, 0x20..=0x3f)).map(|at| at + 3)
        }
        b']' | b'P' => {
            let ends = |at: &usize| bytes.get(*at) == Some(&0x07) || bytes.get(*at..*at + 2) == Some(b"\x1b\\");
            (2..bytes.len()).find(ends).map(|at| if bytes.get(at) == Some(&0x07) { at + 1 } else { at + 2 })
        }
        0x1b => Some(1),
        _ => Some(2),
    }
}

/// `rgb:rrrr/gggg/bbbb`, one to four digits each, or `rgba:`.
fn background(answer: &[u8]) -> Option<(u8, u8, u8)> {
    let text = std::str::from_utf8(answer).ok()?.trim_end_matches(['\x07', '\\', '\x1b']);
    let parts = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
    let mut channels = parts.split('/').map(|digits| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok().filter(|count| (1..=4).contains(count))?)? - 1;
        let number = u32::from_str_radix(digits, 16).ok()?;
        u8::try_from(number * 255 / most).ok()
    });
    Some((channels.next()??, channels.next()??, channels.next()??))
}

/// Waits for the answers to [`PROBES`], which must have been written, for at most `bound` in all.
///
/// Returns what was found and the bytes that were typed meanwhile. Must not run while anybody else reads the terminal.
#[must_use]
pub fn probe(bound: Duration, elapsed: impl Fn() -> Duration) -> (Capabilities, Vec<u8>) {
    let mut reader = ProbeReader::default();
    let mut buffer = [0_u8; 1024];
    loop {
        let left = bound.saturating_sub(elapsed());
        let timeout = Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(0), tv_nsec: left.subsec_nanos().into() };
        let mut fds = [PollFd::from_borrowed_fd(stdin(), PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(1..) => {}
            Err(rustix::io::Errno::INTR) if !left.is_zero() => continue,
            _ => break,
        }
        match read(stdin(), &mut buffer) {
            Ok(count @ 1..) if !reader.feed(buffer.get(..count).unwrap_or_default()) => {}
            _ => break,
        }
    }
    reader.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(bytes: &[u8]) -> (Capabilities, Vec<u8>) {
        let mut whole = ProbeReader::default();
        whole.feed(bytes);
        let whole = whole.finish();
        let mut single = ProbeReader::default();
        for byte in bytes {
            single.feed(&[*byte]);
        }
        assert_eq!(single.finish(), whole, "pieces do not matter");
        whole
    }

    #[test]
    fn answers_are_understood() {
        let (found, typed) = read_all(b"\x1b[?0u\x1b[>4;0m\x1b[?2026;2$y\x1b]11;rgb:ffff/8080/0000\x1b\\\x1b[?62;4c");
        let wanted =
            Capabilities { kitty: true, modify_other_keys: true, synchronised: true, background: Some((255, 128, 0)), answered: true };
        assert_eq!((found, typed), (wanted, vec![]));
        assert!(found.keyboard().extras);
    }

    #[test]
    fn a_terminal_that_only_knows_the_last_question_has_no_extras() {
        let (found, _) = read_all(b"\x1b[?6c");
        assert_eq!(found, Capabilities { answered: true, ..Capabilities::default() });
        assert!(!found.keyboard().extras && !found.is_light());
        assert!(!read_all(b"\x1b[?2026;0$y\x1b[?6c").0.synchronised);
    }

    #[test]
    fn what_was_typed_meanwhile_is_kept() {
        let (found, typed) = read_all(b"ab\x1b[A\x1b[?6c");
        assert!(found.answered);
        assert_eq!(typed, b"ab\x1b[A");
        let (found, typed) = read_all(b"q\x1b[");
        assert!(!found.answered);
        assert_eq!(typed, b"q\x1b[");
    }

    #[test]
    fn a_terminal_without_answers_or_with_noise_is_survived() {
        assert_eq!(read_all(b"").0, Capabilities::default());
        let mut reader = ProbeReader::default();
        for _ in 0..10 {
            assert!(!reader.feed(&[b"\x1b]".as_slice(), &[b'x'; 4096]].concat()));
        }
        assert!(reader.bytes.len() <= LONGEST_ANSWER);
        assert_eq!(read_all(b"\x1b]11;rgb:zz/0/0\x07\x1b[?6c").0.background, None);
        assert_eq!(read_all(b"\x1b]11;rgb:0/f\x07\x1b[?6c").0.background, None);
    }

    #[test]
    fn light_and_dark_backgrounds_are_told_apart() {
        let light = |colour| Capabilities { background: Some(colour), ..Capabilities::default() }.is_light();
        assert!(light((255, 255, 255)) && light((253, 246, 227)));
        assert!(!light((0, 0, 0)) && !light((40, 44, 52)));
    }
}
