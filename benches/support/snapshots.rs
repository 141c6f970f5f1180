//! Snapshots of 100,000 facts, each direction beside the least that could do it: the same bytes written to a plain file and synced, a scan of
//! bare sled, the same rows put into bare sled.

use std::{
    fs::File,
    hint::black_box,
    io::{Read as _, Write as _},
    path::Path,
    time::Duration,
};

use stellar::engine::store::{CacheStore, Mode, snapshots};

use super::{
    beside::{Bound, Contestant, Turns, contest, line},
    peers::{filled, filled_sled, fresh, keys, place, raw_sled},
    stored::open,
};

const FACTS: usize = 100_000;
const LENGTH: usize = 100;
/// Rows of one batch, as many as a hydration puts at once.
const BATCH: usize = 1024;

fn take(store: &dyn CacheStore, to: &Path) {
    let sealing = store.snapshot_keys().expect("a sealed store");
    snapshots::take(store, &sealing, to, &mut |_| {}).expect("room on the disk");
}

fn once<'a>(mut work: impl FnMut() + 'a) -> Contestant<'a> {
    Box::new(move |operations| (0..operations).for_each(|_| work()))
}

/// Both directions.
pub fn run() {
    let keys = keys(FACTS);
    let (ours, sled_dir, files) = (place(), place(), place());
    let store = filled(ours.path(), &keys, LENGTH);
    let db = filled_sled(sled_dir.path(), &keys, LENGTH);
    let snapshot = files.path().join("ours.snap");
    take(store.as_ref(), &snapshot);
    let bytes = std::fs::read(&snapshot).expect("it was written");
    let turns = Turns { rounds: 3, measurements: 1, operations: 1 };
    let out = contest(
        turns,
        &mut [
            once(|| take(store.as_ref(), &snapshot)),
            once(|| {
                let plain = files.path().join("plain");
                let mut file = File::create(&plain).expect("room on the disk");
                file.write_all(&bytes).and_then(|()| file.sync_all()).expect("room on the disk");
            }),
            once(|| db.iter().for_each(|row| drop(black_box(row)))),
        ],
    );
    line("snapshot of 100,000", &out[0], "write and sync the same bytes", &out[1], Bound::Median(Duration::from_secs(2)));
    line("snapshot of 100,000", &out[0], "scan of bare sled", &out[2], Bound::None);
    let mut count = 0;
    let back = contest(
        turns,
        &mut [
            // Into a store that is new each time. Opening and making it is part of what a person waits for.
            once(|| {
                let target = place();
                copy_keys(ours.path(), target.path());
                let store = open(target.path()).store;
                let sealing = store.snapshot_keys().expect("a sealed store");
                let done = snapshots::hydrate(store.as_ref(), &sealing, &snapshot, Mode::Merge, &mut |_| {}, &mut |_| {});
                assert_eq!(done.expect("a good snapshot").taken, FACTS as u64);
            }),
            once(|| {
                let mut bytes = Vec::new();
                File::open(&snapshot).and_then(|mut file| file.read_to_end(&mut bytes)).expect("it was written");
                black_box(bytes);
            }),
            once(|| {
                let target = place();
                let db = raw_sled(target.path());
                for keys in keys.chunks(BATCH) {
                    let mut batch = sled::Batch::default();
                    keys.iter().for_each(|key| batch.insert(key.as_str(), fresh(&mut count, LENGTH)));
                    db.apply_batch(batch).expect("room on the disk");
                }
                db.flush().expect("room on the disk");
            }),
        ],
    );
    line("hydrate 100,000 into a new store", &back[0], "read the same bytes", &back[1], Bound::Median(Duration::from_secs(3)));
    line("hydrate 100,000 into a new store", &back[0], "the same rows into bare sled", &back[2], Bound::None);
}

/// Gives a new store the keys of this one, without which it opens none of its snapshots.
fn copy_keys(from: &Path, to: &Path) {
    for (dir, name) in [("data", "keyslots"), ("data", "format")] {
        std::fs::create_dir_all(to.join(dir)).expect("room on the disk");
        std::fs::copy(from.join(dir).join(name), to.join(dir).join(name)).expect("room on the disk");
    }
    let keys = to.join("state/keys");
    std::fs::create_dir_all(&keys).expect("room on the disk");
    for entry in std::fs::read_dir(from.join("state/keys")).expect("a key file") {
        let entry = entry.expect("a key file");
        std::fs::copy(entry.path(), keys.join(entry.file_name())).expect("room on the disk");
    }
}
