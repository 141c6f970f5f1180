//! Everything a store can be asked for, in any order, over a disk that fills and a machine that dies, against a map.
//!
//! The draws come from a seed that stands here, so that a run is the same everywhere; `STELLAR_SEED` makes it another one, `STELLAR_CASES`
//! a longer one.

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

use proptest::{prelude::*, test_runner::RngSeed};

use super::*;
use crate::engine::store::{
    FaultBackend, KeyChange, Mode, OuterChange, SnapshotError,
    buffered_rows::BufferedRows,
    key_keeper::KeyKeeper,
    rows::{Backend, Rows},
    sealed_store::{SealedStore, Step},
    snapshots,
};

const NEW_KEY: KeyChange = KeyChange { outer: OuterChange::Renew, reseal: true };
const SOURCES: u8 = 3;
const KEYS: u8 = 10;

/// What is done.
#[derive(Clone, Debug)]
enum Act {
    /// Puts (with a length) and evictions, in one batch.
    Apply(Vec<(u8, u8, Option<u32>)>),
    Flush,
    Checkpoint,
    NewKey,
    Reseal,
    /// Without what is said of these keys.
    Compact(Vec<u8>),
    /// The process dies in it, at the so manyth step.
    DieCompacting(Vec<u8>, u8),
    Snapshot,
    /// Takes in one of those that were taken.
    Hydrate(u8, bool),
    /// Flips a bit of one of them, has it refused, and flips it back.
    HydrateDamaged(u8, u16),
    Full(bool),
    Close,
    /// The process dies.
    Die,
    /// The machine dies.
    PowerCut,
}

fn act() -> impl Strategy<Value = Act> {
    let change = (0..KEYS, 0..SOURCES, prop::option::weighted(0.7, prop_oneof![12 => 0..200_u32, 1 => 60_000..70_000_u32]));
    let gone = || prop::collection::vec(0..KEYS, 0..4);
    prop_oneof![
        10 => prop::collection::vec(change, 1..6).prop_map(Act::Apply),
        3 => Just(Act::Flush),
        1 => Just(Act::Checkpoint),
        2 => Just(Act::NewKey),
        3 => Just(Act::Reseal),
        2 => gone().prop_map(Act::Compact),
        2 => (gone(), 0..5_u8).prop_map(|(gone, at)| Act::DieCompacting(gone, at)),
        2 => Just(Act::Snapshot),
        3 => (any::<u8>(), any::<bool>()).prop_map(|(which, replace)| Act::Hydrate(which, replace)),
        1 => (any::<u8>(), any::<u16>()).prop_map(|(which, at)| Act::HydrateDamaged(which, at)),
        2 => any::<bool>().prop_map(Act::Full),
        1 => Just(Act::Close),
        2 => Just(Act::Die),
        3 => Just(Act::PowerCut),
    ]
}

/// What is said: by key and source, the moment of it and the value.
type Held = BTreeMap<(String, String), (i64, String)>;

fn name(at: u8) -> String {
    format!("k{}/{at}", at % 3)
}

fn said(name: &str, by: &str, (at, json): &(i64, String)) -> Observation {
    let moment = Timestamp::from_millis(*at);
    Observation { observed_at: moment, changed_at: moment, fetched_at: moment, ..seen(name, by, json) }
}

fn found_in(store: &dyn CacheStore) -> Held {
    let mut found = Held::new();
    let mut each = |one: Observation| {
        let json = one.value().map_or("-", Value::as_json_text).to_owned();
        found.insert((one.key.as_str().to_owned(), one.source.as_str().to_owned()), (one.fetched_at.as_millis(), json));
    };
    store.scan(&[], &mut each).unwrap();
    found
}

fn without(held: &Held, gone: &[u8]) -> Held {
    held.iter().filter(|((key, _), _)| !gone.iter().any(|at| name(*at) == *key)).map(|(name, said)| (name.clone(), said.clone())).collect()
}

/// With what sled's writes go through before it, or as it is.
struct Kind(FaultBackend, bool);

impl Backend for Kind {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        let rows = self.0.open(dir, limit)?;
        Ok(if self.1 { Box::new(BufferedRows::new(rows)) } else { rows })
    }

    fn shared(&self) -> Option<Arc<dyn Backend>> {
        Some(Arc::new(Self(self.0.clone(), self.1)))
    }
}

struct Machine {
    place: Place,
    gathers: bool,
    store: Option<SealedStore>,
    /// What a crash may leave: from the last moment that is surely on disk to now.
    moments: Vec<Held>,
    snapshots: Vec<(PathBuf, Held)>,
    full: bool,
    clock: i64,
}

impl Machine {
    fn new(gathers: bool) -> Self {
        let place = Place::new("fault-disk");
        let store = open_sealed(&place.options(), &Kind(place.disk.backend(), gathers)).unwrap();
        Self { place, gathers, store: Some(store), moments: vec![Held::new()], snapshots: Vec::new(), full: false, clock: 0 }
    }

    fn store(&self) -> &SealedStore {
        self.store.as_ref().unwrap()
    }

    fn now(&self) -> Held {
        self.moments.last().cloned().unwrap_or_default()
    }

    /// This is how it is now; `durable`, and nothing before can come back.
    fn is_now(&mut self, held: Held, durable: bool) {
        if durable {
            self.moments.clear();
        }
        self.moments.push(held);
    }

    fn fill_up(&mut self, full: bool) {
        self.full = full;
        self.place.disk.refuse_writes(full.then_some(ErrorKind::StorageFull));
    }

    /// Of an attempt on which the disk may have refused: only that excuses it.
    fn excused<T, E: std::fmt::Debug>(&self, outcome: Result<T, E>) -> Result<Option<T>, TestCaseError> {
        match outcome {
            Ok(done) => Ok(Some(done)),
            Err(_) if self.full => Ok(None),
            Err(error) => Err(TestCaseError::fail(format!("{error:?}"))),
        }
    }

    fn apply(&mut self, changes: &[(u8, u8, Option<u32>)]) -> Result<(), TestCaseError> {
        let mut then = self.now();
        let mut ops = Vec::new();
        for (key, by, length) in changes {
            let (key, by) = (name(*key), format!("s{by}"));
            self.clock += 1;
            match length {
                Some(length) => {
                    let one = (self.clock, format!("\"{}{}\"", self.clock, "v".repeat(*length as usize)));
                    ops.push(StoreOp::Put(said(&key, &by, &one)));
                    then.insert((key, by), one);
                }
                None => {
                    ops.push(evict(&key, &by));
                    then.remove(&(key, by));
                }
            }
        }
        if self.excused(self.store().apply(&ops))?.is_some() {
            self.is_now(then, false);
        }
        Ok(())
    }

    fn hydrate(&mut self, which: u8, replace: bool) -> Result<(), TestCaseError> {
        let Some((path, theirs)) = self.snapshots.get(usize::from(which) % self.snapshots.len().max(1)).cloned() else { return Ok(()) };
        let keys = self.store().snapshot_keys().unwrap();
        let mode = if replace { Mode::Replace } else { Mode::Merge };
        let outcome = snapshots::hydrate(self.store(), &keys, &path, mode, &mut |_| {}, &mut |_| {});
        let before = self.now();
        let mut merged = before.clone();
        for (name, one) in &theirs {
            let newer = before.get(name).is_none_or(|(at, _)| *at < one.0);
            if replace || newer {
                merged.insert(name.clone(), one.clone());
            }
        }
        let after = if replace { theirs } else { merged.clone() };
        match outcome {
            Ok(done) => {
                prop_assert_eq!(done.kept + done.taken, done.entries);
                self.is_now(after, true);
            }
            Err(error) => {
                prop_assert!(self.full, "{error:?}");
                let found = found_in(self.store());
                prop_assert!(found == before || found == merged || found == after, "half a batch was taken");
                if found != before && matches!(error, SnapshotError::Partly { .. } | SnapshotError::Store(_)) {
                    self.is_now(merged, false);
                    self.is_now(found, false);
                }
            }
        }
        Ok(())
    }

    fn hydrate_damaged(&mut self, which: u8, at: u16) -> Result<(), TestCaseError> {
        let Some((path, _)) = self.snapshots.get(usize::from(which) % self.snapshots.len().max(1)) else { return Ok(()) };
        let good = std::fs::read(path).unwrap();
        let mut bad = good.clone();
        let at = usize::from(at) % bad.len();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(path, bad).unwrap();
        let (keys, writes) = (self.store().snapshot_keys().unwrap(), self.place.disk.counts());
        for mode in [Mode::Merge, Mode::Replace] {
            prop_assert!(snapshots::hydrate(self.store(), &keys, path, mode, &mut |_| {}, &mut |_| {}).is_err(), "a flipped bit was taken");
        }
        prop_assert_eq!(self.place.disk.counts(), writes, "a refused snapshot wrote something");
        std::fs::write(path, good).unwrap();
        Ok(())
    }

    fn do_one(&mut self, act: Act) -> Result<(), TestCaseError> {
        match act {
            Act::Apply(changes) => self.apply(&changes)?,
            Act::Flush => {
                if self.excused(self.store().flush())?.is_some() {
                    self.is_now(self.now(), true);
                }
            }
            Act::Checkpoint => {
                if self.excused(self.store().checkpoint())?.is_some() {
                    self.is_now(self.now(), true);
                }
            }
            Act::NewKey => drop(self.excused(self.store().change_key(NEW_KEY))?),
            Act::Reseal => drop(self.excused(self.store().reseal_some())?),
            Act::Compact(gone) => {
                let then = without(&self.now(), &gone);
                if self.excused(self.store().compact(&names_of(&self.now(), &gone)))?.is_some() {
                    self.is_now(then, true);
                }
            }
            Act::DieCompacting(gone, at) => {
                let steps = [Step::Copied, Step::Verified, Step::MovedAway, Step::Exchanged, Step::Opened];
                let fatal = steps[usize::from(at)];
                let names = names_of(&self.now(), &gone);
                let died = catch_unwind(AssertUnwindSafe(|| {
                    self.store().compact_watched(&names, &|step| {
                        if step == fatal {
                            resume_unwind(Box::new("the process dies"));
                        }
                    })
                }));
                prop_assert!(died.is_err() || self.full);
                if died.is_err() {
                    self.is_now(without(&self.now(), &gone), false);
                    self.reopen(true, at % 2 == 0)?;
                }
            }
            Act::Snapshot => {
                // Where the store looks before it lets a former key go.
                let dir = self.place.data().join("snapshots");
                std::fs::create_dir_all(&dir).unwrap();
                let path = dir.join(format!("{}", self.snapshots.len()));
                let keys = self.store().snapshot_keys().unwrap();
                snapshots::take(self.store(), &keys, &path, &mut |_| {}).map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
                self.snapshots.push((path, self.now()));
            }
            Act::Hydrate(which, replace) => self.hydrate(which, replace)?,
            Act::HydrateDamaged(which, at) => self.hydrate_damaged(which, at)?,
            Act::Full(full) => self.fill_up(full),
            Act::Close => {
                if self.excused(self.store().close())?.is_some() {
                    self.is_now(self.now(), true);
                }
                self.reopen(false, false)?;
            }
            Act::Die => self.reopen(false, false)?,
            Act::PowerCut => self.reopen(false, true)?,
        }
        Ok(())
    }

    /// After the process died, or the machine.
    fn reopen(&mut self, in_between: bool, power_cut: bool) -> Result<(), TestCaseError> {
        let refused = self.full;
        if power_cut {
            // What the process still held is gone with it.
            self.place.disk.cut_power(false);
        }
        self.store = None;
        self.fill_up(false);
        let opened = open_sealed(&self.place.options(), &Kind(self.place.disk.backend(), self.gathers));
        let store = opened.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        let found = found_in(&store);
        let was = self.moments.iter().rposition(|moment| *moment == found);
        prop_assert!(was.is_some(), "what is there never was, or was before what was acknowledged");
        let latest = was == Some(self.moments.len() - 1);
        prop_assert!(latest || power_cut || refused || in_between, "a process that dies lost what the system had");
        self.store = Some(store);
        // It was read from the disk, but a sync was not promised of it.
        self.moments.truncate(was.unwrap_or(0) + 1);
        self.is_as_it_should_be()
    }

    fn is_as_it_should_be(&self) -> Result<(), TestCaseError> {
        let (store, now) = (self.store(), self.now());
        prop_assert!(found_in(store) == now, "{} found, {} expected", found_in(store).len(), now.len());
        prop_assert_eq!(store.stats().entries, now.len() as u64);
        let report = store.verify().unwrap();
        prop_assert_eq!((report.checked, report.damaged, report.wrong_key, report.complete), (now.len() as u64, 0, 0, true));
        for ((key, by), (_, json)) in &now {
            let one = store.get_from(&super::key(key), &source(by)).unwrap();
            prop_assert_eq!(one.as_ref().and_then(Observation::value).map(Value::as_json_text), Some(json.as_str()));
        }
        Ok(())
    }
}

fn names_of(held: &Held, gone: &[u8]) -> Vec<(Key, SourceId)> {
    let named = held.keys().filter(|(key, _)| gone.iter().any(|at| name(*at) == *key));
    named.map(|(name, by)| (key(name), source(by))).collect()
}

fn config() -> ProptestConfig {
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let rng_seed = RngSeed::Fixed(given("STELLAR_SEED").unwrap_or(4).into());
    ProptestConfig { cases: given("STELLAR_CASES").unwrap_or(24), rng_seed, ..ProptestConfig::default() }
}

fn is_a_map(gathers: bool, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let mut machine = Machine::new(gathers);
    for act in acts {
        machine.do_one(act)?;
        prop_assert!(found_in(machine.store()) == machine.now());
    }
    machine.is_as_it_should_be()?;
    machine.fill_up(false);
    // Whatever was begun ends once there is room.
    while machine.store().reseal_some().unwrap() {}
    machine.store().compact(&[]).unwrap();
    machine.is_as_it_should_be()?;
    machine.store().close().unwrap();
    machine.is_now(machine.now(), true);
    machine.reopen(false, true)?;
    machine.is_as_it_should_be()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_store_is_a_map_whatever_is_asked_of_it(gathers in any::<bool>(), acts in prop::collection::vec(act(), 1..40)) {
        is_a_map(gathers, acts)?;
    }
}
