//! What came of a run, in numbers.

use std::{collections::BTreeMap, time::Duration};

use super::profile::FaultKind;

/// The longest a read may wait after a fault.
const RECOVERY_BOUND: Duration = Duration::from_secs(3);

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChaosReport {
    /// Which profile.
    pub profile: String,
    /// What everything was drawn from.
    pub seed: u64,
    /// Simulated time that passed.
    pub simulated: Duration,
    /// How often each kind of fault was injected.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Reads asked for.
    pub reads: u64,
    /// Reads that got an answer from the cache.
    pub served: u64,
    /// Answers nobody ever gave.
    pub wrong: u64,
    /// Times the source was asked.
    pub fetches: u64,
    /// Of these, failed because of the network.
    pub failed_fetches: u64,
    /// Facts that were not what the source said when it had been asked again after the last fault.
    pub behind: u64,
    /// How often the engine went over to memory.
    pub failovers: u64,
    /// How often the disk took over again.
    pub recovered: u64,
    /// Facts missing that were said to be missing: quarantined or set aside, to be fetched again.
    pub said_missing: u64,
    /// Facts the disk acknowledged, as of the end.
    pub acknowledged: u64,
    /// Of these, found after the last start, as acknowledged or newer.
    pub found: u64,
    /// Missing after a start without a word.
    pub lost: u64,
    /// From each fault to the next answered read.
    pub recovery: Recovery,
    /// What came of the changes that were asked for meanwhile.
    pub changes: Changes,
}

/// What came of changes, all counted when everything was well again and after one more start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Asked for.
    pub asked: u64,
    /// Refused, because they could not be kept; whoever asked was told.
    pub refused: u64,
    /// Acknowledged.
    pub acknowledged: u64,
    /// Of these, found at their target.
    pub found: u64,
    /// Of these, not there and still known of.
    pub waiting: u64,
    /// Of these, not there and not known of.
    pub lost: u64,
    /// Took effect more than once.
    pub applied_twice: u64,
    /// Took effect after one of the same key that was asked for later.
    pub out_of_order: u64,
}

impl Changes {
    /// Whether every acknowledged one is where it was to be, once, in the order of its key.
    #[must_use]
    pub fn all_arrived(&self) -> bool {
        let Self { acknowledged, found, waiting, lost, applied_twice, out_of_order, .. } = *self;
        found == acknowledged && [waiting, lost, applied_twice, out_of_order] == [0; 4]
    }
}

impl ChaosReport {
    /// Whether the run kept every promise: nothing lost in silence, nothing wrong, every fault answered within three seconds,
    /// everything caught up with in the end; and every acknowledged change where it was to be, once.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.lost == 0 && self.wrong == 0 && self.behind == 0 && self.recovery.is_in_time() && self.changes.all_arrived()
    }

    /// Share of reads served, 1 when none was asked for.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    pub fn availability(&self) -> f64 {
        if self.reads == 0 { 1.0 } else { self.served as f64 / self.reads as f64 }
    }
}

/// Times from a fault to the next answered read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// How many faults were followed by an answered read.
    pub count: u64,
    /// How many were not.
    pub unanswered: u64,
    /// Median.
    pub p50: Duration,
    /// 99 of 100 are at most this.
    pub p99: Duration,
    /// The longest.
    pub worst: Duration,
}

impl Recovery {
    /// Whether after every fault a read was answered, within three seconds.
    #[must_use]
    pub fn is_in_time(&self) -> bool {
        self.worst <= RECOVERY_BOUND && self.unanswered == 0
    }

    /// Sums up; none stands for a fault no read was answered after.
    #[must_use]
    pub fn of(mut times: Vec<Option<Duration>>) -> Self {
        let unanswered = times.iter().filter(|time| time.is_none()).count() as u64;
        times.retain(Option::is_some);
        let mut times: Vec<Duration> = times.into_iter().flatten().collect();
        times.sort_unstable();
        // The smallest time that at least this many of a hundred do not exceed.
        let rank = |hundredths: usize| times.len().saturating_mul(hundredths).div_ceil(100).saturating_sub(1);
        let at = |hundredths| times.get(rank(hundredths)).copied().unwrap_or_default();
        Self { count: times.len() as u64, unanswered, p50: at(50), p99: at(99), worst: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn ranks_are_those_of_the_sorted_times() {
        let times: Vec<_> = (1..=200).rev().map(|at| Some(ms(at))).chain([None]).collect();
        assert_eq!(Recovery::of(times), Recovery { count: 200, unanswered: 1, p50: ms(100), p99: ms(198), worst: ms(200) });
        assert_eq!(Recovery::of(vec![Some(ms(5))]), Recovery { count: 1, unanswered: 0, p50: ms(5), p99: ms(5), worst: ms(5) });
        assert_eq!(Recovery::of(Vec::new()), Recovery::default());
    }

    #[test]
    fn a_run_fails_by_one_loss_one_wrong_value_or_one_late_answer() {
        let good = ChaosReport { reads: 4, served: 3, ..ChaosReport::default() };
        assert!(good.passed());
        assert!((good.availability() - 0.75).abs() < 1e-9);
        let late = Recovery::of(vec![Some(ms(3001))]);
        let never = Recovery::of(vec![None]);
        for bad in [
            ChaosReport { lost: 1, ..good.clone() },
            ChaosReport { wrong: 1, ..good.clone() },
            ChaosReport { behind: 1, ..good.clone() },
            ChaosReport { recovery: late, ..good.clone() },
            ChaosReport { changes: Changes { acknowledged: 1, ..Changes::default() }, ..good.clone() },
            ChaosReport { changes: Changes { applied_twice: 1, ..Changes::default() }, ..good.clone() },
            ChaosReport { changes: Changes { out_of_order: 1, ..Changes::default() }, ..good.clone() },
            ChaosReport { recovery: never, ..good },
        ] {
            assert!(!bad.passed());
        }
    }
}
