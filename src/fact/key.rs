//! Names of facts.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::chars::is_forbidden;

/// The name of a fact: `/`-separated segments, 1 to 512 bytes, no control or bidi characters, no empty segment.
///
/// Everything else is text: `*` and `{` mean something in a [`super::Pattern`] only, `.` and `..` are segments like any other (whoever
/// makes a path or a URL of a key encodes them), and case counts, so `Service/a` and `service/a` are two facts. Ordering is by bytes. A
/// key that is refused is counted by whoever tried it, never rewritten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(Arc<str>);

/// Why a text is no key, or no pattern.
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
    /// A brace of a pattern without its partner, at this byte.
    #[error("a brace at byte {0} has no partner: alternatives are written {{a,b}}")]
    Brace(usize),
    /// The braces of a pattern stand for too many texts.
    #[error("the braces stand for more than {0} patterns: write several patterns instead")]
    TooManyAlternatives(usize),
}

impl Key {
    /// The longest key, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Checks and makes a key.
    ///
    /// # Errors
    /// [`KeyError`] says what does not fit; the text is never repaired.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// Puts a source's prefix before the rest of a key; an empty prefix adds nothing.
    ///
    /// # Errors
    /// As for [`Key::new`], of the whole.
    pub fn join(prefix: &str, rest: &str) -> Result<Self, KeyError> {
        if prefix.is_empty() { Self::new(rest) } else { Self::new(&format!("{prefix}/{rest}")) }
    }

    /// Makes one segment of any text: `/` becomes `%2F` and `%` becomes `%25`, nothing else moves.
    ///
    /// # Errors
    /// [`KeyError`] when the text is empty, too long for a key or has a control or bidi character.
    pub fn encode_segment(text: &str) -> Result<Cow<'_, str>, KeyError> {
        let encoded =
            if text.contains(['/', '%']) { Cow::Owned(text.replace('%', "%25").replace('/', "%2F")) } else { Cow::Borrowed(text) };
        check(&encoded)?;
        Ok(encoded)
    }

    /// Takes [`Key::encode_segment`] back; a `%` that it did not write stays as it is.
    #[must_use]
    pub fn decode_segment(segment: &str) -> Cow<'_, str> {
        if segment.contains('%') { Cow::Owned(segment.replace("%2F", "/").replace("%25", "%")) } else { Cow::Borrowed(segment) }
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

    /// The last segment.
    #[must_use]
    pub fn last_segment(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Everything before the last segment, without the slash; none for a key of one segment.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(parent, _)| parent)
    }
}

/// What every key and every pattern must hold to.
pub(super) fn check(text: &str) -> Result<(), KeyError> {
    if text.len() > Key::MAX_BYTES {
        return Err(KeyError::TooLong(text.len()));
    }
    if let Some((at, _)) = text.char_indices().find(|(_, char)| is_forbidden(*char)) {
        return Err(KeyError::Forbidden(at));
    }
    if text.split('/').any(str::is_empty) {
        return Err(KeyError::EmptySegment);
    }
    Ok(())
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::str::FromStr for Key {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_key_says_why() {
        assert_eq!(Key::new(""), Err(KeyError::EmptySegment));
        assert_eq!(Key::new("/a"), Err(KeyError::EmptySegment));
        assert_eq!(Key::new("a/"), Err(KeyError::EmptySegment));
        assert_eq!(Key::new("a//b"), Err(KeyError::EmptySegment));
        assert_eq!(Key::new(&"x".repeat(513)), Err(KeyError::TooLong(513)));
        assert_eq!(Key::new("a/\u{1b}[2J"), Err(KeyError::Forbidden(2)));
        for forbidden in ['\n', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200f}', '\u{feff}', '\u{2028}'] {
            assert_eq!(Key::new(&format!("ab{forbidden}")), Err(KeyError::Forbidden(2)), "{forbidden:?}");
        }
    }

    #[test]
    fn signs_of_patterns_and_paths_are_text_in_a_key() {
        for text in ["a/*/b", "{x", "..", "a/../b", ".", "-n", "日本/ключ"] {
            assert_eq!(Key::new(text).unwrap().as_str(), text);
        }
        assert!(Key::new(&"x".repeat(512)).is_ok());
    }

    #[test]
    fn parts() {
        let key = Key::join("service", "checkout/replicas").unwrap();
        assert_eq!((key.parent(), key.last_segment()), (Some("service/checkout"), "replicas"));
        let short = Key::join("", "up").unwrap();
        assert_eq!((short.parent(), short.last_segment()), (None, "up"));
        assert_eq!(Key::join("a/", "b"), Err(KeyError::EmptySegment));
    }

    proptest! {
        #[test]
        fn any_text_makes_one_segment_or_none(text in "\\PC{0,20}|[a-z/%]{0,12}") {
            if let Ok(segment) = Key::encode_segment(&text) {
                prop_assert!(!segment.contains('/') && !segment.is_empty());
                prop_assert_eq!(Key::decode_segment(&segment), text.as_str());
                prop_assert_eq!(Key::new(&segment).unwrap().segments().count(), 1);
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            if let Ok(key) = Key::new(&text) {
                prop_assert_eq!(key.as_str(), text);
            }
        }
    }
}
