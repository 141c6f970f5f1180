//! The text that a Prometheus exporter answers with, read as JSON: `{"metrics": [{"name", "type", "labels", "value", "at"}]}`.
//!
//! A sample that is no number JSON has (`NaN`, `+Inf`) stays there without a `value`: a map skips and counts it, as for a query.

use std::collections::HashMap;

use serde_json::{Map, Number, Value as Json};

use super::{SourceError, fail::fail};

/// Whether a content type says that it is this text.
pub(super) fn is_announced(content_type: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content_type).to_ascii_lowercase();
    text.starts_with("application/openmetrics-text") || (text.starts_with("text/plain") && text.contains("version="))
}

/// Reads the text; `what` names it in a sentence.
///
/// # Errors
/// `not_utf8`, or `not_json` with the first line that is no sample.
pub(super) fn parse(what: &str, bytes: &[u8]) -> Result<Json, SourceError> {
    let text = std::str::from_utf8(bytes).map_err(|_| fail("not_utf8", format!("{what} is not UTF-8")))?;
    let mut types: HashMap<&str, &str> = HashMap::new();
    let mut metrics = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            let mut words = comment.split_whitespace();
            if let (Some("TYPE"), Some(name), Some(kind)) = (words.next(), words.next(), words.next()) {
                types.insert(name, kind);
            }
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let sample = sample(line, &types).ok_or_else(|| {
            fail("not_json", format!("{what}: line {} is no sample of the Prometheus text format", index.saturating_add(1)))
        })?;
        metrics.push(sample);
    }
    Ok(Json::Object(Map::from_iter([("metrics".to_owned(), Json::Array(metrics))])))
}

fn sample(line: &str, types: &HashMap<&str, &str>) -> Option<Json> {
    let end = line.find(|char: char| char == '{' || char.is_whitespace())?;
    let (name, rest) = line.split_at(end);
    if name.is_empty() || !name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | ':')) {
        return None;
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (Map::new(), rest),
    };
    let mut words = rest.split_whitespace();
    let number = words.next()?;
    let float: f64 = number.parse().ok()?;
    let mut found = Map::from_iter([("name".to_owned(), Json::String(name.to_owned()))]);
    if let Some(kind) = types.get(name) {
        found.insert("type".to_owned(), Json::String((*kind).to_owned()));
    }
    found.insert("labels".to_owned(), Json::Object(labels));
    if let Some(value) = exact(number).or_else(|| Number::from_f64(float)) {
        found.insert("value".to_owned(), Json::Number(value));
    }
    // What stands behind is a time or, behind a hash, an exemplar.
    if let Some(at) = words.next().filter(|word| !word.starts_with('#')) {
        found.insert("at".to_owned(), Json::Number(exact(at).or_else(|| at.parse().ok().and_then(Number::from_f64))?));
    }
    Some(Json::Object(found))
}

/// A number that JSON writes the same way keeps all its digits.
fn exact(text: &str) -> Option<Number> {
    serde_json::from_str(text).ok()
}

/// The labels up to their closing brace, and what stands behind it.
fn labels(mut inside: &str) -> Option<(Map<String, Json>, &str)> {
    let mut labels = Map::new();
    loop {
        inside = inside.trim_start_matches(|char: char| char == ',' || char.is_whitespace());
        if let Some(rest) = inside.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, rest) = inside.split_once('=')?;
        let (value, rest) = quoted(rest.trim_start().strip_prefix('"')?)?;
        labels.insert(name.trim().to_owned(), Json::String(value));
        inside = rest;
    }
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn samples_keep_names_labels_numbers_and_times() {
        let text = b"# HELP up x\n# TYPE up gauge\nup{job=\"a\\\"b\",instance=\"c,}d\"} 1\n\nbig 9007199254740993 1767607200000\nf 1.5e+3 # {t=\"1\"} 2\nn NaN\ni{} +Inf\n# EOF\n";
        assert_eq!(
            parse("it", text).unwrap(),
            json!({"metrics": [
                {"name": "up", "type": "gauge", "labels": {"job": "a\"b", "instance": "c,}d"}, "value": 1},
                {"name": "big", "labels": {}, "value": 9_007_199_254_740_993_u64, "at": 1_767_607_200_000_u64},
                {"name": "f", "labels": {}, "value": 1500.0},
                {"name": "n", "labels": {}},
                {"name": "i", "labels": {}}]})
        );
    }

    #[test]
    fn what_is_none_is_named_by_its_line() {
        for text in ["up", "up{a=\"b\" 1", "up{a=b} 1", "up one", "<html> 1", "a b c", "{} 1"] {
            let error = parse("it", format!("ok 1\n{text}\n").as_bytes()).unwrap_err();
            assert_eq!((error.code, error.message.contains("line 2")), ("not_json", true), "{text}");
        }
        assert_eq!(parse("it", b"\xff 1").unwrap_err().code, "not_utf8");
    }

    #[test]
    fn only_its_own_content_types_announce_it() {
        for (kind, is) in [
            ("text/plain; version=0.0.4; charset=utf-8", true),
            ("application/openmetrics-text; version=1.0.0", true),
            ("text/plain", false),
            ("application/json", false),
        ] {
            assert_eq!(is_announced(kind.as_bytes()), is, "{kind}");
        }
    }
}
