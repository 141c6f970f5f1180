//! Who was used when, and who goes first: least recently used, by weight.
//!
//! The one implementation of the policy: the engine lets facts go by it, and `cache replay` counts a trace with it. Weights are bytes, or 1
//! where entries are counted. It knows no pins (what is pinned is not in it) and decides no limit.

use std::{borrow::Borrow, hash::Hash};

use lru::LruCache;

/// Entries in the order of their last use, with a weight each.
pub struct Recency<K: Hash + Eq> {
    order: LruCache<K, u64>,
    /// Wider than one weight: many that just fit do not wrap around.
    weight: u128,
}

impl<K: Hash + Eq> Default for Recency<K> {
    fn default() -> Self {
        Self { order: LruCache::unbounded(), weight: 0 }
    }
}

impl<K: Hash + Eq> Recency<K> {
    /// Notes a use: the entry is the newest now. Answers whether it is there. Allocates nothing.
    pub fn touch<Q>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.order.promote(key)
    }

    /// As [`Recency::touch`], and the entry weighs this from now on.
    pub fn access<Q>(&mut self, key: &Q, weight: u64) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let Some(held) = self.order.get_mut(key) else { return false };
        self.weight = self.weight - u128::from(*held) + u128::from(weight);
        *held = weight;
        true
    }

    /// Gives an entry another weight where it stands: that is no use of it. Answers whether it is there.
    pub fn reweigh<Q>(&mut self, key: &Q, weight: u64) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let Some(held) = self.order.peek_mut(key) else { return false };
        self.weight = self.weight - u128::from(*held) + u128::from(weight);
        *held = weight;
        true
    }

    /// Puts an entry in as the newest, in place of one of that name.
    pub fn put(&mut self, key: K, weight: u64) {
        self.weight += u128::from(weight);
        if let Some(before) = self.order.put(key, weight) {
            self.weight -= u128::from(before);
        }
    }

    /// Takes an entry out; answers its weight.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<u64>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let weight = self.order.pop(key)?;
        self.weight -= u128::from(weight);
        Some(weight)
    }

    /// Takes out the least recently used, one after the other, until what is left weighs at most `limit`.
    pub fn shrink_to(&mut self, limit: u64, mut gone: impl FnMut(K, u64)) {
        while self.weight > u128::from(limit) {
            let Some((key, weight)) = self.order.pop_lru() else { break };
            self.weight -= u128::from(weight);
            gone(key, weight);
        }
    }

    /// The weight of all entries.
    #[must_use]
    pub fn weight(&self) -> u64 {
        u64::try_from(self.weight).unwrap_or(u64::MAX)
    }

    /// The entries, the most recently used first.
    pub fn newest_first(&self) -> impl Iterator<Item = (&K, u64)> {
        self.order.iter().map(|(key, weight)| (key, *weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(order: &mut Recency<&'static str>, limit: u64) -> Vec<&'static str> {
        let mut names = Vec::new();
        order.shrink_to(limit, |name, _| names.push(name));
        names
    }

    #[test]
    fn the_least_recently_used_go_first_and_a_new_weight_is_no_use() {
        let mut order = Recency::default();
        for name in ["a", "b", "c", "d"] {
            order.put(name, 10);
        }
        assert!(order.touch("a") && !order.touch("x"));
        assert!(order.reweigh("b", 30) && !order.reweigh("x", 1));
        assert_eq!(order.weight(), 60);
        assert_eq!(gone(&mut order, 40), ["b"]);
        assert_eq!(gone(&mut order, 29), ["c"]);
        assert_eq!(order.newest_first().collect::<Vec<_>>(), [(&"a", 10), (&"d", 10)]);
        assert_eq!(order.remove("d"), Some(10));
        assert_eq!(gone(&mut order, 0), ["a"]);
        assert_eq!((order.weight(), order.newest_first().count()), (0, 0));
    }

    #[test]
    fn an_entry_put_again_is_counted_once() {
        let mut order = Recency::default();
        order.put("a", 10);
        order.put("b", 1);
        order.put("a", 3);
        assert_eq!((order.weight(), order.newest_first().count()), (4, 2));
        assert!(order.access("b", 5) && !order.access("c", 5));
        assert_eq!(gone(&mut order, 5), ["a"]);
    }
}
