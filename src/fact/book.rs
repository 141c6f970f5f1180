//! All decisions: which one stands for a conflict, and what they teach together.
//!
//! A pure fold: the same decisions, each once or twice, in any order that keeps a replacement behind what it replaces, give the same book. What is
//! taken back leaves no trace: counts are made anew from what is left, so they are exactly what they were.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    calibration::{Correction, Judged},
    command::CommandId,
    conflict::{ConflictClass, ConflictId},
    decision::Decision,
    field::FieldName,
    key::Key,
    lesson::LessonId,
    source::SourceId,
    time::Timestamp,
    trust::TrustBook,
};

/// Decisions that are kept; of more the oldest go.
const MOST: usize = 10_000;

/// Trust that begins anew: what was learned up to this moment does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrustReset {
    /// Of whom.
    pub source: SourceId,
    /// For which field; none: for all.
    pub field: Option<FieldName>,
    /// When.
    pub at: Timestamp,
}

/// Every decision that was not taken back, and every reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionBook {
    /// In the order in which they were made.
    all: BTreeMap<u64, Arc<Decision>>,
    /// By fact, the newest last.
    of: BTreeMap<(Key, ConflictClass), Vec<u64>>,
    /// Ids that are taken: also of what was taken back, so that it does not come again.
    ids: BTreeSet<CommandId>,
    resets: BTreeSet<TrustReset>,
    next: u64,
}

/// The book as it is written down.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StoredBook {
    decisions: Vec<(u64, Decision)>,
    taken_back: Vec<CommandId>,
    resets: Vec<TrustReset>,
    next: u64,
}

impl DecisionBook {
    /// Takes a decision in; the same one again changes nothing. Says whether it is new.
    pub fn decide(&mut self, decision: Arc<Decision>) -> bool {
        if !self.ids.insert(decision.id) {
            return false;
        }
        let place = self.next;
        self.next += 1;
        self.of.entry((decision.key.clone(), decision.class)).or_default().push(place);
        self.all.insert(place, decision);
        while self.all.len() > MOST {
            let Some((oldest, _)) = self.all.first_key_value() else { break };
            self.remove(*oldest);
        }
        true
    }

    /// Takes a decision back. Says whether it was there.
    pub fn undo(&mut self, id: CommandId) -> bool {
        // One that is not known yet is not to come later.
        self.ids.insert(id);
        let found = self.all.iter().find(|(_, decision)| decision.id == id).map(|(place, _)| *place);
        found.is_some_and(|place| self.remove(place))
    }

    fn remove(&mut self, place: u64) -> bool {
        let Some(decision) = self.all.remove(&place) else { return false };
        let of = (decision.key.clone(), decision.class);
        if let Some(places) = self.of.get_mut(&of) {
            places.retain(|other| *other != place);
            if places.is_empty() {
                self.of.remove(&of);
            }
        }
        true
    }

    /// Begins trust anew.
    pub fn reset(&mut self, reset: TrustReset) {
        self.resets.insert(reset);
    }

    /// The newest decision on a conflict.
    #[must_use]
    pub fn newest(&self, key: &Key, class: ConflictClass) -> Option<&Arc<Decision>> {
        if self.of.is_empty() {
            return None;
        }
        self.all.get(self.of.get(&(key.clone(), class))?.last()?)
    }

    /// The newest decisions on conflicts whose id begins so, by key.
    #[must_use]
    pub fn named(&self, prefix: &str) -> Vec<&Arc<Decision>> {
        let named = self.of.iter().filter(|((key, class), _)| ConflictId::of(key, *class).has_prefix(prefix));
        named.filter_map(|(_, places)| self.all.get(places.last()?)).collect()
    }

    /// The decision of this id.
    #[must_use]
    pub fn get(&self, id: CommandId) -> Option<&Arc<Decision>> {
        if !self.ids.contains(&id) {
            return None;
        }
        self.all.values().rev().find(|decision| decision.id == id)
    }

    /// Every decision, oldest first.
    #[must_use]
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Arc<Decision>> {
        self.all.values()
    }

    /// Every reset.
    pub fn resets(&self) -> impl Iterator<Item = &TrustReset> {
        self.resets.iter()
    }

    /// Whether nothing was ever decided or reset.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.resets.is_empty()
    }

    /// Decisions that count: those that no other one took the place of.
    fn counting(&self) -> impl Iterator<Item = &Arc<Decision>> {
        let replaced: BTreeSet<CommandId> = self.all.values().filter_map(|decision| decision.replaces).collect();
        self.all.values().filter(move |decision| !replaced.contains(&decision.id))
    }

    /// What they teach of sources.
    #[must_use]
    pub fn trust(&self, half_life: Duration) -> TrustBook {
        let mut book = TrustBook::new(half_life);
        for decision in self.counting() {
            if let Some(lesson) = decision.lesson() {
                book.learn(LessonId::new(&decision.id.to_string()), lesson);
            }
        }
        for reset in &self.resets {
            book.reset(&reset.source, reset.field.as_ref(), reset.at);
        }
        book
    }

    /// How what was believed came out, decision by decision.
    #[must_use]
    pub fn judged(&self) -> Vec<Judged> {
        self.counting().filter_map(|decision| decision.judged()).collect()
    }

    /// The same, as it was shown.
    #[must_use]
    pub fn shown(&self) -> Vec<Judged> {
        self.counting().filter_map(|decision| decision.shown()).collect()
    }

    /// What they correct of `p_true`.
    #[must_use]
    pub fn correction(&self) -> Correction {
        Correction::of(&self.judged())
    }

    /// The book as it is written down.
    #[must_use]
    pub fn store(&self) -> StoredBook {
        let known: BTreeSet<CommandId> = self.all.values().map(|decision| decision.id).collect();
        // An id that is gone is only remembered as long as anybody could ask again with it; of many the newest, which sort last.
        let gone: Vec<CommandId> = self.ids.iter().rev().filter(|id| !known.contains(id)).take(MOST).copied().collect();
        StoredBook {
            decisions: self.all.iter().map(|(place, decision)| (*place, (**decision).clone())).collect(),
            taken_back: gone,
            resets: self.resets.iter().cloned().collect(),
            next: self.next,
        }
    }

    /// What [`DecisionBook::store`] gave.
    #[must_use]
    pub fn restore(stored: StoredBook) -> Self {
        let mut book = Self { resets: stored.resets.into_iter().collect(), ..Self::default() };
        for (place, decision) in stored.decisions {
            book.next = place;
            book.decide(Arc::new(decision));
        }
        book.ids.extend(stored.taken_back);
        book.next = stored.next;
        book
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
