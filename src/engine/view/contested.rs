//! The conflicts of the facts that are shown: only what changes is looked at, and put in its place in the order.

use std::{collections::BTreeMap, sync::Arc};

use crate::fact::{ConflictEntry, Insight, Key, ResolutionState};

/// Where one in so many moved, all are put in order anew.
const MANY: usize = 4;

/// Keys whose values compete, and the list of those that wait for a person.
#[derive(Clone, Debug)]
pub struct Contested {
    all: BTreeMap<Key, Arc<ConflictEntry>>,
    /// What the list was made of, of each key that is another since.
    moved: BTreeMap<Key, Option<Arc<ConflictEntry>>>,
    waiting: Arc<[Arc<ConflictEntry>]>,
}

impl Default for Contested {
    fn default() -> Self {
        Self { all: BTreeMap::new(), moved: BTreeMap::new(), waiting: Arc::from([]) }
    }
}

fn is_pending(conflict: &Arc<ConflictEntry>) -> bool {
    conflict.resolution == ResolutionState::Pending
}

impl Contested {
    /// Takes what is known of a fact now.
    pub fn take(&mut self, insight: &Insight) {
        let before = match &insight.conflict {
            Some(conflict) => self.all.insert(insight.key.clone(), Arc::clone(conflict)),
            None => self.all.remove(&insight.key),
        };
        if before.as_ref() != insight.conflict.as_ref() {
            self.moved.entry(insight.key.clone()).or_insert(before);
        }
    }

    /// Forgets a key that nobody speaks of.
    pub fn forget(&mut self, key: &Key) {
        if let Some(before) = self.all.remove(key) {
            self.moved.entry(key.clone()).or_insert(Some(before));
        }
    }

    /// Those that wait for a person, most instructive first; the same list as before when nothing moved.
    pub fn waiting(&mut self) -> Arc<[Arc<ConflictEntry>]> {
        let moved = std::mem::take(&mut self.moved);
        if !moved.is_empty() {
            let few = moved.len() * MANY < self.waiting.len();
            let placed = if few { self.placed(&moved) } else { None };
            self.waiting = placed.unwrap_or_else(|| {
                let mut waiting: Vec<_> = self.all.values().filter(|conflict| is_pending(conflict)).map(Arc::clone).collect();
                waiting.sort_by(|one, other| ConflictEntry::most_instructive_first(one, other));
                waiting.into()
            });
        }
        Arc::clone(&self.waiting)
    }

    /// The list with the few that moved taken out where they were and put in where they belong; none when one is not where it was.
    fn placed(&self, moved: &BTreeMap<Key, Option<Arc<ConflictEntry>>>) -> Option<Arc<[Arc<ConflictEntry>]>> {
        let was_at =
            |before: &Arc<ConflictEntry>| self.waiting.binary_search_by(|held| ConflictEntry::most_instructive_first(held, before)).ok();
        let before = moved.values().flatten().filter(|before| is_pending(before));
        let mut gone = before.map(was_at).collect::<Option<Vec<usize>>>()?;
        gone.sort_unstable();
        let mut coming: Vec<_> = moved.keys().filter_map(|key| self.all.get(key)).filter(|conflict| is_pending(conflict)).collect();
        coming.sort_by(|one, other| ConflictEntry::most_instructive_first(one, other));
        let mut placed = Vec::with_capacity(self.waiting.len() + coming.len());
        let mut from = 0;
        let (mut gone, mut coming) = (gone.into_iter().peekable(), coming.into_iter().peekable());
        loop {
            // The next place where anything differs: where one is taken out, or one put in.
            let out = gone.peek().copied();
            let put = coming.peek().map(|next| {
                let rest = self.waiting.get(from..).unwrap_or_default();
                from + rest.partition_point(|held| ConflictEntry::most_instructive_first(held, next).is_lt())
            });
            let until = match (out, put) {
                (None, None) => self.waiting.len(),
                (out, put) => out.unwrap_or(usize::MAX).min(put.unwrap_or(usize::MAX)),
            };
            placed.extend_from_slice(self.waiting.get(from..until).unwrap_or_default());
            from = until;
            if put == Some(until) {
                placed.extend(coming.next().map(Arc::clone));
            } else if out == Some(until) {
                gone.next();
                from += 1;
            } else {
                return Some(placed.into());
            }
        }
    }

    /// Every key whose values compete, decided or not.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.all.keys()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::fact::{Candidate, Confidence, ConflictClass, ConflictId, ScoreBasis, SourceId, Timestamp, Validity, Value, Weights};

    fn key(at: u16) -> Key {
        Key::new(&format!("k/{at:05}")).unwrap()
    }

    fn conflict(at: u16, margin: u8, resolution: ResolutionState) -> Arc<ConflictEntry> {
        let basis = ScoreBasis {
            age: Duration::ZERO,
            half_life: Duration::ZERO,
            trust: 0.5,
            validity: Validity::NoSchema,
            alignment: None,
            accepts: 0,
            rejects: 0,
        };
        Arc::new(ConflictEntry {
            id: ConflictId::of(&key(at), ConflictClass::Value),
            key: key(at),
            class: ConflictClass::Value,
            digest: "".into(),
            resolution,
            candidates: vec![Candidate { value: Value::null(), sources: vec![SourceId::new("a").unwrap()], score: 0.5 }],
            winner: SourceId::new("a").unwrap(),
            margin: f64::from(margin) / 100.0,
            confidence: Confidence::score(&Weights::default(), &basis),
            reason_codes: Vec::new(),
            last_updated: Timestamp::default(),
            change: None,
        })
    }

    impl Contested {
        fn set(&mut self, at: u16, conflict: Option<Arc<ConflictEntry>>) {
            let insight = crate::engine::view::tests::fact(at, crate::fact::FactState::Fresh);
            self.take(&Insight { conflict, ..(*insight).clone() });
        }
    }

    proptest! {
        #[test]
        fn the_list_is_what_sorting_all_gives(
            steps in prop::collection::vec((0..60_u16, prop::option::of((0..4_u8, any::<bool>())), 0..5_u8), 1..200),
        ) {
            let mut held = Contested::default();
            (0..60).for_each(|at| held.set(at, Some(conflict(at, 1, ResolutionState::Pending))));
            for (at, to, look) in steps {
                let state = |pending| if pending { ResolutionState::Pending } else { ResolutionState::UserAccepted };
                match to {
                    None if look == 1 => held.forget(&key(at)),
                    to => held.set(at, to.map(|(margin, pending)| conflict(at, margin, state(pending)))),
                }
                if look > 0 {
                    let mut all: Vec<_> = held.all.values().filter(|conflict| is_pending(conflict)).cloned().collect();
                    all.sort_by(|one, other| ConflictEntry::most_instructive_first(one, other));
                    prop_assert_eq!(&held.waiting()[..], &all[..]);
                }
            }
        }
    }

    #[test]
    fn a_list_in_which_nothing_moved_is_the_same_memory() {
        let mut held = Contested::default();
        (0..60).for_each(|at| held.set(at, Some(conflict(at, 1, ResolutionState::Pending))));
        let before = held.waiting();
        held.set(7, Some(conflict(7, 1, ResolutionState::Pending)));
        assert!(Arc::ptr_eq(&before, &held.waiting()));
        held.set(7, Some(conflict(7, 0, ResolutionState::Pending)));
        assert_eq!(held.waiting()[0].key, key(7));
        assert!(held.placed(&BTreeMap::from([(key(8), Some(conflict(8, 3, ResolutionState::Pending)))])).is_none(), "it is not there");
    }
}
