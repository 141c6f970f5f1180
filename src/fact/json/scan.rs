//! The tokens of JSON: strings, numbers, words, marks.

use std::borrow::Cow;

use super::error::{ValueError, ValueErrorKind};

/// A place in a text. `at` always stands on a character boundary where a token begins.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Skips white space and takes this byte if it comes next.
    pub(super) fn take_if(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn take(&mut self, byte: u8) -> Result<(), ValueError> {
        if self.take_if(byte) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(_) => self.wrong(format!("{:?} was expected", char::from(byte))),
            None => self.wrong(format!("the text ends where {:?} was expected", char::from(byte))),
        })
    }

    pub(super) fn word(&mut self, word: &str) -> Result<(), ValueError> {
        if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.wrong("a value was expected"))
    }

    /// Takes the longest run that is a number by RFC 8259.
    pub(super) fn number(&mut self) -> Result<&'a str, ValueError> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.peek() {
                return Err(self.wrong("a number has no leading zero"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> Result<(), ValueError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.wrong("a digit was expected")) } else { Ok(()) }
    }

    /// Takes a string, borrowed unless it has escapes. Stands on the opening quote.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, ValueError> {
        self.at += 1;
        let mut built: Option<String> = None;
        let mut plain = self.at;
        loop {
            match self.peek() {
                None => return Err(self.wrong("the text ends inside a string")),
                Some(b'"') => {
                    let tail = self.text.get(plain..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(match built {
                        None => Cow::Borrowed(tail),
                        Some(mut built) => {
                            built.push_str(tail);
                            Cow::Owned(built)
                        }
                    });
                }
                Some(b'\\') => {
                    let built = built.get_or_insert_default();
                    built.push_str(self.text.get(plain..self.at).unwrap_or_default());
                    self.at += 1;
                    built.push(self.escape()?);
                    plain = self.at;
                }
                Some(0..=0x1f) => return Err(self.wrong("a control character stands unescaped in a string")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, ValueError> {
        let char = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.wrong("there is no such escape in a string")),
        };
        self.at += 1;
        Ok(char)
    }

    fn unicode(&mut self) -> Result<char, ValueError> {
        let start = self.at;
        let unit = self.hex()?;
        let code = match unit {
            0xd800..=0xdbff if self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u")) => {
                self.at += 2;
                match self.hex()? {
                    low @ 0xdc00..=0xdfff => 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00),
                    _ => unit,
                }
            }
            other => other,
        };
        char::from_u32(code)
            .ok_or_else(|| self.error_from(start, ValueErrorKind::NotJson, "half of a surrogate pair stands alone in a string"))
    }

    fn hex(&mut self) -> Result<u32, ValueError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).unwrap_or_default();
        let code = digits.iter().try_fold(0, |code, digit| char::from(*digit).to_digit(16).map(|digit| code * 16 + digit));
        match code {
            Some(code) if digits.len() == 4 => {
                self.at += 4;
                Ok(code)
            }
            _ => Err(self.wrong("four hexadecimal digits were expected")),
        }
    }

    /// A fault of syntax here.
    pub(super) fn wrong(&self, message: impl Into<String>) -> ValueError {
        self.error(ValueErrorKind::NotJson, message)
    }

    /// A fault here.
    pub(super) fn error(&self, kind: ValueErrorKind, message: impl Into<String>) -> ValueError {
        self.error_from(self.at, kind, message)
    }

    /// A fault of what began at this byte.
    pub(super) fn error_from(&self, at: usize, kind: ValueErrorKind, message: impl Into<String>) -> ValueError {
        ValueError::at(kind, message, self.text, at)
    }
}
