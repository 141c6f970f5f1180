//! Files of the configuration: read with a bound, only if they are ours alone to write; written whole or not at all.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use rustix::fs::OFlags;

use super::problem::{ConfigProblem, clean};

/// The largest configuration or schema file taken, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// What opening a file may come to.
enum Opened {
    File(File, std::fs::Metadata),
    NotRegular,
}

/// Opens without waiting: a pipe in a file's place must not hang the start.
fn open(path: &Path) -> io::Result<Opened> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    Ok(if meta.is_file() { Opened::File(file, meta) } else { Opened::NotRegular })
}

fn read_bounded(file: File) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= LARGEST).then_some(bytes))
}

/// Reads a configuration file that only its owner may write.
///
/// # Errors
/// The problem, with code `not_found unreadable not_a_file too_large writable_by_others not_yours`.
pub(super) fn read_config(path: &Path, user: u32) -> Result<Vec<u8>, Box<ConfigProblem>> {
    let shown = clean(&path.display().to_string());
    let fail = |code, message: String| Err(Box::new(ConfigProblem::outside(code, "", message)));
    let opened = match open(path) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return fail("not_found", format!("There is no file {shown}.")),
        Err(error) => return fail("unreadable", format!("{shown} cannot be read: {error}.")),
    };
    let Opened::File(file, meta) = opened else {
        return fail("not_a_file", format!("{shown} is no regular file; a configuration must be one."));
    };
    if let Some((code, message)) = fault_in_rights(&shown, meta.mode(), meta.uid(), user) {
        return fail(code, message);
    }
    match read_bounded(file) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => fail("too_large", format!("{shown} is larger than 1 MiB; that is no configuration.")),
        Err(error) => fail("unreadable", format!("{shown} cannot be read: {error}.")),
    }
}

/// Whoever may write the file decides what Stellar runs; that must be its user or root, and nobody else.
fn fault_in_rights(shown: &str, mode: u32, owner: u32, user: u32) -> Option<(&'static str, String)> {
    if owner != user && owner != 0 {
        return Some((
            "not_yours",
            format!(
                "{shown} belongs to another user (number {owner}), who could change what Stellar runs. Copy it, or make it yours with chown."
            ),
        ));
    }
    if mode & 0o022 != 0 {
        let who = if mode & 0o002 != 0 { "anybody" } else { "its group" };
        return Some((
            "writable_by_others",
            format!("{shown} can be written by {who}, who could change what Stellar runs. Run: chmod go-w {shown}"),
        ));
    }
    None
}

/// Reads a JSON file, or says in half a sentence why not; never what is in it.
pub(super) fn read_json(path: &Path) -> Result<serde_json::Value, String> {
    let shown = clean(&path.display().to_string());
    let bytes = match open(path).map_err(|error| format!("{shown} cannot be read: {error}"))? {
        Opened::NotRegular => return Err(format!("{shown} is no regular file")),
        Opened::File(file, _) => read_bounded(file).map_err(|error| format!("{shown} cannot be read: {error}"))?,
    };
    let bytes = bytes.ok_or_else(|| format!("{shown} is larger than 1 MiB"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{shown} is not JSON (line {}, column {})", error.line(), error.column()))
}

/// Reads a file of ours, if it is there.
pub(super) fn read_own(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match open(path) {
        Ok(Opened::File(file, _)) => read_bounded(file)?.map(Some).ok_or_else(|| io::Error::other("larger than 1 MiB")),
        Ok(Opened::NotRegular) => Err(io::Error::other("not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a directory and those above it, each 0700.
pub(super) fn make_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file whole or not at all, 0600, and makes it last: temporary file, sync, rename, sync of the directory.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().ok_or_else(|| io::Error::other("no directory"))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = dir.join(name);
    let written = write_new(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // The error that counts is the first one; a file left behind is overwritten next time.
        let _ = std::fs::remove_file(&temporary);
    }
    written?;
    File::open(dir)?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Writes a file that must not be there yet, 0600.
pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_that_let_others_write_are_refused() {
        let code = |mode, owner, user| fault_in_rights("f", mode, owner, user).map(|(code, _)| code);
        assert_eq!(code(0o100_600, 1000, 1000), None);
        assert_eq!(code(0o100_644, 0, 1000), None);
        assert_eq!(code(0o100_664, 1000, 1000), Some("writable_by_others"));
        assert_eq!(code(0o100_602, 1000, 1000), Some("writable_by_others"));
        assert_eq!(code(0o100_600, 1001, 1000), Some("not_yours"));
        assert_eq!(code(0o100_600, 1000, 0), Some("not_yours"));
    }

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read_own(&path).unwrap().unwrap(), b"two");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(replace(&dir.path().join("no/such/dir"), b"x").is_err());
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        // By the tool: the call has another form on macOS.
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let user = rustix::process::geteuid().as_raw();
        assert_eq!(read_config(&pipe, user).unwrap_err().code, "not_a_file");
        assert_eq!(read_config(dir.path(), user).unwrap_err().code, "not_a_file");
        assert!(read_json(&pipe).unwrap_err().contains("no regular file"));
    }
}
