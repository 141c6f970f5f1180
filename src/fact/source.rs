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
