//! One source's value for one key, with its two clocks.

use std::sync::Arc;

use super::{key::Key, source::SourceId, time::Timestamp, value::Value};

/// What a source last said about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// It holds this value.
    Value(Value),
    /// Its last complete answer did not have the key; the last value it had is kept.
    Absent(Option<Value>),
}

/// One source's value for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Which fact.
    pub key: Key,
    /// Who says so.
    pub source: SourceId,
    /// What it says.
    pub content: Content,
    /// When the origin last vouched for it: fetched, 304, unchanged fingerprint.
    pub observed_at: Timestamp,
    /// When the value last changed there: mtime, commit, a field; else when Stellar first saw this value.
    pub changed_at: Timestamp,
    /// When Stellar last asked and got it.
    pub fetched_at: Timestamp,
    /// The origin's own mark of this version (`ETag`, digest), if it gives one; of a file, that of the version this value came with.
    pub revision: Option<Arc<str>>,
    /// Under a live watch: observed now, does not tick.
    pub live: bool,
    /// The shared place this reading and another source's come from, such as `/proc/loadavg`.
    pub same_origin: Option<Arc<str>>,
}

impl Observation {
    /// The value it holds now; none when absent.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match &self.content {
            Content::Value(value) => Some(value),
            Content::Absent(_) => None,
        }
    }
}
