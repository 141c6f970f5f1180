//! `history`, `get --at`: what was believed before, oldest first.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    text::SafeText,
    wire::{Envelope, HistoryPayload},
};

use super::{
    Printer, payload,
    words::{ago, band_tone, score_text, value},
};

/// Prints a line per change.
#[derive(Default)]
pub struct HistoryPrinter;

impl Printer for HistoryPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(then) = payload::<HistoryPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        sink.line(&with_confidence(Line::toned(Tone::Dim, &format!("{}  ", then.at)), &then))
    }
}

/// Prints what was believed at a moment, and says that it is not now.
pub struct PastPrinter {
    bare: bool,
}

impl PastPrinter {
    /// The value alone, if that is asked for.
    pub const fn new(bare: bool) -> Self {
        Self { bare }
    }
}

impl Printer for PastPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(then) = payload::<HistoryPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        if self.bare {
            return sink.line(&Line::default().add_safe(Tone::Plain, believed(&then)));
        }
        let line = Line::toned(Tone::Strong, then.key.as_str())
            .add(Tone::Dim, &format!("  believed at {}  ", then.asked_at.as_deref().unwrap_or(&then.at)));
        let since = ago(&then.at, envelope.at()).map(|ago| format!("  since {}, {ago} ago", then.at)).unwrap_or_default();
        sink.line(&with_confidence(line, &then).add(Tone::Dim, &since))
    }
}

fn with_confidence(line: Line, then: &HistoryPayload) -> Line {
    let line = line.add_safe(Tone::Plain, believed(then));
    match (&then.band, then.confidence) {
        (Some(band), Some(score)) => line.add(Tone::Plain, "  ").add(band_tone(Some(band)), &format!("{band} {}", score_text(score))),
        _ => line,
    }
}

fn believed(then: &HistoryPayload) -> SafeText {
    match &then.value {
        Some(json) => value(Some(json), ""),
        None if then.too_long => SafeText::line("a value too long to be kept"),
        None => SafeText::line("nothing"),
    }
}
