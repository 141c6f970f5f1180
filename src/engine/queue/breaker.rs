//! A breaker: leaves a source alone that cannot be reached, and finds out when it can.
//!
//! Pure: moments are of a monotonic clock and are given. It opens after five failures in a row or when half of the last ten failed; then it
//! is probed, every half second at first and every five seconds in the end; the first success closes it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Failures in a row that open it.
const IN_A_ROW: u32 = 5;
/// Outcomes that are looked back at.
const WINDOW: u32 = 10;
/// Between the first probes.
const FIRST: Duration = Duration::from_millis(500);
/// Between the last ones.
const LAST: Duration = Duration::from_secs(5);
/// The longest that a source may ask to be left alone.
const LONGEST: Duration = Duration::from_secs(3600);

/// The breaker of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// The last outcomes, the newest lowest: a bit that is set is a failure.
    outcomes: u16,
    /// How many of them there are.
    count: u32,
    in_a_row: u32,
    open: Option<Open>,
    /// The source asked to be left alone until then.
    asked_until: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    probe_at: Duration,
    between: Duration,
    probing: bool,
}

impl Breaker {
    /// The source answered; gives back whether that closes it or ends a wait it asked for.
    pub fn success(&mut self, now: Duration) -> bool {
        self.note(false);
        self.in_a_row = 0;
        let waited = self.asked_until.take().is_some_and(|until| until > now);
        let closed = self.open.take().is_some();
        if closed {
            // What happened before it closed says nothing of what comes now.
            (self.outcomes, self.count) = (0, 0);
        }
        closed || waited
    }

    /// The source could not be reached; it may have asked to be left alone for a while.
    pub fn failure(&mut self, now: Duration, retry_after: Option<Duration>) {
        self.note(true);
        self.in_a_row += 1;
        if let Some(wait) = retry_after {
            self.asked_until = Some(now + wait.min(LONGEST));
        }
        match &mut self.open {
            Some(open) => {
                // Only the answer to a probe moves the next one: what was in flight when it opened says nothing new.
                if open.probing {
                    open.between = (open.between * 2).min(LAST);
                    open.probe_at = now + open.between;
                    open.probing = false;
                }
            }
            None => {
                let failed = self.outcomes.count_ones();
                if self.in_a_row >= IN_A_ROW || (self.count >= WINDOW && failed * 2 >= WINDOW) {
                    self.open = Some(Open { probe_at: now + FIRST, between: FIRST, probing: false });
                }
            }
        }
    }

    fn note(&mut self, failed: bool) {
        self.outcomes = (self.outcomes << 1 | u16::from(failed)) & ((1 << WINDOW) - 1);
        self.count = (self.count + 1).min(WINDOW);
    }

    /// How long nothing may be sent; none when it may. Zero: a probe is due. While one is under way its outcome is waited for.
    #[must_use]
    pub fn hold_off(&self, now: Duration) -> Option<Duration> {
        let asked = self.asked_until.map(|until| until.saturating_sub(now)).filter(|wait| !wait.is_zero());
        let open = self.open.map(|open| if open.probing { LAST } else { open.probe_at.saturating_sub(now) });
        match (asked, open) {
            (None, None) => None,
            (asked, open) => Some(asked.unwrap_or_default().max(open.unwrap_or_default())),
        }
    }

    /// Takes the probe that is due; false when none is.
    pub fn take_probe(&mut self, now: Duration) -> bool {
        let free = self.hold_off(now).is_some_and(|wait| wait.is_zero());
        match &mut self.open {
            Some(open) if free && !open.probing => {
                open.probing = true;
                // A probe whose outcome never comes must not be the last one.
                open.probe_at = now + LAST;
                true
            }
            _ => false,
        }
    }

    /// A probe whose outcome did not come is given up when the next is due.
    pub fn give_up_probe(&mut self, now: Duration) {
        if let Some(open) = &mut self.open
            && open.probing
            && open.probe_at <= now
        {
            open.probing = false;
        }
    }

    /// A person wants to know now: the next look at it probes.
    pub fn probe_now(&mut self) {
        self.asked_until = None;
        if let Some(open) = &mut self.open {
            (open.probe_at, open.between) = (Duration::ZERO, FIRST);
        }
    }

    /// As it was in another process: moments of its clock mean nothing here, so what is open is probed at once.
    #[must_use]
    pub fn remembered(mut self) -> Self {
        self.asked_until = None;
        if let Some(open) = &mut self.open {
            *open = Open { probe_at: Duration::ZERO, between: FIRST, probing: false };
        }
        self
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// `closed`, `open`, `half_open` while a probe is under way.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.open {
            None => "closed",
            Some(open) if open.probing => "half_open",
            Some(_) => "open",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn opened(now: Duration) -> Breaker {
        let mut breaker = Breaker::default();
        (0..IN_A_ROW).for_each(|_| breaker.failure(now, None));
        breaker
    }

    #[test]
    fn five_in_a_row_open_it_and_one_success_closes_it() {
        let mut breaker = Breaker::default();
        (0..4).for_each(|_| breaker.failure(at(0), None));
        assert_eq!((breaker.hold_off(at(0)), breaker.code()), (None, "closed"));
        breaker.failure(at(0), None);
        assert_eq!((breaker.hold_off(at(0)), breaker.code()), (Some(at(500)), "open"));
        assert!(!breaker.take_probe(at(499)) && breaker.take_probe(at(500)) && !breaker.take_probe(at(500)));
        assert_eq!(breaker.code(), "half_open");
        assert!(breaker.success(at(510)));
        assert_eq!((breaker.hold_off(at(510)), breaker.code()), (None, "closed"));
        assert!(!breaker.success(at(520)), "it was closed");
    }

    #[test]
    fn half_of_the_last_ten_open_it() {
        let mut breaker = Breaker::default();
        for round in 0..9 {
            if round % 2 == 0 {
                breaker.failure(at(0), None)
            } else {
                let _ = breaker.success(at(0));
            }
        }
        assert!(!breaker.is_open(), "nine are too few to say");
        breaker.failure(at(0), None);
        assert!(breaker.is_open());
    }

    #[test]
    fn probes_become_rarer_up_to_five_seconds() {
        let mut breaker = opened(at(0));
        let mut now = at(0);
        let mut waits = Vec::new();
        for _ in 0..6 {
            let wait = breaker.hold_off(now).unwrap();
            waits.push(wait.as_millis());
            now += wait;
            assert!(breaker.take_probe(now));
            breaker.failure(now, None);
        }
        assert_eq!(waits, [500, 1000, 2000, 4000, 5000, 5000]);
    }

    #[test]
    fn what_was_in_flight_when_it_opened_moves_no_probe() {
        let mut breaker = opened(at(0));
        (0..50).for_each(|_| breaker.failure(at(100), None));
        assert_eq!(breaker.hold_off(at(100)), Some(at(400)));
    }

    #[test]
    fn who_asks_to_be_left_alone_is() {
        let mut breaker = Breaker::default();
        breaker.failure(at(0), Some(at(30_000)));
        assert_eq!((breaker.hold_off(at(10_000)), breaker.code()), (Some(at(20_000)), "closed"));
        assert!(breaker.success(at(20_000)), "what waits may go sooner");
        breaker.failure(at(0), Some(Duration::from_secs(1 << 40)));
        assert_eq!(breaker.hold_off(at(0)), Some(LONGEST), "for an hour at the most");
        breaker.probe_now();
        assert_eq!(breaker.hold_off(at(0)), None);
    }

    #[test]
    fn a_probe_without_an_outcome_is_not_the_last() {
        let mut breaker = opened(at(0));
        assert!(breaker.take_probe(at(500)));
        breaker.give_up_probe(at(600));
        assert_eq!(breaker.code(), "half_open");
        breaker.give_up_probe(at(5500));
        assert!(breaker.take_probe(at(5500)));
    }

    #[test]
    fn another_process_probes_at_once() {
        let breaker = opened(at(900_000));
        let bytes = postcard::to_stdvec(&breaker).unwrap();
        let mut again = postcard::from_bytes::<Breaker>(&bytes).unwrap().remembered();
        assert!(again.is_open() && again.take_probe(at(0)));
    }

    proptest! {
        #[test]
        fn it_always_comes_to_a_probe_or_lets_through(steps in proptest::collection::vec((any::<bool>(), 0_u64..3000, proptest::option::of(0_u64..9000)), 0..60)) {
            let mut breaker = Breaker::default();
            let mut now = at(0);
            for (fails, passes, asks) in steps {
                now += at(passes);
                breaker.give_up_probe(now);
                let _ = breaker.take_probe(now);
                if fails { breaker.failure(now, asks.map(at)) } else { prop_assert!(breaker.success(now) || !breaker.is_open()); }
            }
            let longest = now + at(9000) + LAST + LAST;
            breaker.give_up_probe(longest);
            prop_assert!(breaker.hold_off(longest).is_none_or(|wait| wait.is_zero()));
        }
    }
}
