//! What was found lately: an answer is given again while the place is as it was, for a quarter of an hour at most.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::fact::Timestamp;

use super::{suggestion::Suggestion, walk::Print};

/// How long an answer is given again.
pub(super) const KEEP: Duration = Duration::from_mins(15);
/// Answers that are kept.
const MOST: usize = 4096;
/// A file that changed so shortly before it was read may change again without its time moving.
const RACY_SECONDS: i64 = 2;

/// What is known of a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) suggestions: Vec<Suggestion>,
    /// Why it was left out, if it was.
    pub(super) left_out: Option<String>,
    pub(super) problems: Vec<String>,
}

/// Which place, asked for how.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Which {
    File { path: PathBuf, is_target: bool },
    Url(String),
}

struct Entry {
    print: Option<Print>,
    rules: String,
    until: Duration,
    known: Known,
}

/// The answers, in memory only: they name files of the user's.
#[derive(Default)]
pub(super) struct Memory {
    entries: Mutex<HashMap<Which, Entry>>,
}

impl Memory {
    /// What is known of a place that is still like this, under these rules.
    pub(super) fn find(&self, which: &Which, print: Option<Print>, rules: &str, now: Duration) -> Option<Known> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(which)?;
        (entry.print == print && entry.rules == rules && now < entry.until).then(|| entry.known.clone())
    }

    /// Keeps what was found; `wall` is the time by the clock that stamps files.
    pub(super) fn keep(&self, which: Which, print: Option<Print>, rules: &str, now: Duration, wall: Timestamp, known: &Known) {
        if print.is_some_and(|print| wall.as_millis() / 1000 - print.modified.0 < RACY_SECONDS) {
            return;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.retain(|_, entry| now < entry.until);
        }
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(which, Entry { print, rules: rules.to_owned(), until: now + KEEP, known: known.clone() });
    }
}
