//! Processes that really die, and a disk that really refuses: this test binary, run again as its own child.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use super::*;
use crate::engine::store::{
    keys,
    ledger::Ledger,
    lock::DirLock,
    rows::{OPEN_LIMIT, RowChange, Rows as _},
    sealed_store::SealedStore,
    sled_rows::{DataSync, SledRows},
};

const PLACE: &str = "STELLAR_TEST_PLACE";

/// Runs the ignored test `name` of this module in a child, under `shell`, in `place`.
fn child(place: &Place, name: &str, shell: &str) -> std::process::Output {
    child_command(place, &format!("kill::{name}"), shell).output().unwrap()
}

/// The same of any module here, to be started.
pub fn child_command(place: &Place, name: &str, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{shell} exec \"$0\" --exact --ignored --nocapture \"$1\"")])
        .arg(std::env::current_exe().unwrap())
        .arg(format!("engine::store::tests::{name}"))
        .env(PLACE, place.dir.path())
        .stdin(Stdio::null());
    command
}

/// The parent's place, seen from the child.
pub fn from_parent() -> Option<StoreOptions> {
    let dir = PathBuf::from(std::env::var_os(PLACE)?);
    Some(StoreOptions { data_dir: dir.join("data"), state_dir: dir.join("state"), ..Place::sled().options() })
}

#[test]
#[ignore = "the child of the test below"]
fn child_that_aborts() {
    let Some(options) = from_parent() else { return };
    let store = open_store(&options).unwrap().store;
    for at in 0..50 {
        store.apply(&[put(&format!("n/{at}"), "s", &at.to_string())]).unwrap();
        store.flush().unwrap();
    }
    store.apply(&[put("unflushed", "s", "1")]).unwrap();
    std::process::abort();
}

#[test]
fn what_was_flushed_is_there_after_a_process_died() {
    let place = Place::sled();
    for _ in 0..3 {
        let output = child(&place, "child_that_aborts", "ulimit -c 0;");
        assert!(!output.status.success());
        let opened = place.opened();
        assert_eq!((opened.fresh, opened.notes.len()), (false, 1), "{:?}", opened.notes);
        assert!(opened.notes[0].contains("without closing"));
        assert_eq!(scanned(&*opened.store, &["n"]).len(), 50);
        opened.store.close().unwrap();
        assert!(place.opened().notes.is_empty(), "said once");
    }
}

#[test]
#[ignore = "the child of the test below"]
fn child_that_finds_it_busy() {
    let Some(options) = from_parent() else { return };
    match open_store(&options).err() {
        Some(StoreError::Busy { pid: Some(pid) }) => println!("busy by {pid}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_process_is_told_our_pid() {
    let place = Place::sled();
    let _store = place.open();
    let output = child(&place, "child_that_finds_it_busy", "");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(&format!("busy by {}", std::process::id())), "{output:?}");
}

#[test]
#[ignore = "the child of the test below"]
fn child_whose_disk_is_full() {
    let Some(options) = from_parent() else { return };
    let store = open_store(&options).unwrap().store;
    let refused = (0..400).find_map(|at| {
        let json = format!("\"{}\"", "v".repeat(20_000));
        store.apply(&[put(&format!("n/{at}"), "s", &json)]).and_then(|()| store.flush()).err()
    });
    match refused {
        Some(error @ StoreError::Unwritable { .. }) => println!("refused: {error}"),
        other => panic!("{other:?}"),
    }
    // What is there can still be read, and the end is an error, not a panic.
    assert_eq!(got(&*store, "kept"), ["kept s 1"]);
    assert!(store.close().is_err());
}

#[test]
fn a_full_disk_is_an_error_and_nothing_is_lost() {
    let place = Place::sled();
    let store = place.open();
    store.apply(&[put("kept", "s", "1")]).unwrap();
    store.close().unwrap();
    // Files of at most 2 MiB, and the signal that comes with the limit ignored: writing fails as on a full disk.
    let output = child(&place, "child_whose_disk_is_full", "trap '' XFSZ; ulimit -f 4096;");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("refused: cannot write"), "{output:?}");
    let opened = place.opened();
    assert_eq!(got(&*opened.store, "kept"), ["kept s 1"], "{:?}", opened.notes);
    opened.store.apply(&[put("again", "s", "1")]).unwrap();
    opened.store.close().unwrap();
}

#[test]
fn no_page_of_long_records_becomes_a_file_of_its_own() {
    let place = Place::sled();
    let store = place.open();
    for at in 0..40 {
        store.put_meta(&format!("m/{at}"), &[at; 60_000]).unwrap();
        store.apply(&[put(&format!("n/{at}"), "s", &format!("\"{}\"", "v".repeat(60_000)))]).unwrap();
    }
    store.close().unwrap();
    let blobs = fs::read_dir(place.data().join("cache/blobs")).unwrap();
    assert_eq!(blobs.count(), 0, "where the disk refuses one, sled never ends the write");
}

#[test]
#[ignore = "the child of the test below"]
fn child_whose_disk_refuses_a_file_of_sleds() {
    let Some(options) = from_parent() else { return };
    let rows = SledRows::open(&options.data_dir, OPEN_LIMIT).unwrap();
    let long = vec![7; 64 * 1024];
    let names: Vec<_> = (0_u32..40).map(u32::to_be_bytes).collect();
    let refused = names.iter().find_map(|name| rows.apply(&[RowChange::new(name, Some(&long))]).err());
    println!("refused: {refused:?}, {:?}", rows.flush());
    drop(rows);
    println!("ended");
}

#[test]
fn a_file_of_sleds_that_the_disk_refuses_keeps_nobody_waiting() {
    let place = Place::sled();
    fs::create_dir_all(place.data()).unwrap();
    // Files of at most 512 KiB: a page of such rows is longer, and so is what the first segment holds.
    let mut command = child_command(&place, "kill::child_whose_disk_refuses_a_file_of_sleds", "trap '' XFSZ; ulimit -f 1024;");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (answer, ended) = std::sync::mpsc::channel();
    let mut said = child.stdout.take().unwrap();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = std::io::Read::read_to_string(&mut said, &mut text);
        let _ = answer.send(read.map(|_| text));
    });
    let text = ended.recv_timeout(std::time::Duration::from_secs(120));
    child.kill().unwrap();
    child.wait().unwrap();
    let text = text.expect("it ends").unwrap();
    assert!(text.contains("refused: Some(Unwritable") && text.contains("Err(Unwritable") && text.contains("ended"), "{text}");
}

#[test]
fn a_store_dropped_without_a_close_has_what_was_flushed() {
    let place = Place::sled();
    for round in 0..4 {
        let opened = place.opened();
        assert_eq!(opened.store.stats().entries, round);
        opened.store.apply(&[put(&format!("n/{round}"), "s", "1")]).unwrap();
        opened.store.flush().unwrap();
    }
}

struct Counting(AtomicU32, Mutex<fs::File>);

impl DataSync for Counting {
    fn sync_data(&self) -> std::io::Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        self.1.lock().unwrap().sync_data()
    }
}

#[test]
fn a_flush_syncs_the_database_file_once_and_only_after_a_write() {
    let place = Place::sled();
    place.filled(3);
    let options = place.options();
    let lock = DirLock::acquire(&place.data(), Timestamp::default()).unwrap();
    fs::remove_dir_all(place.data().join("cache")).unwrap();
    fs::remove_file(place.data().join("keyslots")).unwrap();
    let keys = keys::create(&place.key_place(), &CacheKey::Auto, None).unwrap();
    fs::create_dir(place.data().join("cache")).unwrap();
    let rows = SledRows::open(&place.data().join("cache"), OPEN_LIMIT).unwrap();
    let file = fs::File::open(place.data().join("cache/db")).unwrap();
    let counting = Arc::new(Counting(AtomicU32::new(0), Mutex::new(file)));
    let store =
        SealedStore::new(&place.data(), lock, Box::new(rows.with_sync(counting.clone())), keys, options.rng, Ledger::default(), None);
    let syncs = || counting.0.load(Ordering::SeqCst);
    store.flush().unwrap();
    assert_eq!(syncs(), 0, "nothing was written");
    store.apply(&[put("a", "s", "1"), put("b", "s", "1")]).unwrap();
    store.put_meta("m", b"").unwrap();
    assert_eq!(syncs(), 0, "applying waits for no disk");
    store.flush().unwrap();
    assert_eq!(syncs(), 1);
    store.flush().unwrap();
    got(&store, "a");
    assert_eq!(syncs(), 1, "nothing was written since");
    store.apply(&[evict("a", "s")]).unwrap();
    store.close().unwrap();
    assert_eq!(syncs(), 2);
}
