//! What a failover goes over from and back to: something that can be opened again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Failover;
use crate::engine::store::{
    error::StoreError,
    files, keys, kinds,
    lock::DirLock,
    log_keys::{LogKeys, LogRelay, LogSealer},
    memory::MemoryStore,
    open::{OpenedStore, StoreOptions, key_place, open_locked, open_store, prepare},
    rows::Backend,
    slotfiles,
    snapshot::restore_newest,
    snapshot_key::SnapshotKeys,
};

/// A store that can be opened again after it failed.
pub trait Primary: Send + Sync {
    /// Whether its disk takes a small file and syncs it.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when it does not.
    fn probe(&self) -> Result<(), StoreError>;

    /// Opens it, healing what can be healed; the one opened before is gone by then.
    ///
    /// # Errors
    /// As for `open_store`.
    fn open(&self) -> Result<OpenedStore, StoreError>;

    /// Takes the newest good snapshot into `memory`, where it does not hold newer; answers how many observations came from it.
    fn restore(&self, memory: &MemoryStore) -> u64;

    /// What seals its snapshots, also while it cannot be opened.
    fn snapshot_keys(&self) -> Option<SnapshotKeys>;

    /// What seals the log of record, also while it cannot be opened, and after it was opened again.
    fn log_sealer(&self) -> Option<Arc<dyn LogSealer>>;

    /// Gives back what it holds between two opens.
    fn release(&self);
}

/// A store in a data directory. The directory's lock is held from the first open to [`Primary::release`], also while the store is
/// opened again.
pub struct DiskPrimary {
    options: StoreOptions,
    backend: Arc<dyn Backend>,
    lock: Mutex<Option<DirLock>>,
    keys: Mutex<Option<SnapshotKeys>>,
    log: Mutex<Option<Arc<LogRelay>>>,
}

impl DiskPrimary {
    /// Nothing is opened yet.
    pub fn new(options: StoreOptions, backend: Arc<dyn Backend>) -> Self {
        Self { options, backend, lock: Mutex::new(None), keys: Mutex::new(None), log: Mutex::new(None) }
    }

    /// Where the store could not be opened its keys may be at hand.
    fn keys_on_disk(&self) -> Option<keys::Keys> {
        match slotfiles::read(&self.options.data_dir) {
            Ok(slotfiles::Found::Slots { slots, .. }) => {
                keys::open(&key_place(&self.options), slots, &self.options.key, &mut Vec::new()).ok()
            }
            _ => None,
        }
    }

    fn seal_log_with(&self, sealer: Arc<dyn LogSealer>) -> Arc<LogRelay> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let relay = log.get_or_insert_with(|| Arc::new(LogRelay::new(Arc::clone(&sealer))));
        relay.now_by(sealer);
        Arc::clone(relay)
    }

    fn lock(&self) -> MutexGuard<'_, Option<DirLock>> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Primary for DiskPrimary {
    fn probe(&self) -> Result<(), StoreError> {
        files::probe(&self.options.data_dir)
    }

    fn open(&self) -> Result<OpenedStore, StoreError> {
        let passphrase = prepare(&self.options)?;
        let mut lock = self.lock();
        let held = match lock.as_ref() {
            Some(held) => held.clone(),
            None => {
                files::private_dir(&self.options.data_dir)?;
                DirLock::acquire(&self.options.data_dir, self.options.clock.now())?
            }
        };
        *lock = Some(held.clone());
        let opened = open_locked(&self.options, self.backend.as_ref(), held, passphrase)?;
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = opened.store.snapshot_keys();
        if let Some(sealer) = opened.store.log_sealer() {
            self.seal_log_with(sealer);
        }
        Ok(opened)
    }

    fn restore(&self, memory: &MemoryStore) -> u64 {
        let Some(keys) = self.snapshot_keys() else { return 0 };
        // Snapshots that were passed over are named when the store is opened again.
        restore_newest(memory, &self.options.data_dir, &keys, &mut Vec::new()).map_or(0, |restored| restored.taken)
    }

    fn snapshot_keys(&self) -> Option<SnapshotKeys> {
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.or_else(|| self.keys_on_disk().map(|keys| keys.snapshot_keys()))
    }

    fn log_sealer(&self) -> Option<Arc<dyn LogSealer>> {
        let known = self.log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let relay = match known {
            Some(relay) => relay,
            None => {
                let keys = self.keys_on_disk()?;
                self.seal_log_with(Arc::new(LogKeys::new(keys.store, Arc::clone(&keys.sealer), Arc::clone(&self.options.rng))))
            }
        };
        Some(relay)
    }

    fn release(&self) {
        *self.lock() = None;
    }
}

/// As `open_store`, and goes on in memory when the disk fails, from the first moment on: a store that is there and cannot be opened for the
/// disk's sake is served from its newest snapshot until it can.
///
/// # Errors
/// As for `open_store`; a disk that refuses only where there is no store yet.
pub fn open_resilient(options: &StoreOptions) -> Result<OpenedStore, StoreError> {
    if options.backend == "memory" {
        return open_store(options);
    }
    open_over(options, kinds::named(&options.backend)?)
}

/// As [`open_resilient`], over this kind of database.
///
/// # Errors
/// As for [`open_resilient`].
pub fn open_over(options: &StoreOptions, backend: Arc<dyn Backend>) -> Result<OpenedStore, StoreError> {
    let name = backend.name();
    let clock = Arc::clone(&options.clock);
    let primary = Box::new(DiskPrimary::new(options.clone(), backend));
    match primary.open() {
        Ok(opened) => {
            let store = Arc::new(Failover::new(primary, Ok(opened.store), clock));
            Ok(OpenedStore { store, ..opened })
        }
        Err(why @ StoreError::Unwritable { .. }) if slotfiles::are_there(&options.data_dir) => Ok(OpenedStore {
            store: Arc::new(Failover::new(primary, Err(why), clock)),
            notes: Vec::new(),
            protection: "not known while the cache cannot be opened".to_owned(),
            backend: name,
            fresh: true,
            set_aside: false,
            restored: None,
        }),
        Err(error) => Err(error),
    }
}
