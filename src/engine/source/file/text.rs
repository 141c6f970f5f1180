//! The formats of files, all read into the same strict tree.

use std::path::Path;

use serde_json::Value as Json;

use crate::fact::JsonTree;

use super::{
    super::{SourceError, fail::fail, json},
    load::shown,
};

/// Reads a file's bytes by the ending of its name.
///
/// # Errors
/// The codes of [`json::parse`], or `unsupported` for another ending; the sentence names file and line.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Json, SourceError> {
    let name = shown(path);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => json::parse(&name, bytes),
        Some("toml") => toml(&name, utf8(&name, bytes)?),
        Some("yaml" | "yml") => yaml(&name, utf8(&name, bytes)?),
        _ => Err(fail("unsupported", format!("{name} ends in none of .json .toml .yaml, so its format is unknown"))),
    }
}

fn utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, SourceError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        fail("not_utf8", format!("{name}: this is not UTF-8 at line {line}"))
    })
}

fn toml(name: &str, text: &str) -> Result<Json, SourceError> {
    toml::from_str::<JsonTree>(text).map(|tree| tree.0).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        refused(name, error.message(), Some(line))
    })
}

/// A file with nothing in it, or only comments, is an object without members, as it is in TOML.
fn yaml(name: &str, text: &str) -> Result<Json, SourceError> {
    // Only true and false are booleans, as in YAML 1.2: otherwise a country called no or a key called y would be one.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    match serde_saphyr::from_str_with_options::<JsonTree>(text, options) {
        Ok(JsonTree(Json::Null)) => Ok(Json::Object(serde_json::Map::new())),
        Ok(tree) => Ok(tree.0),
        Err(error) => {
            let line = error.location().map(|location| location.line());
            Err(refused(name, &error.to_string(), line.and_then(|line| usize::try_from(line).ok())))
        }
    }
}

fn refused(name: &str, message: &str, line: Option<usize>) -> SourceError {
    let lower = message.to_lowercase();
    let code = if lower.contains("duplicate") || lower.contains("twice") { "duplicate_member" } else { "not_json" };
    let first = message.lines().next().unwrap_or_default().trim_end_matches('.');
    match line {
        Some(line) => fail(code, format!("{name}: {first} at line {line}")),
        None => fail(code, format!("{name}: {first}")),
    }
}
