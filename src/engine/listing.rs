//! Many facts, one part after the other: an answer of any length takes the memory of one part, and of the keys.
//!
//! Invariants: each key that somebody spoke of when it began, and that matches, comes once, in the order as of that moment and resolved for it;
//! a part is of no more observations than it may hold, or of one key; the tier keeps what it had.
//!
//! It does not wait: what a source says later is in a part that is resolved later, and not in one before it.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use crate::fact::{Insight, Key, Pattern, Timestamp};

use super::{
    api::{EngineError, FactQuery, SortBy},
    core::{Core, Standings},
    handle::EngineHandle,
};

/// Observations of a part; each takes some 200 bytes in a fact.
const OBSERVATIONS: usize = 1 << 17;

/// Facts that are resolved as they are asked for.
pub struct Listing {
    core: Arc<Core>,
    query: FactQuery,
    standings: Standings,
    now: Timestamp,
    most: usize,
    keys: Vec<Key>,
    /// The first key that was not looked at yet.
    next: usize,
    /// Where that was when a part was last asked for.
    asked_at: usize,
    /// All there is, where that is one part and had to be resolved to be put in order.
    at_hand: Option<Vec<Arc<Insight>>>,
}

impl EngineHandle {
    /// Every matching fact, resolved for now, in parts.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn listing(&self, query: &FactQuery) -> Result<Listing, EngineError> {
        Listing::begin(&self.core, query, OBSERVATIONS)
    }

    /// The key that is written as this one but for what is encoded in it: `k%2F1` for `k/1`. Looks at every name.
    #[must_use]
    pub fn meant_by(&self, key: &Key) -> Option<Key> {
        self.core.load().ok()?;
        let is_meant = |known: &Key| known.as_str().contains('%') && Key::decode_segment(known.as_str()) == key.as_str();
        self.core.keys_matching(None).into_iter().find(is_meant)
    }

    /// Every matching fact, resolved for now.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn list(&self, query: &FactQuery) -> Result<Vec<Arc<Insight>>, EngineError> {
        Ok(Listing::begin(&self.core, query, usize::MAX)?.next_part()?.unwrap_or_default())
    }
}

impl Listing {
    /// Begins one whose parts are of so many observations at the most.
    pub(super) fn begin(core: &Arc<Core>, query: &FactQuery, most: usize) -> Result<Self, EngineError> {
        core.load()?;
        let now = core.now();
        let mut listing = Self {
            core: Arc::clone(core),
            query: query.clone(),
            standings: core.standings(now),
            now,
            most,
            keys: core.keys_matching(query.pattern.as_ref()),
            next: 0,
            asked_at: 0,
            at_hand: None,
        };
        listing.put_in_order()?;
        Ok(listing)
    }

    /// The next facts; none when all were given.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn next_part(&mut self) -> Result<Option<Vec<Arc<Insight>>>, EngineError> {
        self.asked_at = self.next;
        if let Some(facts) = self.at_hand.take() {
            self.next = self.keys.len();
            return Ok((!facts.is_empty()).then_some(facts));
        }
        while self.next < self.keys.len() {
            let facts = self.resolve_part()?;
            if !facts.is_empty() {
                return Ok(Some(facts));
            }
        }
        Ok(None)
    }

    /// Makes the part that was asked for last the next one again, as it is by then; where that was the first, all begins anew.
    ///
    /// # Errors
    /// When the store itself fails.
    pub fn again(&mut self) -> Result<(), EngineError> {
        self.next = self.asked_at;
        if self.next == 0 {
            *self = Self::begin(&self.core, &self.query, self.most)?;
        }
        Ok(())
    }

    /// Resolves as many of the next keys as make a part.
    fn resolve_part(&mut self) -> Result<Vec<Arc<Insight>>, EngineError> {
        let rest = self.keys.get(self.next..).unwrap_or_default();
        let part = &rest[..self.core.make_a_part(rest, self.most)];
        let mut found: HashMap<Key, Arc<Insight>> = HashMap::with_capacity(part.len());
        let (query, core) = (&self.query, &self.core);
        let mut take = |insight: Option<Insight>| {
            let wanted = insight.filter(|insight| is_wanted(insight, query));
            found.extend(wanted.map(|insight| (insight.key.clone(), Arc::new(insight))));
        };
        core.walk_keys(part, query.pattern.as_ref(), |key, slots| take(core.resolve(key, slots, &self.standings, self.now)))?;
        for key in core.unspoken_of(part) {
            take(core.unheard_of(key, self.now));
        }
        let facts = part.iter().filter_map(|key| found.remove(key)).collect();
        self.next += part.len();
        Ok(facts)
    }

    /// Orders the keys as the query asks; for that all are resolved, and let go where they are more than one part.
    fn put_in_order(&mut self) -> Result<(), EngineError> {
        let rank: fn(&Insight) -> Rank = match self.query.sort {
            SortBy::Key => return Ok(()),
            SortBy::Age => |fact| Rank::Oldest(fact.age),
            SortBy::Confidence => |fact| Rank::Least(fact.confidence.as_ref().map_or(0.0, |confidence| confidence.score)),
        };
        let mut ranked: Vec<(Rank, Key)> = Vec::new();
        while self.next < self.keys.len() {
            let is_first = self.next == 0;
            let mut facts = self.resolve_part()?;
            if is_first && self.next == self.keys.len() {
                // Stable: of one rank the order of keys stays.
                facts.sort_by(|one, other| rank(one).order(&rank(other)));
                (self.at_hand, self.next) = (Some(facts), 0);
                return Ok(());
            }
            ranked.extend(facts.iter().map(|fact| (rank(fact), fact.key.clone())));
        }
        ranked.sort_by(|(one, _), (other, _)| one.order(other));
        self.keys = ranked.into_iter().map(|(_, key)| key).collect();
        self.next = 0;
        Ok(())
    }
}

/// What facts are ordered by.
enum Rank {
    Oldest(std::time::Duration),
    Least(f64),
}

impl Rank {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Oldest(one), Self::Oldest(other)) => other.cmp(one),
            (Self::Least(one), Self::Least(other)) => one.total_cmp(other),
            _ => Ordering::Equal,
        }
    }
}

fn is_wanted(insight: &Insight, query: &FactQuery) -> bool {
    let is_of_state = query.states.is_empty() || query.states.contains(&insight.state);
    is_of_state && (query.marks.is_empty() || query.marks.iter().any(|mark| insight.marks.contains(*mark)))
}

impl Core {
    /// Every matching key that anybody speaks of or that a change is under way for, in order.
    fn keys_matching(&self, pattern: Option<&Pattern>) -> Vec<Key> {
        let mut unheard_of = self.unheard_of_keys();
        unheard_of.retain(|key| pattern.is_none_or(|pattern| pattern.matches(key)));
        let mut keys: Vec<Key> = self.read_facts().table.matching(pattern).map(|(key, _)| key.clone()).collect();
        if !unheard_of.is_empty() {
            keys.extend(unheard_of);
            keys.sort_unstable();
            keys.dedup();
        }
        keys
    }

    /// How many of the first of these keys have so many observations together at the most; one at least, if there is one.
    fn make_a_part(&self, keys: &[Key], most: usize) -> usize {
        let facts = self.read_facts();
        let mut room = most;
        let fits = |key: &&Key| {
            let left = room.checked_sub(facts.table.notes(key).len().max(1));
            room = left.unwrap_or(room);
            left.is_some()
        };
        keys.iter().take_while(fits).count().max(1).min(keys.len())
    }

    /// Those of the keys that nobody speaks of.
    fn unspoken_of<'a>(&self, keys: &'a [Key]) -> Vec<&'a Key> {
        if self.desk.state().is_idle() {
            return Vec::new();
        }
        let facts = self.read_facts();
        keys.iter().filter(|key| facts.table.notes(key).is_empty()).collect()
    }
}
