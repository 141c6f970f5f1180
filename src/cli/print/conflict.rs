//! `conflicts list`, `conflicts show`.

use std::ops::ControlFlow;

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    fact::{ReasonCode, Timestamp},
    text::SafeText,
    wire::{BasePayload, CandidatePayload, ConflictPayload, DecisionPayload, DisputedChangePayload, Envelope},
};

use super::{
    Printer, payload,
    table::{Table, left, right},
    words::{ago, row, score_text, short_of, value},
};

/// Holds the conflicts until all are there; keeps their order, which says what to decide first.
#[derive(Default)]
pub struct ConflictListPrinter(Vec<ConflictPayload>);

impl Printer for ConflictListPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        self.0.extend(payload::<ConflictPayload>(envelope, sink));
        ControlFlow::Continue(())
    }

    fn finish(&mut self, sink: &mut Sink) -> ControlFlow<()> {
        if self.0.is_empty() {
            return sink.line(&Line::plain("no conflicts"));
        }
        let mut table = Table::new(vec![
            left("id", 14),
            left("key", 512),
            right("margin", 6),
            left("resolution", 14),
            left("values, the believed one first", 80),
        ]);
        for conflict in &self.0 {
            // Who deleted it has no value that could be among them.
            let deleted =
                conflict.change.as_ref().filter(|_| conflict.class == "delete").map(|change| format!("not there ({})", change.source));
            let values: Vec<String> = deleted.into_iter().chain(conflict.candidates.iter().map(candidate)).collect();
            table.row(vec![
                (Tone::Plain, SafeText::line(&conflict.id)),
                (Tone::Strong, SafeText::line(conflict.key.as_str())),
                (Tone::Plain, SafeText::line(&score_text(conflict.margin))),
                (
                    if conflict.resolution == "pending" { Tone::Warn } else { Tone::Dim },
                    SafeText::line(&conflict.resolution.replace('_', " ")),
                ),
                (Tone::Plain, SafeText::line(&values.join(" | "))),
            ]);
        }
        table.lines().iter().try_for_each(|line| sink.line(line))
    }
}

/// Prints one conflict when it comes.
pub struct ConflictPrinter;

impl Printer for ConflictPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(conflict) = payload::<ConflictPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        conflict_lines(&conflict, envelope.at()).iter().try_for_each(|line| sink.line(line))
    }
}

/// The whole conflict; of a change, what it starts from, what it brings and what is there.
pub fn conflict_lines(conflict: &ConflictPayload, at: Timestamp) -> Vec<Line> {
    let resolution = conflict.resolution.replace('_', " ");
    let mut lines = vec![
        Line::toned(Tone::Strong, conflict.key.as_str())
            .add(Tone::Plain, &format!("   {}   ", conflict.id))
            .add(if resolution == "pending" { Tone::Warn } else { Tone::Plain }, &resolution),
    ];
    if let Some(change) = &conflict.change {
        lines.extend(change_lines(change, conflict, at));
        return lines;
    }
    let mut table = Table::new(vec![right("", 4), left("value", 48), left("by", 64), right("score", 5), left("", 14)]);
    for (at, candidate) in conflict.candidates.iter().enumerate() {
        table.row(vec![
            (Tone::Plain, SafeText::line(&(at + 1).to_string())),
            (Tone::Strong, value(candidate.value.as_ref(), "")),
            (Tone::Plain, SafeText::line(&row(&names(candidate)))),
            (Tone::Plain, SafeText::line(&if candidate.sources.is_empty() { "-".to_owned() } else { score_text(candidate.score) })),
            (Tone::Dim, SafeText::line(if at == 0 { "believed now" } else { "" })),
        ]);
    }
    lines.extend(table.lines());
    lines.push(Line::plain(&format!(
        "margin {}; last change {} ago; digest {}",
        score_text(conflict.margin),
        ago(&conflict.last_updated, at).unwrap_or_default(),
        conflict.digest
    )));
    if let Some(decision) = &conflict.decision {
        let text = if conflict.planned {
            format!("nothing was decided; this would be noted: {}", said(decision))
        } else {
            let holds = if conflict.resolution == "pending" { "; it holds no more" } else { "" };
            format!("{} {} ago{holds}", said(decision), ago(&decision.at, at).unwrap_or_default())
        };
        lines.push(Line::plain(&text));
    }
    for reason in &conflict.reason_codes {
        let sentence = reason.parse::<ReasonCode>().map_or_else(|_| reason.to_string(), |code| code.sentence().to_owned());
        lines.push(Line::plain("  ").add(Tone::Plain, &sentence).add(Tone::Dim, &format!("  ({reason})")));
    }
    lines
}

/// What it was, what ours makes of it, what it is now.
fn change_lines(change: &DisputedChangePayload, conflict: &ConflictPayload, at: Timestamp) -> Vec<Line> {
    let held = |base: &BasePayload| match base.known.as_ref() {
        "value" => value(base.value.as_ref(), ""),
        "absent" => SafeText::line("not there"),
        _ => SafeText::line("not known"),
    };
    let row = |name: &str, shown: SafeText, what: &str| {
        Line::toned(Tone::Dim, &format!("  {name:<7} ")).add_safe(Tone::Strong, shown).add(Tone::Plain, what)
    };
    vec![
        row("base", held(&change.base), "   what it was when the change was made"),
        row("mine", value(Some(&change.mine), ""), &format!("   {}", short_of(&change.command_id))),
        row("theirs", held(&change.theirs), &format!("   what {} holds now", change.source)),
        Line::plain(&format!("waits for {}; digest {}", ago(&conflict.last_updated, at).unwrap_or_default(), conflict.digest)),
        Line::toned(Tone::Dim, &format!("stellar conflicts resolve {} --mine, --theirs or --value JSON", conflict.id)),
    ]
}

/// `ops accepted 5 of git for service/web/replicas`
pub fn said(decision: &DecisionPayload) -> String {
    let what = match decision.verdict.as_ref() {
        "rejected" => "rejected every value".to_owned(),
        verdict => {
            let from = decision.from.as_ref().map(|from| format!(" of {from}")).unwrap_or_default();
            let shown = value(decision.value.as_ref(), "");
            let word = if verdict == "by_rule" { "had the rule decide for" } else { "accepted" };
            format!("{word} {}{from}", shown.as_str())
        }
    };
    format!("{} {what} for {}", decision.by.user, decision.key)
}

/// Who stands for it; what only a person knows no source says.
fn names(candidate: &CandidatePayload) -> Vec<String> {
    if candidate.sources.is_empty() {
        return vec!["no source".to_owned()];
    }
    candidate.sources.iter().map(ToString::to_string).collect()
}

fn candidate(candidate: &CandidatePayload) -> String {
    format!("{} ({})", value(candidate.value.as_ref(), ""), names(candidate).join(", "))
}
