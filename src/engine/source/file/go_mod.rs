//! `go.mod`: module, version of the language, and what is required. What it replaces, excludes and retracts is left out.

use serde_json::{Map, Value as Json, json};

/// What it says; a line it does not know is passed over, as tools of an older Go do.
pub(super) fn parse(text: &str) -> Json {
    let mut found = Map::new();
    let mut required = Vec::new();
    let mut block = String::new();
    for line in text.lines() {
        let (line, comment) = line.split_once("//").unwrap_or((line, ""));
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if words.first() == Some(&")") {
            block.clear();
            continue;
        }
        if words.last() == Some(&"(") {
            block = words.first().copied().unwrap_or_default().to_owned();
            continue;
        }
        let verb = if block.is_empty() {
            if words.is_empty() {
                continue;
            }
            words.remove(0)
        } else {
            block.as_str()
        };
        match (verb, words.as_slice()) {
            ("module" | "go" | "toolchain", [text, ..]) => {
                found.insert(verb.to_owned(), Json::String(bare(text).to_owned()));
            }
            ("require", [path, version, ..]) => {
                required.push(json!({"path": bare(path), "version": bare(version), "indirect": comment.trim() == "indirect"}));
            }
            _ => {}
        }
    }
    found.insert("require".to_owned(), Json::Array(required));
    Json::Object(found)
}

fn bare(text: &str) -> &str {
    text.trim_matches(|char| matches!(char, '"' | '`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_read_in_either_form() {
        let text = "module example.com/a // the module\n\ngo 1.22\n\nrequire example.com/b v1.2.3\nrequire (\n\texample.com/c v0.1.0 // indirect\n)\nreplace example.com/b => ../b\n";
        assert_eq!(
            parse(text),
            json!({"module": "example.com/a", "go": "1.22", "require": [
                {"path": "example.com/b", "version": "v1.2.3", "indirect": false},
                {"path": "example.com/c", "version": "v0.1.0", "indirect": true}]})
        );
    }
}
