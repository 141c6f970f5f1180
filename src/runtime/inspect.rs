//! What a place on disk is like, for `doctor`: looked at, never changed.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Missing,
    /// Something that cannot be looked at.
    Unreadable,
    /// A file, a directory, a socket.
    Found {
        /// Whether it is a directory.
        directory: bool,
        /// Whether it belongs to this user.
        ours: bool,
        /// Permission bits for group and others; 0 is private.
        others: u32,
    },
}

/// Looks at a path; a link is followed.
#[must_use]
pub fn inspect(path: &Path) -> Place {
    match fs::metadata(path) {
        Ok(meta) => Place::Found {
            directory: meta.is_dir(),
            ours: meta.uid() == rustix::process::geteuid().as_raw(),
            others: meta.permissions().mode() & 0o077,
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Place::Missing,
        Err(_) => Place::Unreadable,
    }
}

/// The files directly below a directory, sorted; none when it cannot be listed.
#[must_use]
pub fn files_of(directory: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}
