//! The conflicts of the facts that are shown: only what changes is looked at.
//!
//! Which question comes first is not known here: it is told, and holds until it is told anew. What came since then comes last.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::fact::{ConflictEntry, ConflictId, Insight, Key, ResolutionState};

/// Keys whose values compete, and the list of those that wait for a person.
#[derive(Clone, Debug)]
pub struct Contested {
    all: BTreeMap<Key, Arc<ConflictEntry>>,
    /// Where each one stands in the order that was told last.
    places: HashMap<ConflictId, usize>,
    /// What is being told of the next order, piece by piece.
    coming: Vec<ConflictId>,
    moved: bool,
    waiting: Arc<[Arc<ConflictEntry>]>,
}

impl Default for Contested {
    fn default() -> Self {
        Self { all: BTreeMap::new(), places: HashMap::new(), coming: Vec::new(), moved: false, waiting: Arc::from([]) }
    }
}

impl Contested {
    /// Takes what is known of a fact now.
    pub fn take(&mut self, insight: &Insight) {
        let before = match &insight.conflict {
            Some(conflict) => self.all.insert(insight.key.clone(), Arc::clone(conflict)),
            None => self.all.remove(&insight.key),
        };
        self.moved |= before.as_ref() != insight.conflict.as_ref();
    }

    /// Forgets a key that nobody speaks of.
    pub fn forget(&mut self, key: &Key) {
        self.moved |= self.all.remove(key).is_some();
    }

    /// Whether anything competes otherwise than in the list that was given last.
    #[must_use]
    pub const fn has_moved(&self) -> bool {
        self.moved
    }

    /// Asks about them in this order from now on.
    pub fn order(&mut self, ids: impl IntoIterator<Item = ConflictId>) {
        self.places = ids.into_iter().zip(0..).collect();
        self.moved = true;
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
        if std::mem::take(&mut self.moved) {
            let pending = |conflict: &&Arc<ConflictEntry>| conflict.resolution == ResolutionState::Pending;
            let mut waiting: Vec<_> = self.all.values().filter(pending).map(Arc::clone).collect();
            // They come by key, and those of the same place stay so.
            waiting.sort_by_cached_key(|conflict| self.places.get(&conflict.id).copied().unwrap_or(usize::MAX));
            self.waiting = waiting.into();
        }
        Arc::clone(&self.waiting)
    }

    /// Every key whose values compete, decided or not.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.all.keys()
    }
}
