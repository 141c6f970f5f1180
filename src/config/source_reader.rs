//! `[[source]]`: what every source has, and what its kind adds.

use std::{collections::BTreeMap, path::Path, time::Duration};

use crate::fact::{Key, Role, SourceId};

use super::{
    model::{ExecSource, FileSource, HttpSource, OutputFormat, PrometheusSource, SecretRef, SourceConfig, SourceKind, WriteConfig},
    problem::quote,
    reader::{Entry, Section},
    sections::{CENTURY, INSTANT, put},
    settings::{HOST_READINGS, KINDS, RESERVED, keys_of, kinds_of},
    source_tables::{
        carries_secret, read_command, read_exec_writes, read_headers, read_http_writes, read_json_path, read_maps, read_path, read_pattern,
        read_queries, read_reads, read_tls, read_url,
    },
    template::is_word,
};

/// The sources of a file.
pub(super) struct Sources {
    /// Those that were read without a mistake.
    pub configs: Vec<SourceConfig>,
    /// Every name that was given, with whether it takes changes; none where a mistake hides that.
    pub names: BTreeMap<String, Option<bool>>,
}

/// Reads all sources. Without any, this host is watched.
pub(super) fn read_sources(root: &Section<'_>, base: &Path) -> Sources {
    let mut sources = Sources { configs: Vec::new(), names: BTreeMap::new() };
    for section in root.sections("source", &keys_of("source")) {
        let Some(kind) = read_kind(&section) else {
            if let Some(name) = section.get("name").and_then(|entry| entry.text()) {
                sources.names.insert(name.to_owned(), None);
            }
            continue;
        };
        let name = read_name(&section, kind, &mut sources.names);
        let source = read_source(&section, kind, name.as_ref(), base);
        if let (Some(source), Some(name)) = (source, name) {
            sources.names.insert(name.as_str().to_owned(), Some(source.writable));
            sources.configs.push(source);
        }
    }
    if root.get("source").is_none()
        && let Ok(name) = SourceId::new("host")
    {
        sources.names.extend(HOST_READINGS.iter().chain(&["host"]).map(|name| ((*name).to_owned(), Some(false))));
        sources.configs.push(SourceConfig::new(name, SourceKind::Host));
    }
    sources
}

fn read_kind(section: &Section<'_>) -> Option<&'static str> {
    let entry = section.need("kind", "host file exec http or prometheus")?;
    let kind = entry.choice(KINDS)?;
    if kind == "nats" {
        let message = format!(
            "The kind \"nats\" is not in this build; `{}` cannot be used. Take the source out, or use another kind.",
            section.path()
        );
        entry.problem("not_in_this_build", message, "host file exec http prometheus");
        return None;
    }
    for (key, at) in section.keys() {
        let kinds = kinds_of(key);
        if !kinds.is_empty() && !kinds.contains(&kind) {
            let message =
                format!("`{}` is for sources of kind {}; this one is of kind {kind:?}.", section.path_of(key), kinds.join(" or "));
            section.note_at_key(&at, "wrong_kind", key, message, format!("kind = {:?}", kinds.join(" or ")));
        }
    }
    Some(kind)
}

fn read_name(section: &Section<'_>, kind: &str, names: &mut BTreeMap<String, Option<bool>>) -> Option<SourceId> {
    let entry = section.need("name", "1 to 64 of a-z 0-9 - .")?;
    let text = entry.text()?;
    if RESERVED.contains(&text) {
        let message = format!("{} is reserved: it means something else where a source is named. Take another name.", quote(text));
        entry.problem("reserved_name", message, "a name other than local remote cache");
        names.insert(text.to_owned(), None);
        return None;
    }
    let Ok(name) = SourceId::new(text) else {
        entry.unfit("bad_name", "1 to 64 of a-z 0-9 - .", "");
        return None;
    };
    // One host source registers two readings under fixed names, so a second one or a namesake would speak for the first.
    let takes: &[&str] = if kind == "host" { HOST_READINGS } else { &[] };
    if let Some(taken) = std::iter::once(text).chain(takes.iter().copied()).find(|name| names.contains_key(*name)) {
        let message = match taken == text {
            true => format!("There are two sources named {text:?}; every source needs a name of its own."),
            false => format!("There is already a source named {taken:?}, which this host source registers too; have one host source only."),
        };
        entry.problem("duplicate_source", message, "a name of its own");
        return None;
    }
    names.extend(std::iter::once(text).chain(takes.iter().copied()).map(|name| (name.to_owned(), None)));
    if kind == "host" {
        names.extend(takes.iter().map(|name| ((*name).to_owned(), Some(false))));
    }
    Some(name)
}

fn read_source(section: &Section<'_>, kind: &str, name: Option<&SourceId>, base: &Path) -> Option<SourceConfig> {
    let mut maps = Vec::new();
    let mut reads = Vec::new();
    let mut writes: Vec<WriteConfig> = Vec::new();
    let specific = match kind {
        "host" => Some(SourceKind::Host),
        "file" => {
            maps = read_maps(section);
            read_file(section, base).map(SourceKind::File)
        }
        "exec" => {
            maps = read_maps(section);
            writes = read_exec_writes(section);
            read_exec(section).map(SourceKind::Exec)
        }
        "http" => {
            maps = read_maps(section);
            let (http, exposed) = read_http(section, base);
            let routes = read_reads(section);
            let changes = read_http_writes(section);
            let exposed = exposed || routes.iter().any(|(_, exposed)| *exposed) || changes.iter().any(|(_, exposed)| *exposed);
            reads = routes.into_iter().map(|(route, _)| route).collect();
            writes = changes.into_iter().map(|(change, _)| change).collect();
            http.filter(|http| keeps_secrets(section, exposed, &http.headers)).map(SourceKind::Http)
        }
        _ => read_prometheus(section, base).map(SourceKind::Prometheus),
    };
    // Common settings are read even where the kind's own are wrong: one run finds all mistakes.
    let placeholder =
        SourceConfig::new(name.cloned().or_else(|| SourceId::new("unnamed").ok())?, specific.clone().unwrap_or(SourceKind::Host));
    let mut source = read_common(section, placeholder);
    source.writable = read_writable(section, kind, &source.kind, !writes.is_empty());
    (source.maps, source.reads, source.writes) = (maps, reads, writes);
    (name.is_some() && specific.is_some()).then_some(source)
}

fn read_common(section: &Section<'_>, mut source: SourceConfig) -> SourceConfig {
    if section.get("role").and_then(|entry| entry.choice(&["observed", "declared"])) == Some("declared") {
        source.role = Role::Declared;
    }
    put(&mut source.trust, section.get("trust").and_then(|entry| entry.number(0.0, 1.0)));
    put(&mut source.authority, section.get("authority").and_then(|entry| entry.boolean()));
    put(&mut source.enabled, section.get("enabled").and_then(|entry| entry.boolean()));
    put(&mut source.prefix, section.get("prefix").and_then(|entry| read_prefix(&entry)));
    if let Some(items) = section.get("keys").and_then(|entry| entry.items("a list of key patterns")) {
        source.keys = items.iter().filter_map(read_pattern).collect();
    }
    let interval = section.get("interval").and_then(|entry| entry.duration(Duration::from_millis(100), CENTURY));
    source.interval = interval.or(source.interval);
    let timeout = section.get("timeout").and_then(|entry| entry.duration(INSTANT, Duration::from_secs(3_600)));
    put(&mut source.timeout, timeout);
    source.ttl = section.get("ttl").and_then(|entry| entry.duration(INSTANT, CENTURY));
    let target = section.get("apdex_target").and_then(|entry| entry.duration(INSTANT, Duration::from_secs(3_600)));
    put(&mut source.apdex_target, target);
    source
}

fn read_prefix(entry: &Entry<'_>) -> Option<String> {
    let text = entry.text()?;
    let bare = text.strip_suffix('/').unwrap_or(text);
    if text.is_empty() || (!bare.contains(['*', '{']) && Key::new(bare).is_ok()) {
        return Some(bare.to_owned());
    }
    entry.unfit("bad_prefix", "segments with / between them and no *, or empty", "");
    None
}

fn read_writable(section: &Section<'_>, kind: &str, specific: &SourceKind, has_writes: bool) -> bool {
    let by_routes = matches!(kind, "http" | "exec");
    let Some(entry) = section.get("writable") else { return by_routes && has_writes };
    let Some(writable) = entry.boolean() else { return false };
    let read_only = if let SourceKind::File(file) = specific { read_only_format(&file.path) } else { None };
    let fault = match kind {
        "host" | "prometheus" => Some(format!("sources of kind {kind:?} are read-only")),
        "file" => read_only.map(|format| format!("{format} are read-only")),
        "http" | "exec" if section.get("write").is_none() => Some("there is no [[source.write]] that says how".to_owned()),
        _ => None,
    };
    match fault {
        Some(fault) if writable => {
            entry.problem("not_writable", format!("`{}` cannot be true: {fault}.", entry.path), "false");
            false
        }
        _ => writable,
    }
}

/// What files of this name are, where Stellar only reads such.
fn read_only_format(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json" | "toml") => None,
        Some("yaml" | "yml") => Some("YAML files"),
        Some("service" | "timer" | "socket" | "mount" | "path" | "target" | "slice") => Some("units of systemd"),
        _ if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") => Some(".env files"),
        _ if name == "go.mod" => Some("go.mod files"),
        _ => None,
    }
}

fn read_depth(section: &Section<'_>) -> u32 {
    section.get("depth").and_then(|entry| entry.whole(0, 64)).unwrap_or(0)
}

fn read_file(section: &Section<'_>, base: &Path) -> Option<FileSource> {
    let depth = read_depth(section);
    let path = section.need("path", "a file or a directory").and_then(|entry| read_path(&entry, base));
    Some(FileSource { path: path?, depth })
}

fn read_exec(section: &Section<'_>) -> Option<ExecSource> {
    let format = match section.get("format").and_then(|entry| entry.choice(&["json", "lines"])) {
        Some("lines") => OutputFormat::Lines,
        _ => OutputFormat::Json,
    };
    let mut env = Vec::new();
    for item in section.get("env").and_then(|entry| entry.items("a list of variable names")).unwrap_or_default() {
        match item.text() {
            Some(name) if is_word(name) => env.push(name.to_owned()),
            Some(_) => item.unfit("bad_name", "a variable's name", ""),
            None => {}
        }
    }
    let max_output = section.get("max_output").and_then(|entry| entry.size(1, 1 << 30)).unwrap_or(4 << 20);
    let depth = read_depth(section);
    let command = section.need("command", "a list of texts, program first").and_then(|entry| read_command(&entry));
    Some(ExecSource { command: command?, format, env, max_output, depth })
}

/// An http source, and whether its URL is plain HTTP to another machine.
fn read_http(section: &Section<'_>, base: &Path) -> (Option<HttpSource>, bool) {
    let headers = read_headers(section, base);
    let tls = read_tls(section, base);
    let depth = read_depth(section);
    let next = section.get("next").and_then(|entry| read_json_path(&entry));
    let proxy = match section.get("proxy").map(Entry::masked) {
        Some(entry) if entry.text().is_some_and(|text| !text.is_empty()) => read_url(&entry).map(|(url, _)| url).unwrap_or_default(),
        _ => String::new(),
    };
    let Some((url, exposed)) = section.need("url", "an http or https URL").and_then(|entry| read_url(&entry)) else { return (None, false) };
    (Some(HttpSource { url, headers, tls, proxy, next, depth }), exposed)
}

fn read_prometheus(section: &Section<'_>, base: &Path) -> Option<PrometheusSource> {
    let headers = read_headers(section, base);
    let tls = read_tls(section, base);
    let queries = read_queries(section);
    if section.get("query").is_none() {
        section.need("query", "at least one [[source.query]]");
    }
    let (url, exposed) = section.need("url", "an http or https URL").and_then(|entry| read_url(&entry))?;
    keeps_secrets(section, exposed, &headers).then_some(PrometheusSource { url, headers, tls, queries })
}

/// Notes a secret that would go over plain HTTP to another machine.
fn keeps_secrets(section: &Section<'_>, exposed: bool, headers: &[(String, SecretRef)]) -> bool {
    let Some((name, _)) = headers.iter().find(|(name, value)| carries_secret(name, value)).filter(|_| exposed) else { return true };
    if let Some(entry) = section.get("headers") {
        let message = format!("The header {} would go over plain http to another machine, for anybody to read; use https.", quote(name));
        entry.problem("secret_over_http", message, "https, or a loopback address");
    }
    false
}
