//! The hot tier: decoded observations of the keys that are asked for, bounded in bytes, and what was last believed of them.
//!
//! Invariants: what it holds together never weighs more than its limit; what it holds of a key is all that is said of it, as the table
//! notes it, or nothing; whatever is here can be read again, so letting go loses nothing. Reading past it does not fill it: only being
//! asked for pushes something else out, a scan takes the room that is free and no more.
//!
//! It does not read the store and does not know what became of a key: whoever changes the table changes it here too, under one lock.

use std::{
    mem::size_of,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};

use crate::fact::{Candidate, ConflictEntry, Insight, Key, SourceView, Timestamp};

use super::slot::Slot;

/// A part of the tier, so large that a value of a mebibyte finds room in it.
const PART: u64 = 8 << 20;
/// What a key takes beside its text and its slots: its places in the tables of the tier, and the pieces of memory it is made of.
const OVERHEAD: usize = 160;
/// What a small piece of memory costs beside what is in it.
const PIECE: usize = 16;

/// All that is said of a key, decoded, and what was last believed of it.
#[derive(Debug)]
pub struct Hot {
    slots: Box<[Arc<Slot>]>,
    /// Of the slots and of what will be believed of them.
    bytes: usize,
    belief: Mutex<Option<Belief>>,
}

/// What was believed, and until when that holds.
#[derive(Clone, Debug)]
struct Belief {
    insight: Arc<Insight>,
    epoch: u64,
    from: Timestamp,
    until: Timestamp,
}

impl Hot {
    /// Of these slots; nothing is believed yet.
    #[must_use]
    pub fn new(slots: impl IntoIterator<Item = Arc<Slot>>) -> Arc<Self> {
        let slots: Box<[Arc<Slot>]> = slots.into_iter().collect();
        let of_slot = |(at, slot): (usize, &Arc<Slot>)| {
            let shares = slots[..at].iter().any(|other| Arc::ptr_eq(&other.normal, &slot.normal));
            let value = if shares { 0 } else { slot.value_bytes() + PIECE };
            slot.bytes() + value + size_of::<SourceView>() + 3 * PIECE
        };
        let of_slots: usize = slots.iter().enumerate().map(of_slot).sum();
        let of_conflict = if slots.len() > 1 { size_of::<ConflictEntry>() + slots.len() * size_of::<Candidate>() } else { 0 };
        Arc::new(Self {
            bytes: OVERHEAD + size_of::<Self>() + size_of::<Insight>() + of_slots + of_conflict,
            slots,
            belief: Mutex::default(),
        })
    }

    /// What every source says.
    #[must_use]
    pub fn slots(&self) -> &[Arc<Slot>] {
        &self.slots
    }

    /// What was believed in this epoch, if it still holds at `now`.
    #[must_use]
    pub fn belief(&self, epoch: u64, now: Timestamp) -> Option<Arc<Insight>> {
        let belief = self.belief.lock().unwrap_or_else(PoisonError::into_inner);
        belief.as_ref().filter(|held| held.epoch == epoch && held.from <= now && now < held.until).map(|held| Arc::clone(&held.insight))
    }

    /// Keeps what is believed from `from` until `until`.
    pub fn believe(&self, insight: &Arc<Insight>, epoch: u64, from: Timestamp, until: Timestamp) {
        *self.belief.lock().unwrap_or_else(PoisonError::into_inner) = Some(Belief { insight: Arc::clone(insight), epoch, from, until });
    }

    /// Bytes of memory, what will be believed of it included.
    #[must_use]
    pub fn bytes(&self, key: &Key) -> u64 {
        (self.bytes + key.as_str().len()) as u64
    }
}

/// Counts what moves belief without moving an observation: how sources stand.
#[derive(Default)]
pub struct Epoch(AtomicU64);

impl Epoch {
    /// Something moved: nothing that was believed before is answered any more.
    pub fn end(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// The epoch that is now.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Arc<Hot>> for ByBytes {
    fn weight(&self, key: &Key, hot: &Arc<Hot>) -> u64 {
        hot.bytes(key)
    }
}

/// How the tier stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HotStatus {
    /// The most it may take, in bytes.
    pub limit: u64,
    /// What it takes.
    pub bytes: u64,
    /// Keys it holds.
    pub keys: u64,
    /// How often a key that was asked for was here.
    pub hits: u64,
    /// How often it had to be read.
    pub misses: u64,
}

/// Decoded keys, bounded in bytes.
pub struct HotTier {
    held: Cache<Key, Arc<Hot>, ByBytes>,
    limit: u64,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl HotTier {
    /// Nothing yet, and never more than `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        let parts = usize::try_from(limit / PART).unwrap_or(usize::MAX).clamp(1, 16);
        // Rounded down: parts are of one size, and together they must not be over the limit.
        let capacity = limit - limit % parts.next_power_of_two() as u64;
        // With all of it given the builder has nothing to refuse; the default would only be a smaller tier.
        let held = OptionsBuilder::new()
            .shards(parts)
            .weight_capacity(capacity)
            .estimated_items_capacity(usize::try_from(limit / 1024).unwrap_or(usize::MAX).max(32 * parts))
            .build()
            .map_or_else(
                |_| Cache::with_weighter(32, capacity, ByBytes),
                |options| Cache::with_options(options, ByBytes, DefaultHashBuilder::default(), DefaultLifecycle::default()),
            );
        Self { held, limit, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// What is held of a key that somebody asks for.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Arc<Hot>> {
        let found = self.held.get(key);
        if found.is_some() {
            self.hits.fetch_add(1, Ordering::Relaxed);
        }
        found
    }

    /// Notes that a key that was asked for had to be read.
    pub fn missed(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    /// What is held of a key; that is no use of it.
    #[must_use]
    pub fn peek(&self, key: &Key) -> Option<Arc<Hot>> {
        self.held.peek(key)
    }

    /// Takes in a key that somebody asked for; others go for it.
    pub fn keep(&self, key: Key, hot: Arc<Hot>) {
        self.held.insert(key, hot);
    }

    /// Takes in a key that nobody asked for, where there is room. Answers whether there was.
    pub fn fill(&self, key: Key, hot: Arc<Hot>) -> bool {
        let fits = self.has_room(hot.bytes(&key));
        if fits {
            self.held.insert(key, hot);
        }
        fits
    }

    /// Whether there is room for so much more.
    #[must_use]
    pub fn has_room(&self, bytes: u64) -> bool {
        self.held.weight() + bytes <= self.limit
    }

    /// Puts what is said now in place of what is held of a key, if anything is.
    pub fn replace(&self, key: Key, hot: Arc<Hot>) {
        if let Err((key, _)) = self.held.replace(key, hot, true) {
            // One that has become too large for its part leaves nothing old behind.
            self.held.remove(&key);
        }
    }

    /// Lets a key go.
    pub fn forget(&self, key: &Key) {
        self.held.remove(key);
    }

    /// In numbers.
    #[must_use]
    pub fn status(&self) -> HotStatus {
        HotStatus {
            limit: self.limit,
            bytes: self.held.weight(),
            keys: self.held.len() as u64,
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
#[path = "hot_tests.rs"]
mod tests;
