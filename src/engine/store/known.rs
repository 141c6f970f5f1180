//! Which sources speak of which key, learned from what is read and written, so that a read finds each observation by its name instead of
//! looking for those that begin like it.
//!
//! Invariants: what is said of a key is never too little - a source more costs a look-up, a source less would hide an observation; so a
//! put adds before it reaches the database, nothing is taken away, and what was read while something new was on its way there is not
//! learned: it may have been read before. It belongs to one open database: rows that come into it other than by a put need a new one. A few
//! bytes a key; lost with the process.

use std::{
    collections::HashMap,
    hash::BuildHasherDefault,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::hashed::Hashed;
use crate::fact::SourceId;

/// Keys remembered; beyond, everything is forgotten and learned again.
const KEYS: usize = 1 << 20;

/// Which sources speak of which key; a key is known by the hash at the end of its name on disk.
#[derive(Default)]
pub struct Known(RwLock<Held>);

#[derive(Default)]
struct Held {
    keys: HashMap<u128, u64, BuildHasherDefault<Hashed>>,
    /// A key's bits stand for these.
    sources: Arc<Vec<SourceId>>,
    /// Whether a key that is not here is nowhere.
    complete: bool,
    /// Moves when the writing of something that was not known begins, and when it ends.
    turn: u64,
    /// Whether something that was not known is being written.
    writing: bool,
}

/// The sources of one key.
pub struct Sources {
    bits: u64,
    all: Arc<Vec<SourceId>>,
}

impl Sources {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &SourceId> {
        self.all.iter().enumerate().filter(|(at, _)| self.bits >> at & 1 == 1).map(|(_, source)| source)
    }
}

/// What one read of everything under a prefix learns. Those who speak of a key come one after the other, and take one place.
pub struct Lesson {
    turn: u64,
    sources: Vec<SourceId>,
    found: Vec<(u128, u64)>,
    /// Keys that one more than can be told speaks of.
    beyond: Vec<u128>,
}

impl Lesson {
    /// There is an observation of this key by this source.
    pub fn note(&mut self, key: u128, source: &SourceId) {
        let known = self.sources.iter().position(|known| known == source);
        let at = known.unwrap_or_else(|| {
            self.sources.push(source.clone());
            self.sources.len() - 1
        });
        if at >= 64 {
            self.beyond.push(key);
            return;
        }
        match self.found.last_mut() {
            Some((last, bits)) if *last == key => *bits |= 1 << at,
            _ => self.found.push((key, 1 << at)),
        }
    }

    /// Every source of a key, as far as it can be told.
    fn each(&self, mut each: impl FnMut(u128, &SourceId)) {
        for (key, bits) in &self.found {
            self.sources.iter().take(64).enumerate().filter(|(at, _)| bits >> at & 1 == 1).for_each(|(_, source)| each(*key, source));
        }
    }
}

impl Held {
    /// The bit of a source; none when there are more than 64.
    fn bit(&mut self, source: &SourceId) -> Option<u64> {
        let at = self.sources.iter().position(|known| known == source).or_else(|| {
            let free = self.sources.len();
            (free < 64).then(|| Arc::make_mut(&mut self.sources).push(source.clone()))?;
            Some(free)
        })?;
        Some(1 << at)
    }

    fn add(&mut self, key: u128, source: &SourceId) {
        match self.bit(source) {
            Some(bit) => *self.keys.entry(key).or_default() |= bit,
            // One that cannot be told makes its keys unknown, and the rest no longer all there is.
            None => self.forget(key),
        }
    }

    fn forget(&mut self, key: u128) {
        self.keys.remove(&key);
        self.complete = false;
    }

    /// Whether what this read found is all there is, now as then.
    fn may_learn(&self, lesson: &Lesson) -> bool {
        self.turn == lesson.turn && !self.writing
    }

    fn make_room(&mut self) {
        if self.keys.len() >= KEYS {
            self.keys.clear();
            self.complete = false;
        }
    }
}

impl Known {
    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sources that speak of a key, and perhaps some more; none when that is not known.
    pub fn sources(&self, key: u128) -> Option<Sources> {
        let held = self.read();
        let bits = held.keys.get(&key).copied().or(held.complete.then_some(0))?;
        Some(Sources { bits, all: Arc::clone(&held.sources) })
    }

    /// Begins a read that is to teach something.
    pub fn lesson(&self) -> Lesson {
        Lesson { turn: self.read().turn, sources: Vec::new(), found: Vec::new(), beyond: Vec::new() }
    }

    /// What every observation of one key taught.
    pub fn learn_key(&self, key: u128, lesson: &Lesson) {
        let mut held = self.write();
        if held.may_learn(lesson) && !held.complete {
            held.make_room();
            held.keys.insert(key, 0);
            lesson.each(|found, source| {
                if found == key {
                    held.add(key, source);
                }
            });
            if lesson.beyond.contains(&key) {
                held.forget(key);
            }
        }
    }

    /// What every observation there is taught.
    pub fn learn_all(&self, lesson: &Lesson) {
        let mut held = self.write();
        if held.may_learn(lesson) && lesson.found.len() < KEYS {
            held.keys.clear();
            held.complete = true;
            lesson.each(|key, source| held.add(key, source));
            lesson.beyond.iter().for_each(|key| held.forget(*key));
        }
    }

    /// An observation is about to be written, until [`Known::written`]; answers whether the database certainly has none of this source.
    pub fn put(&self, key: u128, source: &SourceId) -> bool {
        {
            let held = self.read();
            let bit = held.sources.iter().position(|known| known == source).map_or(0, |at| 1 << at);
            if held.keys.get(&key).is_some_and(|bits| bits & bit != 0) {
                return false;
            }
        }
        let mut held = self.write();
        held.turn += 1;
        held.writing = true;
        let is_known = held.complete || held.keys.contains_key(&key);
        if is_known {
            held.make_room();
            held.add(key, source);
        }
        is_known
    }

    /// Everything that was about to be written is in the database, or will not be.
    pub fn written(&self) {
        if self.read().writing {
            let mut held = self.write();
            held.turn += 1;
            held.writing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str) -> SourceId {
        SourceId::new(name).unwrap()
    }

    fn names(known: &Known, key: u128) -> Option<Vec<String>> {
        known.sources(key).map(|sources| sources.iter().map(|source| source.as_str().to_owned()).collect())
    }

    /// A write from its beginning to its end; whether nothing was there.
    fn write(known: &Known, key: u128, name: &str) -> bool {
        let is_new = known.put(key, &source(name));
        known.written();
        is_new
    }

    #[test]
    fn nothing_is_claimed_before_it_was_learned() {
        let known = Known::default();
        assert!(!write(&known, 1, "a"), "it may be there");
        assert_eq!(names(&known, 1), None, "there may be others on disk");
        let mut lesson = known.lesson();
        lesson.note(1, &source("a"));
        lesson.note(1, &source("b"));
        known.learn_key(1, &lesson);
        assert_eq!(names(&known, 1).unwrap(), ["a", "b"]);
        assert!(write(&known, 1, "c") && !write(&known, 1, "c"), "the first of it, and one more");
        assert_eq!(names(&known, 1).unwrap(), ["a", "b", "c"]);
        assert_eq!(names(&known, 2), None);
    }

    #[test]
    fn what_was_read_before_something_was_written_is_not_kept() {
        let known = Known::default();
        let lesson = known.lesson();
        write(&known, 1, "a");
        known.learn_key(1, &lesson);
        known.learn_all(&lesson);
        assert_eq!(names(&known, 1), None);
        known.learn_all(&known.lesson());
        assert_eq!(names(&known, 1).unwrap(), [""; 0]);
    }

    #[test]
    fn what_was_read_while_something_is_on_its_way_is_kept_neither_at_once_nor_later() {
        let known = Known::default();
        known.learn_all(&known.lesson());
        known.put(1, &source("a"));
        let before = known.lesson();
        known.learn_all(&before);
        known.learn_key(1, &before);
        assert_eq!(names(&known, 1).unwrap(), ["a"], "the database may have it by now");
        known.written();
        known.learn_all(&before);
        assert_eq!(names(&known, 1).unwrap(), ["a"]);
        let known = Known::default();
        known.put(1, &source("a"));
        let before = known.lesson();
        known.learn_key(1, &before);
        known.written();
        known.learn_key(1, &before);
        assert_eq!(names(&known, 1), None);
    }

    #[test]
    fn after_reading_everything_a_key_that_is_not_there_is_nowhere() {
        let known = Known::default();
        let mut lesson = known.lesson();
        lesson.note(1, &source("a"));
        known.learn_all(&lesson);
        assert_eq!(names(&known, 2).unwrap(), [""; 0]);
        assert!(write(&known, 2, "a") && !write(&known, 1, "a"));
        assert_eq!(names(&known, 2).unwrap(), ["a"]);
        assert_eq!(names(&known, 1).unwrap(), ["a"]);
    }

    #[test]
    fn more_sources_than_bits_leave_their_keys_unknown_and_others_right() {
        let known = Known::default();
        known.learn_all(&known.lesson());
        let written: Vec<_> = (0..70).map(|at| write(&known, at % 2, &format!("s{at}"))).collect();
        assert!(written[..64].iter().all(|is_new| *is_new));
        assert!(!write(&known, 0, "s68"), "what cannot be told may be there");
        assert_eq!(names(&known, 0), None);
        assert_eq!(names(&known, 1), None);
        assert_eq!(names(&known, 9), None, "no longer all there is");
        let mut lesson = known.lesson();
        lesson.note(9, &source("s3"));
        known.learn_key(9, &lesson);
        assert_eq!(names(&known, 9).unwrap(), ["s3"]);
    }

    #[test]
    fn a_read_that_found_more_sources_than_bits_teaches_those_it_can_tell() {
        let known = Known::default();
        let mut lesson = known.lesson();
        (0..70).for_each(|at| lesson.note(at % 2, &source(&format!("s{at}"))));
        lesson.note(5, &source("s1"));
        lesson.note(5, &source("s2"));
        known.learn_all(&lesson);
        assert_eq!((names(&known, 0), names(&known, 1), names(&known, 9)), (None, None, None));
        assert_eq!(names(&known, 5).unwrap(), ["s1", "s2"]);
        for key in [0, 5] {
            known.learn_key(key, &lesson);
        }
        assert_eq!((names(&known, 0), names(&known, 5).unwrap()), (None, vec!["s1".to_owned(), "s2".to_owned()]));
    }
}
