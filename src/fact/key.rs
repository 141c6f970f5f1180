//! Names of facts, and patterns over them.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The name of a fact: `/`-separated segments, 1 to 512 bytes, no control or bidi characters, no empty segment.
///
/// Ordering is by bytes. A key that is refused is counted by whoever tried it, never rewritten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(Arc<str>);

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing between two slashes, at an end, or at all.
    #[error("a key has no empty segment")]
    EmptySegment,
    /// More than 512 bytes; holds how many.
    #[error("a key has at most 512 bytes, this has {0}")]
    TooLong(usize),
    /// A control or bidi character at this byte.
    #[error("a key has no control or bidi character; there is one at byte {0}")]
    Forbidden(usize),
    /// A `*` where only a pattern may have one.
    #[error("a key has no *; a pattern may")]
    Wildcard,
}

impl Key {
    /// The longest key, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Checks and makes a key.
    ///
    /// # Errors
    /// [`KeyError`] says what does not fit; the text is never repaired.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        if text.len() > Self::MAX_BYTES {
            return Err(KeyError::TooLong(text.len()));
        }
        if let Some((at, _)) = text.char_indices().find(|(_, char)| is_forbidden(*char)) {
            return Err(KeyError::Forbidden(at));
        }
        if text.split('/').any(str::is_empty) {
            return Err(KeyError::EmptySegment);
        }
        Ok(Self(text.into()))
    }

    /// The key as text; free of control and bidi characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its segments, in order; at least one.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and everything that reorders or hides text.
fn is_forbidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for Key {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0.as_ref().to_owned()
    }
}

/// A pattern over keys: `*` stands for one segment (also inside a segment for any run of characters), `**` for any number of
/// segments, `{a,b}` for either text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Arc<str>);

impl Pattern {
    /// Checks and makes a pattern.
    ///
    /// # Errors
    /// [`KeyError`] as for a key.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        Key::new(text).map(|key| Self(key.0))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for Pattern {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0.as_ref().to_owned()
    }
}
