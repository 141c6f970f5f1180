//! The two copies of the keyslots, `keyslots` and `keyslots.copy`: either is enough, and a write goes through one, then the other.

use std::path::Path;

use super::{
    error::StoreError,
    files,
    keyslots::{Keyslots, Unreadable, VERSION},
};

/// The names of the copies, in the order they are written.
pub const NAMES: [&str; 2] = ["keyslots.copy", "keyslots"];

/// No keyslots are longer.
const LONGEST: u64 = 64 * 1024;

/// What was found in place of the files.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Neither.
    Nothing,
    /// None that is whole.
    Damaged,
    /// Keyslots, and what the other copy lacks.
    Slots {
        /// From the later of the whole copies.
        slots: Keyslots,
        /// Copies whose bytes are not what was written, or that are of another store.
        damaged: Vec<&'static str>,
        /// Whether a copy is missing, damaged or of an earlier generation.
        behind: bool,
    },
}

/// Reads both copies; changes nothing.
///
/// # Errors
/// [`StoreError::Unwritable`] when a file cannot be read; [`StoreError::NewerFormat`] when a whole one is of a version not known here.
pub fn read(data_dir: &Path) -> Result<Found, StoreError> {
    let (mut held, mut damaged, mut missing) = (Vec::new(), Vec::new(), false);
    // The one that is written last comes first: of two stores' files in one directory its word counts.
    for name in NAMES.into_iter().rev() {
        match files::read_small(&data_dir.join(name), LONGEST)?.map(|bytes| Keyslots::decode(&bytes)) {
            None => missing = true,
            Some(Ok(slots)) => held.push((name, slots)),
            Some(Err(Unreadable::Damaged)) => damaged.push(name),
            Some(Err(Unreadable::Newer(version))) => {
                return Err(StoreError::NewerFormat { found: u32::from(version), supported: u32::from(VERSION) });
            }
        }
    }
    let mut held = held.into_iter();
    let Some((_, mut slots)) = held.next() else {
        return Ok(if damaged.is_empty() { Found::Nothing } else { Found::Damaged });
    };
    let mut behind = missing || !damaged.is_empty();
    for (name, other) in held {
        behind |= other != slots;
        if other.store != slots.store {
            damaged.push(name);
        } else if other.generation > slots.generation {
            slots = other;
        }
    }
    Ok(Found::Slots { slots, damaged, behind })
}

/// Whether there is either of them, whole or not.
pub fn are_there(data_dir: &Path) -> bool {
    NAMES.iter().any(|name| data_dir.join(name).exists())
}

/// Writes both copies, each whole or not at all. Killed in between, the first one is the later one and holds.
///
/// # Errors
/// [`StoreError::Unwritable`]; if the first could not be written nothing has changed, if only the second could not the new keyslots hold.
pub fn write(data_dir: &Path, slots: &Keyslots) -> Result<(), StoreError> {
    let bytes = slots.encode();
    NAMES.into_iter().try_for_each(|name| files::replace(&data_dir.join(name), &bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::engine::store::keyslots::{Part, WrappedKey, Wrapping};

    fn slots(generation: u64) -> Keyslots {
        Keyslots {
            store: [3; 16],
            generation,
            wrapping: Wrapping::StateKeyFile,
            data: vec![WrappedKey { id: 1, sealed: vec![9, 8], part: Part::Live }],
            naming: vec![7],
        }
    }

    fn found(generation: u64, damaged: &[&'static str], behind: bool) -> Result<Found, StoreError> {
        Ok(Found::Slots { slots: slots(generation), damaged: damaged.to_vec(), behind })
    }

    #[test]
    fn either_copy_is_enough_and_none_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), Ok(Found::Nothing));
        write(dir.path(), &slots(1)).unwrap();
        assert_eq!(read(dir.path()), found(1, &[], false));
        for name in NAMES {
            let path = dir.path().join(name);
            let whole = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            assert_eq!(read(dir.path()), found(1, &[], true), "without {name}");
            fs::write(&path, &whole[1..]).unwrap();
            assert_eq!(read(dir.path()), found(1, &[name], true), "{name} damaged");
            fs::write(&path, whole).unwrap();
        }
        for name in NAMES {
            fs::write(dir.path().join(name), "").unwrap();
        }
        assert_eq!(read(dir.path()), Ok(Found::Damaged));
    }

    #[test]
    fn the_later_one_holds_whichever_it_is() {
        let dir = tempfile::tempdir().unwrap();
        for (later, earlier) in [(0, 1), (1, 0)] {
            fs::write(dir.path().join(NAMES[later]), slots(5).encode()).unwrap();
            fs::write(dir.path().join(NAMES[earlier]), slots(4).encode()).unwrap();
            assert_eq!(read(dir.path()), found(5, &[], true));
        }
    }

    #[test]
    fn a_copy_of_another_store_is_none_of_ours() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &slots(5)).unwrap();
        fs::write(dir.path().join("keyslots.copy"), Keyslots { store: [4; 16], ..slots(9) }.encode()).unwrap();
        assert_eq!(read(dir.path()), found(5, &["keyslots.copy"], true));
    }

    #[test]
    fn a_newer_one_is_refused_by_its_version() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &slots(1)).unwrap();
        let body = [9_u8, 1];
        fs::write(dir.path().join("keyslots"), [&body[..], &blake3::hash(&body).as_bytes()[..16]].concat()).unwrap();
        assert_eq!(read(dir.path()), Err(StoreError::NewerFormat { found: 9, supported: 2 }));
    }
}
