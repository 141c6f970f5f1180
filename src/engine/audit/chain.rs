//! The rule of the hashes. `docs/audit.md` says it for outsiders, and a test there recomputes it without this file.

use serde_json::{Value as Json, json};

use super::{
    hash::{Hash, digest, hex},
    record::AuditRecord,
};
use crate::fact::Timestamp;

/// How far a chain has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Records in it.
    pub count: u64,
    /// The hash of the last one; of none, the beginning.
    pub hash: Hash,
}

impl Head {
    /// The hash as it is shown.
    #[must_use]
    pub fn shown(&self) -> String {
        hex(&self.hash)
    }
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
