//! The tables below a source: maps, read routes, write routes, queries, headers, TLS.

use std::path::Path;

use crate::fact::Pattern;

use super::{
    address::{absolute, authority_end, fault_in_path, parse_url},
    model::{MapConfig, PrometheusQuery, ReadConfig, SecretRef, TlsConfig, WriteConfig},
    problem::quote,
    reader::{Entry, Section},
    secret::read_secret,
    settings::keys_of,
    template::{fault_in_change_template, fault_in_label_template, fault_in_path_template, filled, placeholder_before},
};

/// `[[source.map]]`
pub(super) fn read_maps(source: &Section<'_>) -> Vec<MapConfig> {
    let read = |section: Section<'_>| {
        let path = |key: &str| section.get(key).and_then(|entry| read_json_path(&entry));
        let (items, value, at, changed) = (path("items"), path("value"), path("at"), path("changed"));
        let key = section.need("key", "a template such as \"service/{$.name}/replicas\"")?;
        let key = read_template(&key, fault_in_path_template)?;
        Some(MapConfig { items, key, value, at, changed })
    };
    source.sections("map", &keys_of("source.map")).into_iter().filter_map(read).collect()
}

/// `[[source.query]]`
pub(super) fn read_queries(source: &Section<'_>) -> Vec<PrometheusQuery> {
    let read = |section: Section<'_>| {
        let expr = section.need("expr", "a PromQL expression").and_then(|entry| entry.plain_text());
        let key = section.need("key", "a template such as \"up/{job}\"").and_then(|entry| read_template(&entry, fault_in_label_template));
        Some(PrometheusQuery { expr: expr?.to_owned(), key: key? })
    };
    source.sections("query", &keys_of("source.query")).into_iter().filter_map(read).collect()
}

/// `[[source.read]]`; each with whether its URL is plain HTTP to another machine.
pub(super) fn read_reads(source: &Section<'_>) -> Vec<(ReadConfig, bool)> {
    let read = |section: Section<'_>| {
        let pattern = section.need("match", "a pattern such as \"service/*/replicas\"").and_then(|entry| read_pattern(&entry));
        let value = section.get("value").and_then(|entry| read_json_path(&entry));
        let url = section.need("url", "a URL").and_then(|entry| read_url_template(&entry, pattern.as_ref(), false));
        let (url, exposed) = url?;
        Some((ReadConfig { pattern: pattern?, url, value }, exposed))
    };
    source.sections("read", &keys_of("source.read")).into_iter().filter_map(read).collect()
}

/// `[[source.write]]` of an http source; each with whether its URL is plain HTTP to another machine.
pub(super) fn read_http_writes(source: &Section<'_>) -> Vec<(WriteConfig, bool)> {
    let read = |section: Section<'_>| {
        refuse(&section, &["command"], "exec");
        let pattern = section.need("match", "a pattern such as \"service/*/replicas\"").and_then(|entry| read_pattern(&entry));
        let method = section.get("method").map_or(Some("PUT"), |entry| entry.choice(&["POST", "PUT", "PATCH", "DELETE"]));
        let body = section.get("body").map_or(Some("{value}".to_owned()), |entry| {
            read_template(&entry, |text| fault_in_change_template(text, pattern.as_ref(), true))
        });
        let url = section.need("url", "a URL").and_then(|entry| read_url_template(&entry, pattern.as_ref(), true));
        let (url, exposed) = url?;
        Some((WriteConfig { pattern: pattern?, method: method?.to_owned(), url, body: body?, command: Vec::new() }, exposed))
    };
    source.sections("write", &keys_of("source.write")).into_iter().filter_map(read).collect()
}

/// `[[source.write]]` of an exec source.
pub(super) fn read_exec_writes(source: &Section<'_>) -> Vec<WriteConfig> {
    let read = |section: Section<'_>| {
        refuse(&section, &["method", "url", "body"], "http");
        let pattern = section.need("match", "a pattern such as \"service/*/replicas\"").and_then(|entry| read_pattern(&entry));
        let entry = section.need("command", "a list of texts, program first")?;
        let command = read_command(&entry)?;
        for (index, (item, text)) in entry.items("a list of texts")?.iter().zip(&command).enumerate() {
            let fault = fault_in_change_template(text, pattern.as_ref(), true).or_else(|| {
                (index == 0 && filled(text) != *text).then(|| "the program itself cannot come from a key or a value".to_owned())
            });
            if let Some(fault) = fault {
                note_template(item, &fault);
                return None;
            }
        }
        Some(WriteConfig { pattern: pattern?, method: String::new(), url: String::new(), body: String::new(), command })
    };
    source.sections("write", &keys_of("source.write")).into_iter().filter_map(read).collect()
}

/// Notes settings that belong to the write routes of another kind.
fn refuse(section: &Section<'_>, keys: &[&str], kind: &str) {
    for (key, at) in section.keys().filter(|(key, _)| keys.contains(key)) {
        let message = format!("`{}` is for sources of kind {kind:?}.", section.path_of(key));
        section.note_at_key(&at, "wrong_kind", key, message, format!("kind = {kind:?}"));
    }
}

/// A program and its arguments.
pub(super) fn read_command(entry: &Entry<'_>) -> Option<Vec<String>> {
    let expected = "a list of texts, program first, such as [\"df\", \"-k\"]";
    let items = entry.items(expected)?;
    let texts: Option<Vec<String>> = items.iter().map(|item| item.text().map(str::to_owned)).collect();
    let texts = texts?;
    if texts.first().is_none_or(String::is_empty) || texts.iter().any(|text| text.contains('\0')) {
        entry.unfit("empty", expected, "");
        return None;
    }
    Some(texts)
}

/// A key pattern.
pub(super) fn read_pattern(entry: &Entry<'_>) -> Option<Pattern> {
    let text = entry.text()?;
    match Pattern::new(text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let message = format!("`{}` is {}, which is no pattern: {error}.", entry.path, quote(text));
            entry.problem("bad_pattern", message, "segments with / between them; * is one segment, ** any number");
            None
        }
    }
}

/// A JSONPath.
pub(super) fn read_json_path(entry: &Entry<'_>) -> Option<String> {
    let text = entry.text()?;
    match serde_json_path::JsonPath::parse(text) {
        Ok(_) => Some(text.to_owned()),
        Err(error) => {
            let place = text.get(..error.position()).map_or(1, |head| head.chars().count() + 1);
            let message =
                format!("`{}` is {}, which is no JSONPath: character {place}: {}.", entry.path, quote(text), quote(error.message()));
            entry.problem("bad_json_path", message, "JSONPath (RFC 9535), such as \"$.items[*]\"");
            None
        }
    }
}

fn read_template(entry: &Entry<'_>, fault: impl Fn(&str) -> Option<String>) -> Option<String> {
    let text = entry.text()?;
    match fault(text) {
        None => Some(text.to_owned()),
        Some(fault) => {
            note_template(entry, &fault);
            None
        }
    }
}

fn note_template(entry: &Entry<'_>, fault: &str) {
    entry.problem(
        "bad_template",
        format!("`{}` is {}, which is no template: {fault}.", entry.path, entry.found()),
        "a template that can be filled",
    );
}

/// A URL whose path may have placeholders; the machine it names may not come from a key.
fn read_url_template(entry: &Entry<'_>, pattern: Option<&Pattern>, words: bool) -> Option<(String, bool)> {
    let text = read_template(entry, |text| {
        fault_in_change_template(text, pattern, words)
            .or_else(|| placeholder_before(text, authority_end(text)).then(|| "the machine cannot come from a key or a value".to_owned()))
    })?;
    let exposed = check_url(entry, &filled(&text))?;
    Some((text, exposed))
}

/// A URL, and whether it is plain HTTP to another machine.
pub(super) fn read_url(entry: &Entry<'_>) -> Option<(String, bool)> {
    let text = entry.text()?;
    check_url(entry, text).map(|exposed| (text.to_owned(), exposed))
}

fn check_url(entry: &Entry<'_>, text: &str) -> Option<bool> {
    match parse_url(text) {
        Ok(address) => Some(address.exposed),
        Err(fault) => {
            // A URL may hold a password; the sentence says where it stands, not what it is.
            entry.clone().masked().problem(
                "bad_url",
                format!("`{}` is no URL that can be used: {fault}.", entry.path),
                "an http or https URL",
            );
            None
        }
    }
}

/// `headers`
pub(super) fn read_headers(source: &Section<'_>, base: &Path) -> Vec<(String, SecretRef)> {
    let Some(table) = source.get("headers").and_then(|entry| entry.any_section()) else { return Vec::new() };
    let mut headers: Vec<(String, SecretRef)> = Vec::new();
    for (name, at) in table.keys() {
        let known = headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        if !is_header_name(name) || known {
            let message = match known {
                true => format!("The header {} stands there twice.", quote(name)),
                false => format!("{} is no header's name: letters, digits and - only.", quote(name)),
            };
            table.note_at_key(&at, "bad_header", name, message, "a header's name, once".to_owned());
            continue;
        }
        let Some(entry) = table.get(name).map(Entry::masked) else { continue };
        match read_secret(entry.clone(), base) {
            Some(SecretRef::Literal(text)) if text.chars().any(char::is_control) => {
                entry.unfit("bad_header", "a text without control characters", "");
            }
            Some(secret) => headers.push((name.to_owned(), secret)),
            None => {}
        }
    }
    headers
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a header is one that carries a secret: given by reference, or by its name.
pub(super) fn carries_secret(name: &str, value: &SecretRef) -> bool {
    let name = name.to_ascii_lowercase();
    let telling = ["authorization", "cookie", "token", "secret", "password", "credential", "api-key", "apikey"];
    !matches!(value, SecretRef::Literal(_)) || telling.iter().any(|word| name.contains(word))
}

/// `tls`
pub(super) fn read_tls(source: &Section<'_>, base: &Path) -> TlsConfig {
    let Some(section) = source.section("tls", &keys_of("source.tls")) else { return TlsConfig::default() };
    let path = |key: &str| section.get(key).and_then(|entry| read_path(&entry, base));
    let key_entry = section.get("key").map(Entry::masked);
    let tls = TlsConfig { ca: path("ca"), cert: path("cert"), key: key_entry.clone().and_then(|entry| read_secret(entry, base)) };
    if let (Some(SecretRef::Literal(text)), Some(entry)) = (&tls.key, &key_entry)
        && !text.contains("-----BEGIN")
    {
        entry.unfit("bad_secret_reference", "file:PATH, env:NAME or keyring:NAME of a PEM key", "");
    }
    if section.get("cert").is_some() != key_entry.is_some() {
        let message = format!("[{}] has only one of `cert` and `key`; a client certificate needs both.", section.path());
        section.note_at_head("missing", "", message, String::new(), "cert and key".to_owned());
    }
    tls
}

/// A path, made absolute.
pub(super) fn read_path(entry: &Entry<'_>, base: &Path) -> Option<std::path::PathBuf> {
    let text = entry.text()?;
    match fault_in_path(text) {
        None => Some(absolute(base, text)),
        Some(fault) => {
            entry.problem("bad_path", format!("`{}` is {}, which is no path: {fault}.", entry.path, quote(text)), "a path");
            None
        }
    }
}
