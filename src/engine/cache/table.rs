//! What is held, in some fifty bytes each: who says something of which key, since when, what it weighs - and not what they say.
//!
//! Invariants: whatever is counted, dated, compared with an answer or made room of is known here without reading a value; a value is known
//! by a digest that is keyed anew in each process, so nobody who sends values can make two of one digest.
//!
//! It knows neither store nor hot tier: whoever needs the values asks those and has them checked here.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
};

use super::versions::{Texts, Versions};
use crate::fact::{Content, Key, Observation, Pattern, SourceId, Timestamp, Value};

/// What is known of an observation without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// Digest of the value, or of the last one it had.
    said: u64,
    observed_at: Timestamp,
    changed_at: Timestamp,
    /// Digest of the marks of its version.
    marks: u32,
    /// The last digits of when it was fetched.
    fetched: u32,
    weight: u32,
    /// Place of the source, and three flags above it.
    source: u32,
}

/// It holds a value now.
const HELD: u32 = 1 << 31;
/// It is dated by our own fetch.
const OWN_DATE: u32 = 1 << 30;
/// It holds a value dated by our own fetch: with the value and the marks of its version the note is all of it.
const PLAIN: u32 = 1 << 29;

impl Note {
    /// Whether the source holds a value now.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.source & HELD != 0
    }

    /// Sealed bytes.
    #[must_use]
    pub fn weight(&self) -> u64 {
        u64::from(self.weight)
    }

    /// When the value last changed at its origin.
    #[must_use]
    pub fn changed_at(&self) -> Timestamp {
        self.changed_at
    }

    /// When the origin last vouched for it: as of its slot.
    #[must_use]
    pub fn observed_at(&self, vouched_at: Option<Timestamp>) -> Timestamp {
        match vouched_at {
            Some(vouched) if self.is_held() && self.source & OWN_DATE != 0 => self.observed_at.max(vouched),
            _ => self.observed_at,
        }
    }

    /// Whether its own date is this one.
    #[must_use]
    pub fn is_dated(&self, at: Timestamp) -> bool {
        self.observed_at == at
    }

    fn place(&self) -> usize {
        (self.source & !(HELD | OWN_DATE | PLAIN)) as usize
    }
}

/// One key, or a place that is free for one.
#[derive(Debug)]
struct Entry {
    key: Key,
    notes: Box<[Note]>,
}

/// What is held, by key in key order, and which keys each source has.
#[derive(Debug, Default)]
pub struct Table {
    ids: BTreeMap<Key, u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    sources: Vec<SourceId>,
    places: HashMap<SourceId, u32>,
    by_source: Vec<BTreeSet<u32>>,
    /// Of each source.
    versions: Vec<Versions>,
    digests: RandomState,
}

impl Table {
    /// Takes note of an observation of this weight, in place of what its source said before. Gives it back with the key and the name that
    /// are held here anyway.
    pub fn put(&mut self, observation: Observation, weight: u64) -> Observation {
        let place = self.place(&observation.source);
        let note = self.note_of(&observation, place, weight);
        if let Some(versions) = self.versions.get_mut(place as usize) {
            versions.take(note.marks, observation.revision.as_ref(), observation.same_origin.as_ref());
        }
        let id = self.id(&observation.key);
        if let Some(keys) = self.by_source.get_mut(place as usize) {
            keys.insert(id);
        }
        let Some(entry) = self.entries.get_mut(id as usize) else { return observation };
        match entry.notes.iter_mut().find(|held| held.place() == place as usize) {
            Some(held) => {
                let before = std::mem::replace(held, note);
                if let Some(versions) = self.versions.get_mut(place as usize) {
                    versions.let_go(before.marks);
                }
            }
            // Most keys have few sources, and there are many keys: no room is left over.
            None => {
                let mut notes = Vec::with_capacity(entry.notes.len() + 1);
                notes.extend_from_slice(&entry.notes);
                notes.push(note);
                entry.notes = notes.into_boxed_slice();
            }
        }
        let key = entry.key.clone();
        Observation { key, source: self.sources.get(place as usize).cloned().unwrap_or(observation.source), ..observation }
    }

    /// Forgets what a source says of a key.
    pub fn evict(&mut self, key: &Key, source: &SourceId) {
        let (Some(id), Some(place)) = (self.ids.get(key).copied(), self.places.get(source).copied()) else { return };
        if let Some(keys) = self.by_source.get_mut(place as usize) {
            keys.remove(&id);
        }
        let Some(entry) = self.entries.get_mut(id as usize) else { return };
        let gone = entry.notes.iter().find(|note| note.place() == place as usize);
        if let (Some(gone), Some(versions)) = (gone, self.versions.get_mut(place as usize)) {
            versions.let_go(gone.marks);
        }
        entry.notes = entry.notes.iter().filter(|note| note.place() != place as usize).copied().collect();
        if entry.notes.is_empty() {
            self.ids.remove(key);
            self.free.push(id);
        }
    }

    fn id(&mut self, key: &Key) -> u32 {
        if let Some(id) = self.ids.get(key) {
            return *id;
        }
        let entry = Entry { key: key.clone(), notes: Box::default() };
        let id = match self.free.pop() {
            Some(id) => {
                if let Some(place) = self.entries.get_mut(id as usize) {
                    *place = entry;
                }
                id
            }
            None => {
                self.entries.push(entry);
                // More than four thousand million keys fit into no memory.
                u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.ids.insert(key.clone(), id);
        id
    }

    fn place(&mut self, source: &SourceId) -> u32 {
        if let Some(place) = self.places.get(source) {
            return *place;
        }
        let place = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(source.clone());
        self.by_source.push(BTreeSet::new());
        self.versions.push(Versions::default());
        self.places.insert(source.clone(), place);
        place
    }

    fn note_of(&self, observation: &Observation, place: u32, weight: u64) -> Note {
        let value = match &observation.content {
            Content::Value(value) | Content::Absent(Some(value)) => Some(value),
            Content::Absent(None) => None,
        };
        let flag = |is: bool, flag: u32| if is { flag } else { 0 };
        let (held, own_date) = (observation.value().is_some(), observation.observed_at == observation.fetched_at);
        Note {
            said: value.map_or(0, |value| self.digests.hash_one(value)),
            observed_at: observation.observed_at,
            changed_at: observation.changed_at,
            marks: self.marks(observation.revision.as_deref(), observation.same_origin.as_deref()),
            fetched: observation.fetched_at.as_millis() as u32,
            weight: u32::try_from(weight).unwrap_or(u32::MAX),
            source: place | flag(held, HELD) | flag(own_date, OWN_DATE) | flag(held && own_date && !observation.live, PLAIN),
        }
    }

    fn marks(&self, revision: Option<&str>, same_origin: Option<&str>) -> u32 {
        if revision.is_none() && same_origin.is_none() {
            return 0;
        }
        (self.digests.hash_one((revision, same_origin)) as u32).max(1)
    }

    /// The marks of the note's version; none where they are not remembered.
    fn marks_of(&self, note: &Note) -> Option<Texts> {
        if note.marks == 0 { Some((None, None)) } else { self.versions.get(note.place())?.texts(note.marks).cloned() }
    }

    /// Whether several say the same value, and one that says it is all that has to be read to know what each of them says.
    #[must_use]
    pub fn are_alike(&self, notes: &[Note]) -> bool {
        let Some((first, others)) = notes.split_first() else { return false };
        let alike = |note: &Note| note.source & PLAIN != 0 && note.said == first.said;
        let known =
            |note: &Note| note.marks == 0 || self.versions.get(note.place()).is_some_and(|versions| versions.texts(note.marks).is_some());
        !others.is_empty() && notes.iter().all(|note| alike(note) && known(note))
    }

    /// Whether the note's source holds exactly this value.
    #[must_use]
    pub fn says(&self, note: &Note, value: &Value) -> bool {
        note.is_held() && note.said == self.digests.hash_one(value)
    }

    /// Whether these are the marks of the note's version.
    #[must_use]
    pub fn has_marks(&self, note: &Note, revision: Option<&str>, same_origin: Option<&str>) -> bool {
        note.marks == self.marks(revision, same_origin)
    }

    /// Whether this is the observation that is noted.
    #[must_use]
    pub fn is_noted(&self, observation: &Observation) -> bool {
        let noted = self.note(&observation.key, &observation.source);
        noted.is_some_and(|note| self.note_of(observation, note.place() as u32, note.weight()) == *note)
    }

    /// Where the note of one source's word on a key is, in two numbers that stand for both.
    #[must_use]
    pub fn at(&self, key: &Key, source: &SourceId) -> Option<(u32, u32)> {
        Some((*self.ids.get(key)?, *self.places.get(source)?))
    }

    /// The notes that are at none of these places.
    #[must_use]
    pub fn not_in(&self, places: &HashSet<(u32, u32)>) -> Vec<(Key, SourceId)> {
        let mut missing = Vec::new();
        for (source, (place, keys)) in self.sources.iter().zip((0_u32..).zip(&self.by_source)) {
            let absent = keys.iter().filter(|id| !places.contains(&(**id, place)));
            missing.extend(absent.filter_map(|id| self.entries.get(*id as usize)).map(|entry| (entry.key.clone(), source.clone())));
        }
        missing
    }

    /// What is noted of one source's word on a key.
    #[must_use]
    pub fn note(&self, key: &Key, source: &SourceId) -> Option<&Note> {
        let place = *self.places.get(source)? as usize;
        self.notes(key).iter().find(|note| note.place() == place)
    }

    /// What is noted of every source's word on a key; empty when nobody speaks of it.
    #[must_use]
    pub fn notes(&self, key: &Key) -> &[Note] {
        self.ids.get(key).and_then(|id| self.entries.get(*id as usize)).map_or(&[], |entry| &entry.notes)
    }

    /// Whose word is enough to know what all say of a key: they are alike.
    #[must_use]
    pub fn one_for_all(&self, key: &Key) -> Option<&SourceId> {
        let notes = self.notes(key);
        if self.are_alike(notes) { notes.first().and_then(|note| self.source(note)) } else { None }
    }

    /// What all sources say of this observation's key, where it is what is noted and they are alike. Names and value are shared.
    #[must_use]
    pub fn likewise(&self, observation: &Observation) -> Option<Vec<Observation>> {
        let notes = self.notes(&observation.key);
        if !self.are_alike(notes) || !self.is_noted(observation) {
            return None;
        }
        let (key, _) = self.ids.get_key_value(&observation.key)?;
        let said = |note: &Note| {
            let (revision, same_origin) = self.marks_of(note)?;
            Some(Observation {
                key: key.clone(),
                source: self.source(note)?.clone(),
                content: observation.content.clone(),
                observed_at: note.observed_at,
                changed_at: note.changed_at,
                fetched_at: note.observed_at,
                revision,
                live: false,
                same_origin,
            })
        };
        notes.iter().map(said).collect()
    }

    /// What all sources say of a key weighs this much, in sealed bytes.
    #[must_use]
    pub fn weight(&self, key: &Key) -> u64 {
        self.notes(key).iter().map(Note::weight).sum()
    }

    /// Whose note it is.
    #[must_use]
    pub fn source(&self, note: &Note) -> Option<&SourceId> {
        self.sources.get(note.place())
    }

    /// The observation with the key, the name and the marks that are held here anyway.
    #[must_use]
    pub fn shared(&self, observation: Observation) -> Observation {
        let key = self.ids.get_key_value(&observation.key).map(|(key, _)| key.clone());
        let source = self.places.get_key_value(&observation.source);
        let digest = self.marks(observation.revision.as_deref(), observation.same_origin.as_deref());
        let marks = source.and_then(|(_, place)| self.versions.get(*place as usize)?.texts(digest));
        let marks = marks.filter(|(one, other)| (one, other) == (&observation.revision, &observation.same_origin)).cloned();
        let (revision, same_origin) = marks.unwrap_or((observation.revision, observation.same_origin));
        let source = source.map(|(source, _)| source.clone());
        Observation {
            key: key.unwrap_or(observation.key),
            source: source.unwrap_or(observation.source),
            revision,
            same_origin,
            ..observation
        }
    }

    /// How many keys one source speaks of, those included that it no longer has.
    #[must_use]
    pub fn spoken_by(&self, source: &SourceId) -> usize {
        self.places.get(source).and_then(|place| self.by_source.get(*place as usize)).map_or(0, BTreeSet::len)
    }

    /// Everything one source says, in no promised order.
    pub fn held_by<'a>(&'a self, source: &SourceId) -> impl Iterator<Item = (&'a Key, &'a Note)> {
        let place = self.places.get(source).map_or(usize::MAX, |place| *place as usize);
        let entry = |id: &u32| self.entries.get(*id as usize);
        let own = move |entry: &'a Entry| entry.notes.iter().find(|note| note.place() == place).map(|note| (&entry.key, note));
        self.by_source.get(place).into_iter().flatten().filter_map(entry).filter_map(own)
    }

    /// Matching keys with what is noted of them, in key order; the pattern's literal first segments bound the walk.
    pub fn matching<'a>(&'a self, pattern: Option<&'a Pattern>) -> Box<dyn Iterator<Item = (&'a Key, &'a [Note])> + 'a> {
        let noted = |(key, id): (&'a Key, &'a u32)| (key, self.entries.get(*id as usize).map_or(&[][..], |entry| &entry.notes));
        let Some(pattern) = pattern else { return Box::new(self.ids.iter().map(noted)) };
        let prefix = pattern.literal_prefix().join("/");
        match Key::new(&prefix) {
            Ok(from) => Box::new(
                self.ids
                    .range(from..)
                    .take_while(move |(key, _)| key.as_str().starts_with(&prefix))
                    .filter(|(key, _)| pattern.matches(key))
                    .map(noted),
            ),
            Err(_) => Box::new(self.ids.iter().filter(|(key, _)| pattern.matches(key)).map(noted)),
        }
    }

    /// Who says anything.
    pub fn sources(&self) -> impl Iterator<Item = &SourceId> {
        self.sources.iter()
    }

    /// How many observations are noted.
    #[must_use]
    pub fn note_count(&self) -> usize {
        self.by_source.iter().map(BTreeSet::len).sum()
    }

    /// How many keys somebody speaks of.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.ids.len()
    }
}

/// Whether these can disagree: all of one spelling cannot.
#[must_use]
pub fn may_differ(notes: &[Note]) -> bool {
    notes.iter().any(|note| (note.said, note.is_held()) != notes.first().map_or((0, false), |first| (first.said, first.is_held())))
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
