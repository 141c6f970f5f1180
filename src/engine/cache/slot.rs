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

/// Among so many of a key it is looked for who says the same: of a thousand sources each against each would be half a million times.
const SEARCHED: usize = 64;

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

    /// Derives the rest from an observation of a key of which these are at hand: what one of them says in the same words is held and derived
    /// once.
    #[must_use]
    pub fn beside(others: &[Arc<Self>], observation: Observation, rules: &RuleBook) -> Self {
        let said = others.iter().take(SEARCHED).find(|other| other.observation.content == observation.content);
        let Some(said) = said else { return Self::new(observation, rules) };
        Self {
            observation: Observation { content: said.observation.content.clone(), ..observation },
            normal: Arc::clone(&said.normal),
            validity: said.validity,
            violation: said.violation.clone(),
            vouched: true,
        }
    }

    /// Of observations of one key: what several say in the same words is held and derived once.
    pub fn of_key(observations: impl IntoIterator<Item = Observation>, rules: &RuleBook) -> Vec<Arc<Self>> {
        let mut slots: Vec<Arc<Self>> = Vec::new();
        for observation in observations {
            slots.push(Arc::new(Self::beside(&slots, observation, rules)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{Pattern, SourceId};

    fn says(source: &str, content: Content) -> Observation {
        Observation {
            key: Key::new("k/replicas").unwrap(),
            source: SourceId::new(source).unwrap(),
            content,
            observed_at: Timestamp::from_millis(3),
            changed_at: Timestamp::from_millis(2),
            fetched_at: Timestamp::from_millis(3),
            revision: Some(source.into()),
            live: false,
            same_origin: None,
        }
    }

    #[test]
    fn what_another_says_in_the_same_words_is_held_once_and_what_is_derived_is_the_same_either_way() {
        let mut rule = KeyRule::new(Pattern::new("k/*").unwrap());
        rule.schema = Some(Arc::new(Value::parse(r#"{"minimum":2}"#).unwrap()));
        let rules = RuleBook::new(vec![rule]);
        let value = |text: &str| Content::Value(Value::parse(text).unwrap());
        let gone = |text: &str| Content::Absent(Some(Value::parse(text).unwrap()));
        let contents = [value("1"), value("3"), value("1"), value("1.0"), value("\"1\""), gone("1"), gone("1"), Content::Absent(None)];
        let shares = [None, None, Some(0), None, None, None, Some(5), None];
        let mut slots: Vec<Arc<Slot>> = Vec::new();
        for (at, (content, shared)) in contents.into_iter().zip(shares).enumerate() {
            let observation = says(&format!("s{at}"), content);
            let (alone, beside) = (Slot::new(observation.clone(), &rules), Slot::beside(&slots, observation, &rules));
            assert_eq!(beside.observation, alone.observation);
            assert_eq!((&beside.normal, beside.validity, &beside.violation), (&alone.normal, alone.validity, &alone.violation));
            let like = slots.iter().position(|other| Arc::ptr_eq(&other.normal, &beside.normal));
            assert_eq!(like, shared, "of number {at}");
            slots.push(Arc::new(beside));
        }
    }

    #[test]
    fn of_very_many_that_all_differ_each_is_made_by_itself() {
        let rules = RuleBook::new(Vec::new());
        let mut slots: Vec<Arc<Slot>> = Vec::new();
        for at in 0..=SEARCHED {
            let content = Content::Value(Value::parse(&at.to_string()).unwrap());
            slots.push(Arc::new(Slot::beside(&slots, says(&format!("s{at}"), content), &rules)));
        }
        let again = |at: usize| Slot::beside(&slots, says("again", slots[at].observation.content.clone()), &rules);
        assert!(Arc::ptr_eq(&again(SEARCHED - 1).normal, &slots[SEARCHED - 1].normal));
        assert_eq!(again(SEARCHED).normal, slots[SEARCHED].normal);
    }
}
