//! The conflicts of the facts that are shown: only what changes is looked at.

use std::{collections::BTreeMap, sync::Arc};

use crate::fact::{ConflictEntry, Insight, Key, ResolutionState};

/// Keys whose values compete, and the list of those that wait for a person.
#[derive(Clone, Debug)]
pub struct Contested {
    all: BTreeMap<Key, Arc<ConflictEntry>>,
    moved: bool,
    waiting: Arc<[Arc<ConflictEntry>]>,
}

impl Default for Contested {
    fn default() -> Self {
        Self { all: BTreeMap::new(), moved: false, waiting: Arc::from([]) }
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

    /// Those that wait for a person, most instructive first; the same list as before when nothing moved.
    pub fn waiting(&mut self) -> Arc<[Arc<ConflictEntry>]> {
        if std::mem::take(&mut self.moved) {
            let pending = |conflict: &&Arc<ConflictEntry>| conflict.resolution == ResolutionState::Pending;
            let mut waiting: Vec<_> = self.all.values().filter(pending).map(Arc::clone).collect();
            waiting.sort_by(|one, other| ConflictEntry::most_instructive_first(one, other));
            self.waiting = waiting.into();
        }
        Arc::clone(&self.waiting)
    }

    /// Every key whose values compete, decided or not.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.all.keys()
    }
}
