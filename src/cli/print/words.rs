//! The words facts are told in.

use std::time::Duration;

use crate::{
    cli::line::Tone,
    fact::{CommandId, ReasonCode, Timestamp, Value, span},
    text::{SafeText, shown_value},
    wire::{InsightPayload, LastsPayload, SourceViewPayload},
};

/// A value in one line; a null stands for a value that is null.
pub fn value(value: Option<&Value>, unit: &str) -> SafeText {
    shown_value(value.map_or("null", Value::as_json_text), unit)
}

/// Whether what is believed is what a person knew and no source says.
pub fn is_of_a_person(fact: &InsightPayload) -> bool {
    fact.confidence.is_none() && fact.reason_codes.iter().any(|reason| reason == ReasonCode::UserAccepted.code())
}

/// What is believed, or that nothing is.
pub fn believed(fact: &InsightPayload) -> SafeText {
    if fact.value.is_none() && fact.confidence.is_none() && !is_of_a_person(fact) {
        return SafeText::line("not observed");
    }
    value(fact.value.as_ref(), &fact.unit)
}

/// What is believed, and behind it what a change under way brings: `2 (9)`.
pub fn believed_and_pending(fact: &InsightPayload) -> SafeText {
    match &fact.pending {
        Some(pending) => SafeText::line(&format!("{} ({})", believed(fact).as_str(), value(Some(&pending.value), &fact.unit).as_str())),
        None => believed(fact),
    }
}

/// How long before `at` a stamp of the wire was, in words; nothing when it is unreadable.
pub fn ago(stamp: &str, at: Timestamp) -> Option<String> {
    Timestamp::parse_rfc3339(stamp).ok().map(|stamp| span::words(at.since(stamp)))
}

/// What was seen of how long values last: `3 changes in 2 h over all values`.
pub fn seen_to_change(lasts: &LastsPayload) -> String {
    let watched = span::words(Duration::from_millis(lasts.watched_ms));
    let changes = format!("{:.0}", lasts.changes);
    format!("{} in {watched} over all values", if changes == "1" { "1 change".to_owned() } else { format!("{changes} changes") })
}

/// An age in milliseconds, for a column.
pub fn age_column(millis: u64) -> String {
    span::short(Duration::from_millis(millis))
}

/// A band with its score: `medium 0.74`; a dash where nothing is observed.
pub fn confidence(fact: &InsightPayload) -> String {
    match (&fact.band, fact.confidence) {
        (Some(band), Some(score)) => format!("{band} {}", score_text(score)),
        _ => "-".to_owned(),
    }
}

/// A score in hundredths, cut off rather than rounded up into the next band.
pub fn score_text(score: f64) -> String {
    format!("{:.2}", (score * 100.0 + 1e-9).floor() / 100.0)
}

/// The tone of a band.
pub fn band_tone(band: Option<&str>) -> Tone {
    match band {
        Some("high") => Tone::Good,
        Some("medium") => Tone::Warn,
        Some("low") => Tone::Bad,
        _ => Tone::Dim,
    }
}

/// The tone of a state.
pub fn state_tone(state: &str) -> Tone {
    if state == "fresh" { Tone::Plain } else { Tone::Warn }
}

/// That a source cannot be reached, and for how long: `, unreachable for 4 min`; or nothing.
pub fn unreachable(source: &SourceViewPayload, at: Timestamp) -> String {
    match source.failing_since.as_deref().and_then(|since| ago(since, at)) {
        Some(span) => format!(", unreachable for {span}"),
        None => String::new(),
    }
}

/// Names in a row: `a, b and c`.
pub fn row(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A count with its noun: `1 key`, `2 keys`.
pub fn count(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The end of a whole id; what is none is shown as it is.
pub fn short_of(id: &str) -> String {
    CommandId::parse(id).map_or_else(|_| id.to_owned(), |id| id.short(std::iter::empty()))
}
