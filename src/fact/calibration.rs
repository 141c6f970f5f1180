//! How well `p_true` keeps its word, majority vote beside it, and what decisions correct of it.
//!
//! Those asked about are the doubtful ones, chosen for being so; what they show says little of the rest by itself. Judged facts are
//! therefore grouped by the p_true they had, in tenths: within a tenth it is chance who was asked, so each stands for its part of all facts
//! of that tenth ([`Strata`]), and what decisions found of a tenth corrects that tenth alone ([`Correction`]).

use super::conflict::{Candidate, ConflictEntry};

/// How many groups of p_true there are.
const GROUPS: usize = 10;
/// Their middles.
const MIDDLES: [f64; GROUPS] = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95];

/// One fact whose truth became known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// What p_true was before.
    pub p_true: f64,
    /// Whether the believed value was right.
    pub is_right: bool,
    /// Whether the value most sources had was right.
    pub majority_is_right: bool,
    /// How many facts it stands for.
    pub weight: f64,
}

/// What judged facts come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Calibration {
    /// How many facts were judged.
    pub judged: usize,
    /// The share that was right.
    pub right: f64,
    /// The share majority vote had right.
    pub majority: f64,
    /// Mean squared distance of p_true from what came out; 0 is perfect.
    pub brier: f64,
    /// How far p_true was from the share that was right, on average over tenths; 0 is perfect.
    pub error: f64,
}

/// The tenth a probability is in.
fn group(p_true: f64) -> usize {
    (1..GROUPS).filter(|at| p_true * 10.0 >= f64::from(u32::try_from(*at).unwrap_or(u32::MAX))).count()
}

impl Calibration {
    /// Scores judged facts by their weights; none when they weigh nothing.
    #[must_use]
    pub fn of(judged: &[Judged]) -> Option<Self> {
        let total: f64 = judged.iter().map(|one| one.weight).sum();
        if total <= 0.0 || !total.is_finite() {
            return None;
        }
        let mean = |value: &dyn Fn(&Judged) -> f64| judged.iter().map(|one| one.weight * value(one)).sum::<f64>() / total;
        let share = |is: bool| if is { 1.0 } else { 0.0 };
        let mut gaps = [0.0_f64; GROUPS];
        for one in judged {
            if let Some(gap) = gaps.get_mut(group(one.p_true)) {
                *gap += one.weight * (one.p_true - share(one.is_right));
            }
        }
        Some(Self {
            judged: judged.len(),
            right: mean(&|one| share(one.is_right)),
            majority: mean(&|one| share(one.majority_is_right)),
            brier: mean(&|one| (one.p_true - share(one.is_right)).powi(2)),
            error: gaps.iter().map(|gap| gap.abs()).sum::<f64>() / total,
        })
    }
}

/// How many facts there are in each tenth of p_true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strata([u32; GROUPS]);

impl Strata {
    /// Counts facts by their p_true.
    #[must_use]
    pub fn of(facts: impl IntoIterator<Item = f64>) -> Self {
        let mut strata = Self::default();
        for p_true in facts {
            if let Some(count) = strata.0.get_mut(group(p_true)) {
                *count = count.saturating_add(1);
            }
        }
        strata
    }

    /// How many facts there are in the tenth of this p_true.
    #[must_use]
    pub fn like(&self, p_true: f64) -> u32 {
        self.0.get(group(p_true)).copied().unwrap_or(0)
    }

    /// How many facts there are in each tenth.
    #[must_use]
    pub fn counts(&self) -> [u32; GROUPS] {
        self.0
    }

    /// The same from counts.
    #[must_use]
    pub fn from_counts(counts: [u32; GROUPS]) -> Self {
        Self(counts)
    }

    /// Weighs judged facts so that each tenth counts as much as it has facts; a tenth of which none was judged counts for nothing.
    pub fn weigh(&self, judged: &mut [Judged]) {
        let of_judged = Self::of(judged.iter().map(|one| one.p_true));
        for one in judged {
            let at = group(one.p_true);
            let (Some(facts), Some(known)) = (self.0.get(at), of_judged.0.get(at)) else { continue };
            one.weight = f64::from(*facts) / f64::from((*known).max(1));
        }
    }
}

/// One whole, of which the distances of p_true from what came out are counted: sums of whole numbers, so that no order of decisions matters.
const WHOLE: f64 = 68_719_476_736.0;

/// How many decisions it takes in a tenth until they count as much as what p_true says by itself.
const PRIOR: f64 = 20.0;

/// What decisions correct of p_true: a curve from 0 to 1 that never falls.
///
/// In each tenth the middle is moved by `sum of (right - p_true) / (decisions + 20)`; where one tenth would then stand above the next, both
/// get their mean. Between the middles the curve is straight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correction([f64; GROUPS]);

impl Default for Correction {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Correction {
    /// Learns from judged facts, each with the p_true it had before any correction.
    #[must_use]
    pub fn of(judged: &[Judged]) -> Self {
        let mut found = [(0.0, PRIOR); GROUPS];
        for one in judged {
            if let Some((gap, weight)) = found.get_mut(group(one.p_true)) {
                *gap += ((if one.is_right { 1.0 } else { 0.0 } - one.p_true) * WHOLE).round();
                *weight += 1.0;
            }
        }
        // Runs of tenths that share a height: sum of height times weight, weight, how many.
        let mut runs: Vec<(f64, f64, usize)> = Vec::with_capacity(GROUPS);
        for (middle, (gap, weight)) in MIDDLES.into_iter().zip(found) {
            let height = (middle + gap / WHOLE / weight).clamp(0.0, 1.0);
            let mut run = (height * weight, weight, 1);
            while let Some(last) = runs.pop_if(|last| last.0 / last.1 >= run.0 / run.1) {
                run = (last.0 + run.0, last.1 + run.1, last.2 + run.2);
            }
            runs.push(run);
        }
        let mut heights = MIDDLES;
        let levels = runs.into_iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, count));
        for (height, level) in heights.iter_mut().zip(levels) {
            *height = level;
        }
        Self(heights)
    }

    /// The corrected probability.
    #[must_use]
    pub fn correct(&self, p_true: f64) -> f64 {
        let (mut from, mut low) = (0.0, 0.0);
        for (to, high) in MIDDLES.into_iter().zip(self.0).chain([(1.0, 1.0)]) {
            if p_true <= to {
                return low + (high - low) * ((p_true - from) / (to - from)).clamp(0.0, 1.0);
            }
            (from, low) = (to, high);
        }
        if p_true.is_nan() { 0.0 } else { 1.0 }
    }
}

/// What majority vote would have: the value most sources stand for, and of two such the one whose first source comes first by name.
#[must_use]
pub fn majority_of(conflict: &ConflictEntry) -> Option<&Candidate> {
    conflict.candidates.iter().min_by(|one, other| {
        let first = |candidate: &Candidate| candidate.sources.iter().min().cloned();
        other.sources.len().cmp(&one.sources.len()).then_with(|| first(one).cmp(&first(other)))
    })
}

#[cfg(test)]
#[path = "calibration_tests.rs"]
mod tests;
