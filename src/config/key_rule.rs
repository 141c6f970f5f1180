//! `[[key]]`: rules for the keys of a pattern.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use toml::de::DeValue;

use crate::fact::{ClassOfValue, CompareRule, KeyRule, Policy, Schema, SourceId, Tolerance, Value};

use super::{
    address::{absolute, fault_in_path},
    problem::{clean, did_you_mean, phrase, quote},
    reader::{Entry, Section},
    sections::{CENTURY, INSTANT, put},
    settings::keys_of,
    source_reader::Sources,
    source_tables::read_pattern,
    units::parse_percent,
};

/// What a file's text is read against.
pub(super) struct Surroundings<'a> {
    /// Where relative paths start.
    pub base: &'a Path,
    /// Reads a JSON file, or says in half a sentence why not.
    pub read_json: &'a dyn Fn(&Path) -> Result<serde_json::Value, String>,
}

/// Reads all rules, and the schema files they name.
pub(super) fn read_rules(root: &Section<'_>, around: &Surroundings<'_>, sources: &Sources) -> (Vec<KeyRule>, Vec<PathBuf>) {
    let mut files = Vec::new();
    let sections = root.sections("key", &keys_of("key"));
    let rules = sections.iter().filter_map(|section| read_rule(section, around, sources, &mut files)).collect();
    (rules, files)
}

fn read_rule(section: &Section<'_>, around: &Surroundings<'_>, sources: &Sources, files: &mut Vec<PathBuf>) -> Option<KeyRule> {
    let pattern = section.need("match", "a pattern such as \"service/**\"").and_then(|entry| read_pattern(&entry));
    let compare = read_compare(section);
    let schema = section.get("schema").and_then(|entry| read_schema(&entry, around, files));
    let mut policy = Policy::Auto;
    put(&mut policy, section.get("policy").and_then(|entry| read_policy(&entry, sources)));
    let unit = section.get("unit").and_then(|entry| read_unit(&entry)).unwrap_or_default();
    let ttl = section.get("ttl").and_then(|entry| entry.duration(INSTANT, CENTURY));
    let half_life = section.get("half_life").and_then(|entry| entry.duration(INSTANT, CENTURY));
    let write_to = section.get("write_to").and_then(|entry| read_writable_source(&entry, sources));
    let class = section.get("class").and_then(|entry| entry.choice(&["internal", "secret"])).map(|class| match class {
        "secret" => ClassOfValue::Secret,
        _ => ClassOfValue::Internal,
    });
    Some(KeyRule { pattern: pattern?, schema, policy, compare, unit, ttl, half_life, write_to, class })
}

fn read_compare(section: &Section<'_>) -> CompareRule {
    let mut compare = CompareRule::default();
    put(&mut compare.tolerance, section.get("tolerance").and_then(|entry| read_tolerance(&entry)));
    put(&mut compare.trim, section.get("trim").and_then(|entry| entry.boolean()));
    put(&mut compare.ignore_case, section.get("ignore_case").and_then(|entry| entry.boolean()));
    put(&mut compare.unordered, section.get("unordered").and_then(|entry| entry.boolean()));
    for item in section.get("ignore").and_then(|entry| entry.items("a list of JSON pointers")).unwrap_or_default() {
        match item.text() {
            Some(text) if is_pointer(text) => compare.ignore.push(text.to_owned()),
            Some(_) => item.unfit("bad_json_pointer", "a JSON pointer (RFC 6901) such as \"/metadata/uid\"", ""),
            None => {}
        }
    }
    compare
}

fn is_pointer(text: &str) -> bool {
    let escapes = text.match_indices('~').all(|(at, _)| matches!(text.as_bytes().get(at + 1), Some(b'0' | b'1')));
    (text.is_empty() || text.starts_with('/')) && escapes
}

fn read_tolerance(entry: &Entry<'_>) -> Option<Tolerance> {
    if let DeValue::String(text) = entry.raw() {
        let tolerance = parse_percent(text);
        if tolerance.is_none() {
            entry.unfit("bad_tolerance", "a number from 0 up, or a percentage in quotes such as \"2%\"", "");
        }
        return tolerance;
    }
    entry.number(0.0, 1e15).map(Tolerance::Absolute)
}

fn read_unit(entry: &Entry<'_>) -> Option<String> {
    let text = entry.text()?;
    if text.chars().count() > 16
        || text.chars().any(|char| char.is_control() || char.is_whitespace())
        || quote(text) != format!("\"{text}\"")
    {
        entry.unfit("bad_unit", "up to 16 characters without spaces", "");
        return None;
    }
    Some(text.to_owned())
}

fn read_policy(entry: &Entry<'_>, sources: &Sources) -> Option<Policy> {
    let text = entry.text()?;
    match text {
        "auto" => Some(Policy::Auto),
        "ask" => Some(Policy::Ask),
        "newest" => Some(Policy::Newest),
        "merge" => Some(Policy::Merge),
        _ => match text.strip_prefix("prefer:") {
            Some(name) => known_source(entry, name, sources).map(Policy::Prefer),
            None => {
                let known = ["auto", "ask", "newest", "merge"];
                entry.unfit("bad_choice", "one of: auto ask newest merge prefer:SOURCE", &did_you_mean(text, known));
                None
            }
        },
    }
}

/// The source of that name, if there is one.
pub(super) fn known_source(entry: &Entry<'_>, name: &str, sources: &Sources) -> Option<SourceId> {
    if sources.names.contains_key(name) {
        return SourceId::new(name).ok();
    }
    let names: Vec<&str> = sources.names.keys().map(String::as_str).collect();
    let expected = if names.is_empty() { "a source's name".to_owned() } else { format!("one of: {}", names.join(" ")) };
    let message = format!("`{}` names {}, and there is no such source.{}", entry.path, quote(name), did_you_mean(name, names));
    entry.problem("unknown_source", message, clean(&expected));
    None
}

/// The source of that name, if there is one and it takes changes.
pub(super) fn read_writable_source(entry: &Entry<'_>, sources: &Sources) -> Option<SourceId> {
    let name = entry.text()?;
    let source = known_source(entry, name, sources)?;
    if sources.names.get(name) == Some(&Some(false)) {
        let message = format!("`{}` names {name:?}, and that source takes no changes.", entry.path);
        entry.problem("not_writable", message, "a writable source");
        return None;
    }
    Some(source)
}

fn read_schema(entry: &Entry<'_>, around: &Surroundings<'_>, files: &mut Vec<PathBuf>) -> Option<Arc<Value>> {
    let bad = |fault: &str| {
        entry.problem("bad_schema", format!("`{}` cannot be used: {fault}.", entry.path), "a JSON Schema as a table, or file:PATH");
    };
    let json = match entry.raw() {
        DeValue::Table(_) => match to_json(entry.raw()) {
            Some(json) => json,
            None => {
                bad("JSON has no dates, no infinite numbers and no numbers beyond 64 bits");
                return None;
            }
        },
        DeValue::String(text) => {
            let Some(path) = text.strip_prefix("file:").filter(|path| fault_in_path(path).is_none()) else {
                entry.unfit("bad_schema", "a JSON Schema as a table, or file:PATH", "");
                return None;
            };
            let path = absolute(around.base, path);
            files.push(path.clone());
            match (around.read_json)(&path) {
                Ok(json) => json,
                Err(fault) => {
                    bad(&fault);
                    return None;
                }
            }
        }
        _ => {
            entry.wrong_type("a table, or file:PATH");
            return None;
        }
    };
    // What compiles here compiles in the engine; the compiled form is made there, once.
    let document = Value::from_json(&json);
    match Schema::compile(&document) {
        Ok(_) => Some(Arc::new(document)),
        Err(error) => {
            bad(&phrase(&error.to_string()));
            None
        }
    }
}

fn to_json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    Some(match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok()?.into(),
        DeValue::Float(number) => serde_json::Number::from_f64(number.as_str().parse().ok()?)?.into(),
        DeValue::Boolean(value) => (*value).into(),
        DeValue::Datetime(_) => return None,
        DeValue::Array(items) => items.iter().map(|item| to_json(item.get_ref())).collect::<Option<Vec<_>>>()?.into(),
        DeValue::Table(table) => {
            let members = table.iter().map(|(key, value)| Some((key.get_ref().to_string(), to_json(value.get_ref())?)));
            serde_json::Value::Object(members.collect::<Option<_>>()?)
        }
    })
}
