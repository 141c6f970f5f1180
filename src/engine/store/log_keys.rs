//! What the log of record is sealed with: the data keys of the store, without its database. They stay at hand when the database is set aside,
//! and follow a `rekey`.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use super::{
    error::StoreError,
    nonces::Nonces,
    seal::{self, Sealer, Unopened},
};
use crate::engine::world::Rng;

/// Something sealed, and the data key it was sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEntry {
    /// The id of the data key.
    pub key: u32,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// Seals what goes into the log of record and opens it again.
pub trait LogSealer: Send + Sync {
    /// Names the store whose keys these are.
    fn store(&self) -> [u8; 16];

    /// The data key that seals now; another one may in the next moment.
    fn key_id(&self) -> u32;

    /// Seals `plain`, bound to `associated`.
    ///
    /// # Errors
    /// Only for more than 64 GiB.
    fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<SealedEntry, StoreError>;

    /// Opens what was sealed with any of the data keys at hand.
    ///
    /// # Errors
    /// [`Unopened`]: a key that is not at hand is told from damage.
    fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unopened>;
}

/// The data keys of a store.
pub struct LogKeys {
    store: [u8; 16],
    sealer: Arc<Sealer>,
    rng: Nonces,
    /// What the ledger of the database has not been charged with.
    sealed: AtomicU64,
}

impl LogKeys {
    /// Over the keys that seal the records of the store.
    #[must_use]
    pub fn new(store: [u8; 16], sealer: Arc<Sealer>, rng: Arc<dyn Rng>) -> Self {
        Self { store, sealer, rng: Nonces::new(rng), sealed: AtomicU64::new(0) }
    }

    /// Keys of its own, for tests and rehearsals of the log alone.
    #[must_use]
    pub fn alone(store: [u8; 16], id: u32, key: &[u8; 32], rng: Arc<dyn Rng>) -> Self {
        Self::new(store, Arc::new(Sealer::new(id, key)), rng)
    }

    /// Seals with this key from now on, and opens with the former ones still.
    pub fn promote(&self, id: u32, key: &[u8; 32]) {
        self.sealer.promote(id, key);
    }

    /// Opens no longer with this key.
    pub fn forget(&self, id: u32) {
        self.sealer.forget(id);
    }

    /// How often it sealed, as far as nobody was charged with it.
    pub(super) fn sealed(&self) -> u64 {
        self.sealed.load(Ordering::Relaxed)
    }

    /// The same, and from now on somebody is.
    pub(super) fn take_sealed(&self) -> u64 {
        self.sealed.swap(0, Ordering::Relaxed)
    }
}

impl LogSealer for LogKeys {
    fn store(&self) -> [u8; 16] {
        self.store
    }

    fn key_id(&self) -> u32 {
        self.sealer.id()
    }

    fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<SealedEntry, StoreError> {
        let bytes = self.sealer.seal(&self.rng, associated, plain)?;
        self.sealed.fetch_add(1, Ordering::Relaxed);
        // The key may have changed since anybody asked for its id: what counts is the one it was sealed with.
        Ok(SealedEntry { key: seal::key_of(&bytes).unwrap_or_default(), bytes })
    }

    fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        self.sealer.open(associated, sealed)
    }
}

/// The keys of a store that may be opened again: whoever holds this seals with those of the last time.
pub struct LogRelay(RwLock<Arc<dyn LogSealer>>);

impl LogRelay {
    /// By these keys, until others are given.
    pub fn new(sealer: Arc<dyn LogSealer>) -> Self {
        Self(RwLock::new(sealer))
    }

    /// By these from now on.
    pub fn now_by(&self, sealer: Arc<dyn LogSealer>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = sealer;
    }

    fn sealer(&self) -> Arc<dyn LogSealer> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LogSealer for LogRelay {
    fn store(&self) -> [u8; 16] {
        self.sealer().store()
    }

    fn key_id(&self) -> u32 {
        self.sealer().key_id()
    }

    fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<SealedEntry, StoreError> {
        self.sealer().seal(associated, plain)
    }

    fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        self.sealer().open(associated, sealed)
    }
}
