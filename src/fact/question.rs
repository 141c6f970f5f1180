//! Which question to ask first: the one whose answer teaches most.
//!
//! An answer teaches about every source that has a value there. How much depends on how little is known of the source for that field, and
//! on how many other open questions it has a part in that are close:
//!
//! - a question is as close as `2 ^ -(margin / h)`: 1 when it is a tie, half at a lead of `h = 0.01 + 0.04 / (1 + answers counted)`, the
//!   mean over its sources: a lead that was learned from one answer may be chance;
//! - a source has at stake, for a field, the sum over its open questions of closeness, shared by the sources of each;
//! - a question teaches `closeness * sum over its sources of (at stake / (3 + answers counted))`.
//!
//! A change or a deletion that waits for a person goes before all of them: it teaches nothing, but holds something up.
//!
//! The stakes are sums of whole numbers, so that no order of the questions matters.

use std::{cmp::Ordering, collections::HashMap};

use super::{
    confidence::points,
    conflict::{ConflictClass, ConflictEntry},
    field::FieldName,
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

/// An open conflict, and what its answer would teach.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What is asked.
    pub conflict: &'a ConflictEntry,
    /// The field of its key.
    pub field: FieldName,
    /// How much the answer teaches; only good for comparing.
    pub teaches: f64,
    closeness: f64,
    sources: Vec<&'a SourceId>,
}

/// How many there are, at least one.
fn count(sources: &[&SourceId]) -> u32 {
    u32::try_from(sources.len()).unwrap_or(u32::MAX).max(1)
}

/// How many have a value there.
fn standing(conflict: &ConflictEntry) -> usize {
    conflict.candidates.iter().map(|candidate| candidate.sources.len()).sum()
}

impl<'a> Question<'a> {
    fn new(conflict: &'a ConflictEntry, field: FieldName, table: &TrustTable) -> Self {
        let is_value = conflict.class == ConflictClass::Value;
        let candidates = conflict.candidates.iter().filter(|_| is_value);
        let mut sources: Vec<&SourceId> = candidates.flat_map(|candidate| &candidate.sources).collect();
        sources.sort_unstable();
        sources.dedup();
        let counted = |source: &&SourceId| table.standing(source, &field, 0.5).field.counted;
        let known = sources.iter().map(counted).sum::<f64>() / f64::from(count(&sources));
        let half_as_close = KNOWN_WELL + KNOWN_NOTHING / (1.0 + known);
        let closeness = (-f64::from(points(conflict.margin)) / half_as_close).exp2();
        Self { conflict, field, teaches: 0.0, closeness, sources }
    }

    /// The part of its closeness each source has, in whole numbers.
    fn stake(&self) -> f64 {
        (self.closeness * WHOLE / f64::from(count(&self.sources))).round()
    }

    /// What waits for a person first, then what teaches more, then the smaller margin, more sources, key and class.
    fn before(&self, other: &Self) -> Ordering {
        let only_asks = |question: &Self| question.conflict.class == ConflictClass::Value;
        let by_class = only_asks(self).cmp(&only_asks(other));
        by_class
            .then_with(|| other.teaches.total_cmp(&self.teaches))
            .then_with(|| points(self.conflict.margin).cmp(&points(other.conflict.margin)))
            .then_with(|| standing(other.conflict).cmp(&standing(self.conflict)))
            .then_with(|| self.conflict.key.cmp(&other.conflict.key))
            .then_with(|| self.conflict.class.cmp(&other.conflict.class))
    }
}

/// The open conflicts, the one whose answer teaches most first; to be asked for anew after every answer.
pub fn most_teaching_first<'a>(
    conflicts: impl IntoIterator<Item = &'a ConflictEntry>,
    field_of: impl Fn(&Key) -> FieldName,
    table: &TrustTable,
) -> Vec<Question<'a>> {
    let mut questions: Vec<Question<'a>> =
        conflicts.into_iter().map(|conflict| Question::new(conflict, field_of(&conflict.key), table)).collect();
    let mut stakes: HashMap<FieldName, HashMap<&SourceId, f64>> = HashMap::new();
    for question in &questions {
        let stake = question.stake();
        if !stakes.contains_key(&question.field) {
            stakes.insert(question.field.clone(), HashMap::new());
        }
        let Some(of_field) = stakes.get_mut(&question.field) else { continue };
        for source in &question.sources {
            *of_field.entry(source).or_default() += stake;
        }
    }
    // What each source has at stake, for what is still to be learned of it.
    for (field, of_field) in &mut stakes {
        for (source, stake) in of_field {
            *stake /= FIELD_PRIOR + table.standing(source, field, 0.5).field.counted;
        }
    }
    for question in &mut questions {
        let of_field = stakes.get(&question.field);
        let at_stake = question.sources.iter().filter_map(|source| of_field?.get(source)).sum::<f64>();
        question.teaches = question.closeness * at_stake / WHOLE;
    }
    questions.sort_by(Question::before);
    questions
}

#[cfg(test)]
#[path = "question_tests.rs"]
mod tests;
