//! What a fetch takes and what it leaves: prefix, claims, duplicates, counted reasons.
//!
//! An item that was skipped for a reason of its own, and a key two items claim, make the answer incomplete: nobody may conclude
//! an absence from it. A key the source may not claim does not: it was never its to lose.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use crate::{
    config::{SourceConfig, SourceKind},
    fact::{Key, KeyError, Pattern, Timestamp, Value},
};

use super::{Fetched, Reported, Skipped, Whole};

/// Which keys a source may report, and what stands before them.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    prefix: String,
    patterns: Vec<Pattern>,
    host: bool,
}

/// Why a reported name became no key of this source.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    Malformed(String),
    Unclaimed,
}

impl Claims {
    /// The claims of a configured source.
    pub(super) fn of(config: &SourceConfig) -> Arc<Self> {
        Arc::new(Self { prefix: config.prefix.clone(), patterns: config.keys.clone(), host: matches!(config.kind, SourceKind::Host) })
    }

    /// Whether the source may report this key.
    pub(super) fn allows(&self, key: &Key) -> bool {
        if self.patterns.is_empty() {
            self.host || key.segments().next() != Some("host")
        } else {
            self.patterns.iter().any(|pattern| pattern.matches(key))
        }
    }

    /// The name with the prefix before it; an empty name is the prefix itself.
    pub(super) fn full(&self, tail: &str) -> String {
        match (self.prefix.is_empty(), tail.is_empty()) {
            (true, _) => tail.to_owned(),
            (false, true) => self.prefix.clone(),
            (false, false) => format!("{}/{tail}", self.prefix),
        }
    }

    /// What of a key stands behind the prefix; empty for the prefix itself, none for a key this source cannot have.
    pub(super) fn tail<'k>(&self, key: &'k Key) -> Option<&'k str> {
        let rest = key.as_str().strip_prefix(&self.prefix).filter(|_| self.allows(key))?;
        if self.prefix.is_empty() || rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    fn key(&self, tail: &str) -> Result<Key, Refusal> {
        let key = Key::new(&self.full(tail)).map_err(|error| Refusal::Malformed(refused(&error)))?;
        if self.allows(&key) { Ok(key) } else { Err(Refusal::Unclaimed) }
    }
}

/// The reason to count, free of remote text, when a name makes no key.
pub(super) fn refused(error: &KeyError) -> String {
    let why = match error {
        KeyError::EmptySegment => "an empty segment",
        KeyError::TooLong(_) => "more than 512 bytes",
        KeyError::Forbidden(_) => "a control or bidi character",
        _ => "no name a fact can have",
    };
    format!("{}{why}", Skipped::KEY_REFUSED)
}

/// What came with a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    pub(super) observed_at: Option<Timestamp>,
    pub(super) changed_at: Option<Timestamp>,
    pub(super) revision: Option<Arc<str>>,
    pub(super) same_origin: Option<Arc<str>>,
    pub(super) whole: Option<Arc<Whole>>,
}

/// Gathers the items of one answer.
#[derive(Debug)]
pub(super) struct Collector {
    claims: Arc<Claims>,
    items: BTreeMap<Key, Reported>,
    duplicates: BTreeSet<Key>,
    skipped: BTreeMap<String, u64>,
    partial: bool,
}

impl Collector {
    pub(super) fn new(claims: &Arc<Claims>) -> Self {
        Self { claims: Arc::clone(claims), items: BTreeMap::new(), duplicates: BTreeSet::new(), skipped: BTreeMap::new(), partial: false }
    }

    /// Whether something stands before every name, so that an empty name is a key as well.
    pub(super) fn has_prefix(&self) -> bool {
        !self.claims.prefix.is_empty()
    }

    /// Takes a value under a name that is still without the prefix; refuses and counts it if that makes no key of this source.
    pub(super) fn take(&mut self, tail: &str, value: Value, origin: Origin) {
        match self.claims.key(tail) {
            Ok(key) => self.put(key, value, origin),
            Err(Refusal::Unclaimed) => self.count(format!("{}not among the keys this source may claim", Skipped::KEY_REFUSED)),
            Err(Refusal::Malformed(why)) => self.skip(&why),
        }
    }

    fn put(&mut self, key: Key, value: Value, origin: Origin) {
        if self.duplicates.contains(&key) {
            return;
        }
        match self.items.entry(key) {
            Entry::Occupied(there) => {
                let (key, _) = there.remove_entry();
                self.duplicates.insert(key);
            }
            Entry::Vacant(free) => {
                let key = free.key().clone();
                let Origin { observed_at, changed_at, revision, same_origin, whole } = origin;
                free.insert(Reported { key, value, observed_at, changed_at, revision, same_origin, whole });
            }
        }
    }

    /// Counts an item that could not be taken.
    pub(super) fn skip(&mut self, reason: &str) {
        self.partial = true;
        self.count(reason.to_owned());
    }

    fn count(&mut self, reason: String) {
        let count = self.skipped.entry(reason).or_default();
        *count = count.saturating_add(1);
    }

    /// The answer, complete if nothing was skipped and no key came twice.
    pub(super) fn finish(self, bytes: u64) -> Fetched {
        Fetched {
            complete: !self.partial && self.duplicates.is_empty(),
            items: self.items.into_values().collect(),
            unchanged: false,
            skipped: self.skipped.into_iter().map(|(reason, count)| Skipped { reason, count }).collect(),
            duplicates: self.duplicates.into_iter().collect(),
            fresh_for: None,
            bytes,
        }
    }
}
