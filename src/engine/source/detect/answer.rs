//! An address that answers JSON, and a document nobody knows: what can be made of its shape alone.

use serde_json::Value as Json;

use super::{
    block::{Block, segment},
    shape::{holds_secrets, list_of},
    signal::Signal,
    suggestion::Suggestion,
};

/// An HTTP API.
pub(super) fn detect_http(signal: &Signal) -> Vec<Suggestion> {
    let Some(url) = signal.url().filter(|_| !signal.is_exposition && signal.prometheus.is_none() && !signal.body.is_null()) else {
        return Vec::new();
    };
    let last = url.path_segments().and_then(|mut segments| segments.rfind(|part| !part.is_empty())).unwrap_or("answer");
    let last = segment(last.trim_end_matches(".json"));
    let name = format!("{}-{last}", url.host_str().unwrap_or_default());
    let mut block = Block::http(&name, url.as_str());
    let next = signal.word("/next").and_then(|next| url.join(next).ok()).is_some_and(|next| next.origin() == url.origin());
    if next {
        block = block.text("next", "$.next");
    }
    let Some(list) = list_of(&signal.body) else {
        let is_object = signal.body.is_object();
        let found = block.text("prefix", &last).suggest("http-json", signal, 0.6).because("answered_json");
        return vec![found.because_if(is_object, "one_object")];
    };
    for (member, path) in &list.values {
        let tail = if member.is_empty() { String::new() } else { format!("/{}", segment(member)) };
        block = block.map_changed(&list.items, &format!("{last}/{{{}}}{tail}", list.name), path, &list.changed);
    }
    let found = block.suggest("http-json", signal, 0.85).because("answered_json").because("list_of_items");
    vec![found.because_if(next, "more_pages").because_if(list.has_secrets, "secrets_left_out")]
}

/// A file of a known format and an unknown purpose; only where it was asked for by name.
pub(super) fn detect_file(signal: &Signal) -> Vec<Suggestion> {
    let Some(path) = signal.path().filter(|_| signal.is_target) else { return Vec::new() };
    let is_worth = match &signal.body {
        Json::Object(members) => !members.is_empty(),
        Json::Array(_) => true,
        _ => false,
    };
    if !is_worth || holds_secrets(&signal.body) {
        return Vec::new();
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("file");
    let block = Block::file(stem, path).text("prefix", &segment(stem));
    vec![block.suggest("generic", signal, 0.3).because("generic")]
}
