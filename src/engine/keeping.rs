//! What the engine remembers of keeping the cache small: the order of use, what was left out, what went, and the values of open conflicts
//! whose facts went. Each is a sealed document of the store; none is needed to answer, all are made again if they are lost.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::fact::{Key, Observation, Timestamp};

use super::{
    cache::{LeftOut, Room, Watermarks},
    store::{CacheStore, decode_body, decode_observation, encode_body, encode_observation},
};

/// A document of the store: its name, and what it holds.
pub(super) type Document = (String, Vec<u8>);

const RECENCY: &str = "recency";
const LEFT_OUT: &str = "left-out";
const TALLY: &str = "room";
const KEPT: &str = "conflicts-kept";

/// What a database takes on disk for a sealed byte, in thousandths, before the first compaction has told.
const FOOTPRINT: u32 = 1300;

/// What went, and how compactions ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// Keys that went for want of room, ever.
    pub evicted_keys: u64,
    /// Their sealed bytes.
    pub evicted_bytes: u64,
    /// How often the database was compacted.
    pub compactions: u64,
    /// When it last was.
    pub compacted_at: Option<Timestamp>,
    /// Bytes on disk per thousand sealed bytes, right after a compaction.
    pub footprint: u32,
    /// Where the disk was short: the high watermark that was in force, and the sealed bytes that were left.
    pub disk_bound: Option<(u64, u64)>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { evicted_keys: 0, evicted_bytes: 0, compactions: 0, compacted_at: None, footprint: FOOTPRINT, disk_bound: None }
    }
}

impl Tally {
    /// Sealed bytes that are left when room is made: the low watermark, or fewer where the disk was what was short.
    pub fn target(&self, watermarks: Watermarks) -> u64 {
        match self.disk_bound {
            Some((high, fits)) if high == watermarks.high => fits.min(watermarks.low),
            _ => watermarks.low,
        }
    }

    /// Sealed bytes that leave a database below the size that is compacted, while it is written to: `low * 1.1 / (1.5 * footprint)`. Half as
    /// much again as right after a compaction is what sled settles at; see docs/cache.md.
    pub fn fits(&self, watermarks: Watermarks) -> u64 {
        watermarks.low.saturating_mul(2200) / (3 * u64::from(self.footprint.max(1000)))
    }
}

/// What is remembered beside the order of use.
#[derive(Default)]
pub(super) struct Ledgers {
    /// Keys that sources have and the cache has not.
    pub left_out: LeftOut,
    /// What went.
    pub tally: Tally,
    /// Observations of keys that went with an open conflict.
    pub kept: BTreeMap<Key, Vec<Observation>>,
    /// Which of them are to be written.
    pub dirty: Dirty,
}

/// What differs from what is on disk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dirty {
    pub left_out: bool,
    pub tally: bool,
    pub kept: bool,
}

impl Ledgers {
    /// What is to be written; afterwards nothing is.
    pub fn documents(&mut self) -> Vec<Document> {
        let Dirty { left_out, tally, kept } = std::mem::take(&mut self.dirty);
        let mut documents = Vec::new();
        if left_out {
            documents.push((LEFT_OUT.to_owned(), encode_body(&self.left_out)));
        }
        if tally {
            documents.push((TALLY.to_owned(), encode_body(&self.tally)));
        }
        if kept {
            let bodies: Vec<Vec<u8>> = self.kept.values().flatten().map(encode_observation).collect();
            documents.push((KEPT.to_owned(), encode_body(&bodies)));
        }
        documents
    }

    fn load(store: &dyn CacheStore) -> Self {
        // Unreadable is as good as never written: at worst something is fetched once more.
        let body = |name| store.get_meta(name).ok().flatten().unwrap_or_default();
        let mut kept: BTreeMap<Key, Vec<Observation>> = BTreeMap::new();
        let bodies: Vec<Vec<u8>> = decode_body(&body(KEPT)).unwrap_or_default();
        for observation in bodies.iter().filter_map(|body| decode_observation(body)) {
            kept.entry(observation.key.clone()).or_default().push(observation);
        }
        Self {
            left_out: decode_body(&body(LEFT_OUT)).unwrap_or_default(),
            tally: decode_body(&body(TALLY)).unwrap_or_default(),
            kept,
            dirty: Dirty::default(),
        }
    }
}

/// All of it, and the gate between writing facts and letting them go.
pub(super) struct Keeping {
    room: Mutex<Room>,
    ledgers: Mutex<Option<Ledgers>>,
    /// Names of keys that somebody waits for: they come in, however little room there is.
    pub wanted: Mutex<HashSet<u64>>,
    /// Shared by commits, taken alone by whoever lets facts go.
    pub gate: tokio::sync::RwLock<()>,
    /// Bytes on disk when a compaction last ended: without more than those, another would bring nothing.
    pub floor: Mutex<u64>,
}

impl Keeping {
    pub fn new(watermarks: Watermarks) -> Self {
        Self {
            room: Mutex::new(Room::new(watermarks)),
            ledgers: Mutex::default(),
            wanted: Mutex::default(),
            gate: tokio::sync::RwLock::new(()),
            floor: Mutex::default(),
        }
    }

    pub fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the ledgers, which are read from the store the first time.
    pub fn with<T>(&self, store: &dyn CacheStore, work: impl FnOnce(&mut Ledgers) -> T) -> T {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        work(ledgers.get_or_insert_with(|| Ledgers::load(store)))
    }

    /// The order of use as it was last written down.
    pub fn remembered(store: &dyn CacheStore) -> Vec<u64> {
        store.get_meta(RECENCY).ok().flatten().and_then(|body| decode_body(&body)).unwrap_or_default()
    }

    /// The order of use, where it moved since it was last written down.
    pub fn recency(&self) -> Option<Document> {
        self.room().take_order().map(|names| (RECENCY.to_owned(), encode_body(&names)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::store::MemoryStore,
        fact::{Content, SourceId, Value},
    };

    #[test]
    fn what_is_written_is_read_again_and_only_what_moved_is_written() {
        let store = MemoryStore::default();
        let keeping = Keeping::new(Watermarks::new(100, 0.8));
        let observation = Observation {
            key: Key::new("a/b").unwrap(),
            source: SourceId::new("s").unwrap(),
            content: Content::Value(Value::parse("1").unwrap()),
            observed_at: Timestamp::from_millis(1),
            changed_at: Timestamp::from_millis(2),
            fetched_at: Timestamp::from_millis(3),
            revision: None,
            live: false,
            same_origin: None,
        };
        let documents = keeping.with(&store, |ledgers| {
            assert!(ledgers.documents().is_empty());
            ledgers.tally.evicted_keys = 3;
            ledgers.kept.insert(observation.key.clone(), vec![observation.clone()]);
            ledgers.dirty = Dirty { tally: true, kept: true, left_out: false };
            ledgers.documents()
        });
        assert_eq!(documents.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [TALLY, KEPT]);
        documents.iter().for_each(|(name, body)| store.put_meta(name, body).unwrap());
        let read = Ledgers::load(&store);
        assert_eq!(read.tally.evicted_keys, 3);
        assert_eq!(read.kept.get(&observation.key), Some(&vec![observation]));
    }

    #[test]
    fn golden() {
        let tally = Tally {
            evicted_keys: 1,
            evicted_bytes: 300,
            compactions: 2,
            compacted_at: Some(Timestamp::from_millis(-1)),
            footprint: 1300,
            disk_bound: Some((4, 3)),
        };
        let bytes = encode_body(&tally);
        assert_eq!(bytes, [1, 1, 0xAC, 2, 2, 1, 1, 0x94, 10, 1, 4, 3]);
        assert_eq!(decode_body::<Tally>(&bytes), Some(tally));
        assert_eq!(encode_body(&vec![1_u64, 300]), [1, 2, 1, 0xAC, 2], "the order of use");
    }

    #[test]
    fn the_disk_bounds_what_is_left_as_long_as_the_watermark_is_the_same() {
        let watermarks = Watermarks::new(1000, 0.8);
        let mut tally = Tally { footprint: 2000, ..Tally::default() };
        assert_eq!((tally.fits(watermarks), tally.target(watermarks)), (293, 800));
        tally.disk_bound = Some((1000, 293));
        assert_eq!(tally.target(watermarks), 293);
        assert_eq!(tally.target(Watermarks::new(2000, 0.8)), 1600);
    }
}
