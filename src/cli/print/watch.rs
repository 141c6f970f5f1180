//! `watch`: the current facts as a table, then a line per event.

use std::{collections::BTreeMap, ops::ControlFlow};

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    fact::Key,
    wire::{
        CacheSentence, ConflictEventPayload, ConflictPayload, DecisionPayload, Envelope, FaultPayload, HeldPayload, InsightPayload,
        MissedPayload, RefreshPayload,
    },
};

use super::{
    Printer,
    conflict::said,
    list::fact_table,
    payload,
    queue::news,
    words::{band_tone, believed, confidence, count, state_tone},
};

/// Holds the current facts until the events begin, then remembers the last value of each.
#[derive(Default)]
pub struct WatchPrinter {
    facts: BTreeMap<Key, InsightPayload>,
    ready: bool,
}

impl Printer for WatchPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        match envelope.action.as_str() {
            "core.insight.read" => {
                self.facts.extend(payload::<InsightPayload>(envelope, sink).map(|fact| (fact.key.clone(), fact)));
                ControlFlow::Continue(())
            }
            "core.watch.ready" => self.begin(sink),
            "core.insight.changed" => {
                let Some(fact) = payload::<InsightPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
                let before = self.facts.insert(fact.key.clone(), fact.clone());
                sink.line(&change_line(&envelope.ts, before.as_ref(), &fact))
            }
            _ => event_line(envelope, sink).map_or(ControlFlow::Continue(()), |line| sink.line(&line)),
        }
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        if self.ready { ControlFlow::Continue(()) } else { self.begin(sink) }
    }
}

impl WatchPrinter {
    fn begin(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        self.ready = true;
        fact_table(self.facts.values()).iter().try_for_each(|line| sink.line(line))
    }
}

/// `12:04:31Z key  3 -> 4  medium 0.74`
fn change_line(ts: &str, before: Option<&InsightPayload>, fact: &InsightPayload) -> Line {
    let mut line = clock(ts).add(Tone::Strong, fact.key.as_str()).add(Tone::Plain, "   ");
    let old = before.map(believed).filter(|old| *old != believed(fact));
    if let Some(old) = old {
        line = line.add_safe(Tone::Dim, old).add(Tone::Plain, " -> ");
    }
    line = line.add_safe(Tone::Plain, believed(fact)).add(Tone::Plain, "   ").add(band_tone(fact.band.as_deref()), &confidence(fact));
    if fact.state != "fresh" {
        line = line.add(Tone::Plain, "   ").add(state_tone(&fact.state), &fact.state);
    }
    let marks: Vec<&str> = fact.marks.iter().map(AsRef::as_ref).collect();
    if marks.is_empty() { line } else { line.add(Tone::Plain, "   ").add(Tone::Warn, &marks.join(" ")) }
}

/// Any other event in a line; nothing for those that say nothing to a person.
pub fn event_line(envelope: &Envelope, sink: &mut Sink) -> Option<Line> {
    let line = clock(&envelope.ts);
    match envelope.action.as_str() {
        "core.conflict.opened" => {
            let conflict: ConflictEventPayload = payload(envelope, sink)?;
            let text = format!(" on {}: stellar conflicts show {}", conflict.key, conflict.id);
            Some(line.add(Tone::Warn, "conflict").add(Tone::Plain, &text))
        }
        "core.conflict.changed" => {
            let conflict: ConflictPayload = payload(envelope, sink)?;
            let text = format!(" on {} is {}: stellar conflicts show {}", conflict.key, conflict.resolution.replace('_', " "), conflict.id);
            Some(line.add(Tone::Warn, "conflict").add(Tone::Plain, &text))
        }
        "core.conflict.decided" | "core.conflict.undone" => {
            let decision: DecisionPayload = payload(envelope, sink)?;
            let back = if envelope.action == "core.conflict.undone" { "took back: " } else { "" };
            Some(line.add(Tone::Plain, back).add(Tone::Plain, &said(&decision)))
        }
        "core.conflict.closed" => {
            let conflict: ConflictEventPayload = payload(envelope, sink)?;
            Some(line.add(Tone::Plain, &format!("conflict {} on {} is no more", conflict.id, conflict.key)))
        }
        // A source that answers is no news; one that does not is.
        "core.source.refreshed" => {
            let report: RefreshPayload = payload(envelope, sink)?;
            let error = report.error?;
            Some(line.add(Tone::Strong, report.source.as_str()).add(Tone::Plain, "   ").add(Tone::Bad, &error.message))
        }
        "core.cache.resync_required" | "core.cache.failed_over" | "core.cache.quarantined" => {
            let told: CacheSentence = payload(envelope, sink)?;
            Some(line.add(Tone::Warn, &told.message))
        }
        "core.queue.held" | "core.queue.released" => {
            let told: HeldPayload = payload(envelope, sink)?;
            let text = if told.held { "sending was stopped by " } else { "sending goes on, says " };
            Some(line.add(if told.held { Tone::Warn } else { Tone::Plain }, text).add(Tone::Plain, &told.user))
        }
        action if action.starts_with("core.queue.") => Some(news(line, &payload(envelope, sink)?)),
        action if action.starts_with("core.cache.") => {
            let told: CacheSentence = payload(envelope, sink)?;
            Some(line.add(Tone::Plain, &told.message))
        }
        "core.engine.fault" => {
            let fault: FaultPayload = payload(envelope, sink)?;
            Some(line.add(Tone::Bad, &fault.message))
        }
        "core.watch.missed" => {
            let missed: MissedPayload = payload(envelope, sink)?;
            Some(line.add(Tone::Warn, &format!("{} missed: this reader was too slow", count(missed.missed, "event"))))
        }
        _ => None,
    }
}

/// The time of day of a stamp, UTC.
fn clock(ts: &str) -> Line {
    let time = ts.get(11..19).unwrap_or(ts);
    Line::toned(Tone::Dim, &format!("{time}Z "))
}
