//! What a change would leave behind, worked out without touching anything.
//!
//! A plan is a function of the files and the change only: worked out again on the same files it has the same digest. Before it is given out
//! it is read as a fetch would read it: it must hold what was there, with this one key changed, or nothing is done.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::fact::{Base, CompareRule, Key, Normal, Value};

use super::{
    super::{Answer, Change, Confirmed, Delivery, Fetched, outcome::of_error, place::place_of},
    Inner, edit,
    load::{self, Listing, Loaded},
    text,
};

/// New content for one file.
pub(super) struct Plan {
    /// Where it stands, links followed: what is replaced is the file, not a link to it.
    pub(super) path: PathBuf,
    /// The digest of what the plan was made on.
    pub(super) old: Arc<str>,
    pub(super) content: Vec<u8>,
    pub(super) digest: Arc<str>,
}

/// A file and what it says.
struct Read {
    file: Loaded,
    facts: Fetched,
}

impl Inner {
    /// Works a change out. An `Err` is the outcome of the attempt.
    pub(super) fn plan(&self, change: &Change) -> Result<Plan, Delivery> {
        let listing = Listing::of(&self.path).map_err(|error| of_error(&error))?;
        let read = |entry: &load::Entry| {
            let file = load::load(&entry.path)?;
            let facts = self.facts_of(&file)?;
            Ok(Read { file, facts })
        };
        let files = listing.files.iter().map(read).collect::<Result<Vec<Read>, _>>().map_err(|error| of_error(&error))?;
        if let Some(done) = files.iter().find(|read| change.intended.as_ref() == Some(&read.file.digest_text())) {
            return Err(accepted(&done.file.digest_text(), change));
        }
        let holders: Vec<&Read> = files.iter().filter(|read| value_in(&read.facts, &change.key).is_some()).collect();
        let twice = files.iter().any(|read| read.facts.duplicates.contains(&change.key));
        if holders.len() > 1 || twice {
            return Err(refused("the key is there more than once, so nobody can say which place is meant"));
        }
        let current = Base::found(holders.first().and_then(|read| value_in(&read.facts, &change.key)).cloned());
        if current.is(&change.value) {
            return Err(holders.first().map_or_else(|| refused("the value is nowhere"), |read| accepted(&read.file.digest_text(), change)));
        }
        if !change.base.holds(&current, &change.compare) {
            let answer = Answer::new(None, "the value in the file is no longer the one this change was made on");
            return Err(Delivery::Moved { current, answer });
        }
        let read = match holders.first() {
            Some(holder) => holder,
            None => self.home_of(&files, &change.key).map_err(|why| refused(&why))?,
        };
        self.plan_for(read, change).map_err(|why| refused(&format!("{}: {why}", load::shown(&read.file.path))))
    }

    /// The file a new key belongs into: the only one, or the one that already has most of the way to it.
    fn home_of<'f>(&self, files: &'f [Read], key: &Key) -> Result<&'f Read, String> {
        if let [only] = files {
            return Ok(only);
        }
        let shared = |read: &Read| {
            let common = |other: &Key| key.segments().zip(other.segments()).take_while(|(one, two)| one == two).count();
            // The prefix stands before every key of every file and tells nothing.
            read.facts.items.iter().map(|item| common(&item.key)).max().unwrap_or(0).saturating_sub(self.prefix_segments)
        };
        let mut by_way: Vec<(usize, &Read)> = files.iter().map(|read| (shared(read), read)).collect();
        by_way.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
        match by_way.as_slice() {
            [(most, read), rest @ ..] if *most > 0 && rest.first().is_none_or(|(next, _)| next < most) => Ok(read),
            _ => Err("no file has this key, and none is closer to it than the others: add it to one of them by hand first".to_owned()),
        }
    }

    fn plan_for(&self, read: &Read, change: &Change) -> Result<Plan, String> {
        let body = text::parse(&read.file.path, &read.file.bytes).map_err(|error| error.message)?;
        let tail = self.claims.tail(&change.key).ok_or("this key is not among those of this source")?;
        let way = place_of(&self.mapping, &body, tail, &change.value)?;
        let content = edit::edited(&read.file.path, &read.file.bytes, &way, &change.value)?;
        if content.len() as u64 > load::MAX_FILE {
            return Err(format!("it would have more than {} bytes, and could not be read again", load::MAX_FILE));
        }
        let changed = Loaded::made_of(&read.file, content);
        let after = self.facts_of(&changed).map_err(|error| format!("it could not be read again: {}", error.message))?;
        if !is_only_change(&read.facts, &after, &change.key, &change.value) {
            return Err("what is read from it afterwards would not be what is there with this one value changed".to_owned());
        }
        let path = fs::canonicalize(&read.file.path).map_err(|error| error.to_string())?;
        Ok(Plan { path, old: read.file.digest_text(), digest: changed.digest_text(), content: changed.bytes })
    }
}

fn value_in<'f>(facts: &'f Fetched, key: &Key) -> Option<&'f Value> {
    facts.items.iter().find(|item| item.key == *key).map(|item| &item.value)
}

/// Whether the one is the other with this key at this value. An empty object on the way to a new key was a fact and no longer is.
fn is_only_change(before: &Fetched, after: &Fetched, key: &Key, value: &Value) -> bool {
    let exact = |one: &Value, two: &Value| Normal::of(one, &CompareRule::default()) == Normal::of(two, &CompareRule::default());
    let is_above = |above: &Key| key.as_str().strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/'));
    let kept = |item: &&super::super::Reported| item.key != *key && !(is_above(&item.key) && item.value.as_json_text() == "{}");
    let mut others = before.items.iter().filter(kept);
    let mut found = false;
    let all_known = after.items.iter().all(|item| {
        if item.key == *key {
            found = true;
            return exact(&item.value, value);
        }
        others.next().is_some_and(|other| other.key == item.key && other.value == item.value)
    });
    all_known && found && others.next().is_none() && before.skipped == after.skipped && before.duplicates == after.duplicates
}

/// The file holds the value.
pub(super) fn accepted(digest: &Arc<str>, change: &Change) -> Delivery {
    Delivery::Accepted { revision: Some(Arc::clone(digest)), guarded: true, confirmed: Some(Confirmed(change.value.clone())) }
}

fn refused(why: &str) -> Delivery {
    Delivery::Refused { answer: Answer::new(None, why) }
}

/// Whether a single file at this path could be changed at all.
pub(super) fn has_writable_format(path: &Path) -> bool {
    matches!(text::Format::of(path), None | Some(text::Format::Json | text::Format::Toml))
}
