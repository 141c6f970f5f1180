//! A file replaced by new content at one stroke.
//!
//! Invariants: at every moment, whatever is killed, the path holds the old content or the new one, whole and synced; mode and owner stay;
//! the new content is put in place only while the old one is still what the plan was made on. What is not kept: extended attributes.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, Gid, Uid, access, fchown};

use super::{
    super::{Answer, Change, Delivery, fail::fail, outcome::of_error},
    load,
    plan::Plan,
};

/// Puts the planned content in place; of several changes that it makes, `change` is the first.
///
/// # Errors
/// The outcome of every one of them.
pub(super) fn replace(plan: &Plan, change: &Change) -> Result<(), Delivery> {
    let whose = check(&plan.path)?;
    let Some((directory, beside)) = beside(&plan.path, change) else {
        return Err(Delivery::Refused { answer: Answer::new(None, "the file has no directory to put its new content into first") });
    };
    let outcome = put(plan, &whose, &directory, &beside);
    if outcome.is_err() {
        // Nobody needs what did not come to be; where even this fails, the next attempt of the same change takes it away.
        let _ = fs::remove_file(&beside);
    }
    outcome
}

/// Whose file it is, if it may be replaced.
fn check(path: &Path) -> Result<Metadata, Delivery> {
    let denied = |why: &str| Delivery::Denied { answer: Answer::new(None, &format!("{} {why}", load::shown(path))) };
    let metadata = fs::metadata(path).map_err(|error| of_io(path, &error, false))?;
    // A rename asks only the directory; who made the file read-only meant it.
    if access(path, Access::WRITE_OK).is_err() {
        return Err(denied("may not be written: permission denied"));
    }
    if metadata.nlink() > 1 {
        let why = format!("{} has {} names (hard links), of which only one would change", load::shown(path), metadata.nlink());
        return Err(Delivery::Refused { answer: Answer::new(None, &why) });
    }
    Ok(metadata)
}

/// The directory, and a hidden name in it that belongs to this change alone.
pub(super) fn beside(path: &Path, change: &Change) -> Option<(PathBuf, PathBuf)> {
    let directory = path.parent()?.to_path_buf();
    let mut hasher = blake3::Hasher::new();
    hasher.update(change.id.as_bytes()).update(&[0]).update(path.file_name()?.as_encoded_bytes());
    let name = format!(".stellar-{}.new", hasher.finalize().to_hex().get(..24)?);
    let beside = directory.join(name);
    Some((directory, beside))
}

fn put(plan: &Plan, whose: &Metadata, directory: &Path, beside: &Path) -> Result<(), Delivery> {
    write(plan, whose, beside).map_err(|error| of_io(&plan.path, &error, false))?;
    // As late as it can be: between this look and the rename nothing is done.
    let now = load::load(&plan.path).map_err(|error| of_error(&error))?;
    if now.digest_text() != plan.old {
        return Err(Delivery::Unprepared);
    }
    fs::rename(beside, &plan.path).map_err(|error| of_io(&plan.path, &error, false))?;
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(|error| of_io(&plan.path, &error, true))
}

fn write(plan: &Plan, whose: &Metadata, beside: &Path) -> io::Result<()> {
    match fs::remove_file(beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    file.write_all(&plan.content)?;
    let made = file.metadata()?;
    if (made.uid(), made.gid()) != (whose.uid(), whose.gid()) {
        let new = |own: u32, theirs: u32| Some(theirs).filter(|theirs| *theirs != own);
        fchown(&file, new(made.uid(), whose.uid()).map(Uid::from_raw), new(made.gid(), whose.gid()).map(Gid::from_raw))?;
    }
    file.set_permissions(whose.permissions())?;
    file.sync_all()
}

fn of_io(path: &Path, error: &io::Error, maybe_applied: bool) -> Delivery {
    let shown = load::shown(path);
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem if !maybe_applied => {
            Delivery::Denied { answer: Answer::new(None, &format!("{shown} may not be replaced: {error}")) }
        }
        _ => Delivery::Unavailable { error: fail("not_found", format!("{shown} cannot be replaced: {error}")), maybe_applied },
    }
}
