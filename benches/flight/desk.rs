//! A desk where one day's claims lie open: resolved by the real resolver, asked about in the real order, decided by the truth.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use stellar::fact::{
    CompareRule, ConflictEntry, Content, Correction, FieldName, Insight, Judged, Key, Lesson, LessonId, LikenessCounts, Normal,
    Observation, Reading, ResolutionState, ResolveSettings, SourceId, SourceState, Timestamp, Tolerance, TrustBook, TrustTable, Value,
    majority_of, most_teaching_first, resolve, same,
};

use super::claims::{Day, is_time};

/// What every source is configured with.
const CONFIGURED: f64 = 0.5;
/// Times this many minutes apart are the same, across midnight too.
const MINUTES: f64 = 10.0;
const TTL: Duration = Duration::from_mins(15);

/// One item with what its sources say now.
struct Held {
    key: Key,
    observations: Vec<(Observation, Normal)>,
    truth: Value,
    /// What was decided today, if anything.
    decided: bool,
}

/// The open day, and what was learned so far.
pub struct Desk {
    book: TrustBook,
    table: TrustTable,
    settings: ResolveSettings,
    /// Every decision with the p_true it found, and what they correct.
    decisions: Vec<Judged>,
    correction: Correction,
    held: Vec<Held>,
    now: Timestamp,
    times: CompareRule,
    texts: CompareRule,
}

impl Desk {
    pub fn new() -> Self {
        Self {
            book: TrustBook::new(Duration::from_hours(180 * 24)),
            table: TrustTable::default(),
            settings: ResolveSettings::default(),
            decisions: Vec::new(),
            correction: Correction::default(),
            held: Vec::new(),
            now: Timestamp::from_millis(1_800_000_000_000),
            times: CompareRule { tolerance: Tolerance::Absolute(MINUTES), ..CompareRule::default() },
            texts: CompareRule::default(),
        }
    }

    fn compare(&self, key: &Key) -> &CompareRule {
        if is_time(key) { &self.times } else { &self.texts }
    }

    /// Lays a day's claims on the desk in place of the last one's.
    pub fn open(&mut self, day: &Day) {
        self.now = self.now.plus(Duration::from_hours(24));
        self.table = self.book.table(self.now);
        self.correction = Correction::of(&self.decisions);
        let held = day.items.iter().map(|item| Held {
            key: item.key.clone(),
            observations: item
                .claims
                .iter()
                .map(|(source, value)| (self.observed(&item.key, source, value), Normal::of(value, self.compare(&item.key))))
                .collect(),
            truth: item.truth.clone(),
            decided: false,
        });
        self.held = held.collect();
        let mut counts = LikenessCounts::default();
        for held in &self.held {
            let said: Vec<_> = held.observations.iter().map(|(observation, normal)| (&observation.source, normal)).collect();
            counts.add(&said, self.compare(&held.key));
        }
        self.settings.likeness = Some(Arc::new(counts.likeness()));
    }

    fn observed(&self, key: &Key, source: &SourceId, value: &Value) -> Observation {
        Observation {
            key: key.clone(),
            source: source.clone(),
            content: Content::Value(value.clone()),
            observed_at: self.now,
            changed_at: self.now,
            fetched_at: self.now,
            revision: None,
            live: false,
            same_origin: None,
        }
    }

    fn insight(&self, held: &Held) -> Option<Insight> {
        let field = FieldName::of(&held.key, None);
        let readings: Vec<Reading<'_>> = held
            .observations
            .iter()
            .map(|(observation, normal)| {
                let standing = self.table.standing(&observation.source, &field, CONFIGURED);
                Reading {
                    normal: Some(normal),
                    state: SourceState::Reachable,
                    alignment: Some(1.0),
                    accepts: standing.field.accepts,
                    rejects: standing.field.rejects,
                    ..Reading::new(observation, standing.trust, TTL)
                }
            })
            .collect();
        // A policy of its own is not needed: what nobody decided is a question or decided by the margin.
        let mut rule = stellar::fact::KeyRule::new(stellar::fact::Pattern::new("**").ok()?);
        rule.compare = self.compare(&held.key).clone();
        resolve(&held.key, Some(&rule), &readings, &self.settings, self.now)
    }

    fn is_true(&self, key: &Key, value: &Value, truth: &Value) -> bool {
        let compare = self.compare(key);
        if same(&Normal::of(value, compare), &Normal::of(truth, compare), compare) {
            return true;
        }
        // A time just before midnight is near one just after.
        let minutes = |value: &Value| value.as_json_text().parse::<f64>().ok().filter(|_| is_time(key));
        minutes(value).zip(minutes(truth)).is_some_and(|(one, other)| 1_440.0 - (one - other).abs() <= MINUTES)
    }

    fn judged(&self, held: &Held, insight: &Insight) -> Judged {
        let is_right = |value: Option<&Value>| value.is_some_and(|value| self.is_true(&held.key, value, &held.truth));
        let majority = insight.conflict.as_deref().and_then(majority_of).map(|candidate| &candidate.value);
        Judged {
            p_true: if held.decided { 1.0 } else { self.correction.correct(insight.p_true) },
            is_right: held.decided || is_right(insight.value.as_ref()),
            majority_is_right: is_right(majority.or(insight.value.as_ref())),
            weight: 1.0,
        }
    }

    /// Every item against the truth, and whether its claims differ. What was decided counts as decided.
    pub fn judge(&self) -> Vec<(Judged, bool)> {
        let insights = self.held.iter().filter_map(|held| Some((held, self.insight(held)?)));
        insights.map(|(held, insight)| (self.judged(held, &insight), insight.conflict.is_some())).collect()
    }

    /// Decides the first listed conflict one of whose values is true; gives how it had been judged. None when there is no such conflict.
    pub fn decide_first(&mut self) -> Option<Judged> {
        let open: BTreeMap<Key, (usize, Insight)> = self
            .held
            .iter()
            .enumerate()
            .filter(|(_, held)| !held.decided)
            .filter_map(|(at, held)| Some((held.key.clone(), (at, self.insight(held)?))))
            .collect();
        let pending = |insight: &Insight| insight.conflict.clone().filter(|conflict| conflict.resolution == ResolutionState::Pending);
        let conflicts: Vec<Arc<ConflictEntry>> = open.values().filter_map(|(_, insight)| pending(insight)).collect();
        let listed = most_teaching_first(conflicts.iter().map(|conflict| &**conflict), |key| FieldName::text_of(key, None), &self.table);
        for question in listed {
            let (at, insight) = open.get(&question.conflict.key)?;
            let held = self.held.get(*at)?;
            let accepted = held
                .observations
                .iter()
                .filter_map(|(observation, _)| observation.value())
                .find(|value| self.is_true(&held.key, value, &held.truth));
            let Some(accepted) = accepted else { continue };
            let judged = self.judged(held, insight);
            let lesson = Lesson::of(insight, FieldName::of(&held.key, None), Some(accepted), self.compare(&held.key), self.now);
            let id = LessonId::new(&format!("{} {}", question.conflict.id, self.now.as_millis()));
            self.decisions.push(Judged { p_true: insight.p_true, ..judged });
            self.book.learn(id, lesson);
            self.table = self.book.table(self.now);
            if let Some(held) = self.held.get_mut(*at) {
                held.decided = true;
            }
            return Some(judged);
        }
        None
    }
}
