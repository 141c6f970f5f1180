//! Which files there are, and their bytes, both bounded.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::fact::Timestamp;

use super::{
    super::{SourceError, fail::fail},
    fingerprint::{Print, Stat},
};

/// Bytes of one file.
pub(super) const MAX_FILE: u64 = 16 << 20;
/// Bytes of all files of a directory.
pub(super) const MAX_DIRECTORY: u64 = 64 << 20;
/// Files of a directory.
const MAX_FILES: usize = 4096;

/// A file that will be read.
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
}

/// The files of a source, by path.
pub(super) struct Listing {
    pub(super) files: Vec<Entry>,
}

/// A file's bytes and what they were read with.
pub(super) struct Loaded {
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
    pub(super) bytes: Vec<u8>,
    digest: blake3::Hash,
}

impl Loaded {
    pub(super) fn print(&self, read_at: Timestamp) -> Print {
        Print { stat: self.stat, digest: self.digest, read_at }
    }

    /// The same file as it would be with other content.
    pub(super) fn made_of(file: &Self, bytes: Vec<u8>) -> Self {
        Self { path: file.path.clone(), stat: file.stat, digest: blake3::hash(&bytes), bytes }
    }

    pub(super) fn digest_text(&self) -> Arc<str> {
        self.digest.to_hex().as_str().into()
    }
}

/// A path in a sentence. The name of a file in a watched directory is remote text, so it is escaped.
pub(super) fn shown(path: &Path) -> String {
    format!("{:?}", path.to_string_lossy())
}

impl Listing {
    /// Looks at the path.
    ///
    /// # Errors
    /// `not_found`, `denied`, `too_large` or `unsupported`, each naming the path.
    pub(super) fn of(path: &Path) -> Result<Self, SourceError> {
        let metadata = fs::metadata(path).map_err(|error| cannot("looked at", path, &error))?;
        if !metadata.is_dir() {
            return Ok(Self { files: vec![entry(path.to_path_buf(), &metadata)?] });
        }
        let mut files = Vec::new();
        let mut bytes = 0_u64;
        for found in fs::read_dir(path).map_err(|error| cannot("listed", path, &error))? {
            let path = found.map_err(|error| cannot("listed", path, &error))?.path();
            if !is_wanted(&path) {
                continue;
            }
            let metadata = match fs::metadata(&path) {
                // Gone since it was listed, or a link to nowhere, which an editor's lock file is.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                metadata => metadata.map_err(|error| cannot("looked at", &path, &error))?,
            };
            if metadata.is_dir() {
                continue;
            }
            bytes = bytes.saturating_add(metadata.len());
            files.push(entry(path, &metadata)?);
        }
        if files.len() > MAX_FILES || bytes > MAX_DIRECTORY {
            let why =
                format!("{} holds {} files of {bytes} bytes; at most {MAX_FILES} of {MAX_DIRECTORY} are read", shown(path), files.len());
            return Err(fail("too_large", why));
        }
        files.sort_by(|one, two| one.path.cmp(&two.path));
        Ok(Self { files })
    }
}

/// Whether a file of a directory is meant: by its ending, and not hidden, as half-written ones often are.
fn is_wanted(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let ending = path.extension().and_then(|ending| ending.to_str());
    !hidden && matches!(ending, Some("json" | "toml" | "yaml"))
}

fn entry(path: PathBuf, metadata: &fs::Metadata) -> Result<Entry, SourceError> {
    if !metadata.is_file() {
        return Err(fail("unsupported", format!("{} is neither a file nor a directory", shown(&path))));
    }
    let stat = Stat::of(metadata);
    if stat.size() > MAX_FILE {
        return Err(fail("too_large", format!("{} has {} bytes; at most {MAX_FILE} are read", shown(&path), stat.size())));
    }
    Ok(Entry { path, stat })
}

/// Reads a file to its end or one byte past the limit.
pub(super) fn load(path: &Path) -> Result<Loaded, SourceError> {
    let file = File::open(path).map_err(|error| cannot("opened", path, &error))?;
    let metadata = file.metadata().map_err(|error| cannot("looked at", path, &error))?;
    let stat = entry(path.to_path_buf(), &metadata)?.stat;
    let mut bytes = Vec::new();
    // It may grow while it is read, so the size it had is no bound.
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| cannot("read", path, &error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(fail("too_large", format!("{} has more than {MAX_FILE} bytes", shown(path))));
    }
    let digest = blake3::hash(&bytes);
    Ok(Loaded { path: path.to_path_buf(), stat, bytes, digest })
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> SourceError {
    match error.kind() {
        ErrorKind::NotFound => fail("not_found", format!("there is no {}", shown(path))),
        ErrorKind::PermissionDenied => fail("denied", format!("{} may not be {what}: permission denied", shown(path))),
        _ => fail("not_found", format!("{} cannot be {what}: {error}", shown(path))),
    }
}
