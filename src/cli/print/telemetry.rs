//! `telemetry status`.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    wire::{Envelope, ScoresPayload, TelemetryPayload},
};

use super::{Printer, payload, words::count};

/// Prints how Stellar is doing.
pub struct TelemetryPrinter;

impl Printer for TelemetryPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(found) = payload::<TelemetryPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        let calibration = &found.calibration;
        if calibration.asked.is_some() {
            sink.line(&Line::toned(Tone::Dim, "                 right  majority   brier  off by  of"))?;
        } else {
            sink.line(&Line::plain(
                "how often belief is right is not known yet: it is learned from your decisions, see stellar conflicts list",
            ))?;
        }
        let parts = [("asked about", &calibration.asked), ("conflicting", &calibration.conflicting), ("all facts", &calibration.all)];
        for (name, scores) in parts {
            if let Some(scores) = scores {
                sink.line(&row(name, scores))?;
            }
        }
        if calibration.asked.is_some() {
            let text = format!(
                "asked about is what was decided; the others are estimates, in which a decision stands for the facts like it: {} of {} facts",
                calibration.represented, calibration.facts
            );
            sink.line(&Line::toned(Tone::Dim, &text))?;
        }
        let asked = found.cache.hits + found.cache.misses;
        let ratio = if asked == 0 {
            "nothing was asked for yet".to_owned()
        } else {
            format!("{} of {asked} asked for were there", found.cache.hits)
        };
        sink.line(&Line::plain(&format!("facts in memory: {ratio}, {} of {} bytes", found.cache.bytes, found.cache.limit)))?;
        let oldest = found.queue.oldest_ms.map(|age| format!(", the oldest for {} s", age / 1000)).unwrap_or_default();
        let person = if found.queue.needs_a_person == 0 { String::new() } else { format!(", {} wait for you", found.queue.needs_a_person) };
        sink.line(&Line::plain(&format!("changes under way: {}{oldest}{person}", found.queue.depth)))?;
        let silent: Vec<&str> =
            found.sources.iter().filter(|one| one.availability.is_some_and(|share| share < 1.0)).map(|one| one.source.as_str()).collect();
        let asked = found.sources.iter().filter(|one| one.availability.is_some()).count();
        let text = match silent.as_slice() {
            _ if asked == 0 => "sources: none was asked in the last five minutes".to_owned(),
            [] => format!("sources: all {asked} that were asked in the last five minutes answered each time"),
            some => format!("sources: {} of {asked} did not answer each time in the last five minutes: {}", some.len(), some.join(", ")),
        };
        sink.line(&Line::plain(&text))
    }
}

fn row(name: &str, scores: &ScoresPayload) -> Line {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    Line::plain(&format!(
        "{name:<14} {:>7}   {:>7}   {:.3}   {:.3}  {}",
        percent(scores.right),
        percent(scores.majority_right),
        scores.brier,
        scores.calibration_error,
        count(scores.decisions, "decision")
    ))
}
