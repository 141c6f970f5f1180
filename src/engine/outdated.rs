//! Facts that are shown and are to be told anew, each in its turn and once, however often it is asked for.

use std::{collections::BTreeSet, ops::Bound};

use crate::fact::Key;

/// Facts that are to be told anew in their turn.
#[derive(Default)]
pub struct Outdated {
    keys: BTreeSet<Key>,
    /// The one that was told last: those after it come first.
    last: Option<Key>,
}

impl Outdated {
    /// These too.
    pub fn add(&mut self, keys: Vec<Key>) {
        self.keys.extend(keys);
    }

    /// None of them.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes out the next ones, so many at the most.
    pub fn next(&mut self, many: usize) -> Vec<Key> {
        let after = self.last.take().map_or(Bound::Unbounded, Bound::Excluded);
        let mut next: Vec<Key> = self.keys.range((after, Bound::Unbounded)).take(many).cloned().collect();
        if next.is_empty() {
            next = self.keys.iter().take(many).cloned().collect();
        }
        for key in &next {
            self.keys.remove(key);
        }
        self.last = next.last().cloned();
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_turn_once_and_what_comes_again_and_again_holds_up_no_other() {
        let key = |at: u32| Key::new(&format!("k/{at:02}")).unwrap();
        let mut outdated = Outdated::default();
        outdated.add((0..10).chain(3..7).map(key).collect());
        assert_eq!(outdated.next(4), (0..4).map(key).collect::<Vec<_>>());
        outdated.add((0..2).map(key).collect());
        assert_eq!(outdated.next(4), (4..8).map(key).collect::<Vec<_>>());
        assert_eq!(outdated.next(4), (8..10).map(key).collect::<Vec<_>>());
        assert_eq!(outdated.next(4), (0..2).map(key).collect::<Vec<_>>());
        assert!(outdated.next(4).is_empty() && outdated.is_empty());
    }
}
