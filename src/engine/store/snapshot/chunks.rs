//! A stream of plaintext sealed in chunks, and read back: pure over `Write` and `Read`.

use std::io::{self, Read, Write};

use aes_gcm::{Aes256Gcm, Nonce, Tag, aead::AeadInOut};

use super::error::SnapshotError;

/// A whole chunk on disk.
const SEALED: usize = 64 * 1024;
const TAG: usize = 16;
/// A whole chunk before sealing.
pub const PLAIN: usize = SEALED - TAG;

/// How long so many bytes are when they are sealed; none for more than a file can hold. Nothing is one empty chunk.
pub fn chunked_len(plain: u64) -> Option<u64> {
    let chunks = plain.div_ceil(PLAIN as u64).max(1);
    chunks.checked_mul(TAG as u64)?.checked_add(plain)
}

fn nonce(chunk: u64) -> Nonce<aes_gcm::aead::consts::U12> {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&chunk.to_be_bytes());
    Nonce::from(nonce)
}

/// Seals what is written into it.
pub struct ChunkWriter<'a, W: Write> {
    out: W,
    cipher: Aes256Gcm,
    head: &'a [u8],
    chunk: u64,
    plain: Vec<u8>,
}

impl<'a, W: Write> ChunkWriter<'a, W> {
    /// A writer behind a head that is written already.
    pub fn new(out: W, cipher: Aes256Gcm, head: &'a [u8]) -> Self {
        Self { out, cipher, head, chunk: 0, plain: Vec::with_capacity(SEALED) }
    }

    /// Takes bytes, sealing each chunk that is full.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            // A full chunk waits until something follows: the last one may be full.
            if self.plain.len() == PLAIN {
                self.seal()?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(PLAIN - self.plain.len()));
            self.plain.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Seals what is left, and gives the writer back.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<W> {
        if self.chunk == 0 || !self.plain.is_empty() {
            self.seal()?;
        }
        Ok(self.out)
    }

    fn seal(&mut self) -> io::Result<()> {
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce(self.chunk), self.head, self.plain.as_mut_slice().into())
            .map_err(|_| io::Error::other("a chunk is too long to seal"))?;
        self.plain.extend_from_slice(&tag);
        self.out.write_all(&self.plain)?;
        self.plain.clear();
        self.chunk += 1;
        Ok(())
    }
}

/// Opens what [`ChunkWriter`] sealed, chunk by chunk.
pub struct ChunkReader<'a, R: Read> {
    from: R,
    cipher: Aes256Gcm,
    head: &'a [u8],
    chunk: u64,
    left: u64,
    plain: Vec<u8>,
    at: usize,
}

impl<'a, R: Read> ChunkReader<'a, R> {
    /// A reader behind a head, of so many bytes of plaintext.
    pub fn new(from: R, cipher: Aes256Gcm, head: &'a [u8], bytes: u64) -> Self {
        Self { from, cipher, head, chunk: 0, left: bytes, plain: Vec::new(), at: 0 }
    }

    /// Bytes of plaintext that were not handed out yet.
    pub fn left(&self) -> u64 {
        self.left + (self.plain.len() - self.at) as u64
    }

    /// Fills `into` with the next bytes, of which there must be enough.
    ///
    /// # Errors
    /// [`SnapshotError::Damaged`] when a chunk does not open, [`SnapshotError::Unreadable`].
    pub fn fill(&mut self, mut into: &mut [u8]) -> Result<(), SnapshotError> {
        while !into.is_empty() {
            if self.at == self.plain.len() {
                self.open()?;
            }
            let ready = &self.plain[self.at..];
            let count = ready.len().min(into.len());
            let (now, later) = into.split_at_mut(count);
            now.copy_from_slice(&ready[..count]);
            self.at += count;
            into = later;
        }
        Ok(())
    }

    /// Opens the only chunk of an empty content, so that its tag was seen too.
    ///
    /// # Errors
    /// As for [`ChunkReader::fill`].
    pub fn finish(mut self) -> Result<(), SnapshotError> {
        if self.chunk == 0 { self.open() } else { Ok(()) }
    }

    fn open(&mut self) -> Result<(), SnapshotError> {
        let damaged = SnapshotError::Damaged(self.chunk + 1);
        if self.left == 0 && self.chunk > 0 {
            return Err(damaged);
        }
        let length = usize::try_from(self.left).unwrap_or(PLAIN).min(PLAIN);
        self.plain.resize(length + TAG, 0);
        self.at = 0;
        self.from.read_exact(&mut self.plain).map_err(|error| SnapshotError::Unreadable(error.to_string()))?;
        let tag: [u8; TAG] = self.plain.last_chunk().copied().unwrap_or_default();
        self.plain.truncate(length);
        let opened = self.cipher.decrypt_inout_detached(&nonce(self.chunk), self.head, self.plain.as_mut_slice().into(), &Tag::from(tag));
        if opened.is_err() {
            self.plain.clear();
            return Err(damaged);
        }
        self.left -= length as u64;
        self.chunk += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aes_gcm::KeyInit;

    use super::*;

    fn cipher() -> Aes256Gcm {
        Aes256Gcm::new(&aes_gcm::Key::<Aes256Gcm>::from([7; 32]))
    }

    fn sealed(plain: &[u8], piece: usize) -> Vec<u8> {
        let mut writer = ChunkWriter::new(Vec::new(), cipher(), b"head");
        plain.chunks(piece).for_each(|piece| writer.write(piece).unwrap());
        writer.finish().unwrap()
    }

    fn opened(sealed: &[u8], bytes: usize) -> Result<Vec<u8>, SnapshotError> {
        let mut reader = ChunkReader::new(sealed, cipher(), b"head", bytes as u64);
        let mut plain = vec![0; bytes];
        reader.fill(&mut plain)?;
        assert_eq!(reader.left(), 0);
        reader.finish().map(|()| plain)
    }

    #[test]
    fn lengths_around_the_edges_come_back_however_they_are_cut() {
        for length in [0, 1, PLAIN - 1, PLAIN, PLAIN + 1, 2 * PLAIN, 200_000] {
            let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let bytes = sealed(&plain, 1000);
            assert_eq!(Some(bytes.len() as u64), chunked_len(length as u64), "{length}");
            assert_eq!(bytes, sealed(&plain, 70_000));
            assert_eq!(opened(&bytes, length).unwrap(), plain);
        }
    }

    #[test]
    fn chunks_stay_where_they_are_and_under_their_head() {
        let plain = vec![5; 3 * PLAIN];
        let mut bytes = sealed(&plain, 4096);
        let (first, rest) = bytes.split_at_mut(SEALED);
        first.swap_with_slice(&mut rest[..SEALED]);
        assert_eq!(opened(&bytes, plain.len()), Err(SnapshotError::Damaged(1)));
        let bytes = sealed(&plain, 4096);
        assert_eq!(
            ChunkReader::new(&bytes[..], cipher(), b"hood", 1).fill(&mut [0]),
            Err(SnapshotError::Unreadable("failed to fill whole buffer".to_owned())).or(Err(SnapshotError::Damaged(1)))
        );
        assert_eq!(opened(&sealed(b"", 1), 0).unwrap(), b"");
        let mut empty = sealed(b"", 1);
        empty[3] ^= 1;
        assert_eq!(opened(&empty, 0), Err(SnapshotError::Damaged(1)));
    }
}
