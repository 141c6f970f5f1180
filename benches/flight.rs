//! How often the believed value is right, on conflicting claims whose truth is known: `cargo run --release --example flight -- DIRECTORY`.
//!
//! `DIRECTORY/claims/DAY.txt` and `DIRECTORY/truth/DAY.txt` are the Flight set of Li, Dong, Lyons, Meng and Srivastava, "Truth Finding on the
//! Deep Web" (PVLDB 6(2), 2013). Every source starts with the trust 0.5. On each day the first open conflicts whose truth is known, in the
//! order they would be listed, get the true value as a person's decision; all items are judged before and after the day's decisions.
//!
//! Prints a table. Nothing of the data is part of the project.

#[path = "flight/claims.rs"]
mod claims;
#[path = "flight/desk.rs"]
mod desk;

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
};

use claims::Day;
use desk::Desk;
use stellar::fact::{Calibration, Judged};

/// What a number of decisions a day came to.
#[derive(Default)]
struct Tally {
    before: Vec<Judged>,
    before_differing: Vec<Judged>,
    after: Vec<Judged>,
    after_differing: Vec<Judged>,
    asked: Vec<Judged>,
}

fn run(days: &[Day], decisions: usize) -> Result<Tally, Box<dyn Error>> {
    let mut desk = Desk::new();
    let mut tally = Tally::default();
    for day in days {
        desk.open(day);
        for (judged, differs) in desk.judge() {
            tally.before.push(judged);
            tally.before_differing.extend(differs.then_some(judged));
        }
        for _ in 0..decisions {
            let Some(judged) = desk.decide_first() else { break };
            tally.asked.push(judged);
        }
        for (judged, differs) in desk.judge() {
            tally.after.push(judged);
            tally.after_differing.extend(differs.then_some(judged));
        }
    }
    Ok(tally)
}

/// The share of right ones, and of majority vote's, in percent.
fn right(judged: &[Judged]) -> (f64, f64) {
    Calibration::of(judged).map_or((0.0, 0.0), |scores| (100.0 * scores.right, 100.0 * scores.majority))
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("usage: flight DIRECTORY, which holds claims/DAY.txt and truth/DAY.txt".into());
    };
    let days = claims::read(&directory)?;
    let mut out = io::stdout().lock();
    let items: usize = days.iter().map(|day| day.items.len()).sum();
    writeln!(out, "{} days, {} sources, {items} items with a known truth\n", days.len(), claims::sources(&days))?;
    writeln!(
        out,
        "| decisions a day | right before/after, % | of the differing, % | majority vote, % | Brier | calibration error all/conflicting | asked: Brier, error |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- | --- | --- |")?;
    for decisions in [0, 1, 2, 5] {
        let tally = run(&days, decisions)?;
        let ((before, majority), (after, _)) = (right(&tally.before), right(&tally.after));
        let ((before_differing, of_differing), (after_differing, _)) = (right(&tally.before_differing), right(&tally.after_differing));
        let all = Calibration::of(&tally.before).unwrap_or_default();
        let conflicting = Calibration::of(&tally.before_differing).unwrap_or_default();
        let asked = Calibration::of(&tally.asked).map_or("-".to_owned(), |scores| format!("{:.3}, {:.3}", scores.brier, scores.error));
        writeln!(
            out,
            "| {decisions} | {before:.2} / {after:.2} | {before_differing:.2} / {after_differing:.2} | {majority:.2}, {of_differing:.2} | {:.4} | {:.4} / {:.4} | {asked} |",
            all.brier, all.error, conflicting.error,
        )?;
    }
    Ok(())
}
