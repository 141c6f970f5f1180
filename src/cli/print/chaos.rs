//! `chaos run --live`.

use std::{ops::ControlFlow, time::Duration};

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    wire::{ChaosLivePayload, Envelope, FaultCountPayload},
};

use super::{Printer, payload};

/// Prints the report when it comes.
pub struct ChaosLivePrinter;

impl Printer for ChaosLivePrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(report) = payload::<ChaosLivePayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        live_lines(&report).iter().try_for_each(|line| sink.line(line))
    }
}

/// What came of faults on the running engine, for a person.
fn live_lines(report: &ChaosLivePayload) -> Vec<Line> {
    let (tone, verdict) = if report.passed { (Tone::Good, "passed") } else { (Tone::Bad, "failed") };
    let row = |name: &str, text: String| Line::toned(Tone::Dim, &format!("{name:<14} ")).add(Tone::Plain, &text);
    let early = if report.complete { "" } else { ", ended early: nobody waited for it any more" };
    let recovery = &report.recovery;
    vec![
        Line::toned(Tone::Dim, &format!("{:<14} ", "profile"))
            .add(Tone::Strong, &report.profile)
            .add(Tone::Plain, &format!(", seed {}, on the running engine  ", report.seed))
            .add(tone, verdict),
        row("took", format!("{:.1} s{early}", Duration::from_millis(report.took_ms).as_secs_f64())),
        row("faults", FaultCountPayload::list(&report.faults)),
        row("reads", format!("{} of {} served", report.served, report.reads)),
        row("fetches", format!("{}, {} failed", report.fetches, report.failed_fetches)),
        row("sources", format!("{} of {} that answered before answer again", report.answered_after, report.answered_before)),
        row("changes", format!("{} of {} that waited are there; none was sent meanwhile", report.kept, report.waiting)),
        row("recovery", format!("{} times, worst {:.3} ms, {} unanswered", recovery.count, recovery.worst_ms, recovery.unanswered)),
    ]
}
