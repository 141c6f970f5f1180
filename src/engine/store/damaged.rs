//! What was set aside, listed and, when a person asks for it by name, dropped. Nothing else empties `damaged/`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{error::StoreError, files};

const DIR: &str = "damaged";

/// Something that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedCopy {
    /// Its name: the moment it was set aside.
    pub id: String,
    /// Where it is.
    pub path: PathBuf,
    /// What is in it, by name, sorted.
    pub holds: Vec<String>,
    /// Bytes on disk.
    pub bytes: u64,
}

/// Everything that was set aside, oldest first.
///
/// # Errors
/// [`StoreError::Unwritable`] when the directory cannot be read.
pub fn list(data_dir: &Path) -> Result<Vec<DamagedCopy>, StoreError> {
    let damaged = data_dir.join(DIR);
    if !damaged.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for path in entries(&damaged)? {
        let mut holds: Vec<String> = match path.is_dir() {
            true => entries(&path)?.iter().map(|path| name_of(path)).collect(),
            false => vec![name_of(&path)],
        };
        holds.sort();
        found.push(DamagedCopy { id: name_of(&path), bytes: size(&path), holds, path });
    }
    found.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(found)
}

/// Removes one for good: the one of exactly this name, or the only one whose name begins so. Answers what it was.
///
/// # Errors
/// A sentence when there is none or more than one; [`StoreError::Unwritable`] when the disk refuses.
pub fn discard(data_dir: &Path, id: &str) -> Result<Result<DamagedCopy, NotOne>, StoreError> {
    let mut found = list(data_dir)?;
    if found.iter().any(|copy| copy.id == id) {
        found.retain(|copy| copy.id == id);
    } else {
        found.retain(|copy| !id.is_empty() && copy.id.starts_with(id));
    }
    let copy = match (found.pop(), found.len()) {
        (Some(copy), 0) => copy,
        (None, _) => return Ok(Err(NotOne::None)),
        (Some(_), more) => return Ok(Err(NotOne::Several(more + 1))),
    };
    let removed = if copy.path.is_dir() { fs::remove_dir_all(&copy.path) } else { fs::remove_file(&copy.path) };
    removed.map_err(|error| StoreError::unwritable(&copy.path, &error))?;
    files::sync_parent(&copy.path)?;
    Ok(Ok(copy))
}

/// Why nothing was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOne {
    /// Nothing has that name.
    None,
    /// So many begin like that.
    Several(usize),
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let refused = |error: std::io::Error| StoreError::unwritable(dir, &error);
    fs::read_dir(dir).map_err(refused)?.map(|entry| entry.map(|entry| entry.path()).map_err(refused)).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn size(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    if metadata.is_dir() { entries(path).into_iter().flatten().map(|path| size(&path)).sum() } else { metadata.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_listed_and_one_is_dropped_by_name_only() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(list(dir.path()), Ok(Vec::new()));
        for (id, bytes) in [("2026-01-05T10-00-00.000Z", 10), ("2026-01-05T10-00-00.000Z.1", 20), ("2026-02-01T00-00-00.000Z", 5)] {
            let cache = dir.path().join("damaged").join(id).join("cache");
            fs::create_dir_all(&cache).unwrap();
            fs::write(cache.join("db"), vec![0; bytes]).unwrap();
        }
        let all = list(dir.path()).unwrap();
        assert_eq!(
            all.iter().map(|copy| (copy.bytes, copy.holds.join(" "))).collect::<Vec<_>>(),
            [10, 20, 5].map(|n| (n, "cache".to_owned()))
        );
        for (id, why) in [("2026-03", NotOne::None), ("", NotOne::None), ("../damaged", NotOne::None), ("2026", NotOne::Several(3))] {
            assert_eq!(discard(dir.path(), id), Ok(Err(why)), "{id}");
        }
        assert_eq!(list(dir.path()).unwrap().len(), 3);
        assert_eq!(discard(dir.path(), "2026-01-05T10-00-00.000Z").unwrap().unwrap().bytes, 10, "its whole name, though another begins so");
        assert_eq!(discard(dir.path(), "2026-02").unwrap().unwrap().bytes, 5);
        assert_eq!(list(dir.path()).unwrap().len(), 1);
    }
}
