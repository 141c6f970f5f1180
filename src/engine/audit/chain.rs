//! The rule of the hashes. `docs/audit.md` says it for outsiders, and a test there recomputes it without this file.

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::record::AuditRecord;
use crate::fact::Timestamp;

/// A SHA-256.
pub type Hash = [u8; 32];

/// How far a chain has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Records in it.
    pub count: u64,
    /// The hash of the last one; of none, the beginning.
    pub hash: Hash,
}

/// What the first record of a store's chain goes on from: no other store's begins so.
#[must_use]
pub fn genesis(store: [u8; 16]) -> Head {
    Head { count: 0, hash: digest(&[b"stellar audit 1 of ", hex(&store).as_bytes()]) }
}

/// The text whose SHA-256 is a record's hash: a JSON array without spaces.
#[must_use]
pub fn link_text(before: &Hash, seq: u64, at: Timestamp, record: &AuditRecord) -> String {
    let AuditRecord { key, about, detail, who, .. } = record;
    let parts: [Json; 16] = [
        json!("stellar audit 1"),
        json!(hex(before)),
        json!(seq),
        json!(at.to_rfc3339()),
        json!(record.deed.code()),
        json!(record.ending.code()),
        json!(key),
        json!(about),
        json!(detail),
        json!(who.user),
        json!(who.via),
        json!(who.persona),
        json!(who.uid),
        json!(who.terminal),
        json!(who.ssh),
        json!(record.cover.map(|cover| hex(&cover.digest()))),
    ];
    Json::Array(parts.into()).to_string()
}

/// A record's hash, at this place behind this hash.
#[must_use]
pub fn link(before: &Hash, seq: u64, at: Timestamp, record: &AuditRecord) -> Hash {
    digest(&[link_text(before, seq, at, record).as_bytes()])
}

/// Of the parts, one after the other.
pub(super) fn digest(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// Small hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// The hash of 64 hexadecimal digits.
#[must_use]
pub fn hash_of_hex(text: &str) -> Option<Hash> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
    (digits.len() == 64).then(|| bytes.try_into().ok()).flatten()
}
