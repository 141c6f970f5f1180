//! The past of a fact, as whoever keeps it tells the canvas.

use std::{sync::Arc, time::Duration};

use crate::fact::{Key, Timestamp, Value};

/// What was believed from a moment on.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Since when.
    pub at: Timestamp,
    /// What was believed; none while nothing was.
    pub value: Option<Value>,
    /// How far, 0 to 1; none while nothing was.
    pub score: Option<f64>,
}

/// The past of one fact, oldest first. Each moment holds until the next.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Whose.
    pub key: Key,
    /// What was believed when; moments that run backwards are taken in their order of time.
    pub moments: Arc<[Moment]>,
}

impl History {
    /// The past of a fact from moments in any order.
    #[must_use]
    pub fn new(key: Key, mut moments: Vec<Moment>) -> Self {
        moments.sort_by_key(|moment| moment.at);
        Self { key, moments: moments.into() }
    }

    /// How long it reaches back from a moment.
    #[must_use]
    pub fn reach(&self, now: Timestamp) -> Duration {
        self.moments.first().map_or(Duration::ZERO, |first| now.since(first.at))
    }

    /// How often another value was believed than before.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.moments.windows(2).filter(|pair| pair[0].value != pair[1].value).count()
    }

    /// The scores in so many steps of equal length, the last one ending now: what held at the end of each.
    ///
    /// A moment later than now counts as now: clocks differ.
    #[must_use]
    pub fn steps(&self, now: Timestamp, steps: usize) -> Vec<Option<f64>> {
        let reach = self.reach(now).as_millis();
        let Some(first) = self.moments.first() else { return Vec::new() };
        let mut later = self.moments.iter().peekable();
        let mut held = None;
        (1..=steps)
            .map(|step| {
                // In 128 bits a span of 64 times any number of steps stays whole.
                let end = reach * step as u128 / steps as u128;
                while let Some(moment) = later.next_if(|moment| step == steps || moment.at.since(first.at).as_millis() <= end) {
                    held = moment.score;
                }
                held
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(moments: &[(i64, &str, Option<f64>)]) -> History {
        let moment = |(at, value, score): &(i64, &str, Option<f64>)| Moment {
            at: Timestamp::from_millis(at * 1000),
            value: Some(Value::parse(value).unwrap()),
            score: *score,
        };
        History::new(Key::new("a/b").unwrap(), moments.iter().map(moment).collect())
    }

    #[test]
    fn each_step_shows_what_held_at_its_end() {
        let past = history(&[(0, "1", Some(0.2)), (30, "1", Some(0.4)), (70, "2", None), (90, "3", Some(0.9))]);
        let now = Timestamp::from_millis(100_000);
        assert_eq!(past.steps(now, 4), [Some(0.2), Some(0.4), None, Some(0.9)].map(|score| score));
        assert_eq!(past.steps(now, 10)[..4], [Some(0.2), Some(0.2), Some(0.4), Some(0.4)]);
        assert_eq!((past.reach(now).as_secs(), past.changes()), (100, 2));
    }

    #[test]
    fn odd_pasts_are_survived() {
        let now = Timestamp::from_millis(1000);
        assert_eq!(history(&[]).steps(now, 4), []);
        assert_eq!(history(&[(1, "1", Some(0.5))]).steps(now, 2), [Some(0.5); 2]);
        let backwards = history(&[(5, "2", Some(0.6)), (0, "1", Some(0.1))]);
        assert_eq!(backwards.steps(now, 2).last(), Some(&Some(0.6)), "a moment that is still to come counts as now");
        assert_eq!(backwards.steps(now, 0), []);
    }
}
