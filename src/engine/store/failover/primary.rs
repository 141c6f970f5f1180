//! What a failover goes over from and back to: something that can be opened again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Failover;
use crate::engine::store::{
    error::StoreError,
    files, keys, kinds,
    lock::DirLock,
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
}

impl DiskPrimary {
    /// Nothing is opened yet.
    pub fn new(options: StoreOptions, backend: Arc<dyn Backend>) -> Self {
        Self { options, backend, lock: Mutex::new(None), keys: Mutex::new(None) }
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
        Ok(opened)
    }

    fn restore(&self, memory: &MemoryStore) -> u64 {
        let Some(keys) = self.snapshot_keys() else { return 0 };
        // Snapshots that were passed over are named when the store is opened again.
        restore_newest(memory, &self.options.data_dir, &keys, &mut Vec::new()).map_or(0, |restored| restored.taken)
    }

    fn snapshot_keys(&self) -> Option<SnapshotKeys> {
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.or_else(|| match slotfiles::read(&self.options.data_dir) {
            Ok(slotfiles::Found::Slots { slots, .. }) => {
                let opened = keys::open(&key_place(&self.options), slots, &self.options.key, &mut Vec::new());
                opened.ok().map(|keys| keys.snapshot_keys())
            }
            _ => None,
        })
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
