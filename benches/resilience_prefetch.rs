//! What resilience rests on, with 10,000 facts of 100 bytes: putting and getting, beside bare sled, bare redb and a cache in memory;
//! snapshots of 100,000 facts beside the least that could do it.
//!
//! `cargo bench --bench resilience_prefetch`. Ratios between the columns of one run are what counts; the times are this machine's.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]

#[path = "support/beside.rs"]
#[expect(dead_code, reason = "what other benchmarks need")]
mod beside;
#[path = "support/peers.rs"]
#[expect(dead_code, reason = "what other benchmarks need")]
mod peers;
#[path = "support/snapshots.rs"]
mod snapshots;
#[path = "support/stored.rs"]
mod stored;

use beside::{Bound, Turns, contest, head, line};
use peers::{Pool, filled, filled_memory, filled_redb, filled_sled, keys, of, place, redb_get, redb_put};
use stellar::fact::Key;

const FACTS: usize = 10_000;
const LENGTH: usize = 100;

fn put_and_get(keys: &[Key]) {
    let (ours, sled_dir, redb_dir) = (place(), place(), place());
    let store = filled(ours.path(), keys, LENGTH);
    let db = filled_sled(sled_dir.path(), keys, LENGTH);
    let redb = filled_redb(redb_dir.path(), keys, LENGTH);
    let memory = filled_memory(keys, LENGTH);
    let got = contest(
        Turns { rounds: 20, measurements: 1_000, operations: 1 },
        &mut [
            of(keys, |key| store.get(key)),
            of(keys, |key| db.get(key.as_str())),
            of(keys, |key| redb_get(&redb, key)),
            of(keys, |key| memory.get(key)),
        ],
    );
    let [mut one, mut two, mut three] = [1, 2, 3].map(|first| Pool::new(first, LENGTH));
    let put = contest(
        // A hundred at a time, so that what gathers in memory and is written later is counted too.
        Turns { rounds: 20, measurements: 10, operations: 100 },
        &mut [
            of(keys, |key| store.apply(&[one.put(key)])),
            of(keys, |key| db.insert(key.as_str(), two.bytes())),
            of(keys, |key| redb_put(&redb, std::iter::once(key), &mut three, false)),
            of(keys, |key| memory.insert(key.clone(), vec![0; LENGTH].into())),
        ],
    );
    for (at, peer) in ["sled", "redb", "quick_cache"].into_iter().enumerate() {
        line("get, decoded", &got[0], peer, &got[at + 1], Bound::None);
        line("put without sync", &put[0], peer, &put[at + 1], Bound::None);
    }
}

fn main() {
    head();
    put_and_get(&keys(FACTS));
    snapshots::run();
}
