//! How alike sources are: who says the same as whom where they could have differed.
//!
//! Sources copy each other, and a copy is no further opinion. This is learned from what they say now, without anybody's answer: in a
//! conflict, two sources that share a value few others have are more likely to share an origin than two that share the common one. It
//! tells who belongs together, never who is right.
//!
//! Counts are whole numbers: any order of the same keys gives the same likeness, and a key can be taken back exactly.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    normal::{Normal, same},
    rule::CompareRule,
    source::SourceId,
};

/// What a value that one source alone has weighs; one that n have weighs an n-th. Divisible by every number up to 16.
const WHOLE: u64 = 720_720;
/// A key with more sources than this teaches nothing about who is alike: its pairs would cost more than they tell.
const MOST_OF_A_KEY: usize = 128;
/// How many sources are compared in all, first by name; others count as like nobody.
const MOST_SOURCES: usize = 512;

/// What one pair of sources has said where both spoke, by weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pair {
    shared: u64,
    spoken: u64,
}

/// Counts as they are written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLikeness {
    names: Vec<SourceId>,
    pairs: Vec<(u32, u32, Pair)>,
}

/// Counts from which likeness is made.
#[derive(Clone, Debug, Default)]
pub struct LikenessCounts {
    places: HashMap<SourceId, u32>,
    names: Vec<SourceId>,
    pairs: HashMap<(u32, u32), Pair>,
}

impl LikenessCounts {
    /// Counts what the sources of one key say, each at most once. Where all say the same nothing is learned.
    pub fn add(&mut self, said: &[(&SourceId, &Normal)], compare: &CompareRule) {
        self.count(said, compare, u64::saturating_add);
    }

    /// Takes back what [`LikenessCounts::add`] counted for the same values.
    pub fn take_back(&mut self, said: &[(&SourceId, &Normal)], compare: &CompareRule) {
        self.count(said, compare, u64::saturating_sub);
    }

    fn count(&mut self, said: &[(&SourceId, &Normal)], compare: &CompareRule, with: fn(u64, u64) -> u64) {
        if said.len() > MOST_OF_A_KEY || said.iter().all(|(_, normal)| said.first().is_some_and(|(_, first)| same(first, normal, compare)))
        {
            return;
        }
        let agree = |(one, other): (usize, usize)| match (said.get(one), said.get(other)) {
            (Some((_, one)), Some((_, other))) => same(one, other, compare),
            _ => false,
        };
        let weight = |at: usize| WHOLE / (0..said.len()).filter(|other| agree((at, *other))).count().max(1) as u64;
        let weights: Vec<u64> = (0..said.len()).map(weight).collect();
        let places: Vec<u32> = said.iter().map(|(source, _)| self.place(source)).collect();
        for (at, (weight, place)) in weights.iter().zip(&places).enumerate() {
            for (other, (other_weight, other_place)) in weights.iter().zip(&places).enumerate().skip(at + 1) {
                let pair = self.pairs.entry((*place.min(other_place), *place.max(other_place))).or_default();
                pair.spoken = with(pair.spoken, *weight.max(other_weight));
                if agree((at, other)) {
                    pair.shared = with(pair.shared, *weight.min(other_weight));
                }
            }
        }
    }

    /// The counts as they are written down: the same however they came about.
    #[must_use]
    pub fn store(&self) -> StoredLikeness {
        let mut names = self.names.clone();
        names.sort_unstable();
        let places: HashMap<&SourceId, u32> = names.iter().zip(0..).collect();
        let place = |at: u32| usize::try_from(at).ok().and_then(|at| self.names.get(at)).and_then(|name| places.get(name)).copied();
        let mut pairs: Vec<(u32, u32, Pair)> = self
            .pairs
            .iter()
            .filter_map(|((one, other), pair)| Some((place(*one)?, place(*other)?, *pair)))
            .map(|(one, other, pair)| (one.min(other), one.max(other), pair))
            .collect();
        pairs.sort_unstable_by_key(|(one, other, _)| (*one, *other));
        StoredLikeness { names, pairs }
    }

    /// What [`LikenessCounts::store`] gave.
    #[must_use]
    pub fn restore(stored: StoredLikeness) -> Self {
        Self {
            places: stored.names.iter().cloned().zip(0..).collect(),
            names: stored.names,
            pairs: stored.pairs.into_iter().map(|(one, other, pair)| ((one, other), pair)).collect(),
        }
    }

    fn place(&mut self, source: &SourceId) -> u32 {
        if let Some(place) = self.places.get(source) {
            return *place;
        }
        let place = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(source.clone());
        self.places.insert(source.clone(), place);
        place
    }

    /// How alike the sources are by what was counted.
    #[must_use]
    pub fn likeness(&self) -> Likeness {
        let known: BTreeSet<&SourceId> = self.names.iter().collect();
        let places: HashMap<SourceId, usize> =
            known.into_iter().take(MOST_SOURCES).enumerate().map(|(at, source)| (source.clone(), at)).collect();
        let count = places.len();
        let mut alike = vec![0.0; count * count];
        let at = |place: u32| usize::try_from(place).ok().and_then(|place| self.names.get(place)).and_then(|name| places.get(name));
        for (&(one, other), pair) in &self.pairs {
            let (Some(&one), Some(&other)) = (at(one), at(other)) else { continue };
            for cell in [one * count + other, other * count + one] {
                if let Some(cell) = alike.get_mut(cell) {
                    *cell = pair.alike();
                }
            }
        }
        // A source is wholly alike to itself, also where it spoke twice of a key and not the same.
        alike.iter_mut().step_by(count + 1).for_each(|own| *own = 1.0);
        Likeness { places, alike }
    }
}

impl Pair {
    /// The share of what both spoke of in which they were one, to the fourth power: only what is said alike nearly always counts for much.
    /// One key more that they differ in is taken for granted, so that a single shared value makes nobody a copy.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53 for ten million conflicts")]
    fn alike(self) -> f64 {
        let share = self.shared as f64 / self.spoken.saturating_add(WHOLE) as f64;
        (share * share) * (share * share)
    }
}

/// How alike sources are, pair by pair, 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Likeness {
    places: HashMap<SourceId, usize>,
    alike: Vec<f64>,
}

impl Likeness {
    /// Where a source stands in the table; none when nothing is known of it.
    #[must_use]
    pub fn place(&self, source: &SourceId) -> Option<usize> {
        self.places.get(source).copied()
    }

    /// How alike the source at a place is to the one at each place, itself included; empty when nothing is known of it.
    #[must_use]
    pub(super) fn row(&self, place: usize) -> &[f64] {
        let count = self.places.len();
        self.alike.get(place * count..(place + 1) * count).unwrap_or_default()
    }

    /// How alike the sources at two places are: 1 for a source and itself, 0 for one of which nothing is known.
    #[must_use]
    pub fn between(&self, one: Option<usize>, other: Option<usize>) -> f64 {
        one.zip(other).and_then(|(one, other)| self.row(one).get(other)).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
#[path = "likeness_tests.rs"]
mod tests;
