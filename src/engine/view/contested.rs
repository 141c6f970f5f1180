//! The conflicts of the facts that are shown: only what changes is looked at, and put in its place in the order.
//!
//! Which question comes first is not known here: it is told, and holds until it is told anew. What came since then comes last. While an
//! order is worked out somewhere else things go on here: what moves meanwhile is noted, and moves in the new order too.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::fact::{ConflictEntry, ConflictId, Insight, Key, ResolutionState};

/// Where one in so many moved, all are put in order anew.
const MANY: usize = 4;

/// Keys whose values compete, and the list of those that wait for a person.
#[derive(Clone, Debug)]
pub struct Contested {
    all: BTreeMap<Key, Arc<ConflictEntry>>,
    places: Places,
    /// What is being told of the next order, piece by piece.
    coming: Vec<ConflictId>,
    /// The list is not in the order that was told last.
    is_disordered: bool,
    moved: Moved,
    /// The same of the list that is being put in order.
    moved_since: Option<Moved>,
    waiting: Arc<[Arc<ConflictEntry>]>,
}

/// What a list was made of, of each key that is another since.
type Moved = BTreeMap<Key, Option<Arc<ConflictEntry>>>;

/// Where each one stands in the order that was told last.
#[derive(Clone, Debug, Default)]
struct Places(HashMap<ConflictId, usize>);

impl Places {
    fn place(&self, conflict: &ConflictEntry) -> usize {
        self.0.get(&conflict.id).copied().unwrap_or(usize::MAX)
    }

    /// Those of the same place, which are those that were not told, go by key.
    fn order(&self, one: &ConflictEntry, other: &ConflictEntry) -> Ordering {
        self.place(one).cmp(&self.place(other)).then_with(|| one.key.cmp(&other.key))
    }
}

/// A list that was put in order, with all that is needed to take it over at once.
pub struct InOrder {
    waiting: Arc<[Arc<ConflictEntry>]>,
    places: Places,
}

impl InOrder {
    /// The list in its order.
    pub fn new(waiting: Vec<Arc<ConflictEntry>>) -> Self {
        let places = Places(waiting.iter().map(|conflict| conflict.id.clone()).zip(0..).collect());
        Self { waiting: waiting.into(), places }
    }
}

impl Default for Contested {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            places: Places::default(),
            coming: Vec::new(),
            is_disordered: false,
            moved: BTreeMap::new(),
            moved_since: None,
            waiting: Arc::from([]),
        }
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
            self.note(&insight.key, before);
        }
    }

    fn note(&mut self, key: &Key, before: Option<Arc<ConflictEntry>>) {
        if let Some(since) = &mut self.moved_since {
            since.entry(key.clone()).or_insert_with(|| before.clone());
        }
        self.moved.entry(key.clone()).or_insert(before);
    }

    /// Forgets a key that nobody speaks of.
    pub fn forget(&mut self, key: &Key) {
        if let Some(before) = self.all.remove(key) {
            self.note(key, Some(before));
        }
    }

    /// Whether anything competes otherwise than in the list that was given last.
    #[must_use]
    pub fn has_moved(&self) -> bool {
        !self.moved.is_empty()
    }

    /// Those that wait, to be put in order by whoever asks; what moves from now on is noted until [`Contested::take_over`].
    pub fn begin(&mut self) -> Arc<[Arc<ConflictEntry>]> {
        let waiting = self.waiting();
        self.moved_since = Some(BTreeMap::new());
        waiting
    }

    /// Takes over the list that was begun last, with what moved since then; gives back the one before, to be let go where nobody waits.
    pub fn take_over(&mut self, mut ordered: InOrder) -> InOrder {
        std::mem::swap(&mut self.places, &mut ordered.places);
        std::mem::swap(&mut self.waiting, &mut ordered.waiting);
        self.is_disordered = false;
        self.moved = self.moved_since.take().unwrap_or_default();
        ordered
    }

    /// Those of the list that was given last, in its order.
    pub fn asked(&self) -> impl Iterator<Item = &Key> {
        self.waiting.iter().map(|conflict| &conflict.key)
    }

    /// The key of a conflict that had its place in the order that was told last, and waits.
    #[must_use]
    pub fn key_of(&self, id: &ConflictId) -> Option<&Key> {
        let place = self.places.0.get(id)?;
        let at = self.waiting.binary_search_by_key(place, |held| self.places.place(held)).ok()?;
        self.waiting.get(at).map(|conflict| &conflict.key)
    }

    /// Asks about them in this order from now on.
    pub fn order(&mut self, ids: impl IntoIterator<Item = ConflictId>) {
        self.places = Places(ids.into_iter().zip(0..).collect());
        self.is_disordered = true;
    }

    /// The same, piece by piece: with the last one it holds. An order of none is none.
    pub fn order_some(&mut self, ids: Vec<ConflictId>, complete: bool) {
        self.coming.extend(ids);
        if complete && !self.coming.is_empty() {
            let coming = std::mem::take(&mut self.coming);
            self.order(coming);
        }
    }

    /// Those that wait for a person, in the order that was told; the same list as before when nothing moved.
    pub fn waiting(&mut self) -> Arc<[Arc<ConflictEntry>]> {
        let moved = std::mem::take(&mut self.moved);
        if std::mem::take(&mut self.is_disordered) || moved.len() * MANY > self.waiting.len() {
            self.waiting = self.sorted();
        } else if !moved.is_empty() {
            self.waiting = self.placed(&moved).unwrap_or_else(|| self.sorted());
        }
        Arc::clone(&self.waiting)
    }

    fn sorted(&self) -> Arc<[Arc<ConflictEntry>]> {
        let mut waiting: Vec<_> = self.all.values().filter(|conflict| is_pending(conflict)).map(Arc::clone).collect();
        // They come by key, and those of the same place stay so.
        waiting.sort_by_cached_key(|conflict| self.places.place(conflict));
        waiting.into()
    }

    /// The list with the few that moved taken out where they were and put in where they belong; none when one is not where it was.
    fn placed(&self, moved: &Moved) -> Option<Arc<[Arc<ConflictEntry>]>> {
        let was_at = |before: &Arc<ConflictEntry>| self.waiting.binary_search_by(|held| self.places.order(held, before)).ok();
        let before = moved.values().flatten().filter(|before| is_pending(before));
        let mut gone = before.map(was_at).collect::<Option<Vec<usize>>>()?;
        gone.sort_unstable();
        let mut coming: Vec<_> = moved.keys().filter_map(|key| self.all.get(key)).filter(|conflict| is_pending(conflict)).collect();
        coming.sort_by(|one, other| self.places.order(one, other));
        let mut placed = Vec::with_capacity(self.waiting.len() + coming.len());
        let mut from = 0;
        let (mut gone, mut coming) = (gone.into_iter().peekable(), coming.into_iter().peekable());
        loop {
            // The next place where anything differs: where one is taken out, or one put in.
            let out = gone.peek().copied();
            let put = coming.peek().map(|next| {
                let rest = self.waiting.get(from..).unwrap_or_default();
                from + rest.partition_point(|held| self.places.order(held, next).is_lt())
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
    use proptest::prelude::*;

    use super::*;
    use crate::fact::ConflictClass;

    fn key(at: u16) -> Key {
        Key::new(&format!("k/{at:05}")).unwrap()
    }

    fn id(at: u16) -> ConflictId {
        ConflictId::of(&key(at), ConflictClass::Value)
    }

    fn conflict(at: u16, margin: u8, resolution: ResolutionState) -> Arc<ConflictEntry> {
        Arc::new(ConflictEntry { resolution, ..ConflictEntry::example(key(at), f64::from(margin) / 100.0, &[&["a"]]) })
    }

    impl Contested {
        fn set(&mut self, at: u16, conflict: Option<Arc<ConflictEntry>>) {
            let insight = crate::engine::view::tests::fact(at, crate::fact::FactState::Fresh);
            self.take(&Insight { conflict, ..(*insight).clone() });
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Set(u16, u8, bool),
        Settled(u16),
        Forgotten(u16),
        Order(Vec<u16>),
        Begin,
        TakeOver(Vec<u16>),
        Look,
    }

    fn step() -> impl Strategy<Value = Step> {
        let order = Just((0..60).collect::<Vec<u16>>()).prop_shuffle();
        prop_oneof![
            6 => (0..60_u16, 0..4_u8, any::<bool>()).prop_map(|(at, margin, pending)| Step::Set(at, margin, pending)),
            2 => (0..60_u16).prop_map(Step::Settled),
            2 => (0..60_u16).prop_map(Step::Forgotten),
            1 => (order.clone(), 0..60_usize).prop_map(|(order, known)| Step::Order(order[..known].to_vec())),
            1 => Just(Step::Begin),
            1 => order.prop_map(Step::TakeOver),
            6 => Just(Step::Look),
        ]
    }

    proptest! {
        #[test]
        fn the_list_is_what_sorting_all_gives(steps in prop::collection::vec(step(), 1..200)) {
            let mut held = Contested::default();
            let mut told: Vec<u16> = Vec::new();
            let mut begun: Option<Arc<[Arc<ConflictEntry>]>> = None;
            (0..60).for_each(|at| held.set(at, Some(conflict(at, 1, ResolutionState::Pending))));
            for step in steps {
                match step {
                    Step::Set(at, margin, true) => held.set(at, Some(conflict(at, margin, ResolutionState::Pending))),
                    Step::Set(at, margin, false) => held.set(at, Some(conflict(at, margin, ResolutionState::UserAccepted))),
                    Step::Settled(at) => held.set(at, None),
                    Step::Forgotten(at) => held.forget(&key(at)),
                    Step::Order(order) => {
                        held.order(order.iter().map(|at| id(*at)));
                        told = order;
                    }
                    Step::Begin => begun = Some(held.begin()),
                    Step::TakeOver(order) => {
                        let Some(list) = begun.take() else { continue };
                        let place = |key: &Key| order.iter().position(|at| self::key(*at) == *key);
                        let mut list = list.to_vec();
                        list.sort_by_key(|conflict| place(&conflict.key));
                        told = list.iter().filter_map(|conflict| order.get(place(&conflict.key)?).copied()).collect();
                        held.take_over(InOrder::new(list));
                    }
                    Step::Look => {
                        let mut all: Vec<_> = held.all.values().filter(|conflict| is_pending(conflict)).cloned().collect();
                        let place = |key: &Key| told.iter().position(|at| self::key(*at) == *key).unwrap_or(usize::MAX);
                        all.sort_by_key(|conflict| place(&conflict.key));
                        prop_assert_eq!(&held.waiting()[..], &all[..]);
                        prop_assert!(!held.has_moved());
                        for at in 0..60 {
                            let is_placed = told.contains(&at) && all.iter().any(|conflict| conflict.key == key(at));
                            prop_assert_eq!(held.key_of(&id(at)).cloned(), is_placed.then(|| key(at)));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn an_order_that_comes_in_pieces_holds_with_its_last_and_one_of_none_is_none() {
        let mut held = Contested::default();
        (0..4).for_each(|at| held.set(at, Some(conflict(at, 1, ResolutionState::Pending))));
        let asked = |held: &mut Contested| held.waiting().iter().map(|conflict| conflict.key.clone()).collect::<Vec<_>>();
        held.order_some(vec![id(3)], false);
        assert_eq!(asked(&mut held), [0, 1, 2, 3].map(key), "the rest of it is still to come");
        held.order_some(vec![id(1)], true);
        assert_eq!(asked(&mut held), [3, 1, 0, 2].map(key));
        held.order_some(Vec::new(), true);
        assert_eq!(asked(&mut held), [3, 1, 0, 2].map(key));
        held.order_some(vec![id(2)], true);
        assert_eq!(asked(&mut held), [2, 0, 1, 3].map(key), "what came before is no part of the next");
    }

    #[test]
    fn a_list_in_which_nothing_moved_is_the_same_memory() {
        let mut held = Contested::default();
        (0..60).for_each(|at| held.set(at, Some(conflict(at, 1, ResolutionState::Pending))));
        held.order([id(9), id(7)]);
        let before = held.waiting();
        held.set(7, Some(conflict(7, 1, ResolutionState::Pending)));
        assert!(!held.has_moved() && Arc::ptr_eq(&before, &held.waiting()));
        held.set(7, Some(conflict(7, 0, ResolutionState::Pending)));
        let after = held.waiting();
        assert_eq!((&after[0].key, &after[1]), (&key(9), &conflict(7, 0, ResolutionState::Pending)));
        assert!(held.placed(&BTreeMap::from([(key(99), Some(conflict(99, 3, ResolutionState::Pending)))])).is_none(), "it is not there");
    }
}
