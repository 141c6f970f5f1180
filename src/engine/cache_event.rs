//! What happens to the cache as a whole, in the order it happens; one sentence each, the same on a screen, in a terminal and in the log.
//!
//! Names of keys stand in it where one record is meant; the log leaves them out.

use std::{fmt, time::Duration};

use crate::fact::{Key, SourceId};

/// Where facts came from that were not there a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HydratedFrom {
    /// A snapshot that a person named.
    Snapshot,
    /// The newest good snapshot of the data directory, because the database could not be used.
    Rebuilt,
    /// The snapshot, into memory, because the disk does not answer.
    Memory,
}

impl HydratedFrom {
    /// Its stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Rebuilt => "rebuilt",
            Self::Memory => "memory",
        }
    }
}

/// Something that happened to the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheEvent {
    /// This many facts came in at once.
    Hydrated {
        /// How many observations were taken.
        entries: u64,
        /// From where.
        from: HydratedFrom,
    },
    /// What these sources said is no longer known in full; they are asked again.
    ResyncRequired {
        /// Which; empty: every source.
        sources: Vec<SourceId>,
    },
    /// The least recently used went, to make room.
    Evicted {
        /// How many observations.
        entries: u64,
        /// Their sealed bytes.
        bytes: u64,
    },
    /// What was past its TTL went, to make room.
    Expired {
        /// How many observations.
        entries: u64,
        /// Their sealed bytes.
        bytes: u64,
    },
    /// The disk does not answer: reads are answered from memory, changes are refused.
    FailedOver {
        /// Why, in a sentence without a full stop.
        why: String,
    },
    /// The disk is well again.
    Recovered {
        /// Observations that were written back.
        entries: u64,
        /// How long the disk was away.
        after: Duration,
    },
    /// A record would not open and was put aside.
    Quarantined {
        /// Of which fact, where that is known.
        key: Option<Key>,
        /// Who said it, where that is known.
        source: Option<SourceId>,
    },
    /// The database was copied to a smaller one.
    Compacted {
        /// Bytes on disk before.
        before: u64,
        /// Bytes on disk after.
        after: u64,
    },
}

impl CacheEvent {
    /// Whether a person should look at it: something was lost or does not work.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        matches!(self, Self::ResyncRequired { .. } | Self::FailedOver { .. } | Self::Quarantined { .. })
    }

    /// The same without names of keys, for whom they are not meant.
    #[must_use]
    pub fn without_names(&self) -> Self {
        match self {
            Self::Quarantined { source, .. } => Self::Quarantined { key: None, source: source.clone() },
            other => other.clone(),
        }
    }
}

impl fmt::Display for CacheEvent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hydrated { entries, from } => {
                let from = match from {
                    HydratedFrom::Snapshot => "from a snapshot",
                    HydratedFrom::Rebuilt => "from the newest good snapshot, into a new database",
                    HydratedFrom::Memory => "from the newest good snapshot, into memory",
                };
                write!(out, "{entries} records were taken {from}")
            }
            Self::ResyncRequired { sources } if sources.is_empty() => out.write_str("every source is asked again, the cache is incomplete"),
            Self::ResyncRequired { sources } => {
                let names: Vec<&str> = sources.iter().map(SourceId::as_str).collect();
                write!(out, "asked again, because what is cached of it is incomplete: {}", names.join(", "))
            }
            Self::Evicted { entries, bytes } => {
                write!(out, "{entries} records ({bytes} bytes) went to make room, least recently used first")
            }
            Self::Expired { entries, bytes } => write!(out, "{entries} records ({bytes} bytes) past their TTL went to make room"),
            Self::FailedOver { why } => write!(out, "the cache answers from memory and takes no change: {why}"),
            Self::Recovered { entries, after } => {
                write!(out, "the disk is well again after {:.1} s, {entries} records were written back", after.as_secs_f64())
            }
            Self::Quarantined { key, source } => {
                match key {
                    Some(key) => write!(out, "the record of {key}")?,
                    None => out.write_str("a record")?,
                }
                if let Some(source) = source {
                    write!(out, " by {source}")?;
                }
                out.write_str(" was damaged and put aside")
            }
            Self::Compacted { before, after } => write!(out, "the cache was compacted from {before} to {after} bytes on disk"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_what_is_known_and_the_log_no_key() {
        let key = Key::new("service/payments/replicas").unwrap();
        let event = CacheEvent::Quarantined { key: Some(key), source: Some(SourceId::new("k8s").unwrap()) };
        assert_eq!(event.to_string(), "the record of service/payments/replicas by k8s was damaged and put aside");
        assert_eq!(event.without_names().to_string(), "a record by k8s was damaged and put aside");
        assert!(event.is_trouble());
        assert!(!CacheEvent::Compacted { before: 2, after: 1 }.is_trouble());
    }
}
