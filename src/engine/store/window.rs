//! `window`: what the next start shows before the database is open, in a sealed file of its own beside it.
//!
//! `[version 2]` and a sealed record named `window` whose text is `[epoch 16][write 8, little endian][body]`, under a key that is derived
//! from the data key for this file alone. It says what the database holds after that write of that epoch: it is read only where the
//! manifest speaks of the same write, and it goes before the next one reaches the database, or the next change or decision the log of
//! record. So one that is missing, old, damaged or another's makes a start slower and never shows what these no longer say.
//!
//! It does not say when it may be read; [`super::glimpse`] does.

use std::{fs, io, path::Path};

use super::{error::StoreError, files, ledger::Ledger, seal, snapshot_key::SnapshotKeys};
use crate::engine::world::Rng;

/// The file's name, and that of the record in it.
pub const NAME: &str = "window";
const VERSION: u8 = 2;
/// More than any window is long.
const LONGEST: u64 = 4 * 1024 * 1024;
const EPOCH: usize = 16;
const WRITE: usize = 8;

/// Whether there is a file of that name.
pub fn is_there(data_dir: &Path) -> bool {
    data_dir.join(NAME).exists()
}

/// Writes the window of what the database holds as `ledger` says.
///
/// # Errors
/// [`StoreError::Unwritable`]: the one that was there still is.
pub fn write(data_dir: &Path, keys: &SnapshotKeys, rng: &dyn Rng, ledger: &Ledger, body: &[u8]) -> Result<(), StoreError> {
    let key = keys.current().ok_or_else(|| StoreError::KeyUnavailable("there is no data key".to_owned()))?;
    let sealed = key.window()?.seal_parts(rng, NAME.as_bytes(), &[&ledger.epoch, &ledger.write.to_le_bytes(), body])?;
    files::replace(&data_dir.join(NAME), &[&[VERSION], sealed.as_slice()].concat())
}

/// Takes it away, for good: after a power cut it is still gone.
///
/// # Errors
/// [`StoreError::Unwritable`].
pub fn remove(data_dir: &Path) -> Result<(), StoreError> {
    let path = data_dir.join(NAME);
    match fs::remove_file(&path) {
        // Gone already it may have been removed without the sync.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::unwritable(&path, &error)),
        _ => files::sync_parent(&path),
    }
}

/// What the file holds, where it is what a database holds that stands as `held`.
///
/// # Errors
/// [`StoreError::Unwritable`] when it cannot be read.
pub fn read(data_dir: &Path, keys: &SnapshotKeys, held: &Ledger) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(files::read_small(&data_dir.join(NAME), LONGEST)?.and_then(|bytes| decode(keys, held, &bytes)))
}

fn decode(keys: &SnapshotKeys, held: &Ledger, bytes: &[u8]) -> Option<Vec<u8>> {
    let (&VERSION, sealed) = bytes.split_first()? else { return None };
    let plain = keys.of(seal::key_of(sealed)?)?.window().ok()?.open(NAME.as_bytes(), sealed).ok()?;
    let (epoch, rest) = plain.split_first_chunk::<EPOCH>()?;
    let (write, body) = rest.split_first_chunk::<WRITE>()?;
    (*epoch == held.epoch && u64::from_le_bytes(*write) == held.write).then(|| body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::store::snapshot_key::SnapshotKey;

    struct Fixed;
    impl Rng for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.iter_mut().zip(0xA0..).for_each(|(byte, value)| *byte = value);
        }
    }

    fn keys(ids: &[u32]) -> SnapshotKeys {
        let key = |id: &u32| SnapshotKey::derive(*id, &[7; 16], &[*id as u8; 32]).unwrap();
        SnapshotKeys { store: [7; 16], keys: ids.iter().map(key).collect() }
    }

    fn ledger(write: u64) -> Ledger {
        Ledger { epoch: [5; 16], write, ..Ledger::default() }
    }

    #[test]
    fn golden() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &keys(&[1, 2]), &Fixed, &ledger(300), b"body").unwrap();
        let bytes = fs::read(dir.path().join(NAME)).unwrap();
        assert_eq!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), GOLDEN);
        assert_eq!(decode(&keys(&[2, 3]), &ledger(300), &bytes).unwrap(), b"body", "a later key does not mind");
    }

    const GOLDEN: &str =
        "020102000000a0a1a2a3a4a5a6a7a8a9aaaba0068032ade6c3987f122200ad5a922d684884bc1ba208be6f6db4a32876da70780330e2c7787d33dc70264a";

    #[test]
    fn of_another_write_another_database_another_key_or_with_any_bit_flipped_it_is_none() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &keys(&[1]), &Fixed, &ledger(300), b"body").unwrap();
        let bytes = fs::read(dir.path().join(NAME)).unwrap();
        assert!(decode(&keys(&[1]), &ledger(300), &bytes).is_some());
        for held in [ledger(299), ledger(301), Ledger { epoch: [6; 16], ..ledger(300) }] {
            assert_eq!(decode(&keys(&[1]), &held, &bytes), None);
        }
        assert_eq!(decode(&keys(&[2]), &ledger(300), &bytes), None);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 0x04;
            assert_eq!(decode(&keys(&[1]), &ledger(300), &other), None, "byte {at}");
            assert_eq!(decode(&keys(&[1]), &ledger(300), &bytes[..at]), None, "cut at {at}");
        }
    }
}
