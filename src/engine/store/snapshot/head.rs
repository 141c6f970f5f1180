//! The head of a snapshot: what it is, who can open it, and how long it must be.

use super::{chunks::chunked_len, error::SnapshotError};
use crate::engine::store::snapshot_key::DIGEST;

/// What every snapshot begins with, of every version.
pub const MAGIC: &[u8; 8] = b"stlrsnap";
const VERSION: u8 = 1;

/// The length of a head.
pub const HEAD: usize = 8 + 1 + 16 + 4 + DIGEST + 8 + 8;

/// Everything it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The store that made it.
    pub store: [u8; 16],
    /// The data key its key is derived from.
    pub key: u32,
    /// Of the content.
    pub digest: [u8; DIGEST],
    /// Records.
    pub entries: u64,
    /// Bytes of the content before sealing.
    pub bytes: u64,
}

impl Head {
    /// As written.
    pub fn encode(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        let parts: [&[u8]; 7] =
            [MAGIC, &[VERSION], &self.store, &self.key.to_le_bytes(), &self.digest, &self.entries.to_le_bytes(), &self.bytes.to_le_bytes()];
        let whole = parts.into_iter().flatten();
        bytes.iter_mut().zip(whole).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// From what was written; `bytes` is what there was of it.
    ///
    /// # Errors
    /// [`SnapshotError::NotASnapshot`], [`SnapshotError::OtherVersion`], [`SnapshotError::Cut`].
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::NotASnapshot)?;
        let cut = || SnapshotError::Cut { found: bytes.len() as u64, expected: HEAD as u64 };
        let (version, mut rest) = rest.split_first().ok_or_else(cut)?;
        if *version != VERSION {
            return Err(SnapshotError::OtherVersion(*version));
        }
        let mut decode = || {
            Some(Self {
                store: next(&mut rest)?,
                key: next(&mut rest).map(u32::from_le_bytes)?,
                digest: next(&mut rest)?,
                entries: next(&mut rest).map(u64::from_le_bytes)?,
                bytes: next(&mut rest).map(u64::from_le_bytes)?,
            })
        };
        decode().ok_or_else(cut)
    }

    /// How long the whole file must be; none for a length no file can have.
    pub fn file_len(&self) -> Option<u64> {
        chunked_len(self.bytes)?.checked_add(HEAD as u64)
    }
}

fn next<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden() {
        let head = Head { store: [1; 16], key: 2, digest: [3; 32], entries: 4, bytes: 500 };
        let expected =
            [&b"stlrsnap\x01"[..], &[1; 16], &[2, 0, 0, 0], &[3; 32], &[4, 0, 0, 0, 0, 0, 0, 0], &[0xF4, 1, 0, 0, 0, 0, 0, 0]].concat();
        assert_eq!(head.encode().as_slice(), expected);
        assert_eq!(Head::decode(&expected), Ok(head.clone()));
        assert_eq!(head.file_len(), Some(77 + 500 + 16));
    }

    #[test]
    fn what_is_short_of_another_version_or_something_else_is_told_apart() {
        let bytes = Head { store: [1; 16], key: 2, digest: [3; 32], entries: 4, bytes: 5 }.encode();
        assert_eq!(Head::decode(b"SQLite format 3"), Err(SnapshotError::NotASnapshot));
        assert_eq!(Head::decode(&bytes[..7]), Err(SnapshotError::NotASnapshot));
        assert_eq!(Head::decode(&bytes[..50]), Err(SnapshotError::Cut { found: 50, expected: 77 }));
        let mut newer = bytes;
        newer[8] = 2;
        assert_eq!(Head::decode(&newer), Err(SnapshotError::OtherVersion(2)));
        let endless = Head { bytes: u64::MAX, ..Head::decode(&bytes).unwrap() };
        assert_eq!(endless.file_len(), None);
    }
}
