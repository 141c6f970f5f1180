//! Decoded observations from wherever they are: the hot tier, the store, or memory alone where the disk refused them.
//!
//! Invariants: what is read from the store is held against the table before it is kept or takes part in what its source vouches for, so a
//! value of yesterday is neither cached nor shown with the date of today; what all sources of a key say alike is read once, of one of them,
//! whatever their number; a walk over many keys reads the store once at the most and pushes nothing out of the tier; no lock of the facts is
//! held while the store is read or a fact is resolved.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, atomic::Ordering},
};

use crate::fact::{Insight, Key, Observation, Pattern, Timestamp};

use super::{
    cache::{Hot, Note, Slot, Table},
    core::{Core, Facts},
    store::StoreError,
};

/// A key that is read by itself costs as much as so many observations that are read on the way from one end of the store to the other, and
/// one more for each observation of it.
const BY_ITSELF: usize = 3;
/// Where so many are alike, one of them is read by itself for all.
const MANY: usize = 3;
/// So often a key is read that is changed while it is read; then what came is answered.
const AGAIN: u8 = 3;

/// Every key.
pub(super) fn all(_: &[Note]) -> bool {
    true
}

/// Whether what is read is kept in the tier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Others go for it.
    AskedFor,
    /// Where there is room.
    IfRoom,
}

/// Where what is said of many keys is to be had.
#[derive(Default)]
struct Found {
    /// It is in memory.
    held: Vec<(Key, Arc<Hot>)>,
    /// It is read by itself.
    single: Vec<Key>,
    /// It has so many observations in the store.
    missing: HashMap<Key, usize>,
    /// As many are noted of all keys.
    all: usize,
}

impl Core {
    /// Brings a note of every observation into memory, once, and decoded as many as fit.
    pub fn load(&self) -> Result<(), StoreError> {
        if self.read_facts().loaded {
            return Ok(());
        }
        let mut facts = self.write_facts();
        if facts.loaded {
            return Ok(());
        }
        // What was lost before is not read now, and so not noted.
        self.rewrite.store(false, Ordering::Relaxed);
        let mut table = Table::default();
        let mut first = First::new(self);
        self.store.scan(&[], &mut |observation| {
            let weight = self.store.weight(&observation);
            first.take(table.put(observation, weight));
        })?;
        first.fill(&table);
        for observation in facts.unwritten.values().flatten().cloned() {
            let weight = self.store.weight(&observation);
            self.hot.forget(&observation.key);
            table.put(observation, weight);
        }
        facts.table = table;
        facts.loaded = true;
        drop(facts);
        // A one-shot command that writes nothing needs no order of use.
        if self.options.polling {
            self.fill_room();
        }
        self.tell_store();
        Ok(())
    }

    /// What is believed of a key that somebody asks for; perhaps as it was a moment ago: see [`Core::resolve_to_keep`].
    pub fn insight(&self, key: &Key, now: Timestamp) -> Result<Option<Arc<Insight>>, StoreError> {
        let epoch = self.belief_epoch();
        if let Some(hot) = self.hot.get(key) {
            if let Some(insight) = hot.belief(epoch, now) {
                // Asked for again within that moment is one use of it.
                return Ok(Some(insight));
            }
            self.keeping.room().touch(key);
            return Ok(self.resolve_to_keep(key, &hot, epoch, now));
        }
        let (loaded, known) = {
            let facts = self.read_facts();
            (facts.loaded, !facts.table.notes(key).is_empty())
        };
        if loaded {
            self.keeping.room().touch(key);
            if !known {
                return Ok(self.unheard_of(key, now).map(Arc::new));
            }
            self.hot.missed();
        }
        let hot = self.read(key, Keep::AskedFor)?;
        self.tell_store();
        Ok(self.resolve_to_keep(key, &hot, epoch, now))
    }

    /// Everything that is said of a key; being looked at is no use of it.
    pub fn recall(&self, key: &Key) -> Result<Arc<Hot>, StoreError> {
        match self.hot.peek(key) {
            Some(hot) => Ok(hot),
            None if self.read_facts().table.notes(key).is_empty() => Ok(Hot::new([])),
            None => self.read(key, Keep::IfRoom),
        }
    }

    fn read(&self, key: &Key, keep: Keep) -> Result<Arc<Hot>, StoreError> {
        if let Some(hot) = self.read_one_for_all(key, keep)? {
            return Ok(hot);
        }
        let mut again = AGAIN;
        loop {
            let read = self.store.get(key)?;
            let facts = self.read_facts();
            let (hot, whole) = self.decoded(&facts, key, read);
            again -= 1;
            // What was noted meanwhile is in the store now.
            if !whole && facts.loaded && again > 0 {
                continue;
            }
            if whole {
                self.keep(&facts, key, &hot, keep);
            }
            return Ok(hot);
        }
    }

    /// Reads what one source says where all say the same: the rest is noted. None where they do not, or the store has not what is noted.
    fn read_one_for_all(&self, key: &Key, keep: Keep) -> Result<Option<Arc<Hot>>, StoreError> {
        let Some(source) = self.read_facts().table.one_for_all(key).cloned() else { return Ok(None) };
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let read = if fresh.is_some() { fresh } else { self.store.get_from(key, &source)? };
        let Some(observation) = read else { return Ok(None) };
        let facts = self.read_facts();
        let Some(all) = facts.table.likewise(&observation) else { return Ok(None) };
        let hot = Hot::new(Slot::of_key(all, &self.rules));
        self.keep(&facts, key, &hot, keep);
        Ok(Some(hot))
    }

    /// Keeps in the tier what is all that is noted. Under the lock: whoever changes the table meanwhile waits, and changes the tier after this.
    fn keep(&self, _facts: &Facts, key: &Key, hot: &Arc<Hot>, keep: Keep) {
        match keep {
            Keep::AskedFor => self.hot.keep(key.clone(), Arc::clone(hot)),
            Keep::IfRoom => drop(self.hot.fill(key.clone(), Arc::clone(hot))),
        }
    }

    /// What the store gave of a key, with what only memory has; and whether that is all there is, as the table has it.
    fn decoded(&self, facts: &Facts, key: &Key, mut read: Vec<Observation>) -> (Arc<Hot>, bool) {
        for unwritten in facts.unwritten.get(key).into_iter().flatten() {
            read.retain(|observation| observation.source != unwritten.source);
            read.push(unwritten.clone());
        }
        let mut whole = facts.loaded && facts.table.notes(key).len() == read.len();
        let mut slots = Vec::with_capacity(read.len());
        for observation in read {
            let vouched = !facts.loaded || facts.table.is_noted(&observation);
            whole &= vouched;
            let slot = Slot { vouched, ..Slot::beside(&slots, facts.table.shared(observation), &self.rules) };
            slots.push(Arc::new(slot));
        }
        (Hot::new(slots), whole)
    }

    /// Hands everything that is said of each matching key to `each`, in no promised order.
    pub fn walk(
        &self,
        pattern: Option<&Pattern>,
        which: impl Fn(&[Note]) -> bool,
        each: impl FnMut(&Key, &[Arc<Slot>]),
    ) -> Result<(), StoreError> {
        let found = {
            let facts = self.read_facts();
            let matching = facts.table.matching(pattern).filter(|(_, notes)| which(notes));
            self.find(&facts, matching.map(|(key, notes)| (key.clone(), notes)))
        };
        self.hand_over(found, pattern, each)
    }

    /// As [`Core::walk`], of these keys, which match; of one that nobody speaks of there is nothing.
    pub fn walk_keys(&self, keys: &[Key], pattern: Option<&Pattern>, each: impl FnMut(&Key, &[Arc<Slot>])) -> Result<(), StoreError> {
        let found = {
            let facts = self.read_facts();
            let noted = keys.iter().map(|key| (key.clone(), facts.table.notes(key)));
            self.find(&facts, noted.filter(|(_, notes)| !notes.is_empty()))
        };
        self.hand_over(found, pattern, each)
    }

    /// Where all that is said of each of these keys is to be had.
    fn find<'a>(&self, facts: &Facts, noted: impl Iterator<Item = (Key, &'a [Note])>) -> Found {
        let mut found = Found { all: facts.table.note_count(), ..Found::default() };
        for (key, notes) in noted {
            match self.hot.peek(&key) {
                Some(hot) => found.held.push((key, hot)),
                None if facts.unwritten.contains_key(&key) || (notes.len() >= MANY && facts.table.are_alike(notes)) => {
                    found.single.push(key);
                }
                None => drop(found.missing.insert(key, notes.len())),
            }
        }
        found
    }

    fn hand_over(&self, found: Found, pattern: Option<&Pattern>, mut each: impl FnMut(&Key, &[Arc<Slot>])) -> Result<(), StoreError> {
        let Found { held, single, mut missing, all } = found;
        held.iter().for_each(|(key, hot)| each(key, hot.slots()));
        drop(held);
        // Of nothing noted nothing is missing, either.
        if !missing.is_empty() && missing.values().map(|observations| BY_ITSELF + observations).sum::<usize>() >= all {
            self.walk_store(pattern, &mut missing, &mut each)?;
        }
        // What the store gave less or more of than was noted, if anything: it has moved meanwhile.
        for key in missing.into_keys().chain(single) {
            let hot = self.read(&key, Keep::IfRoom)?;
            if !hot.slots().is_empty() {
                each(&key, hot.slots());
            }
        }
        self.tell_store();
        Ok(())
    }

    /// Reads the store once, for keys with as many observations as noted; takes out those it found.
    fn walk_store(
        &self,
        pattern: Option<&Pattern>,
        missing: &mut HashMap<Key, usize>,
        each: &mut impl FnMut(&Key, &[Arc<Slot>]),
    ) -> Result<(), StoreError> {
        let under = pattern.map(Pattern::literal_prefix).unwrap_or_default();
        let mut parts: HashMap<Key, Vec<Observation>> = HashMap::new();
        self.store.scan(&under, &mut |observation| {
            let Some(count) = missing.get(&observation.key).copied() else { return };
            let key = observation.key.clone();
            let whole = if count == 1 {
                vec![observation]
            } else {
                let part = parts.entry(key.clone()).or_default();
                part.push(observation);
                if part.len() < count {
                    return;
                }
                parts.remove(&key).unwrap_or_default()
            };
            missing.remove(&key);
            let (hot, _) = self.decoded(&self.read_facts(), &key, whole);
            each(&key, hot.slots());
        })
    }

    /// Resolves every matching key, in no promised order.
    pub fn resolve_matching(
        &self,
        pattern: Option<&Pattern>,
        which: impl Fn(&[Note]) -> bool,
        now: Timestamp,
        mut each: impl FnMut(Insight),
    ) -> Result<(), StoreError> {
        let standings = self.standings(now);
        self.walk(pattern, which, |key, slots| {
            if let Some(insight) = self.resolve(key, slots, &standings, now) {
                each(insight);
            }
        })
    }
}

/// The first keys of a scan, as many as the tier has room for.
struct First<'a> {
    core: &'a Core,
    open: Option<(Key, Vec<Arc<Slot>>)>,
    whole: Vec<(Key, Arc<Hot>)>,
    left: u64,
}

impl<'a> First<'a> {
    fn new(core: &'a Core) -> Self {
        Self { core, open: None, whole: Vec::new(), left: core.hot.status().limit }
    }

    fn take(&mut self, observation: Observation) {
        if self.left == 0 {
            return;
        }
        if self.open.as_ref().is_some_and(|(key, _)| *key != observation.key) {
            self.close();
        }
        let key = observation.key.clone();
        let (_, slots) = self.open.get_or_insert_with(|| (key, Vec::new()));
        let slot = Slot::beside(slots, observation, &self.core.rules);
        slots.push(Arc::new(slot));
    }

    fn close(&mut self) {
        if let Some((key, slots)) = self.open.take() {
            let hot = Hot::new(slots);
            self.left = self.left.saturating_sub(hot.bytes(&key));
            self.whole.push((key, hot));
        }
    }

    /// A key of which more is noted came in two parts: it is left out.
    fn fill(mut self, table: &Table) {
        self.close();
        for (key, hot) in self.whole {
            if table.notes(&key).len() == hot.slots().len() {
                self.core.hot.fill(key, hot);
            }
        }
    }
}
