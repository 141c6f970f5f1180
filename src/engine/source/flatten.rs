//! A body without a map: member names are segments, scalars and arrays are values.

use serde_json::Value as Json;

use crate::fact::{Key, KeyError, Value};

use super::collect::{Collector, Origin, refused};

/// Takes every leaf of an object. Depth 0 goes down to scalars and arrays; at depth n an object below n members is a value.
/// An empty object has nothing to go down to and is a value too.
///
/// # Errors
/// A sentence when the body is no object and there is no prefix that could name it.
pub(super) fn flatten(body: &Json, depth: u32, origin: &Origin, into: &mut Collector) -> Result<(), String> {
    match body {
        Json::Object(members) => {
            for (name, member) in members {
                member_of("", name, 1, member, depth, origin, into);
            }
            Ok(())
        }
        _ if into.has_prefix() => {
            into.take("", Value::from_json(body), origin.clone());
            Ok(())
        }
        _ => Err("the body is no object, so nothing names its value: add a [[source.map]] with a key, or a prefix".to_owned()),
    }
}

fn member_of(parent: &str, name: &str, level: u32, json: &Json, depth: u32, origin: &Origin, into: &mut Collector) {
    let segment = match Key::encode_segment(name) {
        Ok(segment) => segment,
        Err(error) => return into.skip(&refused(&error)),
    };
    // Deep nesting of long names would grow with the square of the body; past the longest key no name below can be one.
    if parent.len() > Key::MAX_BYTES {
        return into.skip(&refused(&KeyError::TooLong(parent.len())));
    }
    let name = if parent.is_empty() { segment.into_owned() } else { format!("{parent}/{segment}") };
    match json {
        Json::Object(members) if !members.is_empty() && (depth == 0 || level < depth) => {
            for (member, inner) in members {
                member_of(&name, member, level + 1, inner, depth, origin, into);
            }
        }
        _ => into.take(&name, Value::from_json(json), origin.clone()),
    }
}
