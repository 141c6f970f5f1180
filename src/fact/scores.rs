//! How well `p_true` kept its word, by what decisions found: of those that were asked about, of what conflicts, of all facts.
//!
//! Asked about are the doubtful ones. So the other two are estimates: each decision stands for the facts whose `p_true` was in the same tenth,
//! the conflicting ones as they were when it was made, or all as they are now. Facts in a tenth of which none was decided have nobody
//! who stands for them, and are counted as that.

use super::calibration::{Calibration, Judged, Strata};

/// What decisions come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// Those that were decided, each for itself.
    pub asked: Option<Calibration>,
    /// Conflicting facts, estimated.
    pub conflicting: Option<Calibration>,
    /// All facts, estimated.
    pub all: Option<Calibration>,
    /// How many facts there are.
    pub facts: u64,
    /// How many of them have a decision that stands for them.
    pub represented: u64,
}

impl Scores {
    /// Scores decisions, each with the `p_true` that was shown and the number of conflicting facts it stands for; `facts` are all there are.
    #[must_use]
    pub fn of(mut judged: Vec<Judged>, facts: &Strata) -> Self {
        let conflicting = Calibration::of(&judged);
        let tenths = Strata::of(judged.iter().map(|one| one.p_true)).counts();
        facts.weigh(&mut judged);
        let all = Calibration::of(&judged);
        judged.iter_mut().for_each(|one| one.weight = 1.0);
        let counts = facts.counts();
        let count = |which: &dyn Fn(u32) -> bool| {
            counts.iter().zip(tenths).filter(|(_, known)| which(*known)).map(|(facts, _)| u64::from(*facts)).sum()
        };
        Self { asked: Calibration::of(&judged), conflicting, all, facts: count(&|_| true), represented: count(&|known| known > 0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(p_true: f64, is_right: bool, weight: f64) -> Judged {
        Judged { p_true, is_right, majority_is_right: !is_right, weight }
    }

    #[test]
    fn each_decision_stands_for_the_facts_of_its_tenth() {
        // Three doubtful ones, two of them right; one that was fairly sure, and right.
        let decided = vec![judged(0.55, true, 10.0), judged(0.55, false, 10.0), judged(0.55, true, 10.0), judged(0.95, true, 70.0)];
        let facts = Strata::of([[0.55; 30].as_slice(), &[0.95; 160], &[0.15; 10]].concat());
        let scores = Scores::of(decided, &facts);
        let near = |found: Option<Calibration>, right: f64, brier: f64| {
            let found = found.unwrap();
            assert!((found.right - right).abs() < 1e-9 && (found.brier - brier).abs() < 1e-9, "{found:?}");
            assert!((found.majority - (1.0 - right)).abs() < 1e-9, "{found:?}");
        };
        let (right, wrong, sure) = (0.45_f64.powi(2), 0.55_f64.powi(2), 0.05_f64.powi(2));
        near(scores.asked, 0.75, (2.0 * right + wrong + sure) / 4.0);
        near(scores.conflicting, 0.9, (20.0 * right + 10.0 * wrong + 70.0 * sure) / 100.0);
        near(scores.all, 180.0 / 190.0, (20.0 * right + 10.0 * wrong + 160.0 * sure) / 190.0);
        assert_eq!((scores.facts, scores.represented), (200, 190));
    }

    #[test]
    fn nothing_decided_says_nothing() {
        let scores = Scores::of(Vec::new(), &Strata::of([0.9, 0.4]));
        assert_eq!(scores, Scores { facts: 2, ..Scores::default() });
    }
}
