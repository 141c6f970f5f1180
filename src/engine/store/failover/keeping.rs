//! Keys, where a disk may fail: they are changed on the disk or not at all.

use std::sync::{MutexGuard, PoisonError};

use super::{Failover, Reader};
use crate::engine::store::{
    error::StoreError,
    key_keeper::{KeyChange, KeyKeeper, KeyStatus},
};

impl Failover {
    fn keys_alone(&self) -> MutexGuard<'_, ()> {
        self.healing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on_disk<T>(&self, work: impl FnOnce(&dyn KeyKeeper) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let Reader::Disk(primary) = self.reader()? else { return Err(self.refusal()) };
        let outcome = work(primary.keys().ok_or(StoreError::Closed)?);
        // Whatever it says to whoever asked, everybody else is served on.
        let _ = self.failed(&outcome, primary.as_ref());
        outcome
    }
}

impl KeyKeeper for Failover {
    fn key_status(&self) -> KeyStatus {
        let primary = self.look().primary.clone();
        let status = primary.as_ref().and_then(|primary| primary.keys()).map(KeyKeeper::key_status);
        status.unwrap_or_else(KeyStatus::unknown)
    }

    fn change_key(&self, change: KeyChange) -> Result<Vec<String>, StoreError> {
        let _one = self.keys_alone();
        self.on_disk(|keys| keys.change_key(change))
    }

    fn reseal_some(&self) -> Result<bool, StoreError> {
        let _one = self.keys_alone();
        self.on_disk(|keys| keys.reseal_some())
    }

    fn drop_unneeded(&self) -> Result<(), StoreError> {
        let _one = self.keys_alone();
        self.on_disk(|keys| keys.drop_unneeded())
    }

    fn is_key_due(&self) -> bool {
        self.on_disk(|keys| Ok(keys.is_key_due())).unwrap_or(false)
    }
}
