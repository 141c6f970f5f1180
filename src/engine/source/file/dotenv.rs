//! `.env`: which variables it sets. No value of it is ever taken: everything in such a file is a secret.
//!
//! A line that is no `NAME=value` refuses the whole file, and no sentence repeats it: it may be the second line of a key.

use serde_json::{Map, Value as Json};

/// The names, each with `set` or `empty`.
///
/// # Errors
/// The line that is none, from 1 on.
pub(super) fn parse(text: &str) -> Result<Json, usize> {
    let mut names = Map::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let (name, value) = line.split_once('=').ok_or(index + 1)?;
        let name = name.trim_end();
        if !is_name(name) {
            return Err(index + 1);
        }
        let value = value.trim_start();
        let quote = value.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'));
        let is_empty = match quote {
            // A quoted value goes on until its quote comes again, however many lines that takes.
            Some(quote) => {
                let mut rest = value.get(1..).unwrap_or_default();
                let first = closes(rest, quote) == Some(0);
                while closes(rest, quote).is_none() {
                    rest = lines.next().ok_or(index + 1)?.1;
                }
                first
            }
            None => value.is_empty() || value.starts_with('#'),
        };
        names.insert(name.to_owned(), Json::String(if is_empty { "empty" } else { "set" }.to_owned()));
    }
    Ok(Json::Object(names))
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// Where a quote that is not escaped stands.
fn closes(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if char == quote => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_and_values_are_not() {
        let text = "# a\nA=1\nexport B = \"two\nlines Q0=\n\"\nC=''\nD= # nothing\nE=\"a\\\"b\"\n_F.g-h='x'\n";
        let read = parse(text).unwrap();
        assert_eq!(read, serde_json::json!({"A": "set", "B": "set", "C": "empty", "D": "empty", "E": "set", "_F.g-h": "set"}));
    }

    #[test]
    fn a_line_that_is_none_refuses_the_file() {
        for (text, line) in
            [("A=1\nsecret\n", 2), ("KEY=-----BEGIN\nQ0=\n-----END", 3), ("A=\"never\nclosed", 1), ("1A=x", 1), ("a b=x", 1), ("=x", 1)]
        {
            assert_eq!(parse(text), Err(line), "{text:?}");
        }
    }
}
