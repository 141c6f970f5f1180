//! `list`: a fact per row.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    text::SafeText,
    wire::{Envelope, InsightPayload},
};

use super::{
    Printer, payload,
    table::{Table, left, right},
    words::{age_column, band_tone, believed_and_pending, confidence, count, state_tone},
};

/// Holds the facts until all are there.
#[derive(Default)]
pub struct ListPrinter(Vec<InsightPayload>);

impl Printer for ListPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        self.0.extend(payload::<InsightPayload>(envelope, sink));
        ControlFlow::Continue(())
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        fact_table(self.0.iter()).iter().try_for_each(|line| sink.line(line))?;
        if sink.is_terminal() { sink.line(&summary(&self.0)) } else { ControlFlow::Continue(()) }
    }
}

/// Facts as a table; nothing at all when there are none.
pub fn fact_table<'f>(facts: impl Iterator<Item = &'f InsightPayload>) -> Vec<Line> {
    let mut table = Table::new(vec![
        left("key", 512),
        right("value", 32),
        left("state", 10),
        left("confidence", 14),
        right("age", 6),
        left("marks", 40),
    ]);
    for fact in facts {
        let marks: Vec<&str> = fact.marks.iter().map(AsRef::as_ref).collect();
        table.row(vec![
            (Tone::Strong, SafeText::line(fact.key.as_str())),
            (Tone::Plain, believed_and_pending(fact)),
            (state_tone(&fact.state), SafeText::line(&fact.state)),
            (band_tone(fact.band.as_deref()), SafeText::line(&confidence(fact))),
            (Tone::Dim, SafeText::line(&age_column(fact.age_ms))),
            (Tone::Warn, SafeText::line(&marks.join(" "))),
        ]);
    }
    table.lines()
}

fn summary(facts: &[InsightPayload]) -> Line {
    let undecided = facts.iter().filter(|fact| fact.marks.iter().any(|mark| mark == "conflict")).count();
    let mut text = count(facts.len() as u64, "fact");
    if undecided > 0 {
        text.push_str(&format!(", {undecided} need{} a decision: stellar conflicts list", if undecided == 1 { "s" } else { "" }));
    }
    Line::toned(Tone::Dim, &text)
}
