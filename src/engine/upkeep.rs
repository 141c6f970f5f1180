//! Upkeep of the store that a person asks for: keys, verification, what was set aside.

use std::sync::Arc;

use super::{
    api::EngineError,
    core::Core,
    store::{DamagedCopy, KeyChange, KeyStatus, NotOne, StoreError, VerifyReport, damaged_copies, discard_damaged},
};

impl Core {
    /// Changes the keys; with a new data key, answers when everything is sealed with it. The notes are for a person.
    pub async fn rekey(self: &Arc<Self>, change: KeyChange) -> Result<(KeyStatus, Vec<String>), EngineError> {
        let reseal = change.reseal;
        // Stretching a passphrase and asking a keyring take their time.
        let notes = self.aside(move |core| core.key_keeper()?.change_key(change)).await?;
        if reseal {
            self.writer()?.reseal().await?;
        }
        Ok((self.key_keeper()?.key_status(), notes))
    }

    /// Opens every record; deletes nothing.
    pub async fn verify(self: &Arc<Self>) -> Result<VerifyReport, EngineError> {
        self.aside(|core| core.store.verify()).await
    }

    /// What was set aside.
    pub async fn damaged(self: &Arc<Self>) -> Result<Vec<DamagedCopy>, EngineError> {
        self.aside(|core| damaged_copies(&core.options.data_dir)).await
    }

    /// Removes one thing that was set aside, and the keys that only it needed.
    pub async fn discard(self: &Arc<Self>, id: String) -> Result<Result<DamagedCopy, NotOne>, EngineError> {
        self.aside(move |core| {
            let dropped = discard_damaged(&core.options.data_dir, &id)?;
            if let (Ok(_), Some(keys)) = (&dropped, core.store.keys()) {
                keys.drop_unneeded()?;
            }
            Ok(dropped)
        })
        .await
    }

    fn key_keeper(&self) -> Result<&dyn super::store::KeyKeeper, StoreError> {
        self.store
            .keys()
            .ok_or_else(|| StoreError::KeyUnavailable("the cache is kept in memory only: there is no key to change".to_owned()))
    }

    /// Runs `work` where it holds up nobody.
    async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let core = Arc::clone(self);
        let outcome = tokio::task::spawn_blocking(move || work(&core)).await;
        outcome.map_err(|_| EngineError::Unavailable("the store's upkeep failed; its log says more".to_owned()))?.map_err(EngineError::from)
    }
}
