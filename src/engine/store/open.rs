//! Opening: lock, format, keys, marker, database, manifest; what does not pass is moved aside, what is whole in it is taken over.
//! Where only something beside the rows is damaged, that alone is moved, and the rows stay where they are (`open/in_place.rs`);
//! the long way is `open/anew.rs`.
//!
//! What is synced here, and why so little: a new directory syncs its files once, in order (key file, keyslots, database, manifest). Opening
//! an old one writes two small files, neither synced - `lock` for people, `opening` against a dying process - and reads three; sled itself
//! syncs what it repairs. Nothing is scanned unless the last run ended without a close.

mod anew;
mod in_place;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    api::CacheStore,
    aside,
    error::StoreError,
    files, format,
    key_keeper::KeyKeeper as _,
    keys::{self, Keys},
    kinds,
    ledger::{Ledger, SEALS_UNKNOWN},
    lock::DirLock,
    log_head::LOG_DIR,
    manifest,
    marker::{self, Earlier},
    memory::MemoryStore,
    outer::{self, KeyPlace, KeyPolicy},
    pending::{self, LEDGER_ROW},
    reserve, retired,
    rows::{Backend, OPEN_LIMIT, RowChange, Rows},
    sealed_store::SealedStore,
    slotfiles,
    snapshot::{Hydrated, restore_newest},
    snapshot_key::SnapshotKeys,
    swap, window,
};
use crate::{
    config::CacheKey,
    engine::world::{Clock, KeyVault, Passphrase, Rng},
};

/// What a store is opened with.
#[derive(Clone)]
pub struct StoreOptions {
    /// The data directory, absolute; made 0700 if it is not there.
    pub data_dir: PathBuf,
    /// The state directory, absolute; the key file is in `keys/` there.
    pub state_dir: PathBuf,
    /// `sled` or `memory`.
    pub backend: String,
    /// Where the wrapping key is, as configured; for a store that exists, what it was made with counts.
    pub key: CacheKey,
    /// For the date of what is moved aside.
    pub clock: Arc<dyn Clock>,
    /// For keys and nonces.
    pub rng: Arc<dyn Rng>,
    /// The keyring, and whoever knows a passphrase.
    pub vault: Arc<dyn KeyVault>,
    /// How dear a guess is and how long a key lasts.
    pub policy: KeyPolicy,
}

/// An open store and what is to be said about it.
pub struct OpenedStore {
    /// The store.
    pub store: Arc<dyn CacheStore>,
    /// What happened at open that a person should know, a sentence each.
    pub notes: Vec<String>,
    /// What the encryption protects against and what not, in a sentence.
    pub protection: String,
    /// `sled` or `memory`.
    pub backend: &'static str,
    /// Whether it began empty: new, or what was there could not be used.
    pub fresh: bool,
    /// Whether something was set aside, so that what is cached may be incomplete.
    pub set_aside: bool,
    /// What was then taken from the newest good snapshot; none where there was none.
    pub restored: Option<Hydrated>,
}

impl OpenedStore {
    /// A store that keeps nothing, with nothing to be said about it.
    #[must_use]
    pub fn in_memory(store: MemoryStore) -> Self {
        Self {
            store: Arc::new(store),
            notes: Vec::new(),
            protection: "kept in memory only: nothing is written, and nothing outlives the process".to_owned(),
            backend: "memory",
            fresh: true,
            set_aside: false,
            restored: None,
        }
    }
}

/// Opens the store, healing what can be healed.
///
/// # Errors
/// [`StoreError::Busy`], [`StoreError::NewerFormat`], [`StoreError::KeyUnavailable`], [`StoreError::Unwritable`]: nothing was changed.
/// [`StoreError::Damaged`] when even a new database cannot be used.
pub fn open_store(options: &StoreOptions) -> Result<OpenedStore, StoreError> {
    match options.backend.as_str() {
        "memory" => Ok(OpenedStore::in_memory(MemoryStore::default())),
        name => open_with(options, kinds::named(name)?.as_ref()),
    }
}

/// As [`open_store`], sealed, over this kind of database.
///
/// # Errors
/// As for [`open_store`].
pub fn open_with(options: &StoreOptions, backend: &dyn Backend) -> Result<OpenedStore, StoreError> {
    let passphrase = prepare(options)?;
    files::private_dir(&options.data_dir)?;
    open_locked(options, backend, DirLock::acquire(&options.data_dir, options.clock.now())?, passphrase)
}

/// Whatever is needed for a new store's key and cannot be had is said before anything is made; a passphrase is asked for now.
///
/// # Errors
/// [`StoreError::KeyUnavailable`].
pub fn prepare(options: &StoreOptions) -> Result<Option<Passphrase>, StoreError> {
    if is_new(&options.data_dir) { outer::prepare(&key_place(options), &options.key) } else { Ok(None) }
}

/// Where the keys of a store opened so are.
pub fn key_place(options: &StoreOptions) -> KeyPlace {
    let StoreOptions { data_dir, state_dir, vault, rng, policy, .. } = options;
    let (vault, rng) = (Arc::clone(vault), Arc::clone(rng));
    KeyPlace { data_dir: data_dir.clone(), state_dir: state_dir.clone(), vault, rng, policy: *policy }
}

/// As [`open_with`], by who owns the directory; `passphrase` is what [`prepare`] answered.
///
/// # Errors
/// As for [`open_store`].
pub fn open_locked(
    options: &StoreOptions,
    backend: &dyn Backend,
    lock: DirLock,
    passphrase: Option<Passphrase>,
) -> Result<OpenedStore, StoreError> {
    Opening::new(options, backend).run(lock, passphrase)
}

/// The store itself, for tests of what its trait does not show.
#[cfg(test)]
pub fn open_sealed(options: &StoreOptions, backend: &dyn Backend) -> Result<SealedStore, StoreError> {
    files::private_dir(&options.data_dir)?;
    let lock = DirLock::acquire(&options.data_dir, options.clock.now())?;
    let mut opening = Opening::new(options, backend);
    let (store, ..) = opening.sealed(lock, None)?;
    opening.mended()?;
    Ok(store)
}

/// Everything that belongs to one database and goes aside with it.
const DATABASE: &[&str] = &[swap::CURRENT, swap::OLD, swap::NEW, manifest::NAME, window::NAME];

/// Whether there is nothing yet that keys would open.
fn is_new(data_dir: &Path) -> bool {
    slotfiles::NAMES.iter().chain(DATABASE).chain(&[LOG_DIR]).all(|name| !data_dir.join(name).exists())
}

struct Opening<'a> {
    options: &'a StoreOptions,
    backend: &'a dyn Backend,
    notes: Vec<String>,
    /// The data keys at hand: what is set aside says them.
    ids: Vec<u32>,
    /// Whether something may be missing.
    aside: bool,
    /// Whether the marker says of the database what is to be known until everything about it was mended.
    distrusted: bool,
}

/// A database that passed its checks.
struct Checked {
    rows: Box<dyn Rows>,
    ledger: Ledger,
    /// The write the manifest on disk speaks of; none when it is to be written.
    manifest: Option<u64>,
    fresh: bool,
}

/// Whether the rows of a database are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    /// Where the manifest does not know the last write.
    IfUnsure,
    Always,
}

/// Why a database is not used, in words that follow "the cache was set aside because"; `readable` when reading it is worth a try.
struct Refused {
    why: String,
    readable: bool,
}

impl<'a> Opening<'a> {
    fn new(options: &'a StoreOptions, backend: &'a dyn Backend) -> Self {
        Self { options, backend, notes: Vec::new(), ids: Vec::new(), aside: false, distrusted: false }
    }

    fn run(mut self, lock: DirLock, passphrase: Option<Passphrase>) -> Result<OpenedStore, StoreError> {
        let (store, fresh, snapshot_keys) = self.sealed(lock, passphrase)?;
        let restored = if self.aside { restore_newest(&store, &self.options.data_dir, &snapshot_keys, &mut self.notes) } else { None };
        self.mended()?;
        let fresh = fresh && restored.is_none_or(|restored| restored.taken == 0);
        let protection = store.protection();
        Ok(OpenedStore {
            store: Arc::new(store),
            notes: self.notes,
            protection,
            backend: self.backend.name(),
            fresh,
            set_aside: self.aside,
            restored,
        })
    }

    /// The next start may believe the database, and no power cut takes that back: it will have been written to by then.
    fn mended(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.distrusted) {
            marker::clear(&self.options.data_dir)?;
            files::sync_dir(&self.options.data_dir)?;
        }
        Ok(())
    }

    /// The store itself, and whether it began empty.
    fn sealed(&mut self, lock: DirLock, passphrase: Option<Passphrase>) -> Result<(SealedStore, bool, SnapshotKeys), StoreError> {
        let data_dir = self.options.data_dir.as_path();
        format::check(data_dir)?;
        swap::recover(data_dir)?;
        let keys = self.keys(&key_place(self.options), passphrase)?;
        self.ids = keys.ids();
        let earlier = marker::set(data_dir)?;
        self.distrusted = !matches!(earlier, Earlier::Trusted | Earlier::EndedTwice);
        let opened = self.database(&keys, earlier);
        // An error in hand is an end too; the marker is for opens that had none.
        if !self.distrusted {
            marker::clear(data_dir)?;
        }
        let Checked { rows, ledger, manifest, fresh } = opened?;
        let resealing = !keys.draining().is_empty();
        let snapshot_keys = keys.snapshot_keys();
        let store = SealedStore::new(data_dir, lock, rows, keys, Arc::clone(&self.options.rng), ledger, manifest)
            .with_backend(self.backend.shared());
        if manifest.is_none() {
            // What the last run wrote after it is not in it. Its manifest is another one, so where it cannot go it counts for nothing.
            let _ = window::remove(data_dir);
            reserve::with_room(data_dir, || store.checkpoint())?;
        }
        store.keep_reserve();
        if resealing {
            self.notes
                .push("the change of the cache's key was interrupted and goes on; stellar cache status shows how far it is".to_owned());
        } else {
            store.drop_unneeded()?;
        }
        Ok((store, fresh, snapshot_keys))
    }

    fn keys(&mut self, place: &KeyPlace, passphrase: Option<Passphrase>) -> Result<Keys, StoreError> {
        let StoreOptions { data_dir, key, .. } = self.options;
        let lost = match slotfiles::read(data_dir)? {
            slotfiles::Found::Slots { slots, damaged, behind } => {
                let keys = keys::open(place, slots, key, &mut self.notes)?;
                if !damaged.is_empty() {
                    let aside = aside::set_aside(data_dir, &damaged, self.options.clock.now())?;
                    retired::note(&aside, &[])?;
                    self.notes.push(format!(
                        "one of the two copies of the keyslots was damaged; it was set aside in {} and written anew from the other",
                        aside.display()
                    ));
                }
                if behind {
                    keys.rewrite()?;
                }
                return Ok(keys);
            }
            slotfiles::Found::Damaged => "both copies of its keyslots are damaged",
            slotfiles::Found::Nothing if data_dir.join("cache").exists() || data_dir.join(LOG_DIR).exists() => "its keyslots are gone",
            slotfiles::Found::Nothing => return keys::create(place, key, passphrase),
        };
        let logged = data_dir.join(LOG_DIR).exists();
        let aside = self.set_aside(&[DATABASE, &slotfiles::NAMES, &[LOG_DIR]].concat(), lost)?;
        if logged {
            self.notes.push(format!(
                "THE LOG OF CHANGES CANNOT BE OPENED because {lost}: changes that were not delivered, decisions and trust are in it. It was \
                 moved to {} as it was, and nothing of it was deleted; if you have a copy of the file keyslots, put both back",
                aside.display()
            ));
        }
        keys::create(place, key, passphrase)
    }

    /// The database that is there if it passes, else a new one.
    fn database(&mut self, keys: &Keys, earlier: Earlier) -> Result<Checked, StoreError> {
        let data_dir = self.options.data_dir.as_path();
        let refused = |why: &str, readable| Refused { why: why.to_owned(), readable };
        match earlier {
            Earlier::EndedTwice => self.anew(keys, refused("opening it ended the process twice", false)),
            Earlier::Failed => self.anew(keys, refused("the database failed while it was in use or mended", true)),
            Earlier::Mending(place) => self.anew_again(keys, &aside::named(data_dir, &place)),
            Earlier::MendingEndedTwice(place) => {
                let why = format!("making it anew of {} ended the process twice", aside::named(data_dir, &place).display());
                self.anew(keys, refused(&why, false))
            }
            Earlier::Trusted => match self.existing(keys)? {
                Ok(checked) => {
                    swap::clear(data_dir);
                    Ok(checked)
                }
                Err(None) => self.create(keys),
                Err(Some(refused)) => self.anew(keys, refused),
            },
        }
    }

    /// Opens and checks the database that is there. The inner error is why it is not used: none when there is none.
    fn existing(&mut self, keys: &Keys) -> Result<Result<Checked, Option<Refused>>, StoreError> {
        let data_dir = self.options.data_dir.as_path();
        let cache = data_dir.join("cache");
        let manifest = manifest::read(data_dir, &keys.manifest, &keys.store)?;
        let refused = |why: &str, readable| Ok(Err(Some(Refused { why: why.to_owned(), readable })));
        if !cache.exists() {
            return match manifest {
                manifest::Found::Nothing => Ok(Err(None)),
                _ => refused("the database is gone", false),
            };
        }
        if let Some(maker) = self.maker(&cache)? {
            return refused(&format!("it was made with {} and the configuration asks for {}", maker.name(), self.backend.name()), true);
        }
        let rows = match reserve::with_room(data_dir, || self.backend.open(&cache, OPEN_LIMIT)) {
            Ok(rows) => rows,
            Err(StoreError::Damaged(why)) => {
                return match self.without_spare(keys, &cache, &manifest)? {
                    Some(checked) => Ok(Ok(checked)),
                    None => refused(&why, true),
                };
            }
            Err(error) => return Err(error),
        };
        match self.check(keys, rows.as_ref(), &manifest, Count::IfUnsure) {
            Ok((ledger, manifest)) => Ok(Ok(Checked { rows, ledger, manifest, fresh: false })),
            Err(StoreError::Damaged(why)) => refused(&why, true),
            Err(error) => Err(error),
        }
    }

    /// Compares what the database holds with what it says it holds, and that with the manifest.
    fn check(
        &mut self,
        keys: &Keys,
        rows: &dyn Rows,
        manifest: &manifest::Found,
        count: Count,
    ) -> Result<(Ledger, Option<u64>), StoreError> {
        let damaged = |why: &str| Err(StoreError::Damaged(why.to_owned()));
        let mut ledger = None;
        let there = rows.get(LEDGER_ROW, &mut |sealed| {
            ledger = keys.sealer.open(LEDGER_ROW, sealed).ok().and_then(|body| Ledger::decode(&body));
        })?;
        if !there {
            return damaged("the database does not say what it holds");
        }
        let Some(mut ledger) = ledger else { return damaged("what the database says it holds cannot be read") };
        let held = match manifest {
            manifest::Found::Held(held) => held,
            // Made and killed before its first manifest.
            manifest::Found::Nothing if ledger.write == 0 => return Ok((ledger, None)),
            manifest::Found::Nothing | manifest::Found::Forged => {
                counted(rows, &ledger)?;
                rows.flush()?;
                self.without_manifest(&ledger)?;
                ledger.sealed = ledger.sealed.saturating_add(SEALS_UNKNOWN);
                return Ok((ledger, None));
            }
        };
        if held.epoch != ledger.epoch {
            return damaged("the database is not the one its manifest speaks of");
        }
        if ledger.write < held.write {
            return damaged(&format!("the database went back from write {} to write {}", held.write, ledger.write));
        }
        if ledger.write == held.write {
            if !(ledger.same_rows(held) && ledger.entries == held.entries) {
                return damaged("the database and its manifest tell different counts");
            }
            if count == Count::Always {
                counted(rows, &ledger)?;
            }
            return Ok((ledger, Some(held.write)));
        }
        // Written to after the manifest: the last run ended without a close, so what is there is counted before it is believed.
        counted(rows, &ledger)?;
        // What a process wrote outlives it, and is not on disk for that: a manifest that speaks of it must come after its sync.
        rows.flush()?;
        self.notes.push(format!("the last run ended without closing the cache; all {} records are there", ledger.entries));
        ledger.sealed = ledger.sealed.saturating_add(SEALS_UNKNOWN);
        // A new manifest makes the next open trust the count again.
        Ok((ledger, None))
    }

    /// Makes an empty database. Opened, dropped and opened again: without its first snapshot sled loses rows silently when it is damaged.
    fn create(&mut self, keys: &Keys) -> Result<Checked, StoreError> {
        let StoreOptions { data_dir, rng, .. } = self.options;
        let cache = data_dir.join("cache");
        files::private_dir(&cache)?;
        let mut ledger = Ledger::default();
        rng.fill(&mut ledger.epoch);
        ledger.sealed = 1;
        let rows = self.backend.open(&cache, OPEN_LIMIT)?;
        let sealed = keys.sealer.seal(rng.as_ref(), LEDGER_ROW, &ledger.encode())?;
        rows.apply(&[RowChange::new(LEDGER_ROW, Some(&sealed))])?;
        rows.flush()?;
        drop(rows);
        let rows = self.backend.open(&cache, OPEN_LIMIT)?;
        files::sync_dir(&cache)?;
        files::sync_dir(data_dir)?;
        Ok(Checked { rows, ledger, manifest: None, fresh: true })
    }
}

/// Whether the database has every row that its ledger counts, as it was written.
fn counted(rows: &dyn Rows, ledger: &Ledger) -> Result<(), StoreError> {
    let counted = pending::count(rows)?;
    if counted.same_rows(ledger) {
        return Ok(());
    }
    let (written, found) = (ledger.rows, counted.rows);
    Err(StoreError::Damaged(format!("of {written} rows written {found} were found, or not in the state they were written")))
}
