//! How long values last: a half-life learned for each field, from looks at its values.
//!
//! A look says how many of the values that were seen before had changed since. Changes are taken as a Poisson process: a value is still the
//! same after `t` with the probability `exp(-rate * t)`, and its half-life is `ln 2 / rate`.
//!
//! - Under a watch a change is seen when it happens: changes are counted over the time in which they could have been seen, whether they came
//!   or not (Kaplan and Meier's right-censoring with a constant hazard; Cox and Oakes, "Analysis of Survival Data", 1984, 3.2).
//! - Between two polls any number of changes looks like one. The rate is the one that makes what was seen likeliest, where a change in `t` has
//!   the probability `1 - exp(-rate * t)`, with half a look more, of the shortest kind, at which nothing had changed (Cho and
//!   Garcia-Molina, "Estimating Frequency of Change", ACM TOIT 3(3), 2003); the changes that were expected at that rate are what is counted.
//! - What comes out is shrunk towards what is configured, as if that had been seen [`PRIOR`] times:
//!   `half-life = (PRIOR * configured + ln 2 * watched) / (PRIOR + changes)`.
//!
//! Looks in any order come to the same, but for the last digits; a look that took no time counts nothing, so neither does one that is told
//! twice. More changes never make a half-life longer. What was seen fades: a month ago it weighed twice as much.

use std::{
    collections::{BTreeMap, HashMap},
    f64::consts::LN_2,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{field::FieldName, source::SourceId, span, time::Timestamp};

/// How much what is configured counts, in changes.
const PRIOR: f64 = 3.0;
/// The shortest half-life that is learned, unless what is configured is shorter.
const SHORTEST: Duration = Duration::from_secs(60);
/// The longest one, unless what is configured is longer.
const LONGEST: Duration = Duration::from_secs(90 * 86_400);
/// Nobody who has looked for an hour knows of weeks: a half-life is at most so many times as long as it was looked, beyond what is configured.
const FORESIGHT: f64 = 10.0;
/// Looks within less time than this teach nothing yet.
const ENOUGH: Duration = Duration::from_secs(60);
/// What was seen so many days ago weighs half.
const FADES: f64 = 30.0;
const DAY_MS: i64 = 86_400_000;
/// Halvings in search of a rate: from 90 days to a minute is a factor of 2^17, so this is exact to a millionth.
const HALVINGS: u32 = 40;
/// Sources and fields together that are remembered.
pub const MOST_LIFETIMES: usize = 2_000;

/// Values that were looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// When they were looked at before.
    pub from: Timestamp,
    /// When they were looked at now.
    pub until: Timestamp,
    /// How many there were.
    pub values: u64,
    /// How many of them had changed.
    pub changed: u64,
    /// Under a watch: what had changed changed now, and not some time since.
    pub watched: bool,
}

/// Looks of about the same length, by what they weigh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Looks {
    /// Values looked at.
    values: f64,
    /// Values that had changed.
    changed: f64,
    /// Seconds looked at, over all values.
    seconds: f64,
}

impl Looks {
    fn add(&mut self, other: Self, weight: f64) {
        self.values += weight * other.values;
        self.changed += weight * other.changed;
        self.seconds += weight * other.seconds;
    }

    fn scale(&mut self, weight: f64) {
        *self = Self { values: weight * self.values, changed: weight * self.changed, seconds: weight * self.seconds };
    }

    /// How long a look of these took.
    fn length(&self) -> f64 {
        self.seconds / self.values
    }
}

/// What looks at some values came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lifetime {
    /// The day by which they are weighed.
    day: i64,
    since: Timestamp,
    until: Timestamp,
    watched: Looks,
    /// By the power of two of their length in milliseconds.
    polled: BTreeMap<u8, Looks>,
}

impl Lifetime {
    /// What one look comes to; none when it took no time or looked at nothing.
    #[must_use]
    pub fn of(look: &Look) -> Option<Self> {
        let took = look.until.since(look.from);
        if took.is_zero() || look.values == 0 {
            return None;
        }
        let values = float(look.values);
        let looks = Looks { values, changed: float(look.changed.min(look.values)), seconds: values * took.as_secs_f64() };
        let kind = u8::try_from(took.as_millis().ilog2()).unwrap_or(u8::MAX);
        let (watched, polled) = if look.watched { (looks, BTreeMap::new()) } else { (Looks::default(), BTreeMap::from([(kind, looks)])) };
        Some(Self { day: look.until.as_millis().div_euclid(DAY_MS), since: look.from, until: look.until, watched, polled })
    }

    /// Both together, by what they weigh on the later day.
    pub fn add(&mut self, other: &Self) {
        let day = self.day.max(other.day);
        let (own, others) = (fading(self.day, day), fading(other.day, day));
        self.watched.scale(own);
        self.watched.add(other.watched, others);
        self.polled.values_mut().for_each(|looks| looks.scale(own));
        for (kind, looks) in &other.polled {
            self.polled.entry(*kind).or_default().add(*looks, others);
        }
        self.day = day;
        self.since = self.since.min(other.since);
        self.until = self.until.max(other.until);
    }

    /// What they teach; none while too little time was looked at.
    #[must_use]
    pub fn learned(&self) -> Option<LearnedLifetime> {
        let span = self.until.since(self.since);
        if span < ENOUGH {
            return None;
        }
        let rate = self.rate();
        let expected = |looks: &Looks| looks.changed * happened(rate * looks.length());
        let polled = self.polled.values().filter(|looks| looks.changed > 0.0);
        Some(LearnedLifetime {
            changes: self.watched.changed + polled.map(expected).sum::<f64>(),
            seconds: self.watched.seconds + self.polled.values().map(|looks| looks.seconds).sum::<f64>(),
            seen: self.watched.changed + self.polled.values().map(|looks| looks.changed).sum::<f64>(),
            span,
        })
    }

    /// The changes a second that make what was seen likeliest, within what is ever learned.
    fn rate(&self) -> f64 {
        let (mut slow, mut fast) = (LN_2 / LONGEST.as_secs_f64(), LN_2 / SHORTEST.as_secs_f64());
        for _ in 0..HALVINGS {
            let rate = (slow * fast).sqrt();
            if self.leaning(rate) > 0.0 { slow = rate } else { fast = rate }
        }
        (slow * fast).sqrt()
    }

    /// The derivative of the log likelihood by the rate: positive where the likeliest rate is higher. It falls as the rate rises.
    fn leaning(&self, rate: f64) -> f64 {
        let polled = |looks: &Looks| {
            let length = looks.length();
            looks.changed * length / (rate * length).exp_m1() - (looks.values - looks.changed) * length
        };
        let looks = self.polled.values().filter(|looks| looks.values > 0.0);
        let half_a_look = looks.clone().map(Looks::length).reduce(f64::min).unwrap_or_default() / 2.0;
        self.watched.changed / rate - self.watched.seconds + looks.map(polled).sum::<f64>() - half_a_look
    }
}

/// How many changes there were within a look that found one, when so many are expected in any: 1 where few are, as many as expected where
/// many are.
fn happened(expected: f64) -> f64 {
    if expected <= 0.0 { 1.0 } else { expected / -(-expected).exp_m1() }
}

fn fading(from: i64, to: i64) -> f64 {
    let days = u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX);
    (-f64::from(days) / FADES).exp2()
}

#[expect(clippy::cast_precision_loss, reason = "counts of values, far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

/// What is known of how long values of a field last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearnedLifetime {
    /// Changes, those included that nobody saw because another one came before the next look.
    changes: f64,
    /// Seconds that were looked at, over all values.
    seconds: f64,
    seen: f64,
    span: Duration,
}

impl LearnedLifetime {
    /// The half-life, where this one is configured; in a unit in which it is said.
    #[must_use]
    pub fn half_life(&self, configured: Duration) -> Duration {
        Duration::try_from_secs_f64(self.exact(configured)).map_or(configured, span::rounded)
    }

    /// The half-life in seconds.
    fn exact(&self, configured: Duration) -> f64 {
        let expected = configured.as_secs_f64();
        let learned = (PRIOR * expected + LN_2 * self.seconds) / (PRIOR + self.changes);
        let foreseen = learned.min(expected + FORESIGHT * self.span.as_secs_f64());
        foreseen.clamp(SHORTEST.min(configured).as_secs_f64(), LONGEST.max(configured).as_secs_f64())
    }

    /// Changes that were seen, by what they weigh now.
    #[must_use]
    pub fn seen(&self) -> f64 {
        self.seen
    }

    /// Time that was looked at, over all values, by what it weighs now.
    #[must_use]
    pub fn watched(&self) -> Duration {
        Duration::try_from_secs_f64(self.seconds).unwrap_or(Duration::MAX)
    }
}

/// All looks, by source and field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lifetimes(BTreeMap<(SourceId, FieldName), Lifetime>);

/// As written down.
pub type StoredLifetimes = Vec<(SourceId, FieldName, Lifetime)>;

impl Lifetimes {
    /// Takes a look in. Says whether that changed anything.
    pub fn look(&mut self, source: &SourceId, field: &FieldName, look: &Look) -> bool {
        let Some(one) = Lifetime::of(look) else { return false };
        let name = (source.clone(), field.clone());
        let is_full = self.0.len() >= MOST_LIFETIMES;
        match self.0.get_mut(&name) {
            Some(known) => {
                // A clock that was ahead must not make all that comes fade away.
                known.day = known.day.min(one.day);
                known.add(&one);
            }
            None if is_full => return false,
            None => drop(self.0.insert(name, one)),
        }
        true
    }

    /// Forgets looks that were begun before this moment, of one field of a source or of all. Says whether there were any.
    pub fn reset(&mut self, source: &SourceId, field: Option<&FieldName>, at: Timestamp) -> bool {
        let before = self.0.len();
        self.0.retain(|(of, about), known| of != source || field.is_some_and(|field| field != about) || known.since >= at);
        before != self.0.len()
    }

    /// What one source's looks teach of a field (none: of all of them).
    #[must_use]
    pub fn of_source(&self, source: &SourceId, field: Option<&FieldName>) -> Option<LearnedLifetime> {
        let own = self.0.iter().filter(|((of, about), _)| of == source && field.is_none_or(|field| field == about));
        together(own.map(|(_, known)| known)).and_then(|all| all.learned())
    }

    /// The fields one source's looks teach anything of, in order.
    #[must_use]
    pub fn taught_by(&self, source: &SourceId) -> Vec<FieldName> {
        let own = self.0.iter().filter(|((of, _), known)| of == source && known.learned().is_some());
        own.map(|((_, field), _)| field.clone()).collect()
    }

    /// What all sources' looks teach of each field.
    #[must_use]
    pub fn learned(&self) -> HashMap<FieldName, LearnedLifetime> {
        let mut of: HashMap<&FieldName, Vec<&Lifetime>> = HashMap::new();
        for ((_, field), known) in &self.0 {
            of.entry(field).or_default().push(known);
        }
        let learned = |(field, known): (&FieldName, Vec<&Lifetime>)| Some((field.clone(), together(known.into_iter())?.learned()?));
        of.into_iter().filter_map(learned).collect()
    }

    /// As written down.
    #[must_use]
    pub fn store(&self) -> StoredLifetimes {
        self.0.iter().map(|((source, field), known)| (source.clone(), field.clone(), known.clone())).collect()
    }

    /// What [`Lifetimes::store`] gave.
    #[must_use]
    pub fn restore(stored: StoredLifetimes) -> Self {
        Self(stored.into_iter().take(MOST_LIFETIMES).map(|(source, field, known)| ((source, field), known)).collect())
    }
}

fn together<'a>(mut known: impl Iterator<Item = &'a Lifetime>) -> Option<Lifetime> {
    let first = known.next()?.clone();
    Some(known.fold(first, |mut all, one| {
        all.add(one);
        all
    }))
}

#[cfg(test)]
#[path = "lifetime_tests.rs"]
mod tests;
