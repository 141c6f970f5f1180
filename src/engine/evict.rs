//! Making room: what comes in when there is little of it, what goes, and when the database is compacted.
//!
//! Order of leaving: observations of sources that are not configured any more; keys that no source has any more; then the keys nobody asked
//! for longest. That a fact is past its TTL is no reason: when sources cannot be reached everything is, and what cannot be had again would
//! go first. Pinned keys never go. A key that went keeps its name here, so that it is fetched when it is asked for, and a source that has
//! more than fits is not written again at every poll.

use std::{
    collections::{HashMap, HashSet},
    sync::PoisonError,
};

use crate::fact::{Key, Mark, Observation, Pattern, SourceId, Timestamp};

use super::{
    api::{CompactReport, EngineError, EngineEvent, EvictReport},
    cache::{Ingested, Note, Table, may_differ, name_of},
    cache_event::CacheEvent,
    core::Core,
    keeping::{Keeping, Ledgers},
    store::{StoreError, StoreOp},
};

/// What there is too little of.
enum Need {
    /// This many sealed bytes are to go.
    Live(u64),
    /// The database is to be made smaller.
    Disk,
}

/// What is about to go.
#[derive(Default)]
struct Leaving {
    keys: Vec<Key>,
    observations: Vec<(Key, SourceId)>,
    /// Of those, the ones of keys past their TTL; the rest just went.
    expired: EvictReport,
    evicted: EvictReport,
}

impl Core {
    /// Brings the order of use into memory, once, after the facts are there.
    pub fn fill_room(&self) {
        let facts = self.read_facts();
        let mut room = self.keeping.room();
        if facts.loaded && !room.is_filled() {
            let remembered = Keeping::remembered(self.store.as_ref());
            let held = facts.table.matching(None).map(|(key, notes)| (key.clone(), notes.iter().map(Note::weight).sum()));
            room.fill(held, &remembered);
        }
    }

    /// Leaves out of a fetch what there is no room for. What the cache never had comes in, the last of the answer first, as far as the
    /// whole cache reaches; what went before comes in again only where there is room, or because somebody waits for it.
    pub fn admit(&self, source: &SourceId, complete: bool, ingested: &mut Ingested) {
        self.fill_room();
        let facts = self.read_facts();
        let new_here = |op: &StoreOp| match op {
            StoreOp::Put(observation) if observation.value().is_some() && facts.table.notes(&observation.key).is_empty() => {
                Some((observation.key.clone(), name_of(&observation.key), self.store.weight(observation)))
            }
            _ => None,
        };
        let newcomers: Vec<(Key, u64, u64)> = ingested.ops.iter().filter_map(new_here).collect();
        drop(facts);
        let watermarks = self.keeping.room().watermarks();
        let live = if newcomers.is_empty() { 0 } else { self.store.stats().live_bytes };
        let wanted = self.keeping.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let refused = self.keeping.with(self.store.as_ref(), |ledgers| {
            let target = ledgers.tally.target(watermarks);
            let waited_for = |key: &Key, name: &u64| wanted.contains(name) || ledgers.kept.contains_key(key);
            let mut refused: HashSet<u64> = HashSet::new();
            let (mut fresh, mut total) = (0, live);
            for (key, name, weight) in newcomers.iter().rev() {
                if waited_for(key, name) {
                    total += weight;
                } else if !ledgers.left_out.may_have(source, *name) {
                    fresh += weight;
                    if fresh > target {
                        refused.insert(*name);
                    } else {
                        total += weight;
                    }
                }
            }
            for (key, name, weight) in &newcomers {
                if !waited_for(key, name) && ledgers.left_out.may_have(source, *name) {
                    if total + weight <= target {
                        total += weight;
                    } else {
                        refused.insert(*name);
                    }
                }
            }
            for (key, name, _) in &newcomers {
                ledgers.dirty.kept |= !refused.contains(name) && ledgers.kept.remove(key).is_some();
            }
            ledgers.dirty.left_out |= if complete {
                ledgers.left_out.replace(source, refused.iter().copied())
            } else {
                refused.iter().fold(false, |moved, name| ledgers.left_out.add(source, *name) | moved)
            };
            refused
        });
        if refused.is_empty() {
            return;
        }
        // By name and not by place: only newcomers can be refused, and no other key has the name of one but by a chance of 2^-64.
        let newcomers: HashSet<Key> = newcomers.into_iter().filter(|(_, name, _)| refused.contains(name)).map(|(key, ..)| key).collect();
        ingested.ops.retain(|op| !matches!(op, StoreOp::Put(observation) if newcomers.contains(&observation.key)));
        ingested.changed.retain(|key| !newcomers.contains(key));
    }

    /// Lets facts go, and compacts, where the watermarks say so.
    pub async fn make_room(&self, now: Timestamp) {
        if self.need().is_none() {
            return;
        }
        let _alone = self.keeping.gate.write().await;
        // Letting facts go makes the database larger before it can be made smaller; a third time would bring nothing.
        for _ in 0..3 {
            match self.need() {
                None => return,
                Some(Need::Disk) => {
                    if let Err(error) = self.compact_alone(true, now).await {
                        self.events.emit(now, EngineEvent::Fault(error.to_string()));
                        return;
                    }
                }
                Some(Need::Live(bytes)) => {
                    let leaving = self.leaving(bytes, now);
                    if leaving.observations.is_empty() {
                        return;
                    }
                    if let Err(error) = self.let_go(leaving, true, now).await {
                        self.events.emit(now, EngineEvent::Fault(format!("no room could be made in the cache: {error}")));
                        return;
                    }
                }
            }
        }
    }

    fn need(&self) -> Option<Need> {
        let stats = self.store.stats();
        let watermarks = self.keeping.room().watermarks();
        let floor = *self.keeping.floor.lock().unwrap_or_else(PoisonError::into_inner);
        let disk = stats.disk_bytes;
        if disk > watermarks.high + watermarks.high / 10 && stats.live_bytes < disk / 10 * 9 && disk > floor + floor / 8 {
            return Some(Need::Disk);
        }
        if stats.live_bytes <= watermarks.high {
            return None;
        }
        let target = self.keeping.with(self.store.as_ref(), |ledgers| ledgers.tally.target(watermarks));
        Some(Need::Live(stats.live_bytes - target))
    }

    /// Compacts the database, letting facts go down to the low watermark.
    ///
    /// # Errors
    /// The store's: nothing was changed.
    pub async fn compact(&self, now: Timestamp) -> Result<CompactReport, EngineError> {
        self.load()?;
        let _alone = self.keeping.gate.write().await;
        self.compact_alone(false, now).await
    }

    /// As [`Core::compact`], by whoever holds the gate. Where the disk is what is short, fewer facts stay than the low watermark allows.
    pub(super) async fn compact_alone(&self, disk_is_short: bool, now: Timestamp) -> Result<CompactReport, EngineError> {
        self.fill_room();
        let before = self.store.stats();
        let watermarks = self.keeping.room().watermarks();
        let target = self.keeping.with(self.store.as_ref(), |ledgers| {
            let fits = ledgers.tally.fits(watermarks);
            if disk_is_short && before.live_bytes > fits {
                ledgers.tally.disk_bound = Some((watermarks.high, fits));
                ledgers.dirty.tally = true;
            }
            ledgers.tally.target(watermarks)
        });
        let leaving = match before.live_bytes.checked_sub(target) {
            Some(bytes) if bytes > 0 => self.leaving(bytes, now),
            _ => Leaving::default(),
        };
        let writer = self.writer()?;
        let outcome = match writer.write(Vec::new(), self.ledgers()).await {
            Ok(()) => {
                let without = leaving.observations.clone();
                writer.work(move |store| store.compact(&without)).await.and_then(|outcome| outcome)
            }
            Err(error) => Err(error),
        };
        let compacted = match outcome {
            Ok(compacted) => compacted,
            Err(error) => {
                *self.keeping.floor.lock().unwrap_or_else(PoisonError::into_inner) = before.disk_bytes;
                self.stay(leaving);
                return Err(error.into());
            }
        };
        *self.keeping.floor.lock().unwrap_or_else(PoisonError::into_inner) = compacted.after;
        let live = self.store.stats().live_bytes;
        self.keeping.with(self.store.as_ref(), |ledgers| {
            ledgers.tally.compactions += 1;
            ledgers.tally.compacted_at = Some(now);
            // A nearly empty database tells nothing of a full one.
            if live > watermarks.high / 8 {
                let footprint = compacted.after.saturating_mul(1000) / live;
                ledgers.tally.footprint = u32::try_from(footprint).unwrap_or(u32::MAX).clamp(1000, 10_000);
            }
            ledgers.dirty.tally = true;
        });
        let gone = self.depart(leaving, true, now);
        // What is not written now is written with the next change.
        let _ = writer.write(Vec::new(), self.ledgers()).await;
        self.events.emit(now, EngineEvent::Cache(CacheEvent::Compacted { before: compacted.before, after: compacted.after }));
        Ok(CompactReport { before: compacted.before, after: compacted.after, live, evicted: gone })
    }

    /// Forgets every matching key that is not pinned. They come back with the next answer of their sources, which is a full one.
    ///
    /// # Errors
    /// The store's: nothing was changed.
    pub async fn evict(&self, pattern: &Pattern, now: Timestamp) -> Result<EvictReport, EngineError> {
        self.load()?;
        self.fill_room();
        let _alone = self.keeping.gate.write().await;
        let (mut leaving, mut pinned) = (Leaving::default(), 0);
        {
            let facts = self.read_facts();
            let room = self.keeping.room();
            for (key, _) in facts.table.matching(Some(pattern)) {
                if room.is_pinned(key) {
                    pinned += 1;
                } else {
                    leaving.keys.push(key.clone());
                }
            }
        }
        self.work_out(&mut leaving, now);
        for (_, source) in &leaving.observations {
            if let Some(at) = self.position(source) {
                self.sources[at].source.forget();
            }
        }
        let gone = self.let_go(leaving, false, now).await?;
        Ok(EvictReport { pinned, ..gone })
    }

    /// Chooses what goes, and takes it out of the order of use.
    fn leaving(&self, bytes: u64, now: Timestamp) -> Leaving {
        self.fill_room();
        let mut leaving = Leaving::default();
        {
            let facts = self.read_facts();
            let mut room = self.keeping.room();
            let strangers = self.strangers(&facts.table, |key| !room.is_pinned(key));
            let freed: u64 = strangers.iter().filter_map(|(key, source)| facts.table.note(key, source)).map(Note::weight).sum();
            leaving.evicted.entries += strangers.len() as u64;
            leaving.evicted.bytes += freed;
            leaving.observations = strangers;
            let gone = facts.table.matching(None).filter(|(_, notes)| !notes.iter().any(Note::is_held)).map(|(key, _)| key.clone());
            leaving.keys = room.take(bytes.saturating_sub(freed), gone);
        }
        self.work_out(&mut leaving, now);
        leaving
    }

    /// What sources that are not configured any more said of these keys.
    fn strangers(&self, table: &Table, of: impl Fn(&Key) -> bool) -> Vec<(Key, SourceId)> {
        let mut found = Vec::new();
        for source in table.sources().filter(|source| self.position(source).is_none()) {
            found.extend(table.held_by(source).filter(|(key, _)| of(key)).map(|(key, _)| (key.clone(), source.clone())));
        }
        found
    }

    /// What the leaving keys are made of; notes what is to be known of them afterwards.
    fn work_out(&self, leaving: &mut Leaving, now: Timestamp) {
        let mut disputed = self.disputed(&leaving.keys, now);
        let facts = self.read_facts();
        let strangers: HashSet<(Key, SourceId)> = leaving.observations.iter().cloned().collect();
        self.keeping.with(self.store.as_ref(), |ledgers| {
            for key in &leaving.keys {
                let sources = facts.table.notes(key).iter().filter_map(|note| Some((facts.table.source(note)?, note)));
                let of_key: Vec<(&SourceId, &Note)> =
                    sources.filter(|(source, _)| !strangers.contains(&(key.clone(), (*source).clone()))).collect();
                let past = |(source, note): &(&SourceId, &Note)| {
                    let expiry = self.position(source).and_then(|at| self.expiry(key, note, at));
                    expiry.is_some_and(|expiry| expiry <= now)
                };
                let mut held = of_key.iter().filter(|(_, note)| note.is_held()).peekable();
                let expired = held.peek().is_some() && held.all(past);
                let count = if expired { &mut leaving.expired } else { &mut leaving.evicted };
                count.keys += 1;
                count.entries += of_key.len() as u64;
                count.bytes += of_key.iter().map(|(_, note)| note.weight()).sum::<u64>();
                for (source, note) in &of_key {
                    if note.is_held() && self.position(source).is_some() {
                        ledgers.dirty.left_out |= ledgers.left_out.add(source, name_of(key));
                    }
                    leaving.observations.push((key.clone(), (*source).clone()));
                }
                if let Some(mut said) = disputed.remove(key) {
                    said.retain(|observation| of_key.iter().any(|(source, _)| **source == observation.source));
                    ledgers.kept.insert(key.clone(), said);
                    ledgers.dirty.kept = true;
                }
            }
        });
    }

    /// What is said of those of the keys whose values wait for a decision.
    fn disputed(&self, keys: &[Key], now: Timestamp) -> HashMap<Key, Vec<Observation>> {
        let standings = self.standings(now);
        let mut disputed = HashMap::new();
        for key in keys {
            if !may_differ(self.read_facts().table.notes(key)) {
                continue;
            }
            // What cannot be read has no values to keep.
            let Ok(hot) = self.recall(key) else { continue };
            let insight = self.resolve(key, hot.slots(), &standings, now);
            if insight.is_some_and(|insight| insight.marks.contains(Mark::Conflict)) {
                disputed.insert(key.clone(), hot.slots().iter().map(|slot| slot.observation.clone()).collect());
            }
        }
        disputed
    }

    /// Removes from disk, then from memory.
    async fn let_go(&self, leaving: Leaving, for_room: bool, now: Timestamp) -> Result<EvictReport, StoreError> {
        let ops = leaving.observations.iter().map(|(key, source)| StoreOp::Evict(key.clone(), source.clone())).collect();
        let writer = self.writer()?;
        if let Err(error) = writer.write(ops, self.ledgers()).await {
            self.stay(leaving);
            return Err(error);
        }
        let gone = self.depart(leaving, for_room, now);
        let _ = writer.write(Vec::new(), self.ledgers()).await;
        Ok(gone)
    }

    fn ledgers(&self) -> Vec<super::keeping::Document> {
        self.keeping.with(self.store.as_ref(), Ledgers::documents)
    }

    /// Puts back into the order of use what could not be removed.
    fn stay(&self, leaving: Leaving) {
        let facts = self.read_facts();
        let mut room = self.keeping.room();
        for key in leaving.keys {
            room.set(&key, facts.table.weight(&key));
        }
    }

    /// Removes from memory what is not on disk any more, counts it and tells of it.
    fn depart(&self, leaving: Leaving, for_room: bool, now: Timestamp) -> EvictReport {
        let Leaving { keys, observations, expired, evicted } = leaving;
        {
            let mut facts = self.write_facts();
            let mut room = self.keeping.room();
            for (key, source) in &observations {
                facts.table.evict(key, source);
                facts.forget_unwritten(key, source);
                self.hot.forget(key);
                room.set(key, facts.table.weight(key));
            }
        }
        for slot in &self.sources {
            *slot.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.tell_changes(&keys, now);
        let gone = EvictReport {
            keys: evicted.keys + expired.keys,
            entries: evicted.entries + expired.entries,
            bytes: evicted.bytes + expired.bytes,
            pinned: 0,
        };
        if for_room && gone.entries > 0 {
            self.keeping.with(self.store.as_ref(), |ledgers| {
                ledgers.tally.evicted_keys += gone.keys;
                ledgers.tally.evicted_bytes += gone.bytes;
                ledgers.dirty.tally = true;
            });
        }
        if expired.entries > 0 {
            self.events.emit(now, EngineEvent::Cache(CacheEvent::Expired { entries: expired.entries, bytes: expired.bytes }));
        }
        if evicted.entries > 0 {
            self.events.emit(now, EngineEvent::Cache(CacheEvent::Evicted { entries: evicted.entries, bytes: evicted.bytes }));
        }
        gone
    }
}
