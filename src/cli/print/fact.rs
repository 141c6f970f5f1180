//! `get`: one fact in two lines.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    fact::{Timestamp, right_about},
    text::{SafeText, bare_value},
    wire::{Envelope, InsightPayload, SourceViewPayload},
};

use super::{
    Printer, payload,
    words::{ago, band_tone, believed_and_pending, is_of_a_person, row, score_text, short_of, state_tone, unreachable, value},
};

/// Sources that are named for a value, and against it: a line is read, and some facts have a thousand.
const MOST: usize = 10;

/// Prints each fact when it comes.
pub struct FactPrinter {
    several: bool,
    bare: bool,
}

impl FactPrinter {
    /// With the key above each fact when there are several; or only the bare values.
    pub fn new(several: bool, bare: bool) -> Self {
        Self { several, bare }
    }
}

impl Printer for FactPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(fact) = payload::<InsightPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        if self.bare {
            return sink.block(&bare_value(fact.value.as_ref().map_or("null", |value| value.as_json_text())));
        }
        if self.several {
            sink.line(&Line::toned(Tone::Strong, fact.key.as_str()))?;
        }
        fact_lines(&fact, envelope.at()).iter().try_for_each(|line| sink.line(line))
    }
}

/// The fact in one or two lines, without its key.
pub fn fact_lines(fact: &InsightPayload, at: Timestamp) -> Vec<Line> {
    let mut first = Line::default().add_safe(Tone::Strong, believed_and_pending(fact));
    if let (Some(band), Some(score)) = (&fact.band, fact.confidence) {
        first = first
            .add(Tone::Plain, "   ")
            .add(Tone::Plain, &right_about(fact.p_true))
            .add(Tone::Plain, " (")
            .add(band_tone(Some(band)), band)
            .add(Tone::Plain, &format!(", {})", score_text(score)));
    }
    if is_of_a_person(fact) {
        first =
            first.add(Tone::Plain, "   ").add(Tone::Plain, &right_about(fact.p_true)).add(Tone::Dim, "   a person says so, no source does");
    }
    let seen = seen(fact, at);
    if fact.state != "fresh" || !seen.is_empty() {
        first = first.add(Tone::Plain, "   ");
    }
    if fact.state != "fresh" {
        first = first.add(state_tone(&fact.state), &fact.state).add(Tone::Plain, if seen.is_empty() { "" } else { ", " });
    }
    first = first.add(Tone::Dim, &seen);
    let mut lines = vec![first];
    lines.extend(against(fact));
    lines.extend(under_way(fact, at));
    lines
}

/// Who vouches for the value: `seen 9 s ago by prom; cluster agrees, unreachable for 4 min`.
fn seen(fact: &InsightPayload, at: Timestamp) -> String {
    let Some(winner) = fact.sources.iter().find(|source| source.wins) else { return String::new() };
    let how = if winner.live { "live".to_owned() } else { format!("seen {} ago", ago(&fact.observed_at, at).unwrap_or_default()) };
    let mut text = format!("{how} by {}{}", winner.source, unreachable(winner, at));
    let others = || fact.sources.iter().filter(|source| !source.wins && source.agrees && !source.absent && source.role == "observed");
    for other in others().take(MOST) {
        let shared = other.same_origin.is_some() && other.same_origin == winner.same_origin;
        let verb = if shared { "reads the same place and agrees" } else { "agrees" };
        text.push_str(&format!("; {} {verb}{}", other.source, unreachable(other, at)));
    }
    let more = others().count().saturating_sub(MOST);
    if more > 0 {
        text.push_str(&format!("; {more} more agree"));
    }
    text
}

/// Who says otherwise, and what is to be done: indented under the value; or nothing.
fn against(fact: &InsightPayload) -> Option<Line> {
    let others: Vec<&SourceViewPayload> = fact.sources.iter().filter(|source| !source.wins && (source.absent || !source.agrees)).collect();
    let mut parts = Vec::new();
    let more = others.len().saturating_sub(MOST);
    for source in others.into_iter().take(MOST) {
        parts.push(match (source.absent, source.role.as_ref()) {
            (true, _) => format!("{} no longer has it", source.source),
            (false, "declared") => format!("{} wants {}", source.source, value(source.value.as_ref(), &fact.unit)),
            (false, _) => format!("{} says {}", source.source, value(source.value.as_ref(), &fact.unit)),
        });
    }
    if more > 0 {
        parts.push(format!("and {more} more, which stellar why {} shows", fact.key));
    }
    let mut line = Line::default();
    if !parts.is_empty() {
        line = line.add(Tone::Plain, "    ").add(Tone::Plain, &parts.join(", "));
    }
    if let (true, Some(id)) = (fact.marks.iter().any(|mark| mark == "conflict"), &fact.conflict_id) {
        let lead = if parts.is_empty() { "    " } else { "   " };
        line = line.add(Tone::Plain, lead).add(Tone::Warn, "conflict").add(Tone::Plain, &format!(": stellar conflicts show {id}"));
    }
    let rest: Vec<String> = fact
        .marks
        .iter()
        .filter(|mark| !matches!(mark.as_ref(), "conflict" | "drift" | "pending" | "locked"))
        .map(ToString::to_string)
        .collect();
    if !rest.is_empty() {
        let lead = if line.pieces().is_empty() { "    " } else { "   " };
        line = line.add(Tone::Plain, lead).add(Tone::Warn, &row(&rest));
    }
    (!line.pieces().is_empty()).then_some(line)
}

/// What a change brings that is under way, and that belief is frozen: a line each.
fn under_way(fact: &InsightPayload, at: Timestamp) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(pending) = &fact.pending {
        let id = short_of(&pending.command_id);
        let since = ago(&pending.since, at).map(|ago| format!(", asked for {ago} ago")).unwrap_or_default();
        let state = pending.state.replace('_', " ");
        lines.push(
            Line::plain("    ")
                .add(Tone::Warn, "pending")
                .add_safe(Tone::Plain, SafeText::line(": "))
                .add_safe(Tone::Strong, value(Some(&pending.value), &fact.unit))
                .add(Tone::Plain, &format!(" is {state}{since}: stellar queue show {id}")),
        );
    }
    if fact.marks.iter().any(|mark| mark == "locked") {
        let text = format!(": nothing changes it until stellar unlock {}", fact.key);
        lines.push(Line::plain("    ").add(Tone::Warn, "locked").add(Tone::Plain, &text));
    }
    lines
}
