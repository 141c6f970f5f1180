//! The field of a key: what trust is learned for.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{key::Key, rule::KeyRule};

/// The name of a field: the pattern of the key's rule, else its last segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FieldName(Arc<str>);

impl FieldName {
    /// The field of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The field of `key` under `rule`, if one matched.
    #[must_use]
    pub fn of(key: &Key, rule: Option<&KeyRule>) -> Self {
        Self(Self::text_of(key, rule).into())
    }

    /// Its name, for looking it up where a field of its own is not needed.
    #[must_use]
    pub fn text_of<'a>(key: &'a Key, rule: Option<&'a KeyRule>) -> &'a str {
        rule.map_or_else(|| key.last_segment(), |rule| rule.pattern.as_str())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for FieldName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
