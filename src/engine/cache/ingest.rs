//! From a fetch to the changes it makes: pure, so that it can be tested as a table.

use std::collections::HashSet;

use crate::{
    engine::{source::Fetched, store::StoreOp},
    fact::{Content, Key, Observation, SourceId, Timestamp},
};

use super::table::Table;

/// What a fetch changes.
#[derive(Debug, Default)]
pub struct Ingested {
    /// For the store, in order.
    pub ops: Vec<StoreOp>,
    /// Keys whose observation differs in what it says: new, changed, gone, back.
    pub changed: Vec<Key>,
    /// Of those, the ones a complete answer left out: see [`gone`].
    pub vanished: Vec<Key>,
    /// Keys the source holds after it.
    pub held: u64,
}

/// Compares what `source` answered at `now` with what the table holds of it.
///
/// A complete answer makes whatever it does not name absent: that has vanished, and is written with its last value, which the table does
/// not know. An incomplete one removes nothing and re-dates just what it names. An observation that says the same as before is written again
/// only when its own dates moved or when nothing else vouches for it: of a file in which one value changed, one observation is written.
#[must_use]
pub fn ingest(table: &Table, source: &SourceId, fetched: Fetched, now: Timestamp) -> Ingested {
    let mut result = Ingested::default();
    if fetched.unchanged {
        result.held = table.held_by(source).filter(|(_, note)| note.is_held()).count() as u64;
        return result;
    }
    let mut named = HashSet::with_capacity(fetched.items.len());
    for item in fetched.items {
        named.insert(item.key.clone());
        let before = table.note(&item.key, source);
        let same_value = before.is_some_and(|before| table.says(before, &item.value));
        let changed_at = match (item.changed_at, before) {
            (Some(stated), _) => stated,
            // What else moved in the place it was read out of is no news of it.
            (None, Some(before)) if same_value => before.changed_at(),
            (None, _) => item.changed_by().unwrap_or(now),
        };
        // Equal stamps mean "dated by our own fetch": such an observation ages by what its source last vouched for.
        let observed_at = item.observed_at.unwrap_or(now);
        let own_dates_moved = before.is_none_or(|before| {
            before.changed_at() != changed_at
                || (item.whole.is_none() && !table.has_marks(before, item.revision.as_deref(), item.same_origin.as_deref()))
                || item.observed_at.is_some_and(|stated| !before.is_dated(stated))
        });
        if !same_value {
            result.changed.push(item.key.clone());
        }
        if !same_value || own_dates_moved || !fetched.complete {
            let revision = item.version().cloned();
            result.ops.push(StoreOp::Put(Observation {
                key: item.key,
                source: source.clone(),
                content: Content::Value(item.value),
                observed_at,
                changed_at,
                fetched_at: now,
                revision,
                live: false,
                same_origin: item.same_origin,
            }));
        }
    }
    if fetched.complete {
        result.held = named.len() as u64;
        let left_out = table.held_by(source).filter(|(key, note)| note.is_held() && !named.contains(*key));
        result.vanished = left_out.map(|(key, _)| key.clone()).collect();
        result.vanished.sort_unstable();
        result.changed.extend(result.vanished.iter().cloned());
    } else {
        let kept = table.held_by(source).filter(|(key, note)| note.is_held() && !named.contains(*key)).count();
        result.held = (named.len() + kept) as u64;
    }
    result
}

/// What is written of a key that a complete answer at `now` left out; `before` is what its source said of it, none where that is lost.
#[must_use]
pub fn gone(key: Key, source: &SourceId, before: Option<Observation>, now: Timestamp) -> StoreOp {
    let (last, revision, live, same_origin) = match before {
        Some(Observation { content: Content::Value(last) | Content::Absent(Some(last)), revision, live, same_origin, .. }) => {
            (Some(last), revision, live, same_origin)
        }
        _ => (None, None, false, None),
    };
    StoreOp::Put(Observation {
        key,
        source: source.clone(),
        content: Content::Absent(last),
        observed_at: now,
        changed_at: now,
        fetched_at: now,
        revision,
        live,
        same_origin,
    })
}

#[cfg(test)]
#[path = "ingest_tests.rs"]
mod tests;
