//! How the cache stands with its room, what may not go, and what is shown of conflicts whose facts went.

use std::sync::{Arc, PoisonError};

use crate::fact::{ConflictEntry, Key, Pattern, SourceId, Timestamp};

use super::{
    api::{CompactReport, EngineError, EvictReport, RefreshReport, RoomStatus},
    cache::{PinsFull, Slot, name_of},
    core::Core,
    handle::EngineHandle,
};

/// Somebody waits for a key, as long as this is held.
pub(super) struct Wanted<'a> {
    core: &'a Core,
    name: u64,
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        self.core.keeping.wanted.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

impl Core {
    /// Lets the key in with the next answer that has it.
    pub(super) fn want(&self, key: &Key) -> Wanted<'_> {
        let name = name_of(key);
        self.keeping.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        Wanted { core: self, name }
    }

    /// Keeps a key from going.
    pub(super) fn pin(&self, key: &Key) -> Result<(), EngineError> {
        self.load()?;
        self.fill_room();
        let facts = self.read_facts();
        let mut room = self.keeping.room();
        let limit = room.watermarks().pinnable();
        room.pin(key, facts.table.weight(key)).map_err(|PinsFull { pinned, more }| {
            EngineError::PinsFull(format!(
                "{key} cannot be kept from going: {pinned} bytes are pinned already, with its {more} that is more than half of \
                 cache.high_watermark ({limit} bytes); unlock other keys, or raise it"
            ))
        })
    }

    /// Conflicts of keys that are not in the table any more, from the copies of their values.
    pub(super) fn kept_conflicts(&self, now: Timestamp) -> Vec<Arc<ConflictEntry>> {
        let facts = self.read_facts();
        let kept: Vec<(Key, Vec<Slot>)> = self.keeping.with(self.store.as_ref(), |ledgers| {
            let gone = ledgers.kept.iter().filter(|(key, _)| facts.table.notes(key).is_empty());
            gone.map(|(key, observations)| (key.clone(), observations.iter().map(|one| Slot::new(one.clone(), &self.rules)).collect()))
                .collect()
        });
        drop(facts);
        let mut found = Vec::new();
        self.resolve_all(kept.iter().map(|(key, slots)| (key, slots.as_slice())), now, |insight| found.extend(insight.conflict));
        found
    }

    /// Keys of which only the copies of an open conflict are left.
    pub(super) fn kept_keys(&self) -> Vec<Key> {
        let facts = self.read_facts();
        self.keeping
            .with(self.store.as_ref(), |ledgers| ledgers.kept.keys().filter(|key| facts.table.notes(key).is_empty()).cloned().collect())
    }

    /// The copies of one key.
    pub(super) fn kept_slots(&self, key: &Key) -> Vec<Arc<Slot>> {
        self.keeping.with(self.store.as_ref(), |ledgers| {
            let kept = ledgers.kept.get(key).into_iter().flatten();
            Slot::of_key(kept.cloned(), &self.rules)
        })
    }

    /// In numbers.
    pub(super) fn room_status(&self) -> RoomStatus {
        let (watermarks, pins, pinned_bytes) = {
            let room = self.keeping.room();
            (room.watermarks(), room.pins(), room.pinned())
        };
        self.keeping.with(self.store.as_ref(), |ledgers| {
            let target = ledgers.tally.target(watermarks);
            RoomStatus {
                high_watermark: watermarks.high,
                low_watermark: watermarks.low,
                disk_bound: (target < watermarks.low).then_some(target),
                evicted_keys: ledgers.tally.evicted_keys,
                evicted_bytes: ledgers.tally.evicted_bytes,
                left_out: ledgers.left_out.by_source().map(|(source, keys)| (source.clone(), keys)).collect(),
                pins,
                pinned_bytes,
                compactions: ledgers.tally.compactions,
                compacted_at: ledgers.tally.compacted_at,
            }
        })
    }
}

impl EngineHandle {
    /// Asks these sources for a key that went for want of room; it comes in, however little room there is.
    ///
    /// # Errors
    /// As for [`EngineHandle::refresh`].
    pub async fn refetch(&self, key: &Key, sources: &[SourceId]) -> Result<Vec<RefreshReport>, EngineError> {
        let wanted = self.core.want(key);
        for source in sources {
            self.core.sources[self.position(source)?].source.forget();
        }
        let reports = self.refresh(sources).await;
        drop(wanted);
        reports
    }

    /// Keeps a key from going, until it was unpinned as often: for locks and for commands under way.
    ///
    /// # Errors
    /// [`EngineError::PinsFull`] when pinned keys take half of the high watermark; the store's.
    pub fn pin(&self, key: &Key) -> Result<(), EngineError> {
        self.core.pin(key)
    }

    /// Takes one pin of a key back.
    pub fn unpin(&self, key: &Key) {
        self.core.keeping.room().unpin(key);
    }

    /// Forgets every matching key that is not pinned; they come back with the next answer of their sources.
    ///
    /// # Errors
    /// When the store refuses: nothing was changed.
    pub async fn evict(&self, pattern: &Pattern) -> Result<EvictReport, EngineError> {
        self.core.evict(pattern, self.core.now()).await
    }

    /// Makes the database as small as what it holds, letting facts go down to the low watermark.
    ///
    /// # Errors
    /// When the store refuses: nothing was changed.
    pub async fn compact(&self) -> Result<CompactReport, EngineError> {
        self.core.compact(self.core.now()).await
    }
}
