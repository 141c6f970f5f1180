//! What a store that seals lets be done with its keys.

use crate::{config::CacheKey, engine::world::Passphrase};

use super::error::StoreError;

/// How the keys of a store stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// Where the wrapping key is: `auto file passphrase keyring`.
    pub kind: &'static str,
    /// What the sealing protects against and what not, in a sentence.
    pub protection: String,
    /// The data key that seals.
    pub id: u32,
    /// Records sealed with it so far.
    pub sealed: u64,
    /// How many it may seal before another takes over by itself.
    pub limit: u64,
    /// Former data keys that only files beside the database were sealed with.
    pub retired: Vec<u32>,
    /// The change of the data key that is under way.
    pub resealing: Option<Resealing>,
}

impl KeyStatus {
    /// While the store cannot be opened.
    pub(super) fn unknown() -> Self {
        let protection = "not known while the cache cannot be opened".to_owned();
        Self { kind: "unknown", protection, id: 0, sealed: 0, limit: 0, retired: Vec::new(), resealing: None }
    }
}

/// How far a change of the data key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resealing {
    /// Rows looked at.
    pub done: u64,
    /// Rows there are.
    pub total: u64,
}

/// What becomes of the key that wraps the others.
#[derive(Clone, Debug)]
pub enum OuterChange {
    /// It stays.
    Keep,
    /// One that stellar made is made anew in the same kind of place; a person's own stays.
    Renew,
    /// It is kept here from now on; a passphrase that is not given is asked for through the vault.
    To(CacheKey, Option<Passphrase>),
}

/// What is to change.
#[derive(Clone, Debug)]
pub struct KeyChange {
    /// The key that wraps the others.
    pub outer: OuterChange,
    /// Whether a new data key is made, and with it everything sealed anew.
    pub reseal: bool,
}

/// The keys of a store, as far as whoever runs it may handle them.
pub trait KeyKeeper: Send + Sync {
    /// How they stand.
    fn key_status(&self) -> KeyStatus;

    /// Changes them; what was sealed before still opens. With a new data key, [`KeyKeeper::reseal_some`] is to be called until it is done.
    /// Answers notes a person should read.
    ///
    /// # Errors
    /// [`StoreError::KeyUnavailable`], [`StoreError::Unwritable`]: nothing was changed.
    fn change_key(&self, change: KeyChange) -> Result<Vec<String>, StoreError>;

    /// Seals one bounded batch anew, durably; answers whether more is left. The former key ends with the last one.
    ///
    /// # Errors
    /// As for [`super::CacheStore::apply`]; calling it again goes on.
    fn reseal_some(&self) -> Result<bool, StoreError>;

    /// Lets former keys go that nothing needs any more.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    fn drop_unneeded(&self) -> Result<(), StoreError>;

    /// Whether the data key has sealed so much that another is due.
    fn is_key_due(&self) -> bool;
}
