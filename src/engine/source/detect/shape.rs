//! The shape of a JSON answer: a list of items with names of their own, or one object.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{super::moment::moment, block::step};

/// Members by which an item is usually called, the best first.
const NAMES: [&str; 10] = ["name", "id", "key", "slug", "hostname", "host", "title", "code", "uuid", "uid"];
/// Members in which a list usually is, the best first.
const LISTS: [&str; 7] = ["items", "data", "results", "services", "nodes", "entries", "records"];
/// Members that say when an item changed.
const CHANGED: [&str; 4] = ["updated_at", "changed_at", "modified_at", "last_modified"];
/// Members that are taken of an item.
const MOST: usize = 8;

/// How a list becomes facts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct List {
    /// JSONPath to the items.
    pub(super) items: String,
    /// JSONPath from an item to its name.
    pub(super) name: String,
    /// What is taken of each: the member, and the JSONPath to it.
    pub(super) values: Vec<(String, String)>,
    /// JSONPath from an item to when it changed, if it says.
    pub(super) changed: String,
    /// Whether there is something in it that is not taken because its name says that it is secret.
    pub(super) has_secrets: bool,
}

/// The list in an answer, if there is one.
pub(super) fn list_of(body: &Json) -> Option<List> {
    match body {
        Json::Array(items) => list("$[*]".to_owned(), items),
        Json::Object(members) => {
            let usual = LISTS.iter().filter_map(|name| members.get_key_value(*name));
            let lists = usual.chain(members.iter().filter(|(name, _)| !LISTS.contains(&name.as_str())));
            lists.filter_map(|(name, member)| list(format!("${}[*]", step(name)?), member.as_array()?)).next()
        }
        _ => None,
    }
}

fn list(path: String, items: &[Json]) -> Option<List> {
    // An answer is looked at up to a point: what holds for hundreds will hold.
    let items: Vec<&serde_json::Map<String, Json>> = items.iter().take(500).map(Json::as_object).collect::<Option<_>>()?;
    let first = *items.first()?;
    let name = NAMES.iter().find(|name| tells_apart(&items, |item| item.get(**name)));
    let name = match name {
        Some(name) => format!("$.{name}"),
        None if tells_apart(&items, |item| item.get("metadata")?.get("name")) => "$.metadata.name".to_owned(),
        None => return None,
    };
    let mut values = Vec::new();
    let mut has_secrets = false;
    for (member, value) in first {
        let Some(step) = step(member) else { continue };
        let path = format!("${step}");
        let in_all = items.iter().all(|item| item.get(member).is_some_and(is_scalar));
        if is_secret(member) {
            has_secrets = true;
        } else if in_all && is_scalar(value) && path != name && !CHANGED.contains(&member.as_str()) && values.len() < MOST {
            values.push((member.clone(), path));
        }
    }
    // Without a plain member the item itself is the value, unless that would take a secret along.
    if values.is_empty() && !has_secrets {
        values.push((String::new(), String::new()));
    }
    let changed = CHANGED.iter().find(|member| items.iter().all(|item| item.get(**member).and_then(moment).is_some()));
    let changed = changed.map(|member| format!("$.{member}")).unwrap_or_default();
    (!values.is_empty()).then_some(List { items: path, name, values, changed, has_secrets })
}

fn tells_apart<'a>(
    items: &[&'a serde_json::Map<String, Json>],
    pick: impl Fn(&'a serde_json::Map<String, Json>) -> Option<&'a Json>,
) -> bool {
    let mut seen = BTreeSet::new();
    items.iter().all(|item| {
        let name =
            pick(item).filter(|name| matches!(name, Json::String(text) if !text.is_empty() && text.len() <= 200) || name.is_number());
        name.is_some_and(|name| seen.insert(name.to_string()))
    })
}

fn is_scalar(value: &Json) -> bool {
    matches!(value, Json::String(_) | Json::Number(_) | Json::Bool(_))
}

/// Whether the name of a member says that its value is a secret.
pub(super) fn is_secret(member: &str) -> bool {
    let lower = member.to_ascii_lowercase();
    ["password", "passwd", "secret", "token", "credential", "apikey", "api_key", "private"].iter().any(|word| lower.contains(word))
}

/// Whether a secret stands anywhere in a document, by its name.
pub(super) fn holds_secrets(body: &Json) -> bool {
    match body {
        Json::Object(members) => members.iter().any(|(name, inner)| is_secret(name) || holds_secrets(inner)),
        Json::Array(items) => items.iter().any(holds_secrets),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_found_by_its_items() {
        let body = json!({"meta": {"page": 1}, "items": [
            {"name": "a", "replicas": 1, "api_token": "x", "updated_at": "2026-01-05T10:00:00Z", "tags": []},
            {"name": "b", "replicas": 2, "api_token": "y", "updated_at": "2026-01-05T10:00:00Z", "tags": []}]});
        let list = list_of(&body).unwrap();
        assert_eq!((list.items.as_str(), list.name.as_str(), list.changed.as_str()), ("$.items[*]", "$.name", "$.updated_at"));
        assert_eq!(list.values, [("replicas".to_owned(), "$.replicas".to_owned())]);
        assert!(list.has_secrets);
    }

    #[test]
    fn what_has_no_name_of_its_own_is_no_list() {
        for body in [json!([]), json!([1, 2]), json!([{"name": "a"}, {"name": "a"}]), json!([{"x": 1}]), json!({"items": {}}), json!(3)] {
            assert_eq!(list_of(&body), None, "{body}");
        }
        let nested = json!([{"metadata": {"name": "a"}, "spec": {}}]);
        assert_eq!(list_of(&nested).unwrap().name, "$.metadata.name");
    }
}
