//! What a change would leave behind, worked out without touching anything.
//!
//! A plan is a function of the files and the changes only: worked out again on the same files it has the same digest. Before it is given out
//! it is read as a fetch would read it: it must hold what was there, with these keys changed, or nothing is done.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value as Json;

use crate::fact::{Base, CompareRule, JsonStep, Key, Normal, Value};

use super::{
    super::{Answer, Change, Confirmed, Delivery, Fetched, SourceError, outcome::of_error, place::place_of},
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

/// How many bytes are read again for the changes of one round at the most: a large file takes few changes at once.
const EFFORT: u64 = 48 << 20;

/// A file and what it says.
struct Read {
    file: Loaded,
    facts: Fetched,
}

/// What changes come to: new content for files, and of each change in which of them it is, or its outcome.
pub(super) struct Planned {
    /// None where nothing of a file is to be changed after all: then nothing is in it.
    pub(super) plans: Vec<Option<Plan>>,
    pub(super) of: Vec<Result<usize, Delivery>>,
}

/// A file that is being changed.
struct Draft<'f> {
    read: &'f Read,
    content: Vec<u8>,
    /// As it was read; none when a member was added since, which may stand in the way of another.
    body: Option<Json>,
    /// Which of the changes are in it.
    members: Vec<usize>,
}

impl Inner {
    /// Works changes of different keys out, in order; what is worked out for one file is one plan. An `Err` is the outcome of an attempt.
    pub(super) fn plan(&self, changes: &[Change]) -> Planned {
        let files = match self.read_files() {
            Ok(files) => files,
            Err(error) => return Planned { plans: Vec::new(), of: changes.iter().map(|_| Err(of_error(&error))).collect() },
        };
        let mut drafts: Vec<Draft<'_>> = Vec::new();
        let mut effort = 0;
        let mut of: Vec<Result<usize, Delivery>> = Vec::with_capacity(changes.len());
        for (number, change) in changes.iter().enumerate() {
            of.push(self.draft(&files, &mut drafts, (number, change), &mut effort));
        }
        let mut plans = Vec::with_capacity(drafts.len());
        for draft in drafts {
            plans.push(self.finish(draft, changes, &mut of));
        }
        Planned { plans, of }
    }

    fn read_files(&self) -> Result<Vec<Read>, SourceError> {
        let read = |entry: &load::Entry| {
            let file = load::load(&entry.path)?;
            let facts = self.facts_of(&file)?;
            Ok(Read { file, facts })
        };
        Listing::of(&self.path)?.files.iter().map(read).collect()
    }

    /// Makes a change in the draft of its file; answers which that is.
    fn draft<'f>(
        &self,
        files: &'f [Read],
        drafts: &mut Vec<Draft<'f>>,
        (number, change): (usize, &Change),
        effort: &mut u64,
    ) -> Result<usize, Delivery> {
        let read = self.file_for(files, change)?;
        let known = drafts.iter().position(|draft| std::ptr::eq(draft.read, read));
        // Every change goes through its file again. What would take too long waits for the next round.
        *effort += read.file.bytes.len() as u64;
        if number > 0 && *effort > EFFORT {
            return Err(Delivery::Unprepared);
        }
        let at = known.unwrap_or(drafts.len());
        if known.is_none() {
            drafts.push(Draft { read, content: read.file.bytes.clone(), body: None, members: Vec::new() });
        }
        let Some(draft) = drafts.get_mut(at) else { return Err(Delivery::Unprepared) };
        match self.add_to(draft, change) {
            Ok(()) => {
                draft.members.push(number);
                Ok(at)
            }
            // What only does not go with those before it is tried when those are done.
            Err(_) if !draft.members.is_empty() => Err(Delivery::Unprepared),
            Err(why) => {
                drafts.pop();
                Err(refused(&format!("{}: {why}", load::shown(&read.file.path))))
            }
        }
    }

    /// Makes a change in a draft. Where a value only takes another's place the way to it stays, so the file is not read again for each.
    fn add_to(&self, draft: &mut Draft<'_>, change: &Change) -> Result<(), String> {
        let path = &draft.read.file.path;
        let is_new = value_in(&draft.read.facts, &change.key).is_none();
        let body = match draft.body.take() {
            Some(body) => body,
            None => text::parse(path, &draft.content).map_err(|error| error.message)?,
        };
        let way = self.way(&body, change);
        // Kept whatever comes of this one, unless it adds something.
        draft.body = Some(body).filter(|_| !is_new);
        draft.content = within(edit::edited(path, &draft.content, &way?, &change.value)?)?;
        Ok(())
    }

    /// The file that a change is to be made in.
    fn file_for<'f>(&self, files: &'f [Read], change: &Change) -> Result<&'f Read, Delivery> {
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
        match holders.first() {
            Some(holder) => Ok(holder),
            None => self.home_of(files, &change.key).map_err(|why| refused(&why)),
        }
    }

    fn edited(&self, read: &Read, bytes: &[u8], change: &Change) -> Result<Vec<u8>, String> {
        let body = text::parse(&read.file.path, bytes).map_err(|error| error.message)?;
        within(edit::edited(&read.file.path, bytes, &self.way(&body, change)?, &change.value)?)
    }

    fn way(&self, body: &Json, change: &Change) -> Result<Vec<JsonStep>, String> {
        let tail = self.claims.tail(&change.key).ok_or("this key is not among those of this source")?;
        place_of(&self.mapping, body, tail, &change.value)
    }

    /// Reads a draft as a fetch would. Where several changes together are not what they are one by one, only the first is made; the others
    /// come in the next round.
    fn finish(&self, draft: Draft<'_>, changes: &[Change], of: &mut [Result<usize, Delivery>]) -> Option<Plan> {
        let Draft { read, content, members, .. } = draft;
        match self.checked(read, content, &members, changes) {
            Ok(plan) => return Some(plan),
            Err(why) if members.len() <= 1 => {
                end_with(of, &members, &refused(&format!("{}: {why}", load::shown(&read.file.path))));
                return None;
            }
            Err(_) => {}
        }
        let (first, rest) = members.split_first()?;
        end_with(of, rest, &Delivery::Unprepared);
        let alone = [*first];
        let content = self.edited(read, &read.file.bytes, changes.get(*first)?);
        match content.and_then(|content| self.checked(read, content, &alone, changes)) {
            Ok(plan) => Some(plan),
            Err(why) => {
                end_with(of, &alone, &refused(&format!("{}: {why}", load::shown(&read.file.path))));
                None
            }
        }
    }

    fn checked(&self, read: &Read, content: Vec<u8>, members: &[usize], changes: &[Change]) -> Result<Plan, String> {
        let changed = Loaded::made_of(&read.file, content);
        let after = self.facts_of(&changed).map_err(|error| format!("it could not be read again: {}", error.message))?;
        let made: HashMap<&Key, &Value> =
            members.iter().filter_map(|member| changes.get(*member)).map(|change| (&change.key, &change.value)).collect();
        if !are_only_changes(&read.facts, &after, &made) {
            return Err(if members.len() > 1 {
                "together they are not what they are one by one".to_owned()
            } else {
                "what is read from it afterwards would not be what is there with this one value changed".to_owned()
            });
        }
        let path = fs::canonicalize(&read.file.path).map_err(|error| error.to_string())?;
        Ok(Plan { path, old: read.file.digest_text(), digest: changed.digest_text(), content: changed.bytes })
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
}

/// The content, where a fetch would read that much.
fn within(content: Vec<u8>) -> Result<Vec<u8>, String> {
    if content.len() as u64 > load::MAX_FILE {
        return Err(format!("it would have more than {} bytes, and could not be read again", load::MAX_FILE));
    }
    Ok(content)
}

fn end_with(of: &mut [Result<usize, Delivery>], members: &[usize], outcome: &Delivery) {
    for member in members {
        if let Some(of) = of.get_mut(*member) {
            *of = Err(outcome.clone());
        }
    }
}

fn value_in<'f>(facts: &'f Fetched, key: &Key) -> Option<&'f Value> {
    facts.items.iter().find(|item| item.key == *key).map(|item| &item.value)
}

/// Whether the one is the other with these keys at these values. An empty object on the way to a new key was a fact and no longer is.
fn are_only_changes(before: &Fetched, after: &Fetched, made: &HashMap<&Key, &Value>) -> bool {
    let exact = |one: &Value, two: &Value| Normal::of(one, &CompareRule::default()) == Normal::of(two, &CompareRule::default());
    let is_above = |above: &Key| made.keys().any(|key| key.as_str().strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/')));
    let kept = |item: &&super::super::Reported| !(made.contains_key(&item.key) || item.value.as_json_text() == "{}" && is_above(&item.key));
    let mut others = before.items.iter().filter(kept);
    let mut found = 0;
    let all_known = after.items.iter().all(|item| match made.get(&item.key) {
        Some(value) => {
            found += 1;
            exact(&item.value, value)
        }
        None => others.next().is_some_and(|other| other.key == item.key && other.value == item.value),
    });
    all_known && found == made.len() && others.next().is_none() && before.skipped == after.skipped && before.duplicates == after.duplicates
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
