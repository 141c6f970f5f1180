//! A question on the terminal whose answer is not shown. The terminal is as it was on every way out.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
};

use rustix::{
    stdio,
    termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcsetattr},
};
use zeroize::Zeroizing;

use crate::engine::world::Passphrase;

const ENTER: [u8; 2] = [b'\r', b'\n'];
const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: [u8; 2] = [0x08, 0x7f];
const CLEAR: u8 = 0x15;

/// Longer than any passphrase; nothing is moved while it is typed, so no copy of it stays behind.
const LONGEST: usize = 4096;

/// Asks; `variable` is what could be set instead.
///
/// # Errors
/// A sentence: no terminal, interrupted, not text.
pub fn ask(question: &str, variable: &str) -> Result<Passphrase, String> {
    let nobody = || format!("it is given neither in {variable} nor in {variable}_FILE, and there is no terminal to ask on");
    // A process whose input and messages both go elsewhere is a script's, whatever terminal the script was started from.
    if !isatty(stdio::stdin()) && !isatty(stdio::stderr()) {
        return Err(nobody());
    }
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| nobody())?;
    let quiet = Quiet::begin(&terminal).map_err(|error| format!("the terminal: {error}"))?;
    (&terminal).write_all(question.as_bytes()).map_err(|error| format!("the terminal: {error}"))?;
    let answer = read_line(&mut &terminal);
    // The line end was not shown either.
    let _ = (&terminal).write_all(b"\n");
    drop(quiet);
    answer
}

fn read_line(from: &mut impl io::Read) -> Result<Passphrase, String> {
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        let mut byte = Zeroizing::new([0]);
        match from.read(&mut *byte) {
            Ok(0) => return Err("the terminal was closed".to_owned()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("the terminal: {error}")),
        }
        match byte[0] {
            INTERRUPT => return Err("asking was interrupted".to_owned()),
            END if typed.is_empty() => return Err("asking was interrupted".to_owned()),
            byte if ENTER.contains(&byte) => break,
            byte if BACKSPACE.contains(&byte) => remove_character(&mut typed),
            CLEAR => typed.clear(),
            _ if typed.len() == LONGEST => return Err("what was typed is longer than any passphrase".to_owned()),
            byte => typed.push(byte),
        }
    }
    std::str::from_utf8(&typed).map(|text| Passphrase::new(text.to_owned())).map_err(|_| "what was typed is no text".to_owned())
}

/// Takes the last character off, however many bytes it has.
fn remove_character(typed: &mut Vec<u8>) {
    while let Some(byte) = typed.pop() {
        if byte & 0xc0 != 0x80 {
            break;
        }
    }
}

/// The terminal without echo, until dropped. Interrupting is read as a byte, so that no signal leaves it that way.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        quiet.input_modes -= InputModes::IXON;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        // What was typed before the question was not meant for it.
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8]) -> Result<Vec<u8>, String> {
        read_line(&mut io::Cursor::new(bytes)).map(|passphrase| passphrase.as_bytes().to_vec())
    }

    #[test]
    fn a_line_is_read_as_it_was_meant() {
        for (bytes, line) in [
            (&b"horse\r"[..], &b"horse"[..]),
            (b"horse\nmore", b"horse"),
            (b"horr\x7fse\r", b"horse"),
            ("hé\x7f\x7forse\r".as_bytes(), b"orse"),
            (b"\x7f\x7fa\r", b"a"),
            (b"wrong\x15horse\r", b"horse"),
            (b"\r", b""),
            (b"a\x04b\r", b"a\x04b"),
        ] {
            assert_eq!(typed(bytes).unwrap(), line, "{bytes:?}");
        }
    }

    #[test]
    fn interrupting_closing_and_nonsense_are_said() {
        for (bytes, words) in [
            (&b"hor\x03"[..], "interrupted"),
            (b"\x04", "interrupted"),
            (b"horse", "closed"),
            (b"\xff\xff\r", "no text"),
            (&[b'a'; 5000], "longer"),
        ] {
            assert!(typed(bytes).unwrap_err().contains(words), "{words}");
        }
    }
}
