//! `conflicts resolve`, `conflicts undo`, `conflicts watch`, `source trust`.

use std::{ops::ControlFlow, time::Duration};

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    fact::span,
    text::SafeText,
    wire::{ConflictPayload, DecisionPayload, Envelope, TrustPayload},
};

use super::{
    Printer,
    conflict::{ConflictListPrinter, conflict_lines, said},
    payload,
    queue::ChangePrinter,
    table::{Table, left, right},
    watch::event_line,
    words::{ago, score_text, seen_to_change},
};

/// Prints what a decision came to, and what it sends.
#[derive(Default)]
pub struct DecisionPrinter {
    change: ChangePrinter,
    is_undo: bool,
}

impl DecisionPrinter {
    /// For a decision that is taken back.
    pub fn of_undo() -> Self {
        Self { is_undo: true, ..Self::default() }
    }

    /// What it means, below the values.
    fn meaning(&self, conflict: &ConflictPayload) -> String {
        let is_said = conflict.resolution == "user_accepted" || conflict.resolution == "user_rejected";
        let undo = if is_said { format!(". Undo: stellar conflicts undo {}", conflict.id) } else { String::new() };
        let done = match (self.is_undo, is_said) {
            (false, _) => "deciding by itself sends nothing",
            (true, false) => "the decision is taken back; belief and trust are what they were before it",
            (true, true) => "the decision is taken back; the one before it holds again",
        };
        format!("{done}{undo}")
    }
}

impl Printer for DecisionPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        match envelope.action.as_str() {
            "core.conflict.read" => {
                let Some(conflict) = payload::<ConflictPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
                if conflict.change.is_some() || !conflict.would_send.is_empty() {
                    return self.change.take(envelope, sink);
                }
                conflict_lines(&conflict, envelope.at()).iter().try_for_each(|line| sink.line(line))?;
                sink.line(&Line::toned(Tone::Dim, &self.meaning(&conflict)))
            }
            "core.conflict.undone" => {
                let Some(decision) = payload::<DecisionPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
                sink.line(&Line::plain("taken back: ").add(Tone::Plain, &said(&decision)))
            }
            _ => self.change.take(envelope, sink),
        }
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        self.change.finish(sink)
    }
}

/// Holds the conflicts until the events begin.
#[derive(Default)]
pub struct ConflictWatchPrinter {
    list: ConflictListPrinter,
    ready: bool,
}

impl Printer for ConflictWatchPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        match envelope.action.as_str() {
            "core.conflict.read" => self.list.take(envelope, sink),
            "core.watch.ready" => {
                self.ready = true;
                self.list.finish(sink)
            }
            _ => event_line(envelope, sink).map_or(ControlFlow::Continue(()), |line| sink.line(&line)),
        }
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        if self.ready { ControlFlow::Continue(()) } else { self.list.finish(sink) }
    }
}

/// Holds what was learned until all of it is there.
#[derive(Default)]
pub struct TrustPrinter(Vec<(TrustPayload, crate::fact::Timestamp)>);

impl Printer for TrustPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        self.0.extend(payload::<TrustPayload>(envelope, sink).map(|learned| (learned, envelope.at())));
        ControlFlow::Continue(())
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        let mut table = Table::new(vec![
            left("source", 64),
            left("field", 64),
            right("trust", 5),
            right("configured", 10),
            left("right", 16),
            right("half-life", 9),
            left("", 48),
        ]);
        for (learned, at) in &self.0 {
            let field = learned.field.as_deref().unwrap_or("(all)");
            let half_life = learned.lasts.as_ref().map(|lasts| span::setting(Duration::from_millis(lasts.half_life_ms)));
            let mut remarks: Vec<String> = learned.lasts.as_ref().map(seen_to_change).into_iter().collect();
            let reset = learned.reset_at.as_deref().and_then(|reset| ago(reset, *at)).map(|ago| format!("begun anew {ago} ago"));
            remarks.extend(reset);
            table.row(vec![
                (Tone::Strong, SafeText::line(learned.source.as_str())),
                (Tone::Plain, SafeText::line(field)),
                (Tone::Strong, SafeText::line(&score_text(learned.trust))),
                (Tone::Dim, SafeText::line(&score_text(learned.configured))),
                (Tone::Plain, SafeText::line(&times(learned.right, learned.answers))),
                (Tone::Plain, SafeText::line(&half_life.unwrap_or_default())),
                (Tone::Dim, SafeText::line(&remarks.join(", "))),
            ]);
        }
        table.lines().iter().try_for_each(|line| sink.line(line))
    }
}

/// `12 of 14 times`
pub fn times(right: u32, answers: u32) -> String {
    if answers == 0 { "nobody decided".to_owned() } else { format!("{right} of {answers} times") }
}
