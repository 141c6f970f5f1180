//! Why a text is no acceptable JSON value, and where.

/// What sort of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueErrorKind {
    /// The bytes are no UTF-8.
    NotUtf8,
    /// The text is no JSON.
    NotJson,
    /// Too many levels.
    TooDeep,
    /// A member stands twice in one object.
    DuplicateMember,
    /// Too many values, or a number beyond all measure.
    TooLarge,
    /// NaN or infinite: no JSON number.
    NotFinite,
    /// Something JSON has no form for.
    NoForm,
}

/// Why a text is no acceptable JSON value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line}, column {column}")]
pub struct ValueError {
    /// What sort of fault it is.
    pub kind: ValueErrorKind,
    /// What is wrong; of the offending text at most a member's name, shortened and escaped.
    pub message: String,
    /// One-based line.
    pub line: usize,
    /// One-based column, in characters.
    pub column: usize,
}

impl ValueError {
    /// A fault at this byte of the text; a byte inside a character counts as the character's.
    pub(super) fn at(kind: ValueErrorKind, message: impl Into<String>, text: &str, at: usize) -> Self {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = text.get(..at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { kind, message: message.into(), line, column }
    }

    /// A fault of something that has no text, such as a number handed over.
    pub(in crate::fact) fn of_nothing(kind: ValueErrorKind, message: impl Into<String>) -> Self {
        Self::at(kind, message, "", 0)
    }
}

/// A remote name, short and harmless: at most 40 characters, in quotes, nothing unprintable.
pub(super) fn shown(name: &str) -> String {
    match name.char_indices().nth(40) {
        Some((end, _)) => format!("{:?}..", name.get(..end).unwrap_or_default()),
        None => format!("{name:?}"),
    }
}
