//! `source detect`: each suggestion with its reasons and its block, then what was seen on the way.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    wire::{DetectPayload, DetectedPayload, Envelope},
};

use super::{
    Printer, payload,
    words::{count, score_text},
};

/// Prints each suggestion when it comes.
pub struct DetectPrinter;

impl Printer for DetectPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        if envelope.action == "core.source.detected" {
            let Some(seen) = payload::<DetectedPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
            return seen_lines(&seen).iter().try_for_each(|line| sink.line(line));
        }
        let Some(found) = payload::<DetectPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        suggestion_lines(&found).iter().try_for_each(|line| sink.line(line))
    }
}

fn suggestion_lines(found: &DetectPayload) -> Vec<Line> {
    let head = Line::toned(Tone::Strong, &found.source)
        .add(Tone::Plain, &format!("   {}, sure {} ", found.kind, score_text(found.confidence)))
        .add(Tone::Dim, &format!("(detector {})   {}", found.detector, found.place));
    let mut lines = vec![head];
    lines.extend(found.reasons.iter().map(|reason| Line::plain(&format!("  {}: {}", reason.code, reason.text))));
    lines.push(Line::plain(""));
    lines.extend(found.block.lines().filter(|line| !line.is_empty()).map(|line| Line::plain(&format!("    {line}"))));
    lines.push(Line::plain(""));
    lines
}

fn seen_lines(seen: &DetectedPayload) -> Vec<Line> {
    let remembered =
        if seen.remembered > 0 { format!(", {} remembered from less than 15 minutes ago", seen.remembered) } else { String::new() };
    let mut lines =
        vec![Line::plain(&format!("{} in {}{remembered}", count(seen.suggestions, "suggestion"), count(seen.looked_into, "place")))];
    lines.extend(seen.left_out.iter().map(|left| Line::toned(Tone::Dim, &format!("left out {}: {}", left.count, left.reason))));
    lines.extend(seen.problems.iter().map(|problem| Line::toned(Tone::Warn, problem)));
    if seen.suggestions > 0 {
        lines.push(Line::toned(Tone::Dim, "stellar source add --from PATH_OR_URL takes one up; it shows first what it writes"));
    }
    lines
}
