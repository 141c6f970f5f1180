//! Trust: how often a source is right about a field, learned from answers.
//!
//! An answer says of every source that had a value whether it was right. [`TrustBook`] keeps the answers, [`TrustTable`] what they come to
//! at one moment: an answer weighs half after the half-life (180 days), and trust is a share shrunk towards what is known more widely:
//!
//! - the source's mean: `(right + 3 * configured) / (counted + 3)` over all its fields;
//! - its trust for a field: `(right there + 5 * mean) / (counted there + 5)`.
//!
//! So a decision never lowers the trust of the source it accepted. The same answers in any order, once or twice, give the same table.
//! Agreement between sources is no answer and is never counted.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use super::{
    field::FieldName,
    lesson::{Lesson, LessonId},
    source::SourceId,
    time::Timestamp,
};

/// How much the configured trust of a source counts, in answers.
const SOURCE_PRIOR: f64 = 3.0;
/// How much the mean of a source counts for each of its fields, in answers.
pub const FIELD_PRIOR: f64 = 5.0;
/// Age is counted in whole days, so that trust moves once a day and not with every look.
const DAY_MS: i64 = 86_400_000;
/// After so many half-lives an answer weighs a thousandth and is let go.
const FORGOTTEN_AFTER: u32 = 10;

/// All answers that count, and what was reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustBook {
    lessons: BTreeMap<LessonId, Lesson>,
    /// Answers up to this moment do not count for the source, for one field or for all.
    resets: BTreeMap<(SourceId, Option<FieldName>), Timestamp>,
    half_life: Duration,
}

impl TrustBook {
    /// A book without answers; an answer weighs half after the half-life.
    #[must_use]
    pub fn new(half_life: Duration) -> Self {
        Self { lessons: BTreeMap::new(), resets: BTreeMap::new(), half_life }
    }

    /// Takes an answer in; of two to one question the later counts, whichever comes first. Says whether anything changed.
    pub fn learn(&mut self, id: LessonId, lesson: Lesson) -> bool {
        match self.lessons.get(&id) {
            Some(known) if *known >= lesson => false,
            _ => {
                self.lessons.insert(id, lesson);
                true
            }
        }
    }

    /// Takes an answer back, as when a decision is undone. Says whether it was there.
    pub fn unlearn(&mut self, id: &LessonId) -> bool {
        self.lessons.remove(id).is_some()
    }

    /// Forgets what was learned of a source up to this moment, for one field or for all.
    pub fn reset(&mut self, source: &SourceId, field: Option<&FieldName>, at: Timestamp) {
        let until = self.resets.entry((source.clone(), field.cloned())).or_insert(at);
        *until = at.max(*until);
    }

    /// Lets go of answers too old to weigh anything. Says how many.
    pub fn prune(&mut self, now: Timestamp) -> usize {
        let oldest = now.minus(self.half_life.saturating_mul(FORGOTTEN_AFTER));
        let before = self.lessons.len();
        self.lessons.retain(|_, lesson| lesson.at >= oldest);
        before - self.lessons.len()
    }

    /// How many answers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lessons.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lessons.is_empty()
    }

    /// The answers, by name.
    pub fn lessons(&self) -> impl Iterator<Item = (&LessonId, &Lesson)> {
        self.lessons.iter()
    }

    fn counts(&self, source: &SourceId, lesson: &Lesson) -> bool {
        let is_reset = |field: Option<FieldName>| self.resets.get(&(source.clone(), field)).is_some_and(|until| lesson.at <= *until);
        self.resets.is_empty() || !(is_reset(None) || is_reset(Some(lesson.field.clone())))
    }

    /// What the answers come to at `now`.
    #[must_use]
    pub fn table(&self, now: Timestamp) -> TrustTable {
        let mut table = TrustTable::default();
        let day = |at: Timestamp| at.as_millis().div_euclid(DAY_MS);
        let half_life_days = self.half_life.as_secs_f64() / 86_400.0;
        for lesson in self.lessons.values() {
            let days = u32::try_from(day(now).saturating_sub(day(lesson.at)).max(0)).unwrap_or(u32::MAX);
            let weight = if days == 0 { 1.0 } else { (-f64::from(days) / half_life_days).exp2() };
            for (source, is_right) in &lesson.verdicts {
                if self.counts(source, lesson) {
                    table.count(source, &lesson.field, *is_right, weight);
                }
            }
        }
        table
    }
}

/// How often a source was right, by what the answers weigh now, and as they were given.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Weight of the answers that found it right.
    pub right: f64,
    /// Weight of all answers.
    pub counted: f64,
    /// Answers that found it right.
    pub accepts: u32,
    /// Answers that found it wrong.
    pub rejects: u32,
}

impl Tally {
    fn count(&mut self, is_right: bool, weight: f64) {
        self.counted += weight;
        if is_right {
            self.right += weight;
            self.accepts = self.accepts.saturating_add(1);
        } else {
            self.rejects = self.rejects.saturating_add(1);
        }
    }

    /// The share of right answers, shrunk towards `expected` as if that had been seen `prior` times.
    fn shrunk(&self, expected: f64, prior: f64) -> f64 {
        (self.right + prior * expected) / (self.counted + prior)
    }
}

/// What is known of one source for one field, with the counts it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrustStanding {
    /// Trust for the field, 0 to 1: what readings are scored with.
    pub trust: f64,
    /// The source's mean over all fields.
    pub mean: f64,
    /// The answers about this field.
    pub field: Tally,
    /// The answers about all fields.
    pub source: Tally,
}

/// What all answers come to at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrustTable {
    of_source: HashMap<SourceId, (Tally, HashMap<FieldName, Tally>)>,
}

impl TrustTable {
    fn count(&mut self, source: &SourceId, field: &FieldName, is_right: bool, weight: f64) {
        if !self.of_source.contains_key(source) {
            self.of_source.insert(source.clone(), Default::default());
        }
        let Some((all, fields)) = self.of_source.get_mut(source) else { return };
        all.count(is_right, weight);
        fields.entry(field.clone()).or_default().count(is_right, weight);
    }

    /// Counts what an authority's values say of a source, one answer for each; nobody decided, so no decisions are counted.
    pub fn witness(&mut self, source: &SourceId, field: &FieldName, right: u32, wrong: u32) {
        if right == 0 && wrong == 0 {
            return;
        }
        let (all, fields) = self.of_source.entry(source.clone()).or_default();
        for tally in [all, fields.entry(field.clone()).or_default()] {
            tally.right += f64::from(right);
            tally.counted += f64::from(right) + f64::from(wrong);
        }
    }

    /// Whether nothing was learned of anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of_source.is_empty()
    }

    /// What is known of the source for the field, given the trust it is configured with.
    #[must_use]
    pub fn standing(&self, source: &SourceId, field: &FieldName, configured: f64) -> TrustStanding {
        self.standing_of(source, field.as_str(), configured)
    }

    /// As [`TrustTable::standing`], of the field of this name.
    #[must_use]
    pub fn standing_of(&self, source: &SourceId, field: &str, configured: f64) -> TrustStanding {
        let known = self.of_source.get(source);
        let of_source = known.map(|(all, _)| *all).unwrap_or_default();
        let of_field = known.and_then(|(_, fields)| fields.get(field)).copied().unwrap_or_default();
        let mean = of_source.shrunk(configured, SOURCE_PRIOR);
        TrustStanding { trust: of_field.shrunk(mean, FIELD_PRIOR), mean, field: of_field, source: of_source }
    }

    /// The fields anything was learned of a source for, in order.
    #[must_use]
    pub fn fields(&self, source: &SourceId) -> Vec<&FieldName> {
        let mut fields: Vec<_> = self.of_source.get(source).map(|(_, fields)| fields.keys().collect()).unwrap_or_default();
        fields.sort_unstable();
        fields
    }
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
