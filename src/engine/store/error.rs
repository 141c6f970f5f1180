//! What can go wrong with a store, in the words a person needs.

use std::{io, path::Path};

/// What went wrong with the store, with the sentence a person needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process owns the data directory; holds its pid if known.
    #[error("the data directory is in use{}", .pid.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    Busy {
        /// The owner.
        pid: Option<u32>,
    },
    /// The directory was written by a newer Stellar.
    #[error("the data directory has format {found}, this build reads up to {supported}: use the newer stellar")]
    NewerFormat {
        /// What the directory says.
        found: u32,
        /// What this build knows.
        supported: u32,
    },
    /// The wrapping key cannot be had; says which and what to do.
    #[error("{0}")]
    KeyUnavailable(String),
    /// The disk refuses: full, read-only, failing.
    #[error("cannot write {path}: {cause}")]
    Unwritable {
        /// Which file or directory.
        path: String,
        /// The operating system's words.
        cause: String,
    },
    /// No such backend in this build.
    #[error("there is no cache backend {0:?} in this build: use \"sled\" or \"memory\"")]
    NoBackend(String),
    /// The data directory was made with a backend that this build does not have.
    #[error("the data directory was made with {0:?}, which is not in this build: use the stellar that made it, or another data directory")]
    MadeWithout(String),
    /// The store was closed; nothing is answered any more.
    #[error("the store is closed")]
    Closed,
    /// The bytes are damaged and could not be healed.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

impl StoreError {
    /// The disk's refusal to write `path`, with what to do about it.
    pub(in crate::engine) fn unwritable(path: &Path, error: &io::Error) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => "; free some space and try again",
            io::ErrorKind::ReadOnlyFilesystem => "; choose a data directory on a disk that can be written",
            io::ErrorKind::PermissionDenied => "; it must belong to you and be writable",
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "; something else has that name: move it away",
            _ => "",
        };
        Self::Unwritable { path: path.display().to_string(), cause: format!("{error}{advice}") }
    }
}
