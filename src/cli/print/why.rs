//! `why`: the cause first, then the arithmetic, which sums.

use std::{ops::ControlFlow, time::Duration};

use crate::{
    cli::{
        line::{Line, Tone},
        sink::Sink,
    },
    fact::{ReasonCode, Timestamp, right_about, span},
    text::SafeText,
    wire::{Envelope, FactorPayload, InsightPayload, LastsPayload},
};

use super::{
    Printer, payload,
    table::{Table, left, right},
    words::{ago, band_tone, believed, is_of_a_person, score_text, seen_to_change, unreachable, value},
};

/// Prints the fact when it comes.
pub struct WhyPrinter;

impl Printer for WhyPrinter {
    fn take(&mut self, envelope: &Envelope, sink: &mut Sink) -> ControlFlow<()> {
        let Some(fact) = payload::<InsightPayload>(envelope, sink) else { return ControlFlow::Continue(()) };
        why_lines(&fact, envelope.at()).iter().try_for_each(|line| sink.line(line))
    }
}

/// The whole explanation.
pub fn why_lines(fact: &InsightPayload, at: Timestamp) -> Vec<Line> {
    let mut lines = vec![Line::toned(Tone::Strong, fact.key.as_str()).add(Tone::Plain, "   ").add_safe(Tone::Strong, believed(fact))];
    lines.push(Line::plain(&cause(fact, at)));
    if let (Some(band), Some(score)) = (&fact.band, fact.confidence) {
        lines.push(Line::plain(&right_about(fact.p_true)).add(Tone::Plain, " (").add(band_tone(Some(band)), band).add(
            Tone::Plain,
            &format!(", {}); {} for it, {} against", score_text(score), fact.agreement.supporting, fact.agreement.opposing),
        ));
    }
    if is_of_a_person(fact) {
        let against = fact.agreement.opposing;
        lines.push(Line::plain(&format!("{}; a person says so, no source does, {against} against", right_about(fact.p_true))));
    }
    for reason in &fact.reason_codes {
        let sentence = reason.parse::<ReasonCode>().map_or_else(|_| reason.to_string(), |code| code.sentence().to_owned());
        lines.push(Line::plain("  ").add(Tone::Plain, &sentence).add(Tone::Dim, &format!("  ({reason})")));
    }
    if let (false, Some(score)) = (fact.factors.is_empty(), fact.confidence) {
        lines.push(Line::default());
        lines.extend(arithmetic(&fact.factors, score));
    }
    lines.extend(fact.lasts.as_ref().map(|lasts| Line::toned(Tone::Dim, &lasting(lasts))));
    lines.push(Line::default());
    lines.extend(sources(fact, at));
    for learned in &fact.trust {
        let field = learned.field.as_deref().unwrap_or_default();
        let text = if learned.answers == 0 {
            format!("{}: nobody decided about {field}; trusted {} by what it says elsewhere", learned.source, score_text(learned.trust))
        } else {
            let (right, answers) = (learned.right, learned.answers);
            format!("{}: right {right} of {answers} times about {field}; trusted {}", learned.source, score_text(learned.trust))
        };
        lines.push(Line::toned(Tone::Dim, &text));
    }
    // Below the table, where nothing cuts a path off.
    let broken = fact.sources.iter().filter_map(|source| source.violation.as_ref().map(|violation| (&source.source, violation)));
    lines.extend(broken.map(|(source, violation)| Line::toned(Tone::Warn, &format!("  {source}: {violation}"))));
    if let Some(id) = &fact.conflict_id {
        lines.push(Line::plain(&format!("conflict: stellar conflicts show {id}")));
    }
    lines
}

/// Where its half-life comes from: `half-life 2 min: learned, 20 changes in 1 h over all values`.
fn lasting(lasts: &LastsPayload) -> String {
    let half_life = span::setting(Duration::from_millis(lasts.half_life_ms));
    let from = match lasts.from.as_ref() {
        "rule" => "by the rule of its key".to_owned(),
        "learned" => format!("learned, {}", seen_to_change(lasts)),
        "configured" => "as configured for all keys".to_owned(),
        _ => "its TTL, nothing else is known yet".to_owned(),
    };
    format!("  half-life {half_life}: {from}")
}

/// Why its state is what it is: `stale: vouched for 20 min ago, limit 15 min; cluster unreachable for 4 min`.
fn cause(fact: &InsightPayload, at: Timestamp) -> String {
    let limit = span::setting(Duration::from_millis(fact.ttl_ms));
    let winner = fact.sources.iter().find(|source| source.wins);
    let by = winner.map(|winner| format!(" by {}{}", winner.source, unreachable(winner, at))).unwrap_or_default();
    let seen = match winner {
        Some(winner) if winner.live => format!("under a live watch{by}"),
        _ => format!("last vouched for {} ago{by}", ago(&fact.observed_at, at).unwrap_or_default()),
    };
    match fact.state.as_ref() {
        "fresh" => format!("fresh: {seen}; counts as fresh for {limit}"),
        "stale" => format!("stale: {seen}; the limit is {limit}"),
        "offline" => format!("offline: {seen}; its source did not answer last time"),
        "gone" => format!("gone: {seen}; its sources answered completely without it"),
        other => format!("{other}: {seen}"),
    }
}

fn arithmetic(factors: &[FactorPayload], score: f64) -> Vec<Line> {
    let shown = sum_to(&factors.iter().map(|factor| factor.contribution).collect::<Vec<_>>(), score);
    let names = factors.iter().map(|factor| factor.factor.replace('_', " "));
    let mut lines: Vec<Line> = names
        .zip(factors)
        .zip(&shown)
        .map(|((name, factor), thousandths)| {
            let sum = format!("{name:<20} {:.2} x {:>5.2}  {:>7}  ", factor.weight, factor.value, thousandths_text(*thousandths));
            Line::plain(&format!("  {sum}")).add(Tone::Dim, &factor.signal)
        })
        .collect();
    let total: i64 = shown.iter().sum();
    lines.push(Line::plain(&format!("  {:<20} {:>12}  {:>7}", "", "sum", thousandths_text(total))));
    lines
}

fn thousandths_text(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", thousandths.abs() / 1000, thousandths.abs() % 1000)
}

/// The parts in whole thousandths such that what is shown adds up: each is rounded down, and those that lose most get one back. When the
/// true sum was clamped into 0 to 1 the parts stand as they are.
fn sum_to(parts: &[f64], score: f64) -> Vec<i64> {
    let sum: f64 = parts.iter().sum();
    let mut shown: Vec<i64> = parts.iter().map(|part| whole((part * 1000.0).floor())).collect();
    let target = whole((if (sum - score).abs() < 1e-6 { score } else { sum } * 1000.0).round());
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let lost = |at: usize| parts.get(at).map_or(0.0, |part| part * 1000.0 - (part * 1000.0).floor());
    order.sort_by(|left, right| lost(*right).total_cmp(&lost(*left)));
    let missing = usize::try_from(target - shown.iter().sum::<i64>()).unwrap_or(0);
    for at in order.into_iter().take(missing) {
        if let Some(part) = shown.get_mut(at) {
            *part += 1;
        }
    }
    shown
}

#[expect(clippy::cast_possible_truncation, reason = "thousandths of numbers between -5 and 5")]
fn whole(float: f64) -> i64 {
    float as i64
}

fn sources(fact: &InsightPayload, at: Timestamp) -> Vec<Line> {
    let mut table = Table::new(vec![
        left("source", 64),
        right("value", 32),
        left("role", 8),
        right("trust", 5),
        right("score", 5),
        right("seen", 8),
        left("", 48),
    ]);
    for source in &fact.sources {
        let score = source.score.map_or_else(|| "-".to_owned(), score_text);
        let mut remark: Vec<String> = Vec::new();
        if source.wins {
            remark.push("believed".to_owned());
        }
        if source.absent {
            remark.push("no longer has it".to_owned());
        }
        if let Some(origin) = &source.same_origin {
            remark.push(format!("from {origin}"));
        }
        let silent = unreachable(source, at);
        if let Some(silent) = silent.strip_prefix(", ") {
            remark.push(silent.to_owned());
        }
        table.row(vec![
            (Tone::Plain, SafeText::line(source.source.as_str())),
            (Tone::Plain, value(source.value.as_ref(), &fact.unit)),
            (Tone::Dim, SafeText::line(&source.role)),
            (Tone::Plain, SafeText::line(&score_text(source.trust))),
            (Tone::Plain, SafeText::line(&score)),
            (Tone::Dim, SafeText::line(&if source.live { "live".to_owned() } else { ago(&source.observed_at, at).unwrap_or_default() })),
            (Tone::Dim, SafeText::line(&remark.join(", "))),
        ]);
    }
    table.lines()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_shown_adds_up(parts in prop::collection::vec(-0.2f64..0.4, 5)) {
            let sum: f64 = parts.iter().sum();
            let shown = sum_to(&parts, sum.clamp(0.0, 1.0));
            prop_assert_eq!(shown.iter().sum::<i64>(), whole((sum * 1000.0).round()));
            for (part, thousandths) in parts.iter().zip(&shown) {
                prop_assert!((part * 1000.0 - *thousandths as f64).abs() <= 1.0);
            }
        }
    }

    #[test]
    fn thousandths_keep_their_sign() {
        assert_eq!(
            (thousandths_text(-50), thousandths_text(738), thousandths_text(1000)),
            ("-0.050".into(), "0.738".into(), "1.000".into())
        );
    }
}
