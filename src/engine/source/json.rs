//! Bodies to JSON, with the stable code for each way in which they are none.

use serde_json::Value as Json;

use crate::fact::{ValueError, ValueErrorKind, parse_json};

use super::{SourceError, fail::fail};

/// Reads a body that must be one strict JSON document. `what` names it in the sentence, such as `the answer` or a file's name.
///
/// # Errors
/// `not_utf8 too_deep too_large duplicate_member not_json`, with line and column.
pub(super) fn parse(what: &str, bytes: &[u8]) -> Result<Json, SourceError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(fail("not_json", format!("{what} is empty, not JSON")));
    }
    parse_json(bytes).map_err(|error| refused(what, &error))
}

/// The error for a body that cannot be taken.
pub(super) fn refused(what: &str, error: &ValueError) -> SourceError {
    let code = match error.kind {
        ValueErrorKind::NotUtf8 => "not_utf8",
        ValueErrorKind::TooDeep => "too_deep",
        ValueErrorKind::DuplicateMember => "duplicate_member",
        ValueErrorKind::TooLarge => "too_large",
        ValueErrorKind::NotJson | ValueErrorKind::NotFinite | ValueErrorKind::NoForm => "not_json",
    };
    fail(code, format!("{what}: {error}"))
}

/// Whether a body looks like a web page.
pub(super) fn is_markup(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}
