//! The name and the role of a source.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The name of a configured source: 1 to 64 of `a-z 0-9 - .`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceId(Arc<str>);

/// Why a text is no source name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no source name: 1 to 64 of a-z 0-9 - .")]
pub struct SourceIdError(pub String);

impl SourceId {
    /// Checks and makes a name.
    ///
    /// # Errors
    /// [`SourceIdError`] when it is empty, longer than 64 bytes or has another character.
    pub fn new(name: &str) -> Result<Self, SourceIdError> {
        let fits = (1..=64).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
        if fits { Ok(Self(name.into())) } else { Err(SourceIdError(name.to_owned())) }
    }

    /// The name as text; safe to show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for SourceId {
    type Err = SourceIdError;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::new(name)
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceId {
    type Error = SourceIdError;
    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(&name)
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.0.as_ref().to_owned()
    }
}

/// What a source's values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Says what is; competes for belief.
    #[default]
    Observed,
    /// Says what is wanted; never ages, is never believed, and where it differs the fact drifts.
    Declared,
}

impl Role {
    /// The stable code, also the word for people.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Declared => "declared",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sources() {
        for name in ["git", "host.proc", "a-1", &"x".repeat(64)] {
            assert_eq!(SourceId::new(name).unwrap().as_str(), name);
        }
        for name in ["", "Git", "a b", "a/b", "ключ", "a\u{1b}", &"x".repeat(65)] {
            assert!(SourceId::new(name).is_err(), "{name}");
        }
    }
}
