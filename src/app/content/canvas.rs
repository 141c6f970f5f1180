//! The canvas: one fact at length, cause first.

use crate::{
    app::{
        model::Model,
        part::{Badge, FactorLine, Part},
        words,
    },
    fact::{
        Candidate, Content, FactState, FactorKind, Insight, Mark, ReasonCode, Role as SourceRole, SourceState, SourceView, Timestamp,
        right_about, span,
    },
    text::SafeText,
    theme::Role,
};

use super::change::standing;

/// The pieces of the canvas for the selected fact.
#[must_use]
pub fn canvas_parts(model: &Model) -> Vec<Part> {
    let Some(insight) = model.current() else {
        return vec![Part::text("No fact is selected.", Role::Dim)];
    };
    let now = model.now;
    let mut parts = vec![Part::Heading(SafeText::line(insight.key.as_str()))];
    parts.extend(badges(insight));
    parts.extend(values(insight, now));
    let at_length = model.shared.looked.at_length(insight);
    parts.extend(wanted(insight, at_length));
    parts.extend(pending(model, insight));
    parts.push(Part::Gap);
    parts.push(Part::heading("Why"));
    parts.extend(insight.reason_codes.iter().map(|reason| Part::text(reason.sentence(), Role::Text)));
    parts.extend(state_sentence(insight, now));
    if let Some(confidence) = &insight.confidence {
        let rows = confidence.factors().map(|factor| FactorLine {
            name: factor_name(factor.kind),
            weight: factor.weight,
            value: factor.value,
            contribution: factor.contribution,
            why: SafeText::line(&learned(insight, factor.kind).unwrap_or_else(|| confidence.signal(factor.kind))),
        });
        parts.push(Part::Gap);
        parts.push(Part::Factors { rows: rows.to_vec(), sum: confidence.score });
    }
    parts.push(Part::Gap);
    parts.push(Part::heading("Sources"));
    parts.extend(at_length.sources.iter().map(|view| source(view, at_length, now)));
    parts.extend(model.shared.missing(insight).map(|more| Part::text(&more, Role::Dim)));
    parts.extend(series(model, insight));
    parts
}

/// `prom: right 4 of 7 here`, where anybody decided.
fn learned(insight: &Insight, kind: FactorKind) -> Option<String> {
    let winner = insight.sources.first().filter(|view| view.wins && kind == FactorKind::SourceTrust)?;
    words::right(winner).map(|right| format!("{}: {right}", winner.source))
}

/// What a factor is called.
const fn factor_name(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Freshness => "freshness",
        FactorKind::SourceTrust => "source trust",
        FactorKind::SchemaValidity => "schema",
        FactorKind::TelemetryAlignment => "telemetry",
        FactorKind::UserOverrides => "your decisions",
    }
}

fn badges(insight: &Insight) -> Option<Part> {
    let marks =
        insight.marks.iter().map(|mark: Mark| Badge { sign: words::mark_sign(mark), word: mark.code(), role: words::mark_role(mark) });
    let state = Badge { sign: words::state_sign(insight.state), word: insight.state.code(), role: words::state_role(insight.state) };
    Some(Part::Badges(marks.chain([state]).collect()))
}

/// The believed value, and those that compete with it.
fn values(insight: &Insight, now: Timestamp) -> Vec<Part> {
    let Some(value) = &insight.value else {
        return vec![Part::text("Nothing is observed.", Role::Dim)];
    };
    let mut parts = vec![Part::Value {
        value: words::value(value, insight),
        says: SafeText::line(&right_about(insight.p_true)),
        score: insight.confidence.as_ref().map(|confidence| confidence.score),
        believed: true,
    }];
    let winner = insight.sources.first();
    // The believed one comes first, whether a source says it or only a person; a frozen one may be among the others, or nobody's.
    let is_frozen = insight.marks.contains(Mark::Locked);
    let is_other = |at: usize, candidate: &Candidate| if is_frozen { candidate.value != *value } else { at > 0 };
    let candidates = insight.conflict.iter().flat_map(|conflict| conflict.candidates.iter().enumerate());
    for (_, candidate) in candidates.filter(|(at, candidate)| is_other(*at, candidate)) {
        let names: Vec<&str> = candidate.sources.iter().map(crate::fact::SourceId::as_str).collect();
        parts.push(Part::Value {
            value: words::value(&candidate.value, insight),
            says: SafeText::line(&format!("says {}", names.join(", "))),
            score: Some(candidate.score),
            believed: false,
        });
    }
    if let Some(winner) = winner.filter(|winner| winner.wins) {
        let seen = if winner.live { "live".to_owned() } else { words::ago(winner.observed_at, now) };
        let text = format!("{seen} by {}; it counts as fresh for {}", winner.source, span::words(insight.ttl));
        parts.push(Part::Pair { label: SafeText::line("seen"), text: SafeText::line(&text), role: Role::Text });
    }
    parts
}

fn wanted(insight: &Insight, at_length: &Insight) -> Option<Part> {
    let wanted = insight.wanted.as_ref()?;
    let who = words::names(words::wanting(at_length));
    let by = if who.is_empty() { String::new() } else { format!(" ({who})") };
    let text = SafeText::line(&format!("{}{by}", words::value(wanted, insight)));
    Some(Part::Pair { label: SafeText::line("wanted"), text, role: Role::Drift })
}

/// The change that is under way: what it brings, how it stands, what happens when.
fn pending(model: &Model, insight: &Insight) -> Vec<Part> {
    let Some(change) = &insight.pending else { return Vec::new() };
    let value = words::value(&change.value, insight);
    let listed = model.shared.snapshot.queue.find(change.command);
    let shown = listed.map(|listed| format!(" ({})", listed.shown)).unwrap_or_default();
    let text = SafeText::line(&format!("{value}{shown}, asked for {}", words::ago(change.since, model.now)));
    let mut parts = vec![Part::Pair { label: SafeText::line("pending"), text, role: Role::Pending }];
    parts.extend(listed.map(|listed| standing(model, listed)).unwrap_or_default());
    parts
}

/// What its state means here, where the reasons do not say since when.
fn state_sentence(insight: &Insight, now: Timestamp) -> Option<Part> {
    let text = match insight.state {
        FactState::Fresh => return None,
        // The reasons say so.
        FactState::Gone if insight.reason_codes.contains(&ReasonCode::AbsentEverywhere) => return None,
        _ if insight.is_unheard_of() => "No source has said anything of it yet.".to_owned(),
        FactState::Stale => {
            let age = span::words(words::stepped(words::age(insight, now)));
            format!("Last answer {age} ago, limit {}.", span::words(insight.ttl))
        }
        FactState::Offline => {
            let view = insight.sources.first()?;
            let SourceState::Failing { since } = view.state else { return None };
            format!("{} has not answered for {}.", view.source, span::words(words::stepped(now.since(since))))
        }
        FactState::Gone => "No source has it any more; the last value is kept.".to_owned(),
    };
    Some(Part::Text(SafeText::line(&text), words::state_role(insight.state)))
}

fn source(view: &SourceView, insight: &Insight, now: Timestamp) -> Part {
    let mut said = vec![words::content(&view.content, insight).to_string()];
    if view.role == SourceRole::Declared {
        said.push("wanted, declared".to_owned());
    } else if view.live {
        said.push("live".to_owned());
    } else {
        said.push(words::ago(view.observed_at, now));
    }
    if let SourceState::Failing { since } = view.state {
        said.push(format!("unreachable for {}", span::words(words::stepped(now.since(since)))));
    }
    said.push(words::trust(view));
    if let Some(score) = view.score {
        said.push(format!("score {score:.2}"));
    }
    said.extend(words::misfit(view, insight));
    if view.wins {
        said.push("believed now".to_owned());
    } else if view.agrees && matches!(view.content, Content::Value(_)) {
        said.push("agrees".to_owned());
    }
    if let Some(origin) = &view.same_origin {
        said.push(format!("read from {origin}"));
    }
    let role = if view.wins { Role::Strong } else { Role::Text };
    Part::Pair { label: SafeText::line(view.source.as_str()), text: SafeText::line(&said.join(", ")), role }
}

/// Steps that a told past is shown in.
const STEPS: usize = 32;

/// How far it was believed: its past where that is known, else what was seen since it was selected.
fn series(model: &Model, insight: &Insight) -> Option<Part> {
    let canvas = &model.canvas;
    if canvas.of.as_ref() != Some(&insight.key) {
        return None;
    }
    let part = |series, note: String| Some(Part::Series { label: SafeText::line("history"), series, note: SafeText::line(&note) });
    if let Some(past) = canvas.told.as_ref().filter(|past| past.key == insight.key && past.reach(model.now) > std::time::Duration::ZERO) {
        let mut series = past.steps(model.now, STEPS);
        // What is believed now may be newer than what was told.
        if let Some(last) = series.last_mut() {
            *last = insight.confidence.as_ref().map(|confidence| confidence.score);
        }
        let reach = span::words(words::stepped(past.reach(model.now)));
        return part(series, format!("confidence, {reach}, {}", words::count(past.changes(), "change", "changes")));
    }
    if canvas.series.len() < 2 {
        return None;
    }
    let note = format!("confidence, last {}", words::count(canvas.series.len(), "reading", "readings"));
    part(canvas.series.iter().copied().collect(), note)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        app::{
            Msg,
            content::conflict_parts,
            fixture::{blank, contested, press, send, snapshot},
        },
        fact::{SourceId, Value},
    };

    fn said(model: &Model, parts: Vec<Part>) -> String {
        let line = |part| match part {
            Part::Pair { label, text, .. } => format!("{label}: {text}"),
            Part::Text(text, _) => text.to_string(),
            _ => String::new(),
        };
        assert_eq!(model.current().unwrap().key, contested().key);
        parts.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn shown(insight: Insight) -> Model {
        let mut model = blank((120, 36));
        let mut all = snapshot();
        all.facts.put(Arc::new(insight));
        send(&mut model, Msg::Snapshot(all));
        press(&mut model, "Down Down Down Down");
        model
    }

    #[test]
    fn everyone_who_wants_what_is_wanted_is_named_and_who_wants_something_else_is_not() {
        let mut insight = contested();
        let git = insight.sources.last().unwrap().clone();
        let declared = |name: &str, content| SourceView { source: SourceId::new(name).unwrap(), content, ..git.clone() };
        let text = |text| Content::Value(Value::from_trusted_text(text));
        insight.sources.extend([declared("helm", text("5")), declared("cmdb", text("6")), declared("old", Content::Absent(None))]);
        let mut model = shown(insight);
        let canvas = said(&model, canvas_parts(&model));
        assert!(canvas.contains("wanted: 5 (git, helm)\n"), "{canvas}");
        press(&mut model, "c");
        let overlay = said(&model, conflict_parts(&model));
        assert!(overlay.contains("wanted: 5 by git, helm, changed 2 h ago\n"), "{overlay}");
    }

    #[test]
    fn that_a_fact_is_gone_is_said_once() {
        let gone = |reason_codes| Insight { state: FactState::Gone, conflict: None, reason_codes, ..contested() };
        let model = shown(gone(vec![ReasonCode::AbsentEverywhere]));
        assert_eq!(said(&model, canvas_parts(&model)).matches("No source has it any more").count(), 1);
        let model = shown(gone(Vec::new()));
        assert_eq!(said(&model, canvas_parts(&model)).matches("No source has it any more").count(), 1);
    }
}
