//! Which files there are below a place, bounded: no link is followed, nothing but regular files is opened, and never waited for.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::{self, OpenOptions},
    io::{ErrorKind, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// Bytes of one file that is looked into.
pub(super) const MAX_FILE: u64 = 1 << 20;
/// Directories below the one that was named.
const MAX_DEPTH: usize = 6;
/// Names that are looked at.
const MAX_ENTRIES: usize = 20_000;
/// Files that are looked into.
const MAX_FILES: usize = 2_000;
/// Bytes that are read.
const MAX_BYTES: u64 = 32 << 20;

/// Directories of other people's files, and of made ones.
const PASSED_OVER: [&str; 9] =
    ["node_modules", "target", "vendor", "venv", "__pycache__", "dist", "build", "site-packages", "bower_components"];

/// What tells that a file is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    size: u64,
    inode: u64,
    changed: (i64, i64),
    pub(super) modified: (i64, i64),
}

impl Print {
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        Self {
            size: metadata.size(),
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// A file that may be looked into.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) print: Print,
}

/// What a walk came to.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) files: Vec<Found>,
    /// What was passed over, by reason.
    pub(super) left_out: BTreeMap<String, u64>,
}

impl Walked {
    fn leave_out(&mut self, reason: &str) {
        let count = self.left_out.entry(reason.to_owned()).or_default();
        *count = count.saturating_add(1);
    }
}

/// Why the place itself cannot be looked at.
#[derive(Debug)]
pub(super) enum Nowhere {
    Missing,
    Unreadable(String),
    NoFile,
}

/// The file itself, or those below the directory, in order, that `is_wanted` by their path. Blocks.
pub(super) fn walk(target: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Result<Walked, Nowhere> {
    let failed = |error: &std::io::Error| match error.kind() {
        ErrorKind::NotFound => Nowhere::Missing,
        _ => Nowhere::Unreadable(error.to_string()),
    };
    // The one that was named may be a link: it is what was meant.
    let root = fs::canonicalize(target).map_err(|error| failed(&error))?;
    let metadata = fs::symlink_metadata(&root).map_err(|error| failed(&error))?;
    let mut walked = Walked::default();
    if metadata.is_file() {
        if is_tame(&root) {
            walked.files.push(Found { path: root, print: Print::of(&metadata) });
        } else {
            walked.leave_out("its name has characters that no configuration should hold");
        }
        return Ok(walked);
    }
    if !metadata.is_dir() {
        return Err(Nowhere::NoFile);
    }
    let first = fs::read_dir(&root).map_err(|error| failed(&error))?;
    let mut open = VecDeque::from([(first, 0)]);
    let (mut seen, mut bytes) = (0_usize, 0_u64);
    while let Some((entries, depth)) = open.pop_front() {
        let mut paths: Vec<PathBuf> =
            entries.map_while(Result::ok).take(MAX_ENTRIES.saturating_sub(seen).saturating_add(1)).map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            seen = seen.saturating_add(1);
            if seen > MAX_ENTRIES {
                walked.leave_out(&format!("more than {MAX_ENTRIES} names: the rest was not looked at"));
                return Ok(walked);
            }
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if metadata.is_symlink() {
                walked.leave_out("a symbolic link, which is not followed");
            } else if metadata.is_dir() {
                if (name.starts_with('.') && name != ".kube") || PASSED_OVER.contains(&name) {
                    walked.leave_out("a directory of hidden, made or other people's files");
                } else if depth >= MAX_DEPTH {
                    walked.leave_out(&format!("a directory more than {MAX_DEPTH} levels down"));
                } else {
                    match fs::read_dir(&path) {
                        Ok(entries) => open.push_back((entries, depth + 1)),
                        Err(_) => walked.leave_out("a directory that may not be read"),
                    }
                }
            } else if is_wanted(&path) {
                let size = metadata.len();
                if !metadata.is_file() {
                    walked.leave_out("neither a file nor a directory");
                } else if !is_tame(&path) {
                    walked.leave_out("its name has characters that no configuration should hold");
                } else if walked.files.len() >= MAX_FILES || bytes.saturating_add(size.min(MAX_FILE)) > MAX_BYTES {
                    walked.leave_out(&format!("more than {MAX_FILES} files or {MAX_BYTES} bytes: this one was not read"));
                } else {
                    bytes = bytes.saturating_add(size.min(MAX_FILE));
                    walked.files.push(Found { path, print: Print::of(&metadata) });
                }
            }
        }
    }
    Ok(walked)
}

/// Whether a path can stand in a configuration and be shown: text without control and bidi characters.
fn is_tame(path: &Path) -> bool {
    let is_bidi = |char: char| matches!(char, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    path.to_str().is_some_and(|text| !text.chars().any(|char| char.is_control() || is_bidi(char)))
}

/// Reads a file that was found, without following a link that took its place since.
///
/// # Errors
/// Half a sentence.
pub(super) fn read(found: &Found) -> Result<Vec<u8>, String> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(&found.path).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        _ => "it cannot be opened".to_owned(),
    })?;
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err("it is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|_| "it cannot be read".to_owned())?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("it is larger than {MAX_FILE} bytes"));
    }
    if bytes.contains(&0) {
        return Err("it is binary".to_owned());
    }
    Ok(bytes)
}
