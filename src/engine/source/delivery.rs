//! The words in which a change is handed to a source and its outcome comes back. No effect stands here.
//!
//! Invariants: an outcome says whether the target may have been reached, because only then must somebody look before the next attempt;
//! what a target said is kept as a short excerpt, still hostile, without the secrets that were sent; `Debug` shows no value.

use std::{fmt, sync::Arc};

use crate::fact::{Base, CompareRule, Key, Value};

use super::SourceError;

/// A change to be made at the target.
#[derive(Clone, PartialEq)]
pub struct Change {
    /// The command's id as text.
    pub id: Arc<str>,
    /// The same on every attempt.
    pub idempotency_key: Arc<str>,
    /// Which fact.
    pub key: Key,
    /// What it is to be.
    pub value: Value,
    /// What it was when the change was made, as far as that is known.
    pub base: Base,
    /// The tag of the version that holds the base, got from the write URL by the write before.
    pub guard: Option<Arc<str>>,
    /// The digest a [`Source::prepare`](super::Source::prepare) gave and that was journalled since.
    pub intended: Option<Arc<str>>,
    /// How the key's values are compared: a base within its tolerance has not moved.
    pub compare: CompareRule,
    /// Whether the value is of class secret: then nothing a target said is kept, because it may say the value.
    pub secret: bool,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
}

impl fmt::Debug for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Change").field("id", &self.id).field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

/// What became of one attempt.
#[derive(Clone, PartialEq, Debug)]
pub enum Delivery {
    /// The target took it, or has it already.
    Accepted {
        /// The tag or digest of the version it made; the guard of the next change to the key.
        revision: Option<Arc<str>>,
        /// Whether the target itself held the base against what it had; else it was `checked, not guarded`, or not checked at all.
        guarded: bool,
        /// What a re-read showed, if one was made or the write itself proves it.
        confirmed: Option<Confirmed>,
    },
    /// The base is no longer there, nor is the value: 409, 412, a failed compare-and-set, or a re-read.
    Moved {
        /// What is there now.
        current: Base,
        /// What was said.
        answer: Answer,
    },
    /// The target will never take this: other 4xx, a template that cannot be filled, a place that cannot be changed.
    Refused {
        /// What was said.
        answer: Answer,
    },
    /// The command itself may be to blame: 500, 501, 505, an unreadable answer, a command's unexpected end.
    Poison {
        /// What was said.
        answer: Answer,
        /// Whether the target may have made the change: look before the next attempt.
        maybe_applied: bool,
    },
    /// The source is to blame: transport, time-out, 408, 429, 502 to 504.
    Unavailable {
        /// Why, with `retry_after` where the target says when.
        error: SourceError,
        /// Whether the target may have made the change: look before the next attempt.
        maybe_applied: bool,
    },
    /// The source will not take anything from us as things are: 401, 403, no permission, an untrusted configuration.
    Denied {
        /// What was said.
        answer: Answer,
    },
    /// Nothing was done, because what was prepared no longer holds: prepare and journal again. Charges nothing.
    Unprepared,
}

/// A value that was read back. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Confirmed(pub Value);

impl fmt::Debug for Confirmed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Confirmed(..)")
    }
}

/// What a target said: short, still hostile, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status or exit code, if there was one.
    pub code: Option<u16>,
    /// A sentence, or the beginning of what was said.
    pub text: String,
}

impl Answer {
    /// Characters of an answer that are kept.
    pub const MAX_CHARS: usize = 300;

    /// An answer, cut to its bound.
    #[must_use]
    pub fn new(code: Option<u16>, text: &str) -> Self {
        Self { code, text: text.trim().chars().take(Self::MAX_CHARS).collect() }
    }
}

/// What a source intends to leave behind, to be journalled before it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The digest of the new content.
    pub digest: Arc<str>,
}
