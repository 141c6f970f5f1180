//! The head of a segment of the log of record: which store, which data key, which segment, which entry is its first.
//!
//! `[stlrjrnl][version 1][store 16][data key u32][segment u64][first u64][CRC32C of all before u32]`, numbers little endian. Every version to
//! come keeps these bytes where they are, so that a newer one is told from a damaged one. It stands in this room because the keys do: a data key
//! goes when no segment names it.

/// The directory of the log in the data directory.
pub const LOG_DIR: &str = "journal.log";

const MAGIC: &[u8; 8] = b"stlrjrnl";
const VERSION: u8 = 1;
const BODY: usize = 8 + 1 + 16 + 4 + 8 + 8;

/// How long it is.
pub const HEAD: usize = BODY + 4;

/// What it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The store whose keys seal it.
    pub store: [u8; 16],
    /// The one data key that everything in the segment is sealed with.
    pub key: u32,
    /// Which segment it is.
    pub segment: u64,
    /// The first entry that is written to it: what earlier segments hold from there on does not count.
    pub first: u64,
}

/// Why bytes are no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHead {
    /// They are not what was written.
    Damaged,
    /// Whole, and of a version that is not known here.
    Newer(u8),
}

impl LogHead {
    /// As written.
    #[must_use]
    pub fn encode(&self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        let parts: [&[u8]; 6] =
            [MAGIC, &[VERSION], &self.store, &self.key.to_le_bytes(), &self.segment.to_le_bytes(), &self.first.to_le_bytes()];
        bytes.iter_mut().zip(parts.concat()).for_each(|(byte, part)| *byte = part);
        let sum = crc32c::crc32c(&bytes[..BODY]);
        bytes[BODY..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// From the beginning of a segment.
    ///
    /// # Errors
    /// [`BadHead`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BadHead> {
        let head = bytes.first_chunk::<HEAD>().ok_or(BadHead::Damaged)?;
        let (body, sum) = head.split_at(BODY);
        let [magic @ .., _] = body.first_chunk::<9>().ok_or(BadHead::Damaged)?;
        if magic != MAGIC || crc32c::crc32c(body).to_le_bytes() != sum {
            return Err(BadHead::Damaged);
        }
        match body[8] {
            VERSION => {}
            version if version > VERSION => return Err(BadHead::Newer(version)),
            _ => return Err(BadHead::Damaged),
        }
        let u64_at = |at: usize| body.get(at..).and_then(|rest| rest.first_chunk()).map(|bytes| u64::from_le_bytes(*bytes));
        let store = *body.get(9..).and_then(|rest| rest.first_chunk()).ok_or(BadHead::Damaged)?;
        let key = body.get(25..).and_then(|rest| rest.first_chunk()).map(|bytes| u32::from_le_bytes(*bytes));
        match (key, u64_at(29), u64_at(37)) {
            (Some(key), Some(segment), Some(first)) => Ok(Self { store, key, segment, first }),
            _ => Err(BadHead::Damaged),
        }
    }

    /// What the checksums of the frames behind it go on from.
    #[must_use]
    pub fn chain(&self) -> u32 {
        self.encode().last_chunk().map_or(0, |sum| u32::from_le_bytes(*sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD_OF_TEST: LogHead = LogHead { store: [0xAB; 16], key: 3, segment: 0x0102, first: 77 };

    #[test]
    fn golden() {
        let body = [&b"stlrjrnl\x01"[..], &[0xAB; 16], &[3, 0, 0, 0], &[2, 1, 0, 0, 0, 0, 0, 0], &[77, 0, 0, 0, 0, 0, 0, 0]].concat();
        let bytes = HEAD_OF_TEST.encode();
        assert_eq!(bytes[..BODY], body);
        assert_eq!(LogHead::decode(&bytes), Ok(HEAD_OF_TEST));
        assert_eq!(LogHead::decode(&[&bytes[..], b"more"].concat()), Ok(HEAD_OF_TEST));
    }

    #[test]
    fn any_flipped_bit_is_damage_and_a_newer_version_is_none() {
        let whole = HEAD_OF_TEST.encode();
        for at in 0..HEAD * 8 {
            let mut bytes = whole;
            bytes[at / 8] ^= 1 << (at % 8);
            assert_eq!(LogHead::decode(&bytes), Err(BadHead::Damaged), "bit {at}");
        }
        assert_eq!(LogHead::decode(&whole[..HEAD - 1]), Err(BadHead::Damaged));
        let mut newer = whole;
        newer[8] = 9;
        let sum = crc32c::crc32c(&newer[..BODY]);
        newer[BODY..].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(LogHead::decode(&newer), Err(BadHead::Newer(9)));
    }
}
