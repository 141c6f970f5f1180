//! From a key back to its place in a document: what a map or the shape of the document turned into facts, turned round.

use serde_json::Value as Json;

use crate::fact::{JsonStep, Key, Value, ValueKind};

use super::map::Mapping;

/// The way to the value of a key; `tail` is the key without the source's prefix, empty where the key is the prefix itself.
///
/// # Errors
/// A sentence why there is no such place, or more than one.
pub(super) fn place_of(mapping: &Mapping, body: &Json, tail: &str, value: &Value) -> Result<Vec<JsonStep>, String> {
    match mapping {
        Mapping::Flat(depth) => flat(body, tail, *depth, value),
        Mapping::Maps(maps) => {
            let mut found: Vec<Vec<JsonStep>> = maps.iter().flat_map(|map| map.places(body, tail)).collect();
            found.sort();
            found.dedup();
            match (found.pop(), found.is_empty()) {
                (None, _) => Err("no [[source.map]] finds it here, and a map says how to read a value, not where to add one".to_owned()),
                (Some(way), true) => Ok(way),
                (Some(_), false) => Err("more than one place of the file gives this key".to_owned()),
            }
        }
    }
}

fn flat(body: &Json, tail: &str, depth: u32, value: &Value) -> Result<Vec<JsonStep>, String> {
    let names = names(tail)?;
    let limit = usize::try_from(depth).unwrap_or(usize::MAX);
    if depth > 0 && names.len() > limit {
        return Err(format!("with depth = {depth} this key is part of a value, not a value"));
    }
    let is_inner = |level: usize| depth == 0 || level < limit;
    let has_members = value.kind() == ValueKind::Object && value.as_json_text() != "{}";
    if has_members && is_inner(names.len()) {
        return Err(format!("with depth = {depth} an object here would be read as several facts: change those"));
    }
    let mut here = Some(body);
    for name in &names {
        here = match here {
            Some(Json::Object(members)) => members.get(name),
            Some(_) => return Err("something that is no object stands where a member should be added".to_owned()),
            None => None,
        };
    }
    if is_inner(names.len())
        && let Some(Json::Object(members)) = here
        && !members.is_empty()
    {
        return Err("there are facts below this one, which would be lost".to_owned());
    }
    Ok(names.into_iter().map(JsonStep::Member).collect())
}

/// The names of the members whose segments make the key.
fn names(tail: &str) -> Result<Vec<String>, String> {
    let name = |segment: &str| {
        let name = Key::decode_segment(segment).into_owned();
        match Key::encode_segment(&name) {
            Ok(back) if back == segment => Ok(name),
            _ => Err("no member can have a name that gives this key: % and / are written %25 and %2F".to_owned()),
        }
    };
    Some(tail).filter(|tail| !tail.is_empty()).map_or_else(|| Ok(Vec::new()), |tail| tail.split('/').map(name).collect())
}
