//! One observation, made ready to be compared and scored: normalised and validated once, not at every read.

use std::{
    collections::HashMap,
    mem::size_of,
    sync::{Arc, Mutex, PoisonError},
};

use crate::fact::{CompareRule, Content, Key, KeyRule, Normal, Observation, Schema, Timestamp, Validity, Value};

/// The rules in force, with their schemas compiled when first needed.
#[derive(Debug)]
pub struct RuleBook {
    rules: Vec<KeyRule>,
    schemas: Mutex<HashMap<usize, Option<Arc<Schema>>>>,
}

impl RuleBook {
    /// Takes the rules; the first match counts.
    #[must_use]
    pub fn new(rules: Vec<KeyRule>) -> Self {
        Self { rules, schemas: Mutex::default() }
    }

    /// The rule for a key, if one matches.
    #[must_use]
    pub fn rule(&self, key: &Key) -> Option<&KeyRule> {
        self.rules.iter().find(|rule| rule.pattern.matches(key))
    }

    fn position(&self, key: &Key) -> Option<usize> {
        self.rules.iter().position(|rule| rule.pattern.matches(key))
    }

    /// Whether a value fits its key's schema, and where and how not; a schema that does not compile counts as none (`config check` names
    /// it).
    #[must_use]
    pub fn validity(&self, key: &Key, value: &Value) -> (Validity, Option<String>) {
        self.schema(key).map_or((Validity::NoSchema, None), |schema| schema.validity(value))
    }

    fn schema(&self, key: &Key) -> Option<Arc<Schema>> {
        let at = self.position(key)?;
        let document = self.rules[at].schema.as_ref()?;
        let mut schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        schemas.entry(at).or_insert_with(|| Schema::compile(document).ok().map(Arc::new)).clone()
    }

    /// Where and how a value breaks its key's schema; none when it fits or there is no schema.
    #[must_use]
    pub fn violation(&self, key: &Key, value: &Value) -> Option<String> {
        self.schema(key)?.validity(value).1
    }

    fn compare(&self, key: &Key) -> CompareRule {
        self.rule(key).map(|rule| rule.compare.clone()).unwrap_or_default()
    }
}

/// An observation with what is derived from it.
#[derive(Debug)]
pub struct Slot {
    /// What the source said.
    pub observation: Observation,
    /// Its value brought to the form it is compared in; of `null` when it never had one. Shared with others of the key that say the same.
    pub normal: Arc<Normal>,
    /// Whether its value fits the schema.
    pub validity: Validity,
    /// Where and how it does not.
    pub violation: Option<Arc<str>>,
    /// Whether it is what its source last vouched for; else it keeps its own date.
    pub vouched: bool,
}

impl Slot {
    /// Derives the rest from an observation.
    #[must_use]
    pub fn new(observation: Observation, rules: &RuleBook) -> Self {
        let value = match &observation.content {
            Content::Value(value) | Content::Absent(Some(value)) => Some(value),
            Content::Absent(None) => None,
        };
        let compare = rules.compare(&observation.key);
        let (validity, violation) = observation.value().map_or((Validity::NoSchema, None), |value| rules.validity(&observation.key, value));
        let normal = value.map_or_else(|| Normal::of(&Value::null(), &compare), |value| Normal::of(value, &compare));
        let violation = violation.map(Into::into);
        Self { observation, normal: Arc::new(normal), validity, violation, vouched: true }
    }

    /// Of observations of one key that say the same: what is derived from the value is derived once.
    pub fn alike(observations: Vec<Observation>, rules: &RuleBook) -> Vec<Arc<Self>> {
        let mut observations = observations.into_iter();
        let mut slots: Vec<Arc<Self>> = observations.next().map(|first| Arc::new(Self::new(first, rules))).into_iter().collect();
        if let Some(first) = slots.first().cloned() {
            let like = |observation| Self {
                observation,
                normal: Arc::clone(&first.normal),
                validity: first.validity,
                violation: first.violation.clone(),
                vouched: true,
            };
            slots.extend(observations.map(|observation| Arc::new(like(observation))));
        }
        slots
    }

    /// What it says now; none when absent.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.observation.value()
    }

    /// When the origin last vouched for it. An observation dated by our own fetch ages by what its source last vouched for as
    /// a whole; one with a date of its own keeps that.
    #[must_use]
    pub fn observed_at(&self, vouched_at: Option<Timestamp>) -> Timestamp {
        let own = self.observation.observed_at;
        match vouched_at {
            Some(vouched) if self.vouched && own == self.observation.fetched_at && self.value().is_some() => own.max(vouched),
            _ => own,
        }
    }

    /// Bytes of memory it takes; names that it shares with others, and its value, are not counted.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let text = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
        size_of::<Self>() + text(&self.observation.revision) + text(&self.observation.same_origin)
    }

    /// Bytes its value takes, with the form it is compared in.
    #[must_use]
    pub fn value_bytes(&self) -> usize {
        let value = match &self.observation.content {
            Content::Value(value) | Content::Absent(Some(value)) => value.as_json_text().len(),
            Content::Absent(None) => 0,
        };
        let violation = self.violation.as_ref().map_or(0, |violation| violation.len());
        size_of::<Normal>() + value + self.normal.heap_bytes() + violation
    }
}
