//! The log under everything that may happen to it, on the simulated disk and on the real one.

mod basics;
mod damage;
mod failures;
mod keys;
mod model;
mod real;

use std::sync::Arc;

use super::{
    Findings, Journal, JournalOptions, LogWriter, Replayed, SimLogDisk,
    log::{name_of, number_in},
};
use crate::engine::{
    store::{LogKeys, LogSealer, StoreError},
    world::SeededRng,
};

const STORE: [u8; 16] = *b"the test's store";

/// A log that small things happen to.
struct Bench {
    disk: Arc<SimLogDisk>,
    keys: Arc<LogKeys>,
}

/// What an opening gave.
struct Opened {
    journal: Journal,
    findings: Findings,
    checkpoint: Option<(u64, Vec<u8>)>,
    entries: Vec<(u64, Vec<u8>)>,
}

fn key(id: u32) -> [u8; 32] {
    [u8::try_from(id).unwrap(); 32]
}

fn keys_of(store: [u8; 16], id: u32) -> Arc<LogKeys> {
    Arc::new(LogKeys::alone(store, id, &key(id), Arc::new(SeededRng::new(7))))
}

impl Bench {
    fn new() -> Self {
        Self { disk: SimLogDisk::new(1), keys: keys_of(STORE, 1) }
    }

    fn options(&self) -> JournalOptions {
        JournalOptions {
            writer: LogWriter::Inline,
            rotate_at: 4096,
            ahead: 2048,
            ..JournalOptions::new(self.disk.as_disk(), Some(Arc::clone(&self.keys) as Arc<dyn LogSealer>))
        }
    }

    fn try_open(&self) -> Result<Opened, StoreError> {
        open(&self.options())
    }

    fn open(&self) -> Opened {
        self.try_open().unwrap()
    }

    fn segments(&self) -> Vec<String> {
        let mut names = self.disk.as_disk().list().unwrap();
        names.retain(|name| number_in(name).is_some());
        names
    }

    fn flip(&self, segment: u64, at: usize) {
        let name = name_of(segment);
        let mut bytes = self.disk.bytes_of(&name).unwrap();
        bytes[at] ^= 0x10;
        self.disk.put(&name, &bytes);
    }
}

fn open(options: &JournalOptions) -> Result<Opened, StoreError> {
    let (mut checkpoint, mut entries) = (None, Vec::new());
    let (journal, findings) = Journal::open(options, &mut |replayed| match replayed {
        Replayed::Checkpoint { next, state } => {
            assert!(checkpoint.is_none() && entries.is_empty(), "once, and first");
            checkpoint = Some((next, state.to_vec()));
        }
        Replayed::Entry { sequence, bytes } => entries.push((sequence, bytes.to_vec())),
    })?;
    Ok(Opened { journal, findings, checkpoint, entries })
}

impl Opened {
    fn append(&self, entries: &[&str]) -> Result<std::ops::Range<u64>, StoreError> {
        self.journal.append_blocking(entries.iter().map(|entry| entry.as_bytes().to_vec()).collect())
    }

    fn texts(&self) -> Vec<String> {
        texts(&self.entries)
    }

    fn scanned(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.journal.scan_all(&mut |sequence, bytes| found.push((sequence, bytes.to_vec()))).unwrap();
        texts(&found)
    }
}

fn texts(entries: &[(u64, Vec<u8>)]) -> Vec<String> {
    entries.iter().map(|(sequence, bytes)| format!("{sequence} {}", String::from_utf8_lossy(bytes))).collect()
}
