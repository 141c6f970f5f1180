//! Each complete answer of an observed source is a look at what it said before: what had changed, and what had not.
//!
//! An incomplete answer is no look, and what comes anew was not looked at before. Values are the same where the key's rule says so; a number
//! that creeps by less than its tolerance from look to look is not seen to change.

use std::{collections::HashMap, sync::Arc};

use crate::fact::{
    CompareRule, FieldName, Insight, Key, LearnedLifetime, Look, MOST_LIFETIMES, Normal, Role, SourceId, Timestamp, Value, same,
};

use super::{
    cache::{Ingested, Note, Table},
    core::Core,
    handle::EngineHandle,
    lasting::{Counted, HalfLife, HalfLifeFrom, HalfLives},
    store::StoreOp,
};

impl Core {
    /// Takes a complete answer as a look at what the source said `before`. What it changes is worked out, and not taken in yet.
    pub(super) fn look_again(&self, at: usize, before: Option<Timestamp>, ingested: &Ingested, now: Timestamp) {
        let source = &self.sources[at];
        let Some(before) = before.filter(|_| source.config.role == Role::Observed) else { return };
        let decisions = self.decisions();
        let resets: Vec<_> = decisions.resets().filter(|reset| reset.source == source.id).collect();
        let (looks, counted) = self.looks_at(at, ingested);
        let look = |(field, (values, changed)): (FieldName, (u64, u64))| {
            let reset_at = resets.iter().filter(|reset| reset.field.as_ref().is_none_or(|of| *of == field)).map(|reset| reset.at).max();
            let from = reset_at.map_or(before, |reset_at| before.max(reset_at));
            (field, Look { from, until: now, values, changed, watched: source.is_live() })
        };
        let looks = looks.into_iter().map(look).collect();
        self.lasting.looked(self.origin(&decisions), (at, &source.id), looks, counted);
    }

    /// By field how many values were looked at and how many had changed; and what the source holds of each from now on, if that is known.
    fn looks_at(&self, at: usize, ingested: &Ingested) -> (HashMap<FieldName, (u64, u64)>, Option<Counted>) {
        let id = &self.sources[at].id;
        let facts = self.read_facts();
        let spoken = facts.table.spoken_by(id);
        let mut counted = self.lasting.counted(at, spoken).unwrap_or_else(|| Counted { spoken, of: self.count_by_field(id, &facts.table) });
        let mut looks: HashMap<FieldName, (u64, u64)> = counted.of.iter().map(|(field, count)| (field.clone(), (*count, 0))).collect();
        let mut grows = false;
        let mut puts = ingested.ops.iter().filter_map(|op| if let StoreOp::Put(put) = op { Some(put) } else { None }).peekable();
        for key in &ingested.changed {
            // Both are in the order of the answer; what says the same as before is passed over.
            while puts.next_if(|put| put.key != *key).is_some() {}
            let value = puts.next().and_then(|put| put.value());
            let field = FieldName::text_of(key, self.rules.rule(key));
            let note = facts.table.note(key, id);
            if !note.is_some_and(Note::is_held) {
                grows |= note.is_none();
                count(&mut counted.of, field);
                continue;
            }
            if value.is_none()
                && let Some(count) = counted.of.get_mut(field)
            {
                *count = count.saturating_sub(1);
            }
            let Some((values, changed)) = looks.get_mut(field) else { continue };
            match self.is_same(key, id, value) {
                Some(true) => {}
                Some(false) => *changed += 1,
                // What it was is not at hand: one look less is no loss.
                None => *values = values.saturating_sub(1),
            }
        }
        (looks, (!grows).then_some(counted))
    }

    /// Whether a value in other words is the same as the one before, by the key's rule; none where that one is not in memory.
    fn is_same(&self, key: &Key, source: &SourceId, value: Option<&Value>) -> Option<bool> {
        let compare = self.rules.rule(key).map(|rule| &rule.compare).filter(|compare| **compare != CompareRule::default());
        let (Some(compare), Some(value)) = (compare, value) else { return Some(false) };
        let hot = self.hot.peek(key)?;
        let held = hot.slots().iter().find(|slot| slot.observation.source == *source)?;
        Some(same(&held.normal, &Normal::of(value, compare), compare))
    }

    fn count_by_field(&self, source: &SourceId, table: &Table) -> HashMap<FieldName, u64> {
        let mut of: HashMap<FieldName, u64> = HashMap::new();
        for (key, _) in table.held_by(source).filter(|(_, note)| note.is_held()) {
            count(&mut of, FieldName::text_of(key, self.rules.rule(key)));
        }
        of
    }
}

/// Counts a value of `field`. Where every key has a field of its own, those that nothing is remembered of would fill the memory for nothing.
fn count(of: &mut HashMap<FieldName, u64>, field: &str) {
    if let Some(values) = of.get_mut(field) {
        *values += 1;
    } else if of.len() < MOST_LIFETIMES {
        of.insert(FieldName::new(field), 1);
    }
}

impl EngineHandle {
    /// The half-life of what is believed of a fact, and where it comes from; none where nothing observed is believed.
    #[must_use]
    pub fn half_life_of(&self, insight: &Insight) -> Option<HalfLife> {
        let core = &self.core;
        let half_life = insight.confidence?.basis.half_life;
        let rule = core.rules.rule(&insight.key);
        let lives: Arc<HalfLives> = core.half_lives(core.now());
        let learned: Option<LearnedLifetime> = lives.get(FieldName::text_of(&insight.key, rule)).copied();
        let from = match (rule.and_then(|rule| rule.half_life), learned, core.options.config.confidence.half_life) {
            (Some(_), ..) => HalfLifeFrom::Rule,
            (_, Some(_), _) => HalfLifeFrom::Learned,
            (_, _, Some(_)) => HalfLifeFrom::Configured,
            _ => HalfLifeFrom::Ttl,
        };
        Some(HalfLife { half_life, from, learned })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_whose_keys_each_have_a_field_of_their_own_counts_as_many_as_are_remembered() {
        let mut of = HashMap::new();
        for key in 0..MOST_LIFETIMES + 5 {
            count(&mut of, &format!("k{key}"));
        }
        assert_eq!(of.len(), MOST_LIFETIMES);
        count(&mut of, "k7");
        assert_eq!(of.get("k7"), Some(&2), "of what is remembered every value counts");
        assert_eq!(of.get(format!("k{MOST_LIFETIMES}").as_str()), None);
    }
}
