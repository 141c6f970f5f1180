//! Compaction: nothing is lost by it, wherever it ends.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use super::*;
use crate::engine::store::{
    rows::{Backend, EachRow, RowChange, Rows},
    sealed_store::{SealedStore, Step},
    sled_rows::Sled,
};

fn sealed(place: &Place) -> SealedStore {
    open_sealed(&place.options(), &Sled).unwrap()
}

fn fill(store: &dyn CacheStore, from: usize, to: usize) {
    let json = format!("\"{}\"", "v".repeat(1000));
    for batch in (from..to).collect::<Vec<_>>().chunks(50) {
        let ops: Vec<_> = batch.iter().map(|at| put(&format!("n/{at}"), "s", &json)).collect();
        store.apply(&ops).unwrap();
        store.flush().unwrap();
    }
}

fn names(data: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.starts_with("cache"));
    names.sort();
    names
}

#[test]
fn what_is_live_stays_and_the_rest_is_gone_from_the_disk() {
    let place = Place::sled();
    let store = sealed(&place);
    fill(&store, 0, 3000);
    let ops: Vec<_> = (0..2000).map(|at| evict(&format!("n/{at}"), "s")).collect();
    ops.chunks(50).for_each(|batch| store.apply(batch).unwrap());
    store.put_meta("doc", b"kept").unwrap();
    store.flush().unwrap();
    let before = store.stats();
    let without: Vec<_> = (2000..2500).map(|at| (key(&format!("n/{at}")), source("s"))).collect();
    let compacted = store.compact(&without).unwrap();
    let after = store.stats();
    assert_eq!((compacted.before, compacted.after), (before.disk_bytes, after.disk_bytes));
    assert!(after.disk_bytes < before.disk_bytes / 3, "{before:?} {after:?}");
    assert_eq!(after.entries, 500);
    assert_eq!(scanned(&store, &["n"]).len(), 500);
    assert!(got(&store, "n/2499").is_empty() && got(&store, "n/2500").len() == 1);
    assert_eq!(store.get_meta("doc").unwrap().as_deref(), Some(&b"kept"[..]));
    assert!(store.verify().unwrap().complete);
    assert_eq!(names(&place.data()), ["cache"]);
    store.apply(&[put("later", "s", "1")]).unwrap();
    store.close().unwrap();
    let opened = place.opened();
    assert_eq!((opened.notes.len(), opened.store.stats().entries), (0, 501), "{:?}", opened.notes);
}

#[test]
fn what_is_written_and_read_while_it_copies_is_there_afterwards() {
    let place = Place::sled();
    let store = sealed(&place);
    fill(&store, 0, 300);
    let without = [(key("n/1"), source("s")), (key("n/2"), source("s"))];
    store
        .compact_watched(&without, &|step| {
            if step == Step::Copied {
                let long = format!("\"{}\"", "w".repeat(200_000));
                store.apply(&[put("new", "s", &long), put("n/0", "s", "1"), put("n/1", "s", "2"), evict("n/3", "s")]).unwrap();
                store.put_meta("doc", b"meanwhile").unwrap();
            }
            if matches!(step, Step::Verified | Step::MovedAway | Step::Exchanged) {
                assert_eq!(got(&store, "n/0"), ["n/0 s 1"], "{step:?}");
            }
        })
        .unwrap();
    assert_eq!((got(&store, "n/0"), got(&store, "n/1")), (vec!["n/0 s 1".to_owned()], vec!["n/1 s 2".to_owned()]), "wanted after all");
    assert!(got(&store, "n/2").is_empty() && got(&store, "n/3").is_empty());
    assert_eq!(got(&store, "new")[0].len(), "new s ".len() + 200_002);
    assert_eq!(store.get_meta("doc").unwrap().as_deref(), Some(&b"meanwhile"[..]));
    assert_eq!(store.stats().entries, 299);
    let verified = store.verify().unwrap();
    assert!(verified.complete && verified.damaged == 0, "{verified:?}");
    store.close().unwrap();
    assert!(place.opened().notes.is_empty());
}

#[test]
fn it_can_be_done_again_and_again_and_over_nothing() {
    let place = Place::sled();
    let store = sealed(&place);
    for round in 0..4 {
        store.compact(&[]).unwrap();
        fill(&store, round * 50, (round + 1) * 50);
    }
    assert_eq!(store.stats().entries, 200);
    assert!(store.verify().unwrap().complete);
    store.close().unwrap();
    assert!(matches!(store.compact(&[]), Err(StoreError::Closed)));
}

#[test]
fn readers_never_miss_a_record() {
    let place = Place::sled();
    let store = sealed(&place);
    fill(&store, 0, 400);
    let done = AtomicU32::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut at = 0;
            while done.load(Ordering::SeqCst) < 3 {
                at = (at + 7) % 400;
                assert_eq!(got(&store, &format!("n/{at}")).len(), 1);
            }
        });
        for _ in 0..3 {
            store.compact(&[]).unwrap();
            done.fetch_add(1, Ordering::SeqCst);
        }
    });
}

/// sled, but its copy goes wrong.
#[derive(Clone)]
struct Faulty {
    fault: Fault,
    opens: Arc<AtomicU32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// A row is left out of the copy.
    Loses,
    /// The copy refuses bytes after a while.
    Fills,
    /// The copy does not open where it was put.
    OpensNot,
}

struct FaultyRows {
    inner: Box<dyn Rows>,
    fault: Fault,
}

impl Backend for Faulty {
    fn shared(&self) -> Option<Arc<dyn Backend>> {
        Some(Arc::new(self.clone()))
    }

    fn name(&self) -> &'static str {
        "sled"
    }

    fn open(&self, dir: &Path, limit: Duration) -> Result<Box<dyn Rows>, StoreError> {
        let copy = dir.ends_with("cache.new");
        // The first open of `cache` makes the database, the second is the store's, the third is that of the copy.
        if !copy && self.fault == Fault::OpensNot && self.opens.fetch_add(1, Ordering::SeqCst) == 2 {
            return Err(StoreError::Damaged("it hangs".to_owned()));
        }
        let inner = Sled.open(dir, limit)?;
        Ok(if copy { Box::new(FaultyRows { inner, fault: self.fault }) } else { inner })
    }
}

impl Rows for FaultyRows {
    fn get(&self, name: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool, StoreError> {
        self.inner.get(name, see)
    }
    fn scan_from(&self, prefix: &[u8], from: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.inner.scan_from(prefix, from, each)
    }
    fn scan_back(&self, prefix: &[u8], each: EachRow<'_>) -> Result<(), StoreError> {
        self.inner.scan_back(prefix, each)
    }
    fn apply(&self, changes: &[RowChange<'_>]) -> Result<(), StoreError> {
        self.inner.apply(changes)
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.inner.flush()
    }
    fn disk_bytes(&self) -> u64 {
        self.inner.disk_bytes()
    }
    fn close(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.close()
    }
    fn fill(&self, from: &dyn Rows, without: &dyn Fn(&[u8]) -> bool) -> Result<(), StoreError> {
        match self.fault {
            Fault::OpensNot => self.inner.fill(from, without),
            Fault::Fills => Err(StoreError::Unwritable {
                path: "cache.new/db".to_owned(),
                cause: "no space left on device; free some space".to_owned(),
            }),
            Fault::Loses => {
                let mut last = Vec::new();
                from.scan_back(&[1], &mut |name, _| {
                    // What is to be left out is no loss.
                    if without(name) {
                        return ControlFlow::Continue(());
                    }
                    last = name.to_vec();
                    ControlFlow::Break(())
                })?;
                self.inner.fill(from, &|name| without(name) || name == last)
            }
        }
    }
}

#[test]
fn a_copy_that_goes_wrong_is_given_up_and_nothing_is_changed() {
    for (fault, said) in [(Fault::Loses, "of 99 records 98"), (Fault::Fills, "no space left"), (Fault::OpensNot, "it hangs")] {
        let place = Place::sled();
        let store = open_sealed(&place.options(), &Faulty { fault, opens: Arc::default() }).unwrap();
        fill(&store, 0, 100);
        let error = store.compact(&[(key("n/1"), source("s"))]).unwrap_err();
        assert!(matches!(error, StoreError::Unwritable { .. }), "{error:?}");
        let sentence = error.to_string();
        assert!(sentence.contains(said) && sentence.contains("not compacted, nothing of it was changed"), "{sentence}");
        assert_eq!(scanned(&store, &["n"]).len(), 100);
        assert_eq!(names(&place.data()), ["cache"], "{said}");
        store.apply(&[put("later", "s", "1")]).unwrap();
        store.close().unwrap();
        let opened = place.opened();
        assert_eq!((opened.notes.len(), opened.store.stats().entries), (0, 101), "{said}: {:?}", opened.notes);
    }
}

const STEP: &str = "STELLAR_TEST_STEP";
const PLACE: &str = "STELLAR_TEST_PLACE";

#[test]
#[ignore = "the child of the tests below"]
fn child_that_compacts() {
    let (Some(dir), Some(step)) = (std::env::var_os(PLACE).map(PathBuf::from), std::env::var(STEP).ok()) else { return };
    let options = StoreOptions { data_dir: dir.join("data"), state_dir: dir.join("state"), ..Place::sled().options() };
    let store = open_sealed(&options, &Sled).unwrap();
    if step == "full" {
        // Files of at most 200 KiB from here on: what is there was written without the limit, the copy cannot be.
        let limit = rustix::process::Rlimit { current: Some(200 * 1024), maximum: None };
        rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).unwrap();
    }
    let outcome = store.compact_watched(&[(key("n/0"), source("s"))], &|at| {
        if at == Step::Copied {
            store.apply(&[put("meanwhile", "s", "1")]).unwrap();
            store.flush().unwrap();
        }
        if format!("{at:?}") == step {
            std::process::abort();
        }
    });
    match outcome {
        Err(error) => println!("given up: {error}"),
        Ok(_) => panic!("it went through"),
    }
    assert_eq!(scanned(&store, &["n"]).len(), 600);
}

fn child(place: &Place, step: &str, shell: &str) -> std::process::Output {
    Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" --exact --ignored --nocapture \"$1\"")])
        .arg(std::env::current_exe().unwrap())
        .arg("engine::store::tests::compaction::child_that_compacts")
        .env(PLACE, place.dir.path())
        .env(STEP, step)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_process_that_dies_at_any_step_leaves_everything() {
    for step in [Step::Copied, Step::Verified, Step::MovedAway, Step::Exchanged, Step::Opened] {
        let place = Place::sled();
        let store = place.open();
        fill(&*store, 0, 120);
        store.close().unwrap();
        let output = child(&place, &format!("{step:?}"), "ulimit -c 0;");
        assert!(!output.status.success(), "{step:?} {output:?}");
        let opened = place.opened();
        assert!(opened.notes.iter().all(|note| note.contains("without closing")), "{step:?} {:?}", opened.notes);
        // What was to go is gone only where the copy took the place.
        let gone = matches!(step, Step::Exchanged | Step::Opened);
        assert_eq!(scanned(&*opened.store, &["n"]).len(), if gone { 119 } else { 120 }, "{step:?}");
        assert_eq!(got(&*opened.store, "meanwhile"), ["meanwhile s 1"], "{step:?}");
        assert!(opened.store.verify().unwrap().complete, "{step:?}");
        assert_eq!(names(&place.data()), ["cache"], "{step:?}");
        assert!(!place.data().join("damaged").exists(), "{step:?}");
        opened.store.compact(&[]).unwrap();
        opened.store.close().unwrap();
        assert!(place.opened().notes.is_empty(), "{step:?}");
    }
}

#[test]
fn a_disk_that_fills_meanwhile_ends_it_with_a_sentence() {
    let place = Place::sled();
    let store = place.open();
    fill(&*store, 0, 600);
    store.close().unwrap();
    // The signal that comes with a limit on files is ignored: writing fails as on a full disk.
    let output = child(&place, "full", "trap '' XFSZ;");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("given up: cannot write"), "{output:?}");
    let opened = place.opened();
    assert_eq!(scanned(&*opened.store, &["n"]).len(), 600, "{:?}", opened.notes);
    assert_eq!(names(&place.data()), ["cache"]);
    opened.store.compact(&[]).unwrap();
}
