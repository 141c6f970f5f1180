//! The sealed store and its peers, each filled with the same facts: bare sled, bare redb, a cache in memory.

use std::{hint::black_box, path::Path, sync::Arc};

use redb::{ReadableDatabase as _, TableDefinition};
use stellar::{
    engine::store::{CacheStore, StoreOp},
    fact::{Key, SourceId, Timestamp, Value},
};

use super::{
    beside::Contestant,
    stored::{open, said},
};

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
/// Memory for pages, the same for every database.
const PAGES: u64 = 16 << 20;

/// A place that goes away with the run.
pub fn place() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

/// That many keys, in a hundred places, in no order: filled in order a tree of rows is only half full, and peers would get their rows in
/// order where ours come as hashes.
pub fn keys(count: usize) -> Vec<Key> {
    let mut keys: Vec<_> = (0..count).map(|at| Key::new(&format!("service/name-{}/replicas/{at}", at % 100)).expect("a key")).collect();
    let mut other = scattered(count);
    (0..count).for_each(|at| keys.swap(at, other()));
    keys
}

/// Bytes that were not there before: sled skips a write that changes nothing.
pub fn fresh(count: &mut u64, length: usize) -> Vec<u8> {
    *count += 1;
    let mut value = vec![b'v'; length];
    value[..16].copy_from_slice(format!("{count:016}").as_bytes());
    value
}

/// Values that differ, made before the clock runs: as bytes, and as the observations hold them.
pub struct Pool {
    values: Vec<(Vec<u8>, Value)>,
    source: SourceId,
    at: usize,
}

impl Pool {
    /// A few hundred values of this length, other ones for every `first`.
    pub fn new(first: u64, length: usize) -> Self {
        let mut count = first << 32;
        let values = (0..509).map(|_| {
            let bytes = fresh(&mut count, length);
            let value = Value::string(&String::from_utf8_lossy(&bytes));
            (bytes, value)
        });
        Self { values: values.collect(), source: SourceId::new("bench").expect("a name"), at: 0 }
    }

    fn next(&mut self) -> &(Vec<u8>, Value) {
        self.at = (self.at + 1) % self.values.len();
        &self.values[self.at]
    }

    /// The next as bytes.
    pub fn bytes(&mut self) -> &[u8] {
        &self.next().0
    }

    /// The next as what the source says of this key.
    pub fn put(&mut self, key: &Key) -> StoreOp {
        let value = self.next().1.clone();
        said(key, &self.source, value, Timestamp::default())
    }
}

/// The sealed store with an observation of each key. Closed and opened again, so that what is read comes from where a start finds it; then
/// read once, as an engine does.
pub fn filled(dir: &Path, keys: &[Key], length: usize) -> Arc<dyn CacheStore> {
    let store = open(dir).store;
    let mut pool = Pool::new(0, length);
    for keys in keys.chunks(500) {
        let ops: Vec<_> = keys.iter().map(|key| pool.put(key)).collect();
        store.apply(&ops).expect("room on the disk");
    }
    store.close().expect("room on the disk");
    let store = open(dir).store;
    store.scan(&[], &mut |one| drop(black_box(one))).expect("it was closed whole");
    store
}

/// The sealed store with a document for each key: what is sealed as it is given, so that reading one is decryption and nothing more.
pub fn documents(dir: &Path, keys: &[Key], length: usize) -> Arc<dyn CacheStore> {
    let store = open(dir).store;
    let mut count = 0;
    for key in keys {
        store.put_meta(key.as_str(), &fresh(&mut count, length)).expect("room on the disk");
    }
    store.close().expect("room on the disk");
    open(dir).store
}

/// sled in this directory, set as the store sets it.
pub fn raw_sled(dir: &Path) -> sled::Db {
    let config = sled::Config::new().path(dir).cache_capacity(PAGES).mode(sled::Mode::LowSpace).flush_every_ms(None);
    config.open().expect("a database")
}

/// sled with a row for each key, opened again.
pub fn filled_sled(dir: &Path, keys: &[Key], length: usize) -> sled::Db {
    let mut count = 0;
    let db = raw_sled(dir);
    for key in keys {
        db.insert(key.as_str(), fresh(&mut count, length)).expect("room on the disk");
    }
    drop(db);
    raw_sled(dir)
}

/// redb in this directory.
pub fn raw_redb(dir: &Path) -> redb::Database {
    redb::Builder::new().set_cache_size(PAGES as usize).create(dir.join("redb")).expect("a database")
}

/// redb with a row for each key.
pub fn filled_redb(dir: &Path, keys: &[Key], length: usize) -> redb::Database {
    let db = raw_redb(dir);
    redb_put(&db, keys.iter(), &mut Pool::new(0, length), true);
    db
}

/// Writes these rows in one transaction, durable or not.
pub fn redb_put<'a>(db: &redb::Database, rows: impl Iterator<Item = &'a Key>, pool: &mut Pool, durable: bool) {
    let mut write = db.begin_write().expect("a transaction");
    if !durable {
        write.set_durability(redb::Durability::None).expect("a new transaction");
    }
    {
        let mut table = write.open_table(TABLE).expect("a table");
        for key in rows {
            table.insert(key.as_str().as_bytes(), pool.bytes()).expect("room on the disk");
        }
    }
    write.commit().expect("room on the disk");
}

/// Reads a row of redb.
pub fn redb_get(db: &redb::Database, key: &Key) -> Option<Vec<u8>> {
    let read = db.begin_read().ok()?;
    let table = read.open_table(TABLE).ok()?;
    table.get(key.as_str().as_bytes()).ok()?.map(|bytes| bytes.value().to_vec())
}

/// A cache in memory that holds all of it.
pub fn filled_memory(keys: &[Key], length: usize) -> quick_cache::sync::Cache<Key, Arc<[u8]>> {
    let cache = quick_cache::sync::Cache::new(keys.len() * 2);
    let mut count = 0;
    for key in keys {
        cache.insert(key.clone(), Arc::from(fresh(&mut count, length)));
    }
    cache
}

/// Numbers below `count` in no order, every one as likely as any other; the same each run.
pub fn scattered(count: usize) -> impl FnMut() -> usize {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % count
    }
}

/// One contestant: `each` for as many operations as asked, each with the next of `keys` in scattered order.
pub fn of<'a, T>(keys: &'a [Key], mut each: impl FnMut(&'a Key) -> T + 'a) -> Contestant<'a> {
    let mut next = scattered(keys.len());
    Box::new(move |operations| (0..operations).for_each(|_| drop(black_box(each(&keys[next()])))))
}
