//! Ours beside its peers in one run: rounds take turns, so that what else the machine does falls on all of them alike; one line of a table
//! for each figure.

use std::{
    fmt::Write as _,
    io::Write as _,
    time::{Duration, Instant},
};

/// What one contestant took, sorted.
pub struct Taken(Vec<f64>);

impl Taken {
    /// The time, in microseconds, that this share (0 to 1) of the operations did not exceed.
    pub fn at(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
    }

    /// The median, in microseconds.
    pub fn p50(&self) -> f64 {
        self.at(0.5)
    }
}

/// One of those that take turns: it does as many operations as it is told.
pub type Contestant<'a> = Box<dyn FnMut(usize) + 'a>;

/// How many turns, how many measurements in each, and how many operations one measurement spans.
#[derive(Clone, Copy)]
pub struct Turns {
    /// Of each contestant.
    pub rounds: usize,
    /// In each turn.
    pub measurements: usize,
    /// In each measurement: more than one where reading the clock would cost as much as the operation.
    pub operations: usize,
}

/// Runs the contestants in turns; the first turn of each warms up and is not counted.
pub fn contest(turns: Turns, contestants: &mut [Contestant<'_>]) -> Vec<Taken> {
    let mut taken: Vec<Vec<f64>> = contestants.iter().map(|_| Vec::with_capacity(turns.rounds * turns.measurements)).collect();
    for round in 0..=turns.rounds {
        for (contestant, taken) in contestants.iter_mut().zip(&mut taken) {
            for _ in 0..turns.measurements {
                let start = Instant::now();
                contestant(turns.operations);
                let took = start.elapsed();
                if round > 0 {
                    taken.push(took.as_secs_f64() * 1e6 / turns.operations as f64);
                }
            }
        }
    }
    taken
        .into_iter()
        .map(|mut all| {
            all.sort_unstable_by(f64::total_cmp);
            Taken(all)
        })
        .collect()
}

/// What a figure is held to.
#[derive(Clone, Copy)]
pub enum Bound {
    /// At most this many times the peer's median.
    Ratio(f64),
    /// At most this long at the median.
    Median(Duration),
    /// Nothing: for comparison.
    None,
}

/// Prints the head of the table.
pub fn head() {
    say("| figure | ours p50 | p95 | beside it | p50 | ratio | bound | held |\n| --- | --- | --- | --- | --- | --- | --- | --- |");
}

/// Prints one line of it.
pub fn line(figure: &str, ours: &Taken, peer: &str, theirs: &Taken, bound: Bound) {
    let ratio = ours.p50() / theirs.p50();
    let (bound, held) = match bound {
        Bound::Ratio(most) => (format!("{most} x"), Some(ratio <= most)),
        Bound::Median(most) => (format!("{most:?}"), Some(ours.p50() <= most.as_secs_f64() * 1e6)),
        Bound::None => (String::new(), None),
    };
    let held = held.map_or("", |held| if held { "yes" } else { "NO" });
    let mut text = String::new();
    let times = (time(ours.p50()), time(ours.at(0.95)), time(theirs.p50()));
    let _ = write!(text, "| {figure} | {} | {} | {peer} | {} | {ratio:.2} | {bound} | {held} |", times.0, times.1, times.2);
    say(&text);
}

fn time(micros: f64) -> String {
    match micros {
        micros if micros >= 1e6 => format!("{:.2} s", micros / 1e6),
        micros if micros >= 1e3 => format!("{:.2} ms", micros / 1e3),
        micros if micros >= 1.0 => format!("{micros:.2} us"),
        micros => format!("{:.0} ns", micros * 1e3),
    }
}

/// Prints a line.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
