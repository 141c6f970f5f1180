//! A change of our own that its target accepted, beside what other sources said before it.
//!
//! Pure. Own writes are never conflicts: who has not been asked since the write, and says what the write replaced, says nothing against it.
//! From its next answer on it counts again, whatever it says.

use super::{command::Base, observation::Observation, rule::CompareRule, source::SourceId, time::Timestamp, value::Value};

/// The last change of a key that a target accepted.
#[derive(Clone, Copy, Debug)]
pub struct OwnWrite<'a> {
    /// Who accepted it.
    pub source: &'a SourceId,
    /// The value it has since.
    pub value: &'a Value,
    /// What was there before.
    pub base: &'a Base,
    /// When it was accepted.
    pub at: Timestamp,
}

impl OwnWrite<'_> {
    /// Whether it is still what its target says: an observation of the target with another value ends what it overtakes.
    #[must_use]
    pub fn stands(&self, observation: &Observation, compare: &CompareRule) -> bool {
        observation.source == *self.source && Base::Value(self.value.clone()).holds(&Base::found(observation.value().cloned()), compare)
    }

    /// Whether it overtakes what another source said when that was last asked, at `asked_at`. At a moment after `now` nothing was written:
    /// a clock that was set back must not silence anybody.
    #[must_use]
    pub fn overtakes(&self, observation: &Observation, asked_at: Timestamp, compare: &CompareRule, now: Timestamp) -> bool {
        let before = observation.source != *self.source && asked_at <= self.at && self.at <= now;
        let Some(said) = observation.value().filter(|_| before) else { return false };
        self.base.value().is_some() && self.base.holds(&Base::Value(said.clone()), compare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{Content, Key};

    const WRITTEN: Timestamp = Timestamp::from_millis(10_000);
    const NOW: Timestamp = Timestamp::from_millis(20_000);

    fn said(source: &str, json: Option<&str>) -> Observation {
        let content = json.map_or(Content::Absent(None), |json| Content::Value(Value::parse(json).unwrap()));
        let at = Timestamp::from_millis(1_000);
        Observation {
            key: Key::new("a").unwrap(),
            source: SourceId::new(source).unwrap(),
            content,
            observed_at: at,
            changed_at: at,
            fetched_at: at,
            revision: None,
            live: false,
            same_origin: None,
        }
    }

    #[test]
    fn only_what_was_said_before_and_is_what_was_replaced_is_overtaken() {
        let (source, value, base) = (SourceId::new("cluster").unwrap(), Value::from(9_i64), Base::Value(Value::from(4_i64)));
        let write = OwnWrite { source: &source, value: &value, base: &base, at: WRITTEN };
        let plain = CompareRule::default();
        let (before, after) = (Timestamp::from_millis(9_999), Timestamp::from_millis(10_001));
        assert!(write.overtakes(&said("wiki", Some("4")), before, &plain, NOW));
        assert!(write.overtakes(&said("wiki", Some("4.0")), WRITTEN, &plain, NOW), "the same number in the same moment");
        assert!(!write.overtakes(&said("wiki", Some("4")), after, &plain, NOW), "it was asked since and still says so: a conflict");
        assert!(!write.overtakes(&said("wiki", Some("5")), before, &plain, NOW), "a third value was one before");
        assert!(!write.overtakes(&said("cluster", Some("4")), before, &plain, NOW), "its own target");
        assert!(!write.overtakes(&said("wiki", None), before, &plain, NOW), "who has nothing says nothing");
        assert!(!write.overtakes(&said("wiki", Some("4")), before, &plain, before), "written after now: a clock was set back");
        let near = CompareRule { tolerance: crate::fact::Tolerance::Absolute(0.5), ..CompareRule::default() };
        assert!(write.overtakes(&said("wiki", Some("4.25")), before, &near, NOW), "by the key's rule");
        for unknown in [Base::Unknown, Base::Absent] {
            let write = OwnWrite { base: &unknown, ..write };
            assert!(!write.overtakes(&said("wiki", Some("4")), before, &plain, NOW), "nobody said what was replaced");
        }
        assert!(write.stands(&said("cluster", Some("9")), &plain) && !write.stands(&said("cluster", Some("7")), &plain));
        assert!(!write.stands(&said("wiki", Some("9")), &plain) && !write.stands(&said("cluster", None), &plain));
    }
}
