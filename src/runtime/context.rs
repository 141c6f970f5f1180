//! What a process needs to ask or to answer, and how asking can fail.

use std::{path::PathBuf, sync::Arc};

use crate::{config::Config, engine::EngineError};

/// Where and with what this process works.
#[derive(Clone, Debug)]
pub struct Context {
    /// The effective configuration.
    pub config: Arc<Config>,
    /// The data directory.
    pub data_dir: PathBuf,
    /// The state directory.
    pub state_dir: PathBuf,
    /// The socket of the data directory's owner.
    pub socket: PathBuf,
    /// Never fetch nor send.
    pub offline: bool,
    /// Who asks for changes: the system's user.
    pub user: String,
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The engine cannot start or cannot do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Another stellar answers for this data directory, and not for the same thing.
    #[error("{0}")]
    Mismatch(String),
    /// The socket or the process environment fails.
    #[error("{0}")]
    Io(String),
    /// The owner is there and does not answer.
    #[error("{0}")]
    Busy(String),
}
