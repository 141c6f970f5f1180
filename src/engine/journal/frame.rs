//! One frame of a segment: what was acknowledged together, sealed as one, so that it is there as a whole or not at all.
//!
//! `[length u32][CRC32C u32][kind 1][first u64][sealed]`, numbers little endian; `length` is that of the sealed bytes, never zero; the checksum goes
//! on from that of the frame before (the first from that of the head) over everything else of the frame. Sealed is, for entries, `[length u32][bytes]`
//! of each one after the other; for a checkpoint, the state. The associated data are `journal`, the version, the store, the segment, the kind and
//! the number of the first entry: a frame that is moved, repeated or given for another does not open.

use crate::engine::store::{LogSealer, SealedEntry, StoreError, Unopened};

/// Bytes before the sealed ones.
pub const FRAME_HEAD: usize = 4 + 4 + 1 + 8;
const LENGTH: usize = 4;
const SUMMED_FROM: usize = 8;
const VERSION: u8 = 1;

/// The first byte of everything sealed in this format, and where the id of the key is behind it.
const SEALED_FORMAT: u8 = 1;
/// What sealing adds at least.
const LEAST_SEALED: usize = 1 + 4 + 12 + 16;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Entries, the first of which has the frame's number.
    Entries = 1,
    /// The state that all entries before that number come to.
    Checkpoint = 2,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Entries),
            2 => Some(Self::Checkpoint),
            _ => None,
        }
    }
}

/// A frame before it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it holds.
    pub kind: Kind,
    /// The number of its first entry.
    pub first: u64,
    /// What is sealed.
    pub body: Vec<u8>,
}

/// A frame as bytes.
pub struct Written {
    /// All of it.
    pub bytes: Vec<u8>,
    /// What the checksum of the next one goes on from.
    pub chain: u32,
    /// The data key it was sealed with.
    pub key: u32,
}

impl Frame {
    /// Of these entries.
    pub fn of_entries<'a>(first: u64, entries: impl Iterator<Item = &'a Vec<u8>>) -> Self {
        let mut body = Vec::new();
        for entry in entries {
            // No entry is longer than what is written at once, which is far less.
            body.extend_from_slice(&u32::try_from(entry.len()).unwrap_or(u32::MAX).to_le_bytes());
            body.extend_from_slice(entry);
        }
        Self { kind: Kind::Entries, first, body }
    }

    /// Its entries; none when its form is wrong.
    pub fn entries(&self) -> Option<Vec<&[u8]>> {
        let mut rest = self.body.as_slice();
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let (length, behind) = rest.split_first_chunk::<4>()?;
            let (entry, behind) = behind.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
            entries.push(entry);
            rest = behind;
        }
        Some(entries)
    }

    /// Seals it for this segment, after what `chain` sums up.
    ///
    /// # Errors
    /// Only for more than is ever written at once.
    pub fn write(&self, sealer: &dyn LogSealer, segment: u64, chain: u32) -> Result<Written, StoreError> {
        let SealedEntry { key, bytes: sealed } = sealer.seal(&associated(sealer.store(), segment, self.kind, self.first), &self.body)?;
        let length = u32::try_from(sealed.len())
            .map_err(|_| StoreError::Unwritable { path: "the log of changes".to_owned(), cause: "an entry is too large".to_owned() })?;
        let mut bytes = Vec::with_capacity(FRAME_HEAD + sealed.len());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.push(self.kind as u8);
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&sealed);
        let chain = sum(chain, &bytes);
        bytes[LENGTH..SUMMED_FROM].copy_from_slice(&chain.to_le_bytes());
        Ok(Written { bytes, chain, key })
    }
}

/// What stands at one place of a segment.
pub enum Met {
    /// A frame that opens.
    Whole {
        /// It.
        frame: Frame,
        /// Bytes it takes.
        length: usize,
        /// What the next checksum goes on from.
        chain: u32,
        /// Whether its own checksum was right.
        summed: bool,
    },
    /// Its checksum is right and its key is not at hand.
    WrongKey(u32),
    /// None that opens; `summed` when the checksum is right all the same.
    Nothing {
        /// Whether it is.
        summed: bool,
    },
}

/// Looks at the beginning of `bytes` for a frame of this segment; `chain` is what came before, where that is known.
pub fn meet(sealer: &dyn LogSealer, segment: u64, bytes: &[u8], chain: Option<u32>) -> Met {
    let Some(parts) = Parts::at(bytes) else { return Met::Nothing { summed: false } };
    let own = sum(chain.unwrap_or_default(), parts.whole);
    let summed = chain.is_some() && own == parts.sum;
    match sealer.open(&associated(sealer.store(), segment, parts.kind, parts.first), parts.sealed) {
        Ok(body) => Met::Whole {
            frame: Frame { kind: parts.kind, first: parts.first, body },
            length: parts.whole.len(),
            // Where the chain is broken it goes on from what is written here.
            chain: if chain.is_some() { own } else { parts.sum },
            summed: summed || chain.is_none(),
        },
        Err(Unopened::WrongKey(id)) if summed => Met::WrongKey(id),
        Err(_) => Met::Nothing { summed },
    }
}

struct Parts<'a> {
    whole: &'a [u8],
    sum: u32,
    kind: Kind,
    first: u64,
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    /// What may be a frame, told by its form alone.
    fn at(bytes: &'a [u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (sum, rest) = rest.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first()?;
        let (first, rest) = rest.split_first_chunk::<8>()?;
        let kind = Kind::of(*kind)?;
        let sealed = rest.get(..length)?;
        if length < LEAST_SEALED || sealed.first() != Some(&SEALED_FORMAT) {
            return None;
        }
        let whole = bytes.get(..FRAME_HEAD + length)?;
        Some(Self { whole, sum: u32::from_le_bytes(*sum), kind, first: u64::from_le_bytes(*first), sealed })
    }
}

/// Over the frame without its own checksum.
fn sum(chain: u32, frame: &[u8]) -> u32 {
    let (length, rest) = frame.split_at(LENGTH);
    crc32c::crc32c_append(crc32c::crc32c_append(chain, length), &rest[SUMMED_FROM - LENGTH..])
}

fn associated(store: [u8; 16], segment: u64, kind: Kind, first: u64) -> Vec<u8> {
    [&b"journal"[..], &[VERSION], &store, &segment.to_le_bytes(), &[kind as u8], &first.to_le_bytes()].concat()
}
