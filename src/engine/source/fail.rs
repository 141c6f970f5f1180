//! Short ways to make a [`SourceError`].

use super::SourceError;

/// An error without a `Retry-After`.
pub(super) fn fail(code: &'static str, message: impl Into<String>) -> SourceError {
    SourceError { code, message: message.into(), retry_after: None }
}

/// What a parser says of a file, with the line where it does not name one itself.
pub(super) fn refused(name: &str, message: &str, line: Option<usize>) -> SourceError {
    let lower = message.to_lowercase();
    let code = if lower.contains("duplicate") || lower.contains("twice") { "duplicate_member" } else { "not_json" };
    let first = message.lines().next().unwrap_or_default().trim_end_matches('.');
    match line {
        Some(line) => fail(code, format!("{name}: {first} at line {line}")),
        None => fail(code, format!("{name}: {first}")),
    }
}
