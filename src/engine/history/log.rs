//! The log: notes in memory, parts in the store.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    part::{HOUR, Part},
    sample::Believed,
};
use crate::{
    engine::store::{CacheStore, StoreError},
    fact::{Key, Timestamp, Value},
};

/// Notes of one key between two writings.
const OF_A_KEY: usize = 4;
/// A confidence that moved less is no news, in 1e-4.
const MOVED: u16 = 100;
/// What does not change is noted again after this, so that it is known for as long as history is kept.
const AGAIN: Duration = Duration::from_secs(86_400);
/// Names are used again after so many hours; nothing is kept longer.
const RING: i64 = 366 * 24;
/// What a part takes of the room for all of history.
const PART: u64 = 64 * 1024;
/// The document that says up to which hour all was blanked.
const BLANKED: &str = "history";

/// A document to write: name and bytes.
pub type Document = (String, Vec<u8>);

/// What was believed, being written down.
pub struct HistoryLog {
    /// Hours kept; 0: none is written.
    hours: i64,
    /// Parts an hour may have.
    parts: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<Key, Vec<Believed>>,
    last: HashMap<Key, Last>,
    open: Option<Open>,
}

/// What was noted last of a key.
struct Last {
    at: Timestamp,
    value: u64,
    confidence: Option<u16>,
}

/// The part that takes notes.
struct Open {
    number: u32,
    part: Part,
    stored: usize,
}

impl HistoryLog {
    /// A log that keeps notes for `keep`, in at most `room` bytes of the store.
    pub fn new(keep: Duration, room: u64) -> Self {
        let hours = i64::try_from(keep.as_secs().div_ceil(3600)).unwrap_or(RING).min(RING - 48);
        let parts = room / PART / u64::try_from(hours.max(1)).unwrap_or(1);
        Self { hours, parts: u32::try_from(parts).unwrap_or(u32::MAX).max(1), state: Mutex::default() }
    }

    /// Whether anything is kept.
    pub fn is_on(&self) -> bool {
        self.hours > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is believed now, if that differs from what was noted last.
    pub fn note(&self, key: &Key, value: Option<&Value>, score: Option<f64>, now: Timestamp) {
        if !self.is_on() {
            return;
        }
        let mut state = self.state();
        let State { waiting, last, .. } = &mut *state;
        let believed = Believed::new(value, score, now);
        let value = hash(value);
        if let Some(last) = last.get(key)
            && last.value == value
            && now.since(last.at) < AGAIN
            && !is_news(last, &believed)
        {
            return;
        }
        last.insert(key.clone(), Last { at: now, value, confidence: believed.units() });
        // Most have one note: room for more is made when more come.
        let notes = waiting.entry(key.clone()).or_insert_with(|| Vec::with_capacity(1));
        if notes.len() == OF_A_KEY {
            notes.pop();
        }
        notes.push(believed);
    }

    /// The documents that put everything noted so far into the store; none when there is nothing to write. Call it one at a time.
    ///
    /// # Errors
    /// The store's, which is read for what this hour has already.
    pub fn take_documents(&self, store: &dyn CacheStore, now: Timestamp) -> Result<Vec<Document>, StoreError> {
        let hour = hour_of(now);
        let mut state = self.state();
        if state.waiting.is_empty() {
            return Ok(Vec::new());
        }
        let mut documents = Vec::new();
        if state.open.as_ref().is_none_or(|open| open.part.hour != hour) {
            documents.extend(self.blank(store, hour)?);
            state.open = Some(newest_part(store, hour)?);
        }
        let State { waiting, last, open: Some(open) } = &mut *state else { return Ok(documents) };
        let mut changed = false;
        // Taken as a whole: room for every key there is would stay for a minute in which few move.
        for (key, notes) in std::mem::take(waiting) {
            if Part::is_full(open.stored) {
                documents.extend(std::mem::take(&mut changed).then(|| (name(hour, open.number), open.part.encode())));
                if open.number + 1 >= self.parts {
                    // The next hour begins with what this one did not take.
                    last.remove(&key);
                    continue;
                }
                *open = Open { number: open.number + 1, part: Part::new(hour), stored: 0 };
            }
            for believed in &notes {
                open.part.push(&key, believed);
                open.stored += 16 + key.as_str().len() + believed.value.as_ref().map_or(0, |value| value.as_json_text().len());
                changed = true;
            }
        }
        documents.extend(changed.then(|| (name(hour, open.number), open.part.encode())));
        Ok(documents)
    }

    /// What is past its time and still there, each as an empty document; and how far that goes.
    fn blank(&self, store: &dyn CacheStore, hour: i64) -> Result<Vec<Document>, StoreError> {
        let last = hour - self.hours - 1;
        let stored = store.get_meta(BLANKED)?.and_then(|bytes| bytes.try_into().ok()).map(i64::from_le_bytes);
        // A clock that was set back, or one that comes from a year ahead: what is under those names is told by the hour inside.
        let from = stored.filter(|from| (last - RING..=last).contains(from)).map_or(last - self.hours, |from| from + 1);
        let mut documents = Vec::new();
        for old in from..=last {
            for number in 0..=u32::MAX {
                match store.get_meta(&name(old, number))? {
                    Some(bytes) if !bytes.is_empty() => documents.push((name(old, number), Vec::new())),
                    _ => break,
                }
            }
        }
        documents.push((BLANKED.to_owned(), last.to_le_bytes().to_vec()));
        Ok(documents)
    }

    /// What was believed of `key` since `since` (none: as far as it is kept), oldest first; what did not change stands once.
    ///
    /// # Errors
    /// The store's.
    pub fn read(&self, store: &dyn CacheStore, key: &Key, since: Option<Timestamp>, now: Timestamp) -> Result<Vec<Believed>, StoreError> {
        let horizon = Timestamp::from_millis((hour_of(now) - self.hours) * HOUR);
        let since = since.map_or(horizon, |since| since.max(horizon));
        let mut found = Vec::new();
        for hour in hour_of(since)..=hour_of(now) {
            parts_of(store, hour, &mut |part| found.extend(part.of(key)))?;
        }
        found.extend(self.state().waiting.get(key).into_iter().flatten().cloned());
        found.retain(|believed| believed.at >= since);
        found.sort_by_key(|believed| believed.at);
        found.dedup_by(|later, earlier| later.same_value(earlier) && later.units() == earlier.units());
        Ok(found)
    }

    /// What was believed of `key` at `at`; none when nothing from before is kept.
    ///
    /// # Errors
    /// The store's.
    pub fn read_at(&self, store: &dyn CacheStore, key: &Key, at: Timestamp, now: Timestamp) -> Result<Option<Believed>, StoreError> {
        let mut found: Vec<Believed> = self.state().waiting.get(key).cloned().unwrap_or_default();
        // A note is written after it was made: what was believed at the end of an hour may stand in the next.
        let newest = (hour_of(at) + 1).min(hour_of(now));
        for hour in (hour_of(now) - self.hours..=newest).rev() {
            parts_of(store, hour, &mut |part| found.extend(part.of(key)))?;
            found.retain(|believed| believed.at <= at);
            if hour < newest && !found.is_empty() {
                break;
            }
        }
        Ok(found.into_iter().max_by_key(|believed| believed.at))
    }
}

/// Whether the same value is believed differently enough to be noted.
fn is_news(last: &Last, now: &Believed) -> bool {
    match (last.confidence, now.units()) {
        (Some(before), Some(after)) => {
            let other_band = now.band != Believed::from_units(now.at, None, false, Some(before)).band;
            other_band || (before.abs_diff(after) >= MOVED && now.at.since(last.at) >= Duration::from_secs(3600))
        }
        (before, after) => before != after,
    }
}

fn hash(value: Option<&Value>) -> u64 {
    let text = value.map(Value::as_json_text);
    let bytes = blake3::hash(text.unwrap_or_default().as_bytes());
    let first = bytes.as_bytes().first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    // None and an empty text are no JSON values both; a value never is.
    if text.is_some() { first | 1 } else { 0 }
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(HOUR)
}

fn name(hour: i64, number: u32) -> String {
    format!("history/{}/{number}", hour.rem_euclid(RING))
}

/// Gives every part of an hour to `each`.
fn parts_of(store: &dyn CacheStore, hour: i64, each: &mut dyn FnMut(Part)) -> Result<(), StoreError> {
    for number in 0..=u32::MAX {
        match store.get_meta(&name(hour, number))?.as_deref().and_then(Part::decode) {
            Some(part) if part.hour == hour => each(part),
            _ => break,
        }
    }
    Ok(())
}

/// The part of an hour that takes notes: the last one there, else a first one.
fn newest_part(store: &dyn CacheStore, hour: i64) -> Result<Open, StoreError> {
    let mut open = Open { number: 0, part: Part::new(hour), stored: 0 };
    let mut next = 0;
    parts_of(store, hour, &mut |part| {
        open = Open { number: next, stored: part.encode().len(), part };
        next += 1;
    })?;
    Ok(open)
}
