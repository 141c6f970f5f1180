//! `source list`, `source test`, `refresh`.

use std::{ops::ControlFlow, time::Duration};

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    fact::{Key, Timestamp},
    text::{SafeText, duration_exact},
    wire::{Envelope, RefreshPayload, SkippedPayload, SourcePayload, SourceTestPayload},
};

use super::{
    Printer, payload,
    queue::waiting,
    table::{Table, left, right},
    words::{ago, count, row, score_text, value},
};

/// Holds the sources until all are there.
#[derive(Default)]
pub struct SourceListPrinter(Vec<(SourcePayload, Timestamp)>);

impl Printer for SourceListPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        self.0.extend(payload::<SourcePayload>(envelope, sink).map(|source| (source, envelope.at())));
        ControlFlow::Continue(())
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        let mut table = Table::new(vec![
            left("source", 64),
            left("kind", 10),
            left("role", 8),
            left("state", 32),
            right("keys", 8),
            right("trust", 5),
            left("asked", 14),
            right("answered", 10),
        ]);
        for (source, at) in &self.0 {
            let (tone, state) = standing(source, *at);
            let asked = source
                .interval_ms
                .map_or_else(|| "watched".to_owned(), |every| format!("every {}", duration_exact(Duration::from_millis(every))));
            // Who never answered without something having to be left out has answered all the same.
            let not_whole = if source.state == "reachable" { "in part" } else { "never" };
            let answered = source
                .complete_at
                .as_deref()
                .and_then(|stamp| ago(stamp, *at))
                .map_or_else(|| not_whole.to_owned(), |ago| format!("{ago} ago"));
            table.row(vec![
                (Tone::Strong, SafeText::line(source.source.as_str())),
                (Tone::Plain, SafeText::line(&source.kind)),
                (Tone::Dim, SafeText::line(&source.role)),
                (tone, SafeText::line(&state)),
                (Tone::Plain, SafeText::line(&source.keys.to_string())),
                (Tone::Dim, SafeText::line(&score_text(source.trust))),
                (Tone::Dim, SafeText::line(&asked)),
                (Tone::Dim, SafeText::line(&answered)),
            ]);
        }
        table.lines().iter().try_for_each(|line| sink.line(line))?;
        for (source, at) in &self.0 {
            if let Some(error) = &source.error {
                sink.line(&Line::toned(Tone::Bad, &format!("{}: {}", source.source, error.message)))?;
            }
            if let Some(learned) = source.learned.as_ref().filter(|learned| learned.answers > 0) {
                let (right, answers) = (learned.right, learned.answers);
                let text = format!("{}: right {right} of {answers} times; trusted {} by that", source.source, score_text(learned.trust));
                sink.line(&Line::toned(Tone::Dim, &text))?;
            }
            if let Some(queue) = &source.queue {
                let text = format!("{}: {}", source.source, waiting(queue, *at));
                sink.line(&Line::toned(if queue.breaker == "closed" { Tone::Plain } else { Tone::Warn }, &text))?;
            }
            for line in remarks(&source.skipped, &source.duplicates, source.rejected_keys) {
                sink.line(&Line::toned(Tone::Warn, &format!("{}: {line}", source.source)))?;
            }
        }
        ControlFlow::Continue(())
    }
}

fn standing(source: &SourcePayload, at: Timestamp) -> (Tone, String) {
    if !source.enabled {
        return (Tone::Dim, "disabled".to_owned());
    }
    match source.state.as_ref() {
        "reachable" => (Tone::Good, "reachable".to_owned()),
        "failing" => {
            let since = source.failing_since.as_deref().and_then(|since| ago(since, at));
            (Tone::Bad, since.map_or_else(|| "failing".to_owned(), |span| format!("failing for {span}")))
        }
        _ => (Tone::Dim, "not asked yet".to_owned()),
    }
}

/// What of an answer was not taken, a sentence each.
fn remarks(skipped: &[SkippedPayload], duplicates: &[Key], rejected: u64) -> Vec<String> {
    let mut lines: Vec<String> =
        skipped.iter().map(|skipped| format!("{} left out: {}", count(skipped.count, "item"), skipped.reason)).collect();
    if !duplicates.is_empty() {
        let shown: Vec<String> = duplicates.iter().take(5).map(ToString::to_string).collect();
        let more = if duplicates.len() > 5 { format!(" and {} more", duplicates.len() - 5) } else { String::new() };
        lines.push(format!("two items claim {}{more}; neither was taken", if more.is_empty() { row(&shown) } else { shown.join(", ") }));
    }
    if rejected > 0 {
        lines.push(format!("{} refused: malformed, or not for this source to claim", count(rejected, "key")));
    }
    lines
}

/// Prints a test when it comes.
pub struct SourceTestPrinter;

impl Printer for SourceTestPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(test) = payload::<SourceTestPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        if test.error.is_none() {
            let whole = if test.complete { "complete" } else { "not complete: nothing will be concluded from what is missing" };
            let text = format!("{}: {} in {} ms, {whole}. Nothing was stored.", test.source, count(test.keys, "key"), test.ms);
            sink.line(&Line::plain(&text))?;
        }
        let mut table = Table::new(vec![left("key", 512), right("value", 48)]);
        for item in &test.sample {
            table.row(vec![(Tone::Strong, SafeText::line(item.key.as_str())), (Tone::Plain, value(item.value.as_ref(), ""))]);
        }
        table.lines().iter().try_for_each(|line| sink.line(line))?;
        let more = test.keys.saturating_sub(test.sample.len() as u64);
        if more > 0 && !test.sample.is_empty() {
            sink.line(&Line::toned(Tone::Dim, &format!("and {more} more")))?;
        }
        let remarks = remarks(&test.skipped, &test.duplicates, test.rejected_keys);
        remarks.iter().try_for_each(|line| sink.line(&Line::toned(Tone::Warn, line)))
    }
}

/// Prints each source's refresh when it comes.
pub struct RefreshPrinter;

impl Printer for RefreshPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(report) = payload::<RefreshPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        sink.line(&refresh_line(&report))
    }
}

/// How one source's refresh went, in a line.
pub fn refresh_line(report: &RefreshPayload) -> Line {
    let name = Line::toned(Tone::Strong, report.source.as_str());
    match &report.error {
        Some(error) => name.add(Tone::Plain, "   ").add(Tone::Bad, &error.message),
        None => {
            let failed = if report.failed > 0 { format!(", {} left out", report.failed) } else { String::new() };
            name.add(Tone::Plain, &format!("   {}, {} changed{failed}, {} ms", count(report.keys, "key"), report.changed, report.ms))
        }
    }
}
