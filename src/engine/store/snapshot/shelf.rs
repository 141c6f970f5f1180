//! The snapshots of the data directory, by date: made by schedule, kept by number, searched for the newest good one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    OnProgress, SnapshotError,
    gather::gather,
    hydrate::{Hydrated, Mode, take_in},
    reader::Verified,
    take::{self, PART, Taken},
};
use crate::{
    engine::store::{api::CacheStore, aside, error::StoreError, files, snapshot_key::SnapshotKeys},
    fact::Timestamp,
};

const DIRECTORY: &str = "snapshots";
const SUFFIX: &str = ".snap";

/// A snapshot of the data directory that was read to its end and found whole.
pub struct Good {
    /// Where.
    pub path: PathBuf,
    /// When it was made.
    pub at: Timestamp,
    /// Observations in it.
    pub entries: u64,
    /// The snapshot.
    verified: Verified,
}

/// The newest snapshot that is whole and opens with one of these keys. Those that are not are left where they are; `notes` says why.
pub fn newest_good(data_dir: &Path, keys: &SnapshotKeys, notes: &mut Vec<String>) -> Option<Good> {
    shelved(data_dir).into_iter().find_map(|(at, path)| match Verified::open(&path, keys, &mut |_| {}) {
        Ok(verified) => Some(Good { at, entries: verified.head().entries, path, verified }),
        Err(error) => {
            notes.push(format!("the snapshot {} was passed over: {error}", path.display()));
            None
        }
    })
}

/// Takes the newest good snapshot into a store, whatever kind of store; what it holds already stays where it is newer. None where there
/// is no such snapshot, or it could not be taken: `notes` says what happened.
pub fn restore_newest(store: &dyn CacheStore, data_dir: &Path, keys: &SnapshotKeys, notes: &mut Vec<String>) -> Option<Hydrated> {
    let Good { at, path, verified, .. } = newest_good(data_dir, keys, notes)?;
    match take_in(store, verified, Mode::Merge, &mut |_| {}, &mut |_| {}) {
        Ok(hydrated) => {
            notes.push(format!("{} of {} records were taken from the snapshot of {}", hydrated.taken, hydrated.entries, at.to_rfc3339()));
            Some(hydrated)
        }
        Err(error) => {
            notes.push(format!("the snapshot {} was not taken: {error}", path.display()));
            None
        }
    }
}

/// When the newest snapshot was made, good or not.
#[must_use]
pub fn newest_at(data_dir: &Path) -> Option<Timestamp> {
    shelved(data_dir).first().map(|(at, _)| *at)
}

/// Makes a snapshot of this moment unless the newest good one has the same content; then removes the oldest beyond `kept`, after the new
/// one was read back from the disk and found whole. Answers none where nothing changed.
///
/// # Errors
/// As for `take`; a new one that does not read back is moved to `damaged/`, and the old ones stay.
pub fn shelve(
    store: &dyn CacheStore,
    keys: &SnapshotKeys,
    data_dir: &Path,
    kept: usize,
    now: Timestamp,
    progress: OnProgress<'_>,
) -> Result<Option<Taken>, SnapshotError> {
    let shelf = data_dir.join(DIRECTORY);
    files::private_dir(&shelf)?;
    remove_parts(&shelf)?;
    let gathered = gather(store, keys, progress)?;
    let newest = shelved(data_dir).into_iter().next().and_then(|(_, path)| Verified::open(&path, keys, &mut |_| {}).ok());
    if newest.is_some_and(|newest| *newest.head() == gathered.head) {
        return Ok(None);
    }
    let name = format!("{}{SUFFIX}", now.to_rfc3339().replace(':', "-"));
    let path = shelf.join(&name);
    let taken = take::write(store, &gathered, &path, progress)?;
    if let Err(error) = Verified::open(&path, keys, &mut |_| {}) {
        aside::set_aside_from(data_dir, &shelf, &[&name], now)?;
        return Err(error);
    }
    // The new one is the first of them, or a clock was set back: then it is not among those to go all the same.
    let old: Vec<PathBuf> = shelved(data_dir).into_iter().map(|(_, old)| old).filter(|old| *old != path).collect();
    for old in old.iter().skip(kept.max(1) - 1) {
        fs::remove_file(old).map_err(|error| StoreError::unwritable(old, &error))?;
    }
    files::sync_dir(&shelf)?;
    Ok(Some(taken))
}

/// Every snapshot by its date, the newest first.
fn shelved(data_dir: &Path) -> Vec<(Timestamp, PathBuf)> {
    let entries = fs::read_dir(data_dir.join(DIRECTORY)).into_iter().flatten().flatten();
    let dated = |path: PathBuf| Some((date_of(path.file_name()?.to_str()?)?, path));
    let mut found: Vec<_> = entries.filter_map(|entry| dated(entry.path())).collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    found
}

/// `2026-01-05T10-00-00.000Z.snap` is of 10:00.
fn date_of(name: &str) -> Option<Timestamp> {
    let (day, time) = name.strip_suffix(SUFFIX)?.split_once('T')?;
    Timestamp::parse_rfc3339(&format!("{day}T{}", time.replace('-', ":"))).ok()
}

/// What a process that died left half written.
fn remove_parts(shelf: &Path) -> Result<(), StoreError> {
    let refused = |error: io::Error| StoreError::unwritable(shelf, &error);
    for entry in fs::read_dir(shelf).map_err(refused)? {
        let path = entry.map_err(refused)?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.') && name.ends_with(PART)) {
            fs::remove_file(&path).map_err(refused)?;
        }
    }
    Ok(())
}
