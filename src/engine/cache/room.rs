//! Room for facts: what each key weighs, which goes first when there is too little, and which never goes.
//!
//! The unit is the key: all that its sources say of it stays or goes together, because a key is what a person asks for. What is pinned is
//! not in the order of use, so nothing that walks that order can meet it.

use std::collections::HashMap;

use crate::fact::Key;

use super::{left_out::name_of, recency::Recency};

/// Where eviction begins and where it ends, in sealed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// More than this, and the least recently used go.
    pub high: u64,
    /// Until no more than this is left.
    pub low: u64,
}

impl Watermarks {
    /// From the configured size and fraction.
    #[must_use]
    pub fn new(high: u64, fraction: f64) -> Self {
        // Watermarks are far below 2^52, and what rounding costs is a byte.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a fraction of a size")]
        let low = (high as f64 * fraction.clamp(0.0, 1.0)) as u64;
        Self { high, low }
    }

    /// The most that may be pinned: half.
    #[must_use]
    pub fn pinnable(self) -> u64 {
        self.high / 2
    }
}

/// Why a key cannot be pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinsFull {
    /// Sealed bytes that are pinned.
    pub pinned: u64,
    /// What the key would add.
    pub more: u64,
}

struct Pin {
    times: u32,
    weight: u64,
}

/// What is held, by use.
pub struct Room {
    order: Recency<Key>,
    pins: HashMap<Key, Pin>,
    watermarks: Watermarks,
    filled: bool,
    moved: bool,
}

impl Room {
    /// Nothing held.
    #[must_use]
    pub fn new(watermarks: Watermarks) -> Self {
        Self { order: Recency::default(), pins: HashMap::new(), watermarks, filled: false, moved: false }
    }

    /// The limits.
    #[must_use]
    pub fn watermarks(&self) -> Watermarks {
        self.watermarks
    }

    /// Whether [`Room::fill`] was called.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.filled
    }

    /// Takes in what is held, in the remembered order of use, oldest first; what is in no memory came after it was written down.
    pub fn fill(&mut self, held: impl Iterator<Item = (Key, u64)>, remembered: &[u64]) {
        let places: HashMap<u64, usize> = remembered.iter().enumerate().map(|(at, name)| (*name, at)).collect();
        let mut held: Vec<(usize, Key, u64)> =
            held.map(|(key, weight)| (places.get(&name_of(&key)).copied().unwrap_or(usize::MAX), key, weight)).collect();
        held.sort_by_key(|(place, ..)| *place);
        for (_, key, weight) in held {
            self.set(&key, weight);
        }
        self.filled = true;
        self.moved = false;
    }

    /// Notes that a person or a script asked for the key.
    pub fn touch(&mut self, key: &Key) {
        self.moved |= self.order.touch(key);
    }

    /// What the key weighs now; 0 when nothing of it is held any more. A new key is the newest, another value is no use.
    pub fn set(&mut self, key: &Key, weight: u64) {
        if let Some(pin) = self.pins.get_mut(key) {
            pin.weight = weight;
        } else if weight == 0 {
            self.order.remove(key);
        } else if !self.order.reweigh(key, weight) {
            self.order.put(key.clone(), weight);
            self.moved = true;
        }
    }

    /// Keeps the key from going, until it was unpinned as often.
    ///
    /// # Errors
    /// [`PinsFull`] beyond half the high watermark.
    pub fn pin(&mut self, key: &Key, weight: u64) -> Result<(), PinsFull> {
        if let Some(pin) = self.pins.get_mut(key) {
            pin.times = pin.times.saturating_add(1);
            return Ok(());
        }
        let pinned = self.pinned();
        if pinned.saturating_add(weight) > self.watermarks.pinnable() {
            return Err(PinsFull { pinned, more: weight });
        }
        self.order.remove(key);
        self.pins.insert(key.clone(), Pin { times: 1, weight });
        Ok(())
    }

    /// Takes one pin of the key back; after the last it is the newest of what may go.
    pub fn unpin(&mut self, key: &Key) {
        let Some(pin) = self.pins.get_mut(key) else { return };
        pin.times -= 1;
        if pin.times == 0 {
            let weight = pin.weight;
            self.pins.remove(key);
            self.set(key, weight);
        }
    }

    /// Whether it is pinned.
    #[must_use]
    pub fn is_pinned(&self, key: &Key) -> bool {
        self.pins.contains_key(key)
    }

    /// How many keys are pinned.
    #[must_use]
    pub fn pins(&self) -> u64 {
        self.pins.len() as u64
    }

    /// Sealed bytes that are pinned.
    #[must_use]
    pub fn pinned(&self) -> u64 {
        self.pins.values().map(|pin| pin.weight).sum()
    }

    /// Takes keys out until they weigh `bytes` together: `first` in its order, then by use, the oldest first. None that is pinned.
    pub fn take(&mut self, bytes: u64, first: impl Iterator<Item = Key>) -> Vec<Key> {
        let mut taken = Vec::new();
        let mut freed = 0;
        for key in first {
            if freed >= bytes {
                return taken;
            }
            if let Some(weight) = self.order.remove(&key) {
                freed += weight;
                taken.push(key);
            }
        }
        let rest = self.order.weight().saturating_sub(bytes.saturating_sub(freed));
        self.order.shrink_to(rest, |key, _| taken.push(key));
        self.moved |= !taken.is_empty();
        taken
    }

    /// The keys by use, oldest first, as they are written down; none when nothing moved since the last time.
    pub fn take_order(&mut self) -> Option<Vec<u64>> {
        if !self.filled || !std::mem::take(&mut self.moved) {
            return None;
        }
        let mut names: Vec<u64> = self.order.newest_first().map(|(key, _)| name_of(key)).collect();
        names.reverse();
        Some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new(name).unwrap()
    }

    fn room(names: &[&str]) -> Room {
        let mut room = Room::new(Watermarks::new(100, 0.8));
        room.fill(names.iter().map(|name| (key(name), 10)), &[]);
        room
    }

    fn taken(room: &mut Room, bytes: u64) -> Vec<String> {
        room.take(bytes, std::iter::empty()).iter().map(|key| key.as_str().to_owned()).collect()
    }

    #[test]
    fn the_oldest_go_and_what_is_pinned_stays() {
        let mut room = room(&["a", "b", "c", "d"]);
        room.pin(&key("a"), 10).unwrap();
        room.pin(&key("a"), 10).unwrap();
        room.touch(&key("b"));
        assert_eq!(taken(&mut room, 11), ["c", "d"]);
        room.unpin(&key("a"));
        assert_eq!(taken(&mut room, 100), ["b"], "pinned twice, it is unpinned twice");
        room.unpin(&key("a"));
        assert_eq!(taken(&mut room, 1), ["a"]);
        room.unpin(&key("a"));
        assert!(taken(&mut room, 1).is_empty());
    }

    #[test]
    fn pins_end_at_half_the_watermark() {
        let mut room = room(&["a", "b"]);
        room.pin(&key("a"), 30).unwrap();
        assert_eq!(room.pin(&key("b"), 21), Err(PinsFull { pinned: 30, more: 21 }));
        assert!(!room.is_pinned(&key("b")));
        room.pin(&key("b"), 20).unwrap();
        assert_eq!((room.pins(), room.pinned()), (2, 50));
        room.set(&key("a"), 5);
        assert_eq!(room.pinned(), 25, "a pinned key that shrinks");
    }

    #[test]
    fn what_goes_first_goes_before_what_was_used_long_ago() {
        let mut room = room(&["a", "b", "c"]);
        room.pin(&key("b"), 10).unwrap();
        let first = ["c", "b", "x"].into_iter().map(key);
        assert_eq!(room.take(20, first), [key("c"), key("a")]);
    }

    #[test]
    fn another_value_is_no_use_and_none_is_the_end() {
        let mut room = room(&["a", "b", "c"]);
        room.set(&key("a"), 12);
        room.set(&key("b"), 0);
        assert_eq!(taken(&mut room, 12), ["a"]);
        assert_eq!(taken(&mut room, 100), ["c"]);
    }

    #[test]
    fn the_order_survives_and_is_written_only_when_it_moved() {
        let mut before = room(&["a", "b", "c"]);
        assert_eq!(before.take_order(), None, "as it was read");
        before.touch(&key("a"));
        let remembered = before.take_order().unwrap();
        assert_eq!(before.take_order(), None);
        let mut after = Room::new(Watermarks::new(100, 0.8));
        after.fill(["a", "b", "c", "new"].map(|name| (key(name), 10)).into_iter(), &remembered);
        assert_eq!(taken(&mut after, 40), ["b", "c", "a", "new"]);
    }
}
