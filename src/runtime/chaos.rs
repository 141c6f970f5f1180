//! Trying faults: a scratch directory is made, a profile found, a run made on it, the directory removed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    engine::{
        chaos::{BUILT_IN, ChaosProfile, rehearse},
        world::SystemClock,
    },
    wire::{ChaosProfilePayload, ChaosReportPayload},
};

use super::{clock::mint_id, context::RuntimeError, owner::runtime, private_dir};

/// The longest file that is read as a profile.
const LONGEST_PROFILE: u64 = 64 * 1024;

/// Why faults were not tried.
#[derive(Debug, thiserror::Error)]
pub enum ChaosError {
    /// Neither a built-in profile nor a file.
    #[error("there is no chaos profile {0:?} and no such file; built in are {names}", names = BUILT_IN.map(|(name, _)| name).join(", "))]
    NoProfile(String),
    /// The file is none.
    #[error("{0}")]
    BadProfile(String),
    /// The file cannot be read.
    #[error("{} cannot be read: {error}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The run itself failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

/// The profiles that are always there.
///
/// # Errors
/// Never in a build that passed its tests.
pub fn chaos_profiles() -> Result<Vec<ChaosProfilePayload>, ChaosError> {
    let parsed = BUILT_IN.iter().map(|(name, text)| parse(name, text));
    parsed.map(|profile| profile.map(|profile| ChaosProfilePayload::of(&profile))).collect()
}

/// Tries a profile, built in or in a file; `below` is where a relative path starts.
///
/// # Errors
/// [`ChaosError`] with a sentence; what a fault broke is in the report, not here.
pub fn chaos_run(profile: &str, below: Option<&Path>) -> Result<ChaosReportPayload, ChaosError> {
    let profile = find(profile, below)?;
    let scratch = Scratch::new()?;
    let report = runtime(1)?.block_on(rehearse(&profile, &scratch.0, SystemClock::shared().as_ref())).map_err(RuntimeError::from)?;
    Ok(ChaosReportPayload::of(&report))
}

fn find(name: &str, below: Option<&Path>) -> Result<ChaosProfile, ChaosError> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(own, _)| *own == name) {
        return parse(name, text);
    }
    let path = below.map_or_else(|| PathBuf::from(name), |below| below.join(name));
    let unreadable = |error| ChaosError::Unreadable { path: path.clone(), error };
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ChaosError::NoProfile(name.to_owned())),
        Err(error) => return Err(unreadable(error)),
        Ok(metadata) if !metadata.is_file() => return Err(ChaosError::BadProfile(format!("{} is no file", path.display()))),
        Ok(metadata) if metadata.len() > LONGEST_PROFILE => {
            return Err(ChaosError::BadProfile(format!("{} is longer than any chaos profile", path.display())));
        }
        Ok(_) => {}
    }
    let bytes = fs::read(&path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| ChaosError::BadProfile(format!("{} is not UTF-8", path.display())))?;
    parse(name, &text)
}

fn parse(name: &str, text: &str) -> Result<ChaosProfile, ChaosError> {
    ChaosProfile::parse(name, text).map_err(|error| ChaosError::BadProfile(error.to_string()))
}

/// A directory of its own, gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, RuntimeError> {
        let path = std::env::temp_dir().join(format!("stellar-chaos-{}", mint_id()));
        private_dir::prepare(&path).map_err(|error| RuntimeError::Io(format!("the scratch directory {}: {error}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It holds nothing of anybody's.
        let _ = fs::remove_dir_all(&self.0);
    }
}
