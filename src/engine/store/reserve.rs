//! Room on the disk that is kept for opening the database again.
//!
//! A database that was not closed is written to before it can be read: sled puts its pages into a new snapshot. On a full disk it could
//! not, and everything that is cached would be there and could not be answered. A file beside it holds that room and is given up for it.
//!
//! Invariants: it is made only where the disk has much more to give, and nothing that fails here fails anything else; what it holds means
//! nothing.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use super::{error::StoreError, files};

/// Its name in the data directory.
pub const NAME: &str = "reserve";
/// The disk keeps at least so many times as much for everybody else.
const SHARE: u64 = 16;
/// Bytes written at once.
const PIECE: usize = 64 * 1024;

/// Keeps room for so many bytes, where less is kept. Not synced: a machine that loses it makes it anew.
pub fn keep(data_dir: &Path, bytes: u64) {
    let path = data_dir.join(NAME);
    let held = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    // A power of two, so that a cache that grows does not write it each time.
    let wanted = bytes.next_power_of_two();
    if bytes == 0 || held >= bytes || rustix::fs::statvfs(data_dir).is_ok_and(|disk| disk.f_bavail * disk.f_frsize < wanted * SHARE) {
        return;
    }
    if fill(&path, wanted).is_err() {
        let _ = fs::remove_file(&path);
    }
}

/// Bytes that no file system makes smaller.
fn fill(path: &Path, bytes: u64) -> io::Result<()> {
    let mut file: File = files::open_private(path)?;
    let mut stream = blake3::Hasher::new().finalize_xof();
    let mut piece = [0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        stream.fill(&mut piece[..now]);
        file.write_all(&piece[..now])?;
        left -= now as u64;
    }
    Ok(())
}

/// Does what a full disk may refuse; where it does, once more with the room that was kept.
///
/// # Errors
/// Those of the work.
pub fn with_room<T>(data_dir: &Path, mut work: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    match work() {
        Err(StoreError::Unwritable { .. }) if fs::remove_file(data_dir.join(NAME)).is_ok() => work(),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_kept_as_much_as_is_wanted_and_given_up_once() {
        let dir = tempfile::tempdir().unwrap();
        let held = || fs::metadata(dir.path().join(NAME)).map_or(0, |metadata| metadata.len());
        keep(dir.path(), 0);
        assert_eq!(held(), 0);
        for (wanted, kept) in [(100_000, 131_072), (50, 131_072), (131_072, 131_072), (131_073, 262_144)] {
            keep(dir.path(), wanted);
            assert_eq!(held(), kept, "{wanted}");
        }
        let refused = || Err::<(), _>(StoreError::unwritable(dir.path(), &io::ErrorKind::StorageFull.into()));
        let mut asked = 0;
        let done = with_room(dir.path(), || {
            asked += 1;
            if held() > 0 { refused() } else { Ok(()) }
        });
        assert_eq!((done, asked, held()), (Ok(()), 2, 0));
        asked = 0;
        let done = with_room(dir.path(), || {
            asked += 1;
            refused()
        });
        assert_eq!((done, asked), (refused(), 1), "there was nothing to give up");
        keep(dir.path(), 10);
        let damaged = with_room(dir.path(), || Err::<(), _>(StoreError::Damaged(String::new())));
        assert!(damaged.is_err() && held() > 0, "it helps against a full disk alone");
        // More than the disk has is not asked for.
        keep(dir.path(), u64::MAX / 64);
        assert_eq!(held(), 16);
    }
}
