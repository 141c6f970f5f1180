//! Which question to ask first: the one whose answer teaches most.
//!
//! An answer teaches about every source that has a value there. How much depends on how little is known of the source for that field, and
//! on how many other open questions it has a part in that are close:
//!
//! - a question is as close as `2 ^ -(margin / h)`: 1 when it is a tie, half at a lead of `h = 0.01 + 0.04 / (1 + answers counted)`, the
//!   mean over its sources: a lead that was learned from one answer may be chance;
//! - a source has at stake, for a field, the sum over its open questions of closeness, shared by the sources of each;
//! - a question teaches `closeness * sum over its sources of (at stake / (5 + answers counted))`.
//!
//! Questions that teach the same but for a hundred-millionth teach the same: how a sum was rounded decides nothing.
//!
//! A change or a deletion that waits for a person goes before all of them: it teaches nothing, but holds something up.
//!
//! The stakes are sums of whole numbers, so that no order of the questions matters.

use std::{cmp::Ordering, collections::HashMap, ops::Range};

use super::{
    confidence::points,
    conflict::{ConflictClass, ConflictEntry},
    key::Key,
    source::SourceId,
    trust::{FIELD_PRIOR, TrustTable},
};

/// At so many ten-thousandths of lead a question is half as close, where its sources are known well,
const KNOWN_WELL: f64 = 100.0;
/// and so many more where nothing is known of them: what was learned from one answer may be chance.
const KNOWN_NOTHING: f64 = 400.0;
/// One whole, of which closeness is counted.
const WHOLE: f64 = 1_099_511_627_776.0;

/// What an answer teaches is told apart down to one of so many parts.
const PARTS: f64 = 100_000_000.0;

/// An open conflict, and what its answer would teach.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What is asked.
    pub conflict: &'a ConflictEntry,
    /// Which one it was of those that were given.
    pub at: usize,
    /// How much the answer teaches; only good for comparing.
    pub teaches: f64,
    closeness: f64,
    /// Its lead, in ten-thousandths.
    lead: u32,
    /// How many have a value there.
    standing: usize,
    /// The parts its sources have in it, in the order of their names.
    parts: Range<usize>,
}

/// A source for one field: what is known of it, and what hangs on it. Looked up once, however many questions it has a part in.
struct Part<'a> {
    source: &'a SourceId,
    counted: f64,
    at_stake: f64,
}

/// Every source for every field that is asked about.
#[derive(Default)]
struct Parts<'a> {
    all: Vec<Part<'a>>,
    of: HashMap<&'a str, HashMap<&'a SourceId, usize>>,
}

impl<'a> Parts<'a> {
    /// Which ones have a part in a conflict, once each: those that have a value there.
    fn within(&mut self, conflict: &'a ConflictEntry, field: &'a str, table: &TrustTable, found: &mut Vec<usize>) {
        found.clear();
        let is_value = conflict.class == ConflictClass::Value;
        let of_field = self.of.entry(field).or_default();
        for source in conflict.candidates.iter().filter(|_| is_value).flat_map(|candidate| &candidate.sources) {
            found.push(*of_field.entry(source).or_insert_with(|| {
                let counted = table.standing_of(source, field, 0.5).field.counted;
                self.all.push(Part { source, counted, at_stake: 0.0 });
                self.all.len() - 1
            }));
        }
        found.sort_unstable();
        found.dedup();
    }

    /// Numbers them anew, by name; gives the new number of each.
    fn by_name(&mut self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        let name = |at: usize| self.all.get(at).map(|part| part.source);
        order.sort_by_key(|at| name(*at));
        let mut numbers = vec![0; order.len()];
        for (number, at) in order.iter().enumerate() {
            if let Some(place) = numbers.get_mut(*at) {
                *place = number;
            }
        }
        self.all.sort_by_key(|part| part.source);
        numbers
    }
}

/// How many there are, at least one.
fn count(parts: &[usize]) -> f64 {
    f64::from(u32::try_from(parts.len()).unwrap_or(u32::MAX).max(1))
}

/// How close a question is, by its lead and the mean of what is known of its sources.
fn closeness(lead: u32, known: f64) -> f64 {
    (-f64::from(lead) / (KNOWN_WELL + KNOWN_NOTHING / (1.0 + known))).exp2()
}

impl Question<'_> {
    /// What waits for a person first, then what teaches more, then the smaller margin, more sources, key and class.
    fn before(&self, other: &Self) -> Ordering {
        let only_asks = |question: &Self| question.conflict.class == ConflictClass::Value;
        let by_class = only_asks(self).cmp(&only_asks(other));
        by_class
            .then_with(|| other.teaches.total_cmp(&self.teaches))
            .then_with(|| self.lead.cmp(&other.lead))
            .then_with(|| other.standing.cmp(&self.standing))
            .then_with(|| self.conflict.key.cmp(&other.conflict.key))
            .then_with(|| self.conflict.class.cmp(&other.conflict.class))
    }
}

/// The open conflicts, the one whose answer teaches most first; to be asked for anew after every answer.
pub fn most_teaching_first<'a>(
    conflicts: impl IntoIterator<Item = &'a ConflictEntry>,
    field_of: impl Fn(&'a Key) -> &'a str,
    table: &TrustTable,
) -> Vec<Question<'a>> {
    let mut parts = Parts::default();
    // Of all questions, one after the other: each has its range of it.
    let (mut within, mut found) = (Vec::new(), Vec::new());
    let begun = conflicts.into_iter().enumerate().map(|(at, conflict)| {
        let from = within.len();
        parts.within(conflict, field_of(&conflict.key), table, &mut found);
        within.extend_from_slice(&found);
        let standing = conflict.candidates.iter().map(|candidate| candidate.sources.len()).sum();
        let lead = points(conflict.margin);
        Question { conflict, at, teaches: 0.0, closeness: 0.0, lead, standing, parts: from..within.len() }
    });
    let mut questions: Vec<Question<'a>> = begun.collect();
    // In the order of their names, so that sums come out alike whichever question comes first.
    let numbers = parts.by_name();
    for question in &mut questions {
        let Some(own) = within.get_mut(question.parts.clone()) else { continue };
        own.iter_mut().for_each(|part| *part = numbers.get(*part).copied().unwrap_or_default());
        own.sort_unstable();
        let known = own.iter().filter_map(|part| parts.all.get(*part)).map(|part| part.counted).sum::<f64>() / count(own);
        question.closeness = closeness(question.lead, known);
        let stake = (question.closeness * WHOLE / count(own)).round();
        for part in own {
            if let Some(part) = parts.all.get_mut(*part) {
                part.at_stake += stake;
            }
        }
    }
    // What each source has at stake, for what is still to be learned of it.
    parts.all.iter_mut().for_each(|part| part.at_stake /= FIELD_PRIOR + part.counted);
    for question in &mut questions {
        let own = within.get(question.parts.clone()).unwrap_or_default();
        let at_stake = own.iter().filter_map(|part| parts.all.get(*part)).map(|part| part.at_stake).sum::<f64>();
        question.teaches = (question.closeness * at_stake / WHOLE * PARTS).round() / PARTS;
    }
    questions.sort_by(Question::before);
    questions
}

#[cfg(test)]
#[path = "question_tests.rs"]
mod tests;
