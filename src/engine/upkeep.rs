//! Upkeep of the store that a person asks for: keys, verification, what was set aside.

use std::sync::Arc;

use super::{
    api::EngineError,
    core::Core,
    handle::EngineHandle,
    queue::Desk,
    store::{CacheStore, DamagedCopy, KeyChange, KeyKeeper, KeyStatus, NotOne, StoreError, VerifyReport, damaged_copies, discard_damaged},
};

impl EngineHandle {
    /// Changes the cache's keys; with a new data key, answers when everything is sealed with it. Reads and writes go on meanwhile. The
    /// notes are for a person.
    ///
    /// # Errors
    /// When a key cannot be had or the disk refuses; the sentence says what holds then.
    pub async fn rekey(&self, change: KeyChange) -> Result<(KeyStatus, Vec<String>), EngineError> {
        let reseal = change.reseal;
        // Stretching a passphrase and asking a keyring take their time.
        let notes = self.aside(move |core| key_keeper(core)?.change_key(change)).await?;
        if reseal {
            self.core.writer()?.reseal().await?;
            self.aside(Core::reseal_log).await?;
        }
        Ok((key_keeper(&self.core)?.key_status(), notes))
    }

    /// Opens every record of the store; deletes nothing.
    ///
    /// # Errors
    /// When the store itself fails.
    pub async fn verify(&self) -> Result<VerifyReport, EngineError> {
        self.aside(|core| core.store.verify()).await
    }

    /// What was set aside as damaged, oldest first.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub async fn damaged(&self) -> Result<Vec<DamagedCopy>, EngineError> {
        self.aside(|core| damaged_copies(&core.options.data_dir)).await
    }

    /// Removes one thing that was set aside, for good, and the keys that only it needed.
    ///
    /// # Errors
    /// When the disk refuses; that there is not exactly one of that name is no error of the engine.
    pub async fn discard_damaged(&self, id: &str) -> Result<Result<DamagedCopy, NotOne>, EngineError> {
        let id = id.to_owned();
        self.aside(move |core| {
            let dropped = discard_damaged(&core.options.data_dir, &id)?;
            if let (Ok(_), Some(keys)) = (&dropped, core.store.keys()) {
                keys.drop_unneeded()?;
            }
            Ok(dropped)
        })
        .await
    }

    /// Runs `work` where it holds up nobody.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce(&Core) -> Result<T, StoreError> + Send + 'static) -> Result<T, EngineError> {
        let core = Arc::clone(&self.core);
        let outcome = tokio::task::spawn_blocking(move || work(&core)).await;
        outcome.map_err(|_| EngineError::Unavailable("the store's upkeep failed; its log says more".to_owned()))?.map_err(EngineError::from)
    }
}

impl Core {
    /// Seals the log of record anew, and lets go of the keys that nothing needs any more.
    pub(super) fn reseal_log(&self) -> Result<(), StoreError> {
        reseal(&self.desk, self.store.as_ref())
    }

    /// What else is sealed with the store's keys, for whoever seals that anew.
    pub(super) fn others_to_reseal(&self) -> Box<dyn Fn() -> Result<(), StoreError> + Send> {
        let (desk, store) = (Arc::clone(&self.desk), Arc::clone(&self.store));
        Box::new(move || reseal(&desk, store.as_ref()))
    }

    /// Goes on with sealing anew what an earlier run left.
    pub(super) fn go_on_resealing(&self) {
        if self.store.keys().is_some_and(|keys| keys.key_status().resealing.is_some()) {
            // Its thread does it between writes; without a thread nothing can be written either, and that is said where it is tried.
            let _ = self.writer();
        }
    }
}

fn reseal(desk: &Desk, store: &dyn CacheStore) -> Result<(), StoreError> {
    desk.reseal()?;
    store.keys().map_or(Ok(()), KeyKeeper::drop_unneeded)
}

fn key_keeper(core: &Core) -> Result<&dyn KeyKeeper, StoreError> {
    // Of a disk that cannot be opened nothing is known, its keys neither: that is not the same as a store without any.
    let none = || match core.store.standing() {
        Some(standing) => {
            StoreError::Unwritable { path: "the cache".to_owned(), cause: format!("memory serves in its place: {}", standing.why) }
        }
        None => StoreError::KeyUnavailable("the cache is kept in memory only: there is no key to change".to_owned()),
    };
    core.store.keys().ok_or_else(none)
}
