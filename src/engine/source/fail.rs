//! One short way to make a [`SourceError`].

use super::SourceError;

/// An error without a `Retry-After`.
pub(super) fn fail(code: &'static str, message: impl Into<String>) -> SourceError {
    SourceError { code, message: message.into(), retry_after: None }
}
