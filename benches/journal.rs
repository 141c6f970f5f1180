//! The log of record beside a bare write and `sync_data` of the same bytes on the same disk, in one run; groups; reading a segment at start.
//!
//! `cargo bench --bench journal [-- one group replay]`. The directory is made where `TMPDIR` says: a disk in memory syncs nothing, and then
//! the ratio is that of sealing alone.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]

#[path = "support/beside.rs"]
mod beside;

use std::{
    fs::{File, OpenOptions},
    hint::black_box,
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

use beside::{Bound, Turns, contest, head, line, say};
use stellar::engine::{
    journal::{Journal, JournalOptions, LogWriter, RealLogDisk, Replayed},
    store::{LogKeys, LogSealer},
    world::{SimClock, SystemRng},
};

/// About what a change with its base takes.
const ENTRY: usize = 400;
/// What sealing and framing add to an entry that is written alone.
const ADDED: usize = 54;
const SEGMENT: u64 = 4 << 20;

fn options(dir: &Path, writer: LogWriter) -> JournalOptions {
    let keys: Arc<dyn LogSealer> = Arc::new(LogKeys::alone([7; 16], 1, &[7; 32], SystemRng::shared()));
    let disk = RealLogDisk::new(dir, Arc::new(SimClock::default()));
    JournalOptions { writer, ..JournalOptions::new(Arc::new(disk), Some(keys)) }
}

fn open(dir: &Path, writer: LogWriter) -> (Journal, u64) {
    let mut bytes = 0;
    let (journal, _) = Journal::open(&options(dir, writer), &mut |replayed| {
        if let Replayed::Entry { bytes: entry, .. } = replayed {
            bytes += black_box(entry).len() as u64;
        }
    })
    .expect("a log");
    (journal, bytes)
}

fn append(journal: &Journal, entries: Vec<Vec<u8>>) {
    black_box(journal.append_blocking(entries).expect("room"));
}

/// A file that was written once, so that writing on it is data and nothing else, as in the log.
struct Bare {
    file: File,
    at: u64,
    room: u64,
}

impl Bare {
    fn new(dir: &Path) -> Self {
        let file = OpenOptions::new().create_new(true).write(true).open(dir.join("bare")).expect("a file");
        let room = 16 << 20;
        file.write_all_at(&vec![0; 16 << 20], 0).expect("room");
        file.sync_all().expect("a sync");
        Self { file, at: 0, room }
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.at + bytes.len() as u64 > self.room {
            self.at = 0;
        }
        self.file.write_all_at(bytes, self.at).expect("a write");
        self.file.sync_data().expect("a sync");
        self.at += bytes.len() as u64;
    }
}

/// One entry acknowledged: by the thread, and by the caller itself, beside the same bytes written and synced.
fn one() {
    let [ours, inline, bare] = [0; 3].map(|_| tempfile::tempdir().expect("a directory"));
    let (thread, _) = open(ours.path(), LogWriter::Thread);
    let (same, _) = open(inline.path(), LogWriter::Inline);
    let mut bare = Bare::new(bare.path());
    let (entry, written) = (vec![b'e'; ENTRY], vec![b'w'; ENTRY + ADDED]);
    let taken = contest(
        Turns { rounds: 40, measurements: 50, operations: 1 },
        &mut [
            Box::new(|_| bare.write(&written)),
            Box::new(|_| append(&thread, vec![entry.clone()])),
            Box::new(|_| append(&same, vec![entry.clone()])),
        ],
    );
    line("one entry acknowledged, 400 B", &taken[1], "write and sync_data", &taken[0], Bound::Ratio(1.5));
    line("the same without the thread", &taken[2], "write and sync_data", &taken[0], Bound::Ratio(1.5));
}

/// Many at once: a thousand in one append, and sixteen threads that each wait for theirs.
fn group() {
    let [ours, bare] = [0; 2].map(|_| tempfile::tempdir().expect("a directory"));
    let (journal, _) = open(ours.path(), LogWriter::Thread);
    let mut bare = Bare::new(bare.path());
    let entries = vec![vec![b'e'; ENTRY]; 1000];
    let written = vec![b'w'; 1000 * (ENTRY + 4) + ADDED];
    let taken = contest(
        Turns { rounds: 20, measurements: 3, operations: 1 },
        &mut [
            Box::new(|_| bare.write(&written)),
            Box::new(|_| append(&journal, entries.clone())),
            Box::new(|_| {
                std::thread::scope(|scope| {
                    for _ in 0..16 {
                        scope.spawn(|| (0..4).for_each(|_| append(&journal, vec![vec![b'e'; ENTRY]])));
                    }
                });
            }),
            Box::new(|_| (0..64).for_each(|_| bare_one(ours.path()))),
        ],
    );
    line("1,000 entries in one append", &taken[1], "write and sync_data", &taken[0], Bound::Ratio(1.5));
    line("64 entries of 16 threads", &taken[2], "64 x write and sync_data", &taken[3], Bound::None);
}

/// The same as one entry, on a file of its own that is kept open for the whole run.
fn bare_one(dir: &Path) {
    use std::sync::{Mutex, OnceLock, PoisonError};
    static FILE: OnceLock<Mutex<Bare>> = OnceLock::new();
    let bare = FILE.get_or_init(|| Mutex::new(Bare::new(dir)));
    bare.lock().unwrap_or_else(PoisonError::into_inner).write(&[b'w'; ENTRY + ADDED]);
}

/// A start with a segment as long as segments get.
fn replay() {
    let ours = tempfile::tempdir().expect("a directory");
    let (journal, _) = open(ours.path(), LogWriter::Inline);
    while journal.status().bytes < SEGMENT {
        journal.append_blocking(vec![vec![b'e'; ENTRY]; 8]).expect("room");
    }
    drop(journal);
    let file = ours.path().join("journal.log/00000001.seg");
    let taken = contest(
        Turns { rounds: 10, measurements: 5, operations: 1 },
        &mut [
            Box::new(|_| drop(black_box(std::fs::read(&file).expect("the segment")))),
            Box::new(|_| assert!(open(ours.path(), LogWriter::Inline).1 > SEGMENT / 2)),
        ],
    );
    line("open a log of 4 MiB", &taken[1], "reading the file", &taken[0], Bound::None);
}

type Part = (&'static str, fn());

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    say(&format!("on {}", std::env::temp_dir().display()));
    head();
    let parts: [Part; 3] = [("one", one), ("group", group), ("replay", replay)];
    for (name, run) in parts {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            run();
        }
    }
}
