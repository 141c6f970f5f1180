//! Which former data keys are still needed: those that something beside the database was sealed with.
//!
//! What is set aside says which keys the store had then, in a file `data-keys` (`[version 1]`, then a number a line, as text); a snapshot
//! says its key in its head, and so does a segment of the log of record. What does not say is taken to need every key.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    error::StoreError,
    files,
    log_head::{self, LOG_DIR, LogHead},
};

const NAME: &str = "data-keys";
const FIRST_LINE: &str = "stellar data keys 1";

/// The beginning of a snapshot's head: magic, version, store, and then the number of the data key.
const SNAPSHOT_MAGIC: &[u8] = b"stlrsnap\x01";
const SNAPSHOT_KEY_AT: usize = 9 + 16;

/// The keys that are needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    every: bool,
    ids: BTreeSet<u32>,
}

impl Needed {
    /// Looks at what is in `damaged/`, `snapshots/` and the log of record; `quarantined` are those of the database's own damaged rows.
    pub fn beside(data_dir: &Path, quarantined: BTreeSet<u32>) -> Self {
        let mut needed = Self { every: false, ids: quarantined };
        for place in entries(&data_dir.join("damaged")) {
            needed.add(fs::read_to_string(place.join(NAME)).ok().and_then(|text| read(&text)));
        }
        for file in entries(&data_dir.join("snapshots")) {
            needed.add(files::read_small(&file, 64).ok().flatten().and_then(|head| snapshot_key(&head)).map(|id| vec![id]));
        }
        for file in entries(&data_dir.join(LOG_DIR)) {
            let head = files::read_small(&file, log_head::HEAD as u64).ok().flatten();
            needed.add(head.and_then(|head| LogHead::decode(&head).ok()).map(|head| vec![head.key]));
        }
        needed
    }

    /// Whether this key is.
    pub fn holds(&self, id: u32) -> bool {
        self.every || self.ids.contains(&id)
    }

    fn add(&mut self, ids: Option<Vec<u32>>) {
        match ids {
            Some(ids) => self.ids.extend(ids),
            None => self.every = true,
        }
    }
}

/// Writes beside what was set aside in `place` which data keys may open it.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn note(place: &Path, ids: &[u32]) -> Result<(), StoreError> {
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    files::replace(&place.join(NAME), format!("{FIRST_LINE}\n{lines}").as_bytes())
}

fn read(text: &str) -> Option<Vec<u32>> {
    let mut lines = text.lines();
    if lines.next() != Some(FIRST_LINE) {
        return None;
    }
    lines.map(|line| line.parse().ok()).collect()
}

fn snapshot_key(head: &[u8]) -> Option<u32> {
    if !head.starts_with(SNAPSHOT_MAGIC) {
        return None;
    }
    head.get(SNAPSHOT_KEY_AT..)?.first_chunk().map(|id| u32::from_le_bytes(*id))
}

fn entries(dir: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_its_keys_needs_those_and_what_does_not_needs_all() {
        let dir = tempfile::tempdir().unwrap();
        let needed = || Needed::beside(dir.path(), BTreeSet::new());
        assert!(!needed().holds(1));
        let place = dir.path().join("damaged/a");
        fs::create_dir_all(&place).unwrap();
        assert!(needed().holds(1) && needed().holds(9), "it does not say");
        note(&place, &[2, 3]).unwrap();
        assert_eq!(fs::read_to_string(place.join("data-keys")).unwrap(), "stellar data keys 1\n2\n3\n");
        assert_eq!([1, 2, 3].map(|id| needed().holds(id)), [false, true, true]);
        let snapshots = dir.path().join("snapshots");
        fs::create_dir(&snapshots).unwrap();
        fs::write(snapshots.join("s"), [SNAPSHOT_MAGIC, &[7; 16], &5_u32.to_le_bytes(), &[0; 90]].concat()).unwrap();
        assert_eq!([4, 5].map(|id| needed().holds(id)), [false, true]);
        fs::write(snapshots.join("t"), "something else").unwrap();
        assert!(needed().holds(4));
        assert!(Needed::beside(Path::new("/nonexistent"), [8].into()).holds(8));
    }
}
