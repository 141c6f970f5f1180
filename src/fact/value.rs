//! JSON values kept exactly as they came.

use std::{fmt, sync::Arc};

/// A JSON value as compact JSON text. Numbers keep their digits, objects their member order.
///
/// Two values are `==` when their text is; whether they are the *same* value is for the compare rule to say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(Arc<str>);

/// What sort of JSON value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// Any number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// Why a text is no acceptable JSON value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line}, column {column}")]
pub struct ValueError {
    /// What is wrong, without the offending text.
    pub message: String,
    /// One-based line.
    pub line: usize,
    /// One-based column.
    pub column: usize,
}

impl Value {
    /// The JSON text, compact.
    #[must_use]
    pub fn as_json_text(&self) -> &str {
        &self.0
    }

    /// Takes text that is already known to be one compact JSON value, as the store gives it back.
    #[must_use]
    pub fn from_trusted_text(text: &str) -> Self {
        Self(text.into())
    }

    /// What sort of value it is.
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        match self.0.as_bytes().first() {
            Some(b'n') => ValueKind::Null,
            Some(b't' | b'f') => ValueKind::Bool,
            Some(b'"') => ValueKind::String,
            Some(b'[') => ValueKind::Array,
            Some(b'{') => ValueKind::Object,
            _ => ValueKind::Number,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
