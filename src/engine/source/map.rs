//! `[[source.map]]`: from a JSON body to keys and values.

use serde_json::Value as Json;

use crate::{
    config::MapConfig,
    fact::{JsonStep, Timestamp, Value},
};

use super::{
    collect::{Collector, Origin},
    flatten::flatten,
    key_template::{KeyTemplate, Placeholders},
    moment::moment,
    path::{One, Path},
};

/// How a body becomes facts: by its maps, or without one by its own shape.
#[derive(Clone, Debug)]
pub(super) enum Mapping {
    /// One or more `[[source.map]]`.
    Maps(Vec<Map>),
    /// None: member names are segments, down to this depth.
    Flat(u32),
}

/// One compiled `[[source.map]]`.
#[derive(Clone, Debug)]
pub(super) struct Map {
    items: Option<Path>,
    key: KeyTemplate,
    value: Option<Path>,
    at: Option<Path>,
    changed: Option<Path>,
}

impl Mapping {
    /// Compiles the maps of a source; `items` is what a map without `items` takes (the body itself if none).
    ///
    /// # Errors
    /// A sentence that names the map and what is wrong with it.
    pub(super) fn compile(maps: &[MapConfig], depth: u32, items: Option<&str>, prefix: &str) -> Result<Self, String> {
        if maps.is_empty() {
            return Ok(Self::Flat(depth));
        }
        let compiled: Result<Vec<Map>, String> = maps
            .iter()
            .enumerate()
            .map(|(index, map)| Map::compile(map, items, prefix).map_err(|why| format!("[[source.map]] number {}: {why}", index + 1)))
            .collect();
        compiled.map(Self::Maps)
    }

    /// Takes what the body holds.
    ///
    /// # Errors
    /// A sentence when the body has no shape this mapping can read at all.
    pub(super) fn apply(&self, body: &Json, origin: &Origin, into: &mut Collector) -> Result<(), String> {
        match self {
            Self::Maps(maps) => {
                for map in maps {
                    map.apply(body, origin, into);
                }
                Ok(())
            }
            Self::Flat(depth) => flatten(body, *depth, origin, into),
        }
    }
}

impl Map {
    fn compile(config: &MapConfig, items: Option<&str>, prefix: &str) -> Result<Self, String> {
        let path = |what: &str, text: &Option<String>| text.as_deref().map(|text| Path::compile(what, text)).transpose();
        Ok(Self {
            items: config.items.as_deref().or(items).map(|text| Path::compile("items", text)).transpose()?,
            key: KeyTemplate::compile(&config.key, Placeholders::Paths, prefix)?,
            value: path("value", &config.value)?,
            at: path("at", &config.at)?,
            changed: path("changed", &config.changed)?,
        })
    }

    fn apply(&self, body: &Json, origin: &Origin, into: &mut Collector) {
        let Some(items) = &self.items else {
            self.take(body, origin, into);
            return;
        };
        let found = items.all(body);
        // An empty list says "nothing is there"; no list at all says that this is another kind of answer, an error page perhaps.
        if found.is_empty()
            && let Some(parent) = items.parent()
            && parent.all(body).is_empty()
        {
            into.skip(&format!("items: there is no {} in the answer", parent.text()));
        }
        for item in found {
            self.take(item, origin, into);
        }
    }

    /// The ways to the values that this map turns into the key; `tail` is the key without the source's prefix.
    pub(super) fn places(&self, body: &Json, tail: &str) -> Vec<Vec<JsonStep>> {
        let all = |path: Option<&Path>, json| path.map_or_else(|| vec![(Vec::new(), json)], |path| path.located(json));
        let items = all(self.items.as_ref(), body).into_iter().filter(|(_, item)| self.key.fill(item).is_ok_and(|key| key == tail));
        items
            .flat_map(|(way, item)| all(self.value.as_ref(), item).into_iter().map(move |(rest, _)| [way.as_slice(), &rest].concat()))
            .collect()
    }

    fn take(&self, item: &Json, origin: &Origin, into: &mut Collector) {
        match self.read(item, origin) {
            Ok((key, value, origin)) => into.take(&key, value, origin),
            Err(reason) => into.skip(&reason),
        }
    }

    fn read(&self, item: &Json, origin: &Origin) -> Result<(String, Value, Origin), String> {
        let key = self.key.fill(item)?;
        let value = pick(self.value.as_ref(), item)?;
        let mut origin = origin.clone();
        if let Some(at) = time("at", self.at.as_ref(), item)? {
            origin.observed_at = Some(at);
        }
        if let Some(changed) = time("changed", self.changed.as_ref(), item)? {
            origin.changed_at = Some(changed);
        }
        Ok((key, Value::from_json(value), origin))
    }
}

/// The value a path finds in an item, or the item without a path.
///
/// # Errors
/// A reason that quotes the path, never the item.
pub(super) fn pick<'a>(path: Option<&Path>, item: &'a Json) -> Result<&'a Json, String> {
    let Some(path) = path else { return Ok(item) };
    match path.one(item) {
        One::Found(node) => Ok(node),
        One::Nothing => Err(format!("value: {} finds nothing", path.text())),
        One::Many => Err(format!("value: {} finds more than one", path.text())),
    }
}

/// A time the origin may leave out. A time that is none would make the value look fresher than it is, so the item is skipped.
fn time(what: &str, path: Option<&Path>, item: &Json) -> Result<Option<Timestamp>, String> {
    let Some(path) = path else { return Ok(None) };
    match path.one(item) {
        One::Nothing | One::Found(Json::Null) => Ok(None),
        One::Many => Err(format!("{what}: {} finds more than one", path.text())),
        One::Found(node) => moment(node)
            .map(Some)
            .ok_or_else(|| format!("{what}: {} is neither an RFC 3339 time nor a number of seconds or milliseconds", path.text())),
    }
}
