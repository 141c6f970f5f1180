//! Which keys sources have and the cache has not, for want of room: so that none of them is taken for a key that does not exist, and none is
//! written again at every poll only to go again.
//!
//! Kept per source as 8-byte hashes of the keys, bounded; a source that leaves out more is remembered to have left out any.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::fact::{Key, SourceId};

/// How many names are kept per source.
const MOST: usize = 65_536;

/// A key as it is remembered.
#[must_use]
pub fn name_of(key: &Key) -> u64 {
    let hash = blake3::hash(key.as_str().as_bytes());
    hash.as_bytes().first_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// What is left out, by source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    sources: BTreeMap<SourceId, Names>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Names {
    kept: BTreeSet<u64>,
    /// Beyond those kept.
    more: u64,
}

impl LeftOut {
    /// What a complete answer left out takes the place of what the source left out before. Answers whether that differs.
    pub fn replace(&mut self, source: &SourceId, names: impl Iterator<Item = u64>) -> bool {
        let mut now = Names::default();
        for name in names {
            now.add(name);
        }
        let before = if now == Names::default() { self.sources.remove(source) } else { self.sources.insert(source.clone(), now) };
        before.as_ref() != self.sources.get(source)
    }

    /// One more key that the source has and the cache has not. Answers whether that was not known.
    pub fn add(&mut self, source: &SourceId, name: u64) -> bool {
        match self.sources.get_mut(source) {
            Some(names) => names.add(name),
            None => self.sources.entry(source.clone()).or_default().add(name),
        }
    }

    /// Whether the source may have the key, and it was left out.
    #[must_use]
    pub fn may_have(&self, source: &SourceId, name: u64) -> bool {
        self.sources.get(source).is_some_and(|names| names.more > 0 || names.kept.contains(&name))
    }

    /// The sources that have more than is held, and how many keys more.
    pub fn by_source(&self) -> impl Iterator<Item = (&SourceId, u64)> {
        self.sources.iter().map(|(source, names)| (source, names.count()))
    }
}

impl Names {
    fn add(&mut self, name: u64) -> bool {
        if self.kept.len() < MOST {
            return self.kept.insert(name);
        }
        let new = !self.kept.contains(&name);
        self.more += u64::from(new);
        new
    }

    fn count(&self) -> u64 {
        self.kept.len() as u64 + self.more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str) -> SourceId {
        SourceId::new(name).unwrap()
    }

    #[test]
    fn a_complete_answer_replaces_and_others_add() {
        let mut left = LeftOut::default();
        let (a, b) = (source("a"), source("b"));
        assert!(left.replace(&a, [1, 2].into_iter()));
        assert!(!left.replace(&a, [2, 1].into_iter()), "the same is no news");
        assert!(left.add(&b, 7) && !left.add(&b, 7));
        assert!(left.may_have(&a, 1) && !left.may_have(&b, 1));
        assert_eq!(left.by_source().collect::<Vec<_>>(), [(&a, 2), (&b, 1)]);
        assert!(left.replace(&a, std::iter::empty()));
        assert!(!left.may_have(&a, 1));
        assert_eq!(left.by_source().collect::<Vec<_>>(), [(&b, 1)]);
    }

    #[test]
    fn beyond_the_bound_any_key_may_be_left_out() {
        let mut left = LeftOut::default();
        let a = source("a");
        left.replace(&a, 0..MOST as u64 + 5);
        assert_eq!(left.by_source().collect::<Vec<_>>(), [(&a, MOST as u64 + 5)]);
        assert!(left.may_have(&a, u64::MAX));
    }

    #[test]
    fn golden() {
        let mut left = LeftOut::default();
        left.replace(&source("b"), [300, 5].into_iter());
        left.add(&source("a"), 1);
        let bytes = postcard::to_stdvec(&left).unwrap();
        assert_eq!(bytes, [2, 1, b'a', 1, 1, 0, 1, b'b', 2, 5, 0xAC, 2, 0]);
        assert_eq!(postcard::from_bytes::<LeftOut>(&bytes).unwrap(), left);
        assert_eq!(name_of(&Key::new("a/b").unwrap()), 0xe9fab7f8a5cfa30d, "names are on disk: they may not move");
    }
}
