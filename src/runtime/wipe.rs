//! Removing everything stellar keeps for a data directory: the store and its keys, the log, the socket.

use std::{io, path::PathBuf, sync::Arc};

use crate::engine::{
    EngineError, Wipe,
    world::{KeyVault, SystemClock},
};

use super::{
    context::{Context, RuntimeError},
    log::log_dir,
    vault::ProcessVault,
};

/// What would be removed. While it is held nobody else can open the store.
pub struct WipePlan {
    wipe: Wipe,
    log: Option<PathBuf>,
    socket: Option<PathBuf>,
    stays: Vec<String>,
}

/// Looks at what there is; none when there is nothing.
///
/// # Errors
/// While another process owns the data directory, or when it is not stellar's.
pub fn wipe_plan(context: &Context) -> Result<Option<WipePlan>, RuntimeError> {
    let now = SystemClock::shared().now();
    let Some(wipe) = Wipe::begin(&context.data_dir, &context.state_dir, now).map_err(EngineError::from)? else { return Ok(None) };
    let log = Some(log_dir(&context.state_dir)).filter(|path| path.exists());
    // Its owner would hold the data directory, so this one is of a process that died.
    let socket = Some(context.socket.clone()).filter(|path| path.exists());
    let mut stays = wipe.stays().to_vec();
    stays.push("the configuration, and which files of it are trusted".to_owned());
    Ok(Some(WipePlan { wipe, log, socket, stays }))
}

impl WipePlan {
    /// What is removed, in this order.
    #[must_use]
    pub fn removes(&self) -> Vec<String> {
        let beside = self.log.iter().chain(&self.socket).map(|path| path.display().to_string());
        self.wipe.removes().into_iter().chain(beside).collect()
    }

    /// What stays, and why.
    #[must_use]
    pub fn stays(&self) -> &[String] {
        &self.stays
    }

    /// Removes it; answers what could not be removed though the rest is gone.
    ///
    /// # Errors
    /// Naming the first file that could not be removed.
    pub fn carry_out(self) -> Result<Vec<String>, RuntimeError> {
        let vault: Arc<dyn KeyVault> = Arc::new(ProcessVault::default());
        let left = self.wipe.carry_out(&vault).map_err(EngineError::from)?;
        let remove = |path: &PathBuf| match if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) } {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(RuntimeError::Io(format!("{} could not be removed: {error}", path.display())))
            }
            _ => Ok(()),
        };
        self.log.iter().chain(&self.socket).try_for_each(remove)?;
        Ok(left)
    }
}
