//! `file`: a file, or the `*.json *.toml *.yaml` of a directory. A single file may also be a `.env`, a `go.mod` or a unit of systemd.
//!
//! Invariants: at most 16 MiB of a file, 64 of a directory, are read and nothing but regular files is opened; a file that did not move is not read
//! again; one bad file fails the fetch with its name and line, because half a directory would look like deletions.
//!
//! Changes come in two halves: what the file will be is worked out and its digest given out, then, if that still holds, put in place at one
//! stroke, several changes of one file as one. A file that has the intended digest already was put in place before.
//!
//! A fetch comes in two halves as well: what moved is read, then made into facts - of a large file where others are, one after the other.
//!
//! It does not watch: it says which paths to watch.

mod dotenv;
mod edit;
mod fingerprint;
mod go_mod;
mod in_toml;
mod load;
mod plan;
mod replace;
mod text;
mod unit;
mod yaml;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    slice::from_ref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    config::{FileSource as FileConfig, SourceConfig},
    engine::world::Clock,
    fact::{Key, Timestamp, Value},
};

use super::{
    BoxFuture, Change, Delivery, Fetched, Prepared, Skipped, Source, SourceError, Whole,
    apart::{apart, aside},
    collect::{Claims, Collector, Origin},
    fail::fail,
    map::Mapping,
    outcome,
};
use fingerprint::Print;
use load::{Listing, Loaded};
use plan::Planned;
pub(super) use text::{Format, parse as parse_file};

/// How many changes are put into files at one stroke at the most.
const TOGETHER: usize = 128;

/// A file or a directory of files.
pub(super) struct FileSource {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    claims: Arc<Claims>,
    mapping: Mapping,
    clock: Arc<dyn Clock>,
    last: Mutex<Memory>,
    prefix_segments: usize,
    writable: bool,
    /// Held while content is put in place: two changes of one file follow each other.
    placing: Mutex<()>,
}

/// What the last successful fetch saw, and how often that was to be forgotten: what was read before is not remembered after it.
#[derive(Default)]
struct Memory {
    last: Option<Last>,
    forgotten: u64,
}

/// What there was to see.
enum Seen {
    /// As the last fetch saw it.
    Unchanged(Fetched),
    /// Other content, read and not yet made into facts.
    New { files: Vec<Loaded>, prints: BTreeMap<PathBuf, Print>, bytes: u64, forgotten: u64 },
}

/// What the last successful fetch saw.
struct Last {
    prints: BTreeMap<PathBuf, Print>,
    complete: bool,
    skipped: Vec<Skipped>,
    duplicates: Vec<Key>,
}

impl FileSource {
    /// Compiles the maps.
    ///
    /// # Errors
    /// A sentence that says which map is wrong and why.
    pub(super) fn new(config: &SourceConfig, file: &FileConfig, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let mapping = Mapping::compile(&config.maps, file.depth, None, &config.prefix)?;
        let inner = Inner {
            path: file.path.clone(),
            claims: Claims::of(config),
            mapping,
            clock,
            last: Mutex::default(),
            prefix_segments: if config.prefix.is_empty() { 0 } else { config.prefix.split('/').count() },
            writable: config.writable && plan::has_writable_format(&file.path),
            placing: Mutex::new(()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }
}

impl Source for FileSource {
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let looking = Arc::clone(&inner);
            let seen = aside(move || looking.look()).await?;
            match seen {
                Seen::Unchanged(fetched) => Ok(fetched),
                Seen::New { files, prints, bytes, forgotten } => apart(bytes, move || inner.make(&files, prints, bytes, forgotten)).await,
            }
        })
    }

    fn ahead(&self) -> Option<BoxFuture<'_, u64>> {
        let inner = Arc::clone(&self.inner);
        Some(Box::pin(async move { tokio::task::spawn_blocking(move || inner.ahead()).await.unwrap_or_default() }))
    }

    fn writes(&self, key: &Key) -> bool {
        self.inner.writable && self.inner.claims.tail(key).is_some()
    }

    fn prepare<'a>(&'a self, change: &'a Change) -> Option<BoxFuture<'a, Result<Prepared, Delivery>>> {
        let (inner, change) = self.writes(&change.key).then(|| (Arc::clone(&self.inner), change.clone()))?;
        Some(Box::pin(async move {
            let task = tokio::task::spawn_blocking(move || inner.prepare(from_ref(&change)).pop());
            task.await.ok().flatten().unwrap_or_else(|| Err(outcome::of_error(&ended_early())))
        }))
    }

    fn together(&self) -> usize {
        TOGETHER
    }

    fn prepare_all<'a>(&'a self, changes: &'a [Change]) -> Option<BoxFuture<'a, Vec<Result<Prepared, Delivery>>>> {
        let (inner, changes) = (Arc::clone(&self.inner), changes.to_vec());
        Some(Box::pin(async move {
            let count = changes.len();
            let task = tokio::task::spawn_blocking(move || inner.prepare(&changes));
            task.await.unwrap_or_else(|_| vec![Err(outcome::of_error(&ended_early())); count])
        }))
    }

    fn deliver_all<'a>(&'a self, changes: &'a [Change]) -> Option<BoxFuture<'a, Vec<Delivery>>> {
        let (inner, changes) = (Arc::clone(&self.inner), changes.to_vec());
        Some(Box::pin(async move {
            let count = changes.len();
            let task = tokio::task::spawn_blocking(move || inner.put_in_place(&changes));
            task.await.unwrap_or_else(|_| vec![Delivery::Unavailable { error: ended_early(), maybe_applied: true }; count])
        }))
    }

    fn deliver<'a>(&'a self, change: &'a Change) -> Option<BoxFuture<'a, Delivery>> {
        let (inner, change) = self.writes(&change.key).then(|| (Arc::clone(&self.inner), change.clone()))?;
        Some(Box::pin(async move {
            let task = tokio::task::spawn_blocking(move || inner.put_in_place(from_ref(&change)).pop());
            // Whoever no longer waits for it does not stop it, and a task that ended early may have come far.
            let early = || Delivery::Unavailable { error: ended_early(), maybe_applied: true };
            task.await.ok().flatten().unwrap_or_else(early)
        }))
    }

    fn reread<'a>(&'a self, key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Value>, SourceError>>> {
        let (inner, key) = self.writes(key).then(|| (Arc::clone(&self.inner), key.clone()))?;
        Some(Box::pin(async move {
            let task = tokio::task::spawn_blocking(move || outcome::value_in(inner.read_all()?, &key));
            task.await.unwrap_or_else(|_| Err(ended_early()))
        }))
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        vec![self.inner.path.clone()]
    }

    fn forget(&self) {
        let mut memory = self.inner.memory();
        memory.last = None;
        memory.forgotten += 1;
    }
}

fn ended_early() -> SourceError {
    fail("not_found", "the files could not be read: the task ended early")
}

impl Inner {
    /// The first half of changes.
    fn prepare(&self, changes: &[Change]) -> Vec<Result<Prepared, Delivery>> {
        let Planned { plans, of } = self.plan(changes);
        let digest = |at: usize| {
            plans.get(at).and_then(Option::as_ref).map(|plan| Prepared { digest: Arc::clone(&plan.digest) }).ok_or(Delivery::Unprepared)
        };
        of.into_iter().map(|place| place.and_then(digest)).collect()
    }

    /// The second half of changes: what was intended, or nothing of that file.
    fn put_in_place(&self, changes: &[Change]) -> Vec<Delivery> {
        let _placing = self.placing.lock().unwrap_or_else(PoisonError::into_inner);
        let Planned { plans, of } = self.plan(changes);
        let members = |at: usize| changes.iter().zip(&of).filter(move |(_, place)| matches!(place, Ok(of) if *of == at));
        let placed: Vec<Result<(), Delivery>> = plans
            .iter()
            .enumerate()
            .map(|(at, plan)| {
                let plan = plan.as_ref().ok_or(Delivery::Unprepared)?;
                let intended = members(at).all(|(change, _)| change.intended.as_ref() == Some(&plan.digest));
                match members(at).next() {
                    Some((first, _)) if intended => replace::replace(plan, first),
                    _ => Err(Delivery::Unprepared),
                }
            })
            .collect();
        let outcome = |(change, place): (&Change, &Result<usize, Delivery>)| match place {
            Err(outcome) => outcome.clone(),
            Ok(at) => match (plans.get(*at), placed.get(*at)) {
                (Some(Some(plan)), Some(Ok(()))) => plan::accepted(&plan.digest, change),
                (_, Some(Err(outcome))) => outcome.clone(),
                _ => Delivery::Unprepared,
            },
        };
        changes.iter().zip(&of).map(outcome).collect()
    }

    /// Everything, whatever was seen before.
    fn read_all(&self) -> Result<Fetched, SourceError> {
        let listing = Listing::of(&self.path)?;
        let loaded = listing.files.iter().map(|file| load::load(&file.path)).collect::<Result<Vec<Loaded>, _>>()?;
        let bytes = loaded.iter().map(|file| file.bytes.len() as u64).sum();
        self.merge(&loaded, bytes)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that would be read now. A path that cannot be looked at is named by the fetch.
    fn ahead(&self) -> u64 {
        let Ok(listing) = Listing::of(&self.path) else { return 0 };
        let untouched = self.memory().last.as_ref().is_some_and(|last| is_untouched(last, &listing, self.clock.now()));
        if untouched { 0 } else { listing.files.iter().map(|file| file.stat.size()).sum() }
    }

    /// Reads what moved.
    fn look(&self) -> Result<Seen, SourceError> {
        let now = self.clock.now();
        let listing = Listing::of(&self.path)?;
        let mut memory = self.memory();
        if let Some(last) = &memory.last
            && is_untouched(last, &listing, now)
        {
            return Ok(Seen::Unchanged(last.unchanged(0)));
        }
        let files = listing.files.iter().map(|file| load::load(&file.path)).collect::<Result<Vec<Loaded>, _>>()?;
        let bytes = files.iter().map(|file| file.bytes.len() as u64).sum();
        let prints: BTreeMap<PathBuf, Print> = files.iter().map(|file| (file.path.clone(), file.print(now))).collect();
        if let Some(last) = memory.last.as_mut()
            && same_content(&last.prints, &prints)
        {
            last.prints = prints;
            return Ok(Seen::Unchanged(last.unchanged(bytes)));
        }
        // Forgotten until the new content is known to be good: a file that goes bad and comes back as it was is news to nobody but
        // must not be called unchanged after a failure in between.
        memory.last = None;
        Ok(Seen::New { files, prints, bytes, forgotten: memory.forgotten })
    }

    /// Makes what was read into facts, and remembers it.
    fn make(&self, files: &[Loaded], prints: BTreeMap<PathBuf, Print>, bytes: u64, forgotten: u64) -> Result<Fetched, SourceError> {
        let fetched = self.merge(files, bytes)?;
        let mut memory = self.memory();
        if memory.forgotten == forgotten {
            let (skipped, duplicates) = (fetched.skipped.clone(), fetched.duplicates.clone());
            memory.last = Some(Last { prints, complete: fetched.complete, skipped, duplicates });
        }
        Ok(fetched)
    }

    /// The facts of all files; a key in two of them is an error, because nobody could say which one counts.
    fn merge(&self, files: &[Loaded], bytes: u64) -> Result<Fetched, SourceError> {
        let mut whole = Fetched { complete: true, bytes, ..Fetched::default() };
        let mut owners: BTreeMap<Key, &Path> = BTreeMap::new();
        let mut skipped: BTreeMap<String, u64> = BTreeMap::new();
        for file in files {
            let part = self.facts_of(file)?;
            let keys: BTreeSet<&Key> = part.items.iter().map(|item| &item.key).chain(&part.duplicates).collect();
            for key in keys {
                if let Some(other) = owners.insert(key.clone(), &file.path) {
                    let (one, two) = (load::shown(other), load::shown(&file.path));
                    return Err(fail("duplicate_member", format!("{key} is in both {one} and {two}; leave it in one of them")));
                }
            }
            whole.complete &= part.complete;
            whole.items.extend(part.items);
            whole.duplicates.extend(part.duplicates);
            for left in part.skipped {
                let count = skipped.entry(left.reason).or_default();
                *count = count.saturating_add(left.count);
            }
        }
        whole.items.sort_by(|one, two| one.key.cmp(&two.key));
        whole.duplicates.sort();
        whole.skipped = skipped.into_iter().map(|(reason, count)| Skipped { reason, count }).collect();
        Ok(whole)
    }

    fn facts_of(&self, file: &Loaded) -> Result<Fetched, SourceError> {
        let body = text::parse(&file.path, &file.bytes)?;
        let whole = Whole { changed_at: file.stat.changed_at(), revision: file.digest_text() };
        let origin = Origin { whole: Some(Arc::new(whole)), ..Origin::default() };
        let mut into = Collector::new(&self.claims);
        self.mapping
            .apply(&body, &origin, &mut into)
            .map_err(|why| fail("invalid_mapping", format!("{}: {why}", load::shown(&file.path))))?;
        Ok(into.finish(0))
    }
}

impl Last {
    fn unchanged(&self, bytes: u64) -> Fetched {
        Fetched {
            complete: self.complete,
            unchanged: true,
            skipped: self.skipped.clone(),
            duplicates: self.duplicates.clone(),
            bytes,
            ..Fetched::default()
        }
    }
}

fn is_untouched(last: &Last, listing: &Listing, now: Timestamp) -> bool {
    let same = |file: &load::Entry| last.prints.get(&file.path).is_some_and(|print| print.vouches_for(&file.stat, now));
    listing.files.len() == last.prints.len() && listing.files.iter().all(same)
}

fn same_content(old: &BTreeMap<PathBuf, Print>, new: &BTreeMap<PathBuf, Print>) -> bool {
    old.len() == new.len() && old.iter().all(|(path, print)| new.get(path).is_some_and(|other| other.digest == print.digest))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod write_tests;
