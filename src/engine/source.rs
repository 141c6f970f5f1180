//! Sources: where facts come from. Each kind fetches and parses its own; none knows the cache, the clock's owner or each other.
//!
//! Invariants: a fetch is bounded in time and bytes; a failed, truncated or item-skipping fetch is never called complete;
//! nothing remote is executed, and no secret goes over plain HTTP but to loopback.

mod apart;
mod build;
mod collect;
mod delivery;
pub mod detect;
mod exec;
mod exposition;
mod fail;
mod file;
mod flatten;
mod host;
mod http;
mod json;
mod key_template;
mod map;
#[cfg(test)]
mod map_tests;
mod moment;
mod outcome;
mod path;
mod place;
mod prometheus;
#[cfg(test)]
mod support;
mod template;

use std::{sync::Arc, time::Duration};

use crate::fact::{Key, Timestamp, Value};

pub use apart::LARGE;
pub use build::{BadSource, BuiltSource, SourceDeps, build_sources, name_sources};
pub use delivery::{Answer, Change, Confirmed, Delivery, Prepared};
pub use host::host_rules;
pub use template::{Place, Template, Words};

/// One value a source reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// Which fact, prefix included.
    pub key: Key,
    /// What it is.
    pub value: Value,
    /// The origin's `observed_at`, if it says.
    pub observed_at: Option<Timestamp>,
    /// The origin's `changed_at`, if it says.
    pub changed_at: Option<Timestamp>,
    /// The origin's mark of the version.
    pub revision: Option<Arc<str>>,
    /// The shared place it was read from, such as `/proc/loadavg`.
    pub same_origin: Option<Arc<str>>,
    /// What it was read out of, where that has a version and nothing in it has one of its own.
    pub whole: Option<Arc<Whole>>,
}

impl Reported {
    /// A value of which the origin says no more.
    #[must_use]
    pub const fn new(key: Key, value: Value) -> Self {
        Self { key, value, observed_at: None, changed_at: None, revision: None, same_origin: None, whole: None }
    }

    /// When the value changed at the latest, as far as the origin says.
    #[must_use]
    pub fn changed_by(&self) -> Option<Timestamp> {
        self.changed_at.or_else(|| self.whole.as_ref()?.changed_at)
    }

    /// The mark of the version it came with.
    #[must_use]
    pub fn version(&self) -> Option<&Arc<str>> {
        self.revision.as_ref().or_else(|| Some(&self.whole.as_ref()?.revision))
    }
}

/// The version of many values at once, such as those of a file: it dates a value that came or changed, and says nothing of one that stayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// When anything in it last changed.
    pub changed_at: Option<Timestamp>,
    /// Its mark.
    pub revision: Arc<str>,
}

/// A counted reason why items were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// A sentence without remote text, such as `key template: $.name is no scalar`.
    pub reason: String,
    /// How many items.
    pub count: u64,
}

impl Skipped {
    /// How every reason begins that is about a key: malformed, or not among those the source may claim.
    pub const KEY_REFUSED: &str = "key refused: ";

    /// Whether these items were left out because of their keys.
    #[must_use]
    pub fn is_refused_key(&self) -> bool {
        self.reason.starts_with(Self::KEY_REFUSED)
    }
}

/// What one successful fetch brought.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Fetched {
    /// The values, each key once.
    pub items: Vec<Reported>,
    /// Whether this is everything the source has: only then may absences be concluded.
    pub complete: bool,
    /// The origin says nothing moved (304, same fingerprint): `items` is empty and what is held stays, vouched for now.
    pub unchanged: bool,
    /// Items left out, by reason.
    pub skipped: Vec<Skipped>,
    /// Keys claimed by two items: neither was taken.
    pub duplicates: Vec<Key>,
    /// How long the origin says this stays fresh (RFC 9111), if it says.
    pub fresh_for: Option<Duration>,
    /// Bytes received.
    pub bytes: u64,
}

/// Why a fetch failed. `Display` is one sentence free of secrets; remote text in it is still hostile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// A stable code: `timeout refused dns tls http_status redirect too_large not_json not_utf8 too_deep duplicate_member
    /// not_found denied untrusted exec_failed invalid_mapping unsupported`.
    pub code: &'static str,
    /// What happened, why, and what to do.
    pub message: String,
    /// When the origin asked to be left alone for a while.
    pub retry_after: Option<Duration>,
}

/// An origin of facts. Object-safe: futures are boxed.
pub trait Source: Send + Sync {
    /// Asks for everything. The caller bounds it with the source's time-out as well.
    fn fetch(&self) -> BoxFuture<'_, Result<Fetched, SourceError>>;

    /// How many bytes the next fetch is going to read; none where that is not known before. A hint, and cheap.
    fn ahead(&self) -> Option<BoxFuture<'_, u64>> {
        None
    }

    /// Asks for one key, where the source has a read route for it; none where it has not.
    fn read<'a>(&'a self, _key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Reported>, SourceError>>> {
        None
    }

    /// Whether a change of this key can be delivered here; looks at the configuration only.
    fn writes(&self, _key: &Key) -> bool {
        false
    }

    /// The first half of a delivery where it comes in two: what will be left behind, for the journal. None where there is one half only,
    /// and for keys this source does not write. An `Err` is the outcome of the attempt: nothing is left to deliver.
    fn prepare<'a>(&'a self, _change: &'a Change) -> Option<BoxFuture<'a, Result<Prepared, Delivery>>> {
        None
    }

    /// Makes one attempt at a change; none where this source does not write the key. Where there is a [`Source::prepare`], the digest it
    /// gave comes back in [`Change::intended`].
    fn deliver<'a>(&'a self, _change: &'a Change) -> Option<BoxFuture<'a, Delivery>> {
        None
    }

    /// How many changes it takes at once: one, where each is a request of its own.
    fn together(&self) -> usize {
        1
    }

    /// As [`Source::prepare`], of several changes of different keys, in order. None where changes go one by one.
    fn prepare_all<'a>(&'a self, _changes: &'a [Change]) -> Option<BoxFuture<'a, Vec<Result<Prepared, Delivery>>>> {
        None
    }

    /// As [`Source::deliver`], of several changes of different keys, in order. None where changes go one by one.
    fn deliver_all<'a>(&'a self, _changes: &'a [Change]) -> Option<BoxFuture<'a, Vec<Delivery>>> {
        None
    }

    /// What the key is at the target now, never out of what was remembered: by the read route if one matches, else by a fetch through the
    /// maps; never the raw body of the write URL. None where this source does not write the key.
    fn reread<'a>(&'a self, _key: &'a Key) -> Option<BoxFuture<'a, Result<Option<Value>, SourceError>>> {
        None
    }

    /// Paths whose change should cause a fetch; empty where the source is polled.
    fn watch_paths(&self) -> Vec<std::path::PathBuf> {
        Vec::new()
    }

    /// Drops what was remembered of the last answer (ETag, fingerprints), so that the next fetch brings everything again: for a caller
    /// that did not keep, or has lost, what it was given.
    fn forget(&self) {}
}

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
