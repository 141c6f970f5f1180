//! Trust in a configuration that lies elsewhere: the digest of a file, recorded under its path.
//!
//! An edited or moved file is no longer trusted. Only the user can say so, with `stellar config trust FILE`.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    document::digest_of,
    file::{make_dir, read_config, read_own, replace},
    problem::{ConfigError, clean},
};

/// Name of the record in the state directory.
const RECORD: &str = "trusted.json";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    v: u32,
    files: BTreeMap<String, String>,
}

/// Why trust could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file itself cannot be used.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// The record cannot be read or written.
    #[error("Trust cannot be recorded in {}: {error}.", clean(&path.display().to_string()))]
    Record {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Records the digest of a file as it is now, and returns it in hex. The content need not be a sound configuration.
///
/// # Errors
/// [`TrustError::File`] when it is not there, not ours or writable by others; [`TrustError::Record`] when the record cannot be kept.
pub fn trust_file(state_dir: &Path, file: &Path) -> Result<String, TrustError> {
    let user = rustix::process::geteuid().as_raw();
    let bytes = read_config(file, user).map_err(|problem| ConfigError { file: Some(file.to_owned()), problems: vec![*problem] })?;
    let digest = digest_of(&bytes);
    let path = state_dir.join(RECORD);
    let failed = |error| TrustError::Record { path: path.clone(), error };
    make_dir(state_dir).map_err(failed)?;
    let mut record = match read_own(&path).map_err(failed)? {
        Some(bytes) => {
            serde_json::from_slice(&bytes).map_err(|_| failed(io::Error::other("it is damaged; delete it and trust each file again")))?
        }
        None => Record::default(),
    };
    record.v = 1;
    record.files.insert(name_of(file), digest.clone());
    let text = serde_json::to_vec_pretty(&record).map_err(|error| failed(io::Error::other(error)))?;
    replace(&path, &text).map_err(failed)?;
    Ok(digest)
}

/// Whether this digest was recorded for this file. A record that is missing, damaged or unreadable trusts nothing.
#[must_use]
pub fn is_trusted(state_dir: &Path, file: &Path, digest: &str) -> bool {
    // Read like a configuration: a record that others may write says nothing about what its user trusts.
    let Ok(bytes) = read_config(&state_dir.join(RECORD), rustix::process::geteuid().as_raw()) else { return false };
    let Ok(record) = serde_json::from_slice::<Record>(&bytes) else { return false };
    record.v == 1 && record.files.get(&name_of(file)).is_some_and(|known| known == digest)
}

/// The file under its real path, so that a link to it is the same file.
fn name_of(file: &Path) -> String {
    std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned()).to_string_lossy().into_owned()
}

/// Whether a file lies in a directory by its own name. A link in the directory counts as lying there: only its owner puts one.
pub(super) fn lies_in(file: &Path, dir: &Path) -> bool {
    let parent = file.parent().and_then(|parent| std::fs::canonicalize(parent).ok());
    match (parent, std::fs::canonicalize(dir)) {
        (Some(parent), Ok(dir)) => parent.starts_with(dir),
        _ => false,
    }
}
