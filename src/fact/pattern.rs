//! Patterns over keys: matching, captures, and whether two can hold the same key.
//!
//! Braces are expanded when the pattern is made, with a bound. Matching goes back to the last star only, so its time is bounded by the
//! product of the lengths of pattern and key, never exponential.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::key::{Key, KeyError, check};

mod braces;
mod glob;
mod overlap;

use glob::Glob;

/// A pattern over keys: `*` stands for one segment (inside a segment for any run of characters, also none), `**` as a whole segment for
/// any number of segments (also none), `{a,b}` for either text, which may hold slashes, stars and braces.
///
/// Case counts. Two stars or more inside a segment are one. There is no escape: a key that holds a brace is matched by a `*` in its place.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: Arc<str>,
    alternatives: Arc<[Glob]>,
}

impl Pattern {
    /// How many patterns its braces may stand for.
    pub const MAX_ALTERNATIVES: usize = 64;

    /// Checks and makes a pattern.
    ///
    /// # Errors
    /// [`KeyError`] as for a key, also when one of its alternatives would be no key; [`KeyError::Brace`] for a brace without a partner,
    /// [`KeyError::TooManyAlternatives`] beyond [`Pattern::MAX_ALTERNATIVES`].
    pub fn new(text: &str) -> Result<Self, KeyError> {
        if text.len() > Key::MAX_BYTES {
            return Err(KeyError::TooLong(text.len()));
        }
        let mut alternatives = Vec::new();
        for alternative in braces::expand(text, Self::MAX_ALTERNATIVES)? {
            check(&alternative)?;
            alternatives.push(Glob::new(&alternative));
        }
        Ok(Self { text: text.into(), alternatives: alternatives.into() })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole key fits.
    #[must_use]
    pub fn matches(&self, key: &Key) -> bool {
        self.alternatives.iter().any(|glob| glob.run(key.as_str(), None))
    }

    /// What each `*` and `**` stands for in the first alternative that fits, in order; none when the key does not fit.
    ///
    /// A `**` holds its segments with their slashes, empty when there are none. Earlier stars take as little as they can.
    #[must_use]
    pub fn captures<'k>(&self, key: &'k Key) -> Option<Vec<&'k str>> {
        self.alternatives.iter().find_map(|glob| {
            let mut captures = Vec::new();
            glob.run(key.as_str(), Some(&mut captures)).then_some(captures)
        })
    }

    /// The whole leading segments that every key it matches begins with; empty when it could match anywhere.
    #[must_use]
    pub fn literal_prefix(&self) -> Vec<&str> {
        let mut alternatives = self.alternatives.iter();
        let mut common = alternatives.next().map(Glob::literal_prefix).unwrap_or_default();
        for glob in alternatives {
            let prefix = glob.literal_prefix();
            let same = common.iter().zip(&prefix).take_while(|(left, right)| left == right).count();
            common.truncate(same);
        }
        common
    }

    /// Whether it has no wildcard and stands for one key only; that key.
    #[must_use]
    pub fn as_key(&self) -> Option<Key> {
        match &*self.alternatives {
            [glob] if glob.is_literal() => Key::new(&glob.literal_prefix().join("/")).ok(),
            _ => None,
        }
    }

    /// Whether one key may match both. Never false when there is such a key; the length of keys is not regarded.
    #[must_use]
    pub fn could_overlap(&self, other: &Self) -> bool {
        self.alternatives.iter().any(|left| other.alternatives.iter().any(|right| overlap::overlap(left, right)))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Pattern({:?})", self.text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl std::str::FromStr for Pattern {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
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
        pattern.text.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests;
