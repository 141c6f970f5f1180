//! States, marks, ages and values in words and signs, the same on every screen.

use std::time::Duration;

use crate::{
    fact::{Content, FactState, Insight, Mark, ReasonCode, Role as SourceRole, SourceView, Timestamp, Validity, Value, span},
    text::{SafeText, shown_value},
    theme::Role,
};

/// What is shown for a value that must not be.
pub const MASK: &str = "********";

/// The sign of a mark: one cell.
#[must_use]
pub const fn mark_sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Conflict => "!",
        Mark::Drift => "D",
        Mark::Pending => "P",
        Mark::Locked => "L",
        Mark::Quarantined => "Q",
    }
}

/// The sign of a state: one cell, none for a fresh one.
#[must_use]
pub const fn state_sign(state: FactState) -> &'static str {
    match state {
        FactState::Fresh => "",
        FactState::Stale => "s",
        FactState::Offline => "o",
        FactState::Gone => "g",
    }
}

/// How a mark looks.
#[must_use]
pub const fn mark_role(mark: Mark) -> Role {
    match mark {
        Mark::Conflict => Role::Conflict,
        Mark::Drift => Role::Drift,
        Mark::Pending => Role::Pending,
        Mark::Locked => Role::Locked,
        Mark::Quarantined => Role::Error,
    }
}

/// How a state looks.
#[must_use]
pub const fn state_role(state: FactState) -> Role {
    match state {
        FactState::Fresh => Role::Text,
        FactState::Stale => Role::Stale,
        FactState::Offline | FactState::Gone => Role::Offline,
    }
}

/// The signs of a fact, at most three cells, the weightiest first.
#[must_use]
pub fn signs(insight: &Insight) -> String {
    let marks = insight.marks.iter().map(mark_sign);
    marks.chain([state_sign(insight.state)]).collect::<String>().chars().take(3).collect()
}

/// The same in words: `conflict, drift, stale`; nothing for a fresh fact without marks.
#[must_use]
pub fn words(insight: &Insight) -> String {
    let state = Some(insight.state).filter(|state| *state != FactState::Fresh).map(FactState::code);
    insight.marks.iter().map(Mark::code).chain(state).collect::<Vec<_>>().join(", ")
}

/// How the weightiest of them looks.
#[must_use]
pub fn role(insight: &Insight) -> Role {
    insight.marks.iter().next().map_or_else(|| state_role(insight.state), mark_role)
}

/// Whether the winner is under a live watch: it is observed now and does not age.
#[must_use]
pub fn is_live(insight: &Insight) -> bool {
    insight.sources.first().is_some_and(|source| source.wins && source.live)
}

/// How old a fact is at a moment.
#[must_use]
pub fn age(insight: &Insight, now: Timestamp) -> Duration {
    if is_live(insight) { Duration::ZERO } else { now.since(insight.observed_at) }
}

/// An age as it is shown: from 10 s on in steps of 10 s, so that a screen full of them is not drawn every second.
#[must_use]
pub fn stepped(age: Duration) -> Duration {
    match age.as_secs() {
        seconds @ 0..10 => Duration::from_secs(seconds),
        seconds @ 10..120 => Duration::from_secs(seconds / 10 * 10),
        _ => age,
    }
}

/// How long until an age is worth a draw of its own; at least a second.
///
/// That is when it is shown otherwise, but for one under ten seconds: it is exact in whatever is drawn, and waits for its tenth. A host
/// that is asked every five seconds is so drawn every five seconds, not every second.
#[must_use]
pub fn until_next_step(age: Duration) -> Duration {
    let step = match age.as_secs() {
        0..119 => 10_000,
        119..7_200 => 60_000,
        7_200..172_800 => 3_600_000,
        _ => 86_400_000,
    };
    let past = u64::try_from(age.as_millis() % step).unwrap_or(0);
    Duration::from_millis((u64::try_from(step).unwrap_or(u64::MAX) - past).max(1_000))
}

/// An age for the column: `9s 20s 4m`, or `live`.
#[must_use]
pub fn age_cell(insight: &Insight, now: Timestamp) -> String {
    if insight.sources.is_empty() {
        String::new()
    } else if is_live(insight) {
        "live".to_owned()
    } else {
        span::short(stepped(age(insight, now)))
    }
}

/// How long ago a moment was, for a sentence: `9 s ago`.
#[must_use]
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", span::words(stepped(now.since(then))))
}

/// A value for a person, masked where it is secret.
#[must_use]
pub fn value(value: &Value, insight: &Insight) -> SafeText {
    if insight.secret { SafeText::line(MASK) } else { shown_value(value.as_json_text(), &insight.unit) }
}

/// What is believed, for a person; what is only wanted stands in brackets.
#[must_use]
pub fn believed(insight: &Insight) -> SafeText {
    match (&insight.value, &insight.wanted) {
        (Some(believed), _) => value(believed, insight),
        (None, Some(wanted)) => SafeText::line(&format!("({})", value(wanted, insight))),
        (None, None) => SafeText::line("-"),
    }
}

/// The same with the change that is under way behind it: `2 (9)`.
#[must_use]
pub fn believed_and_pending(insight: &Insight) -> SafeText {
    match (&insight.value, &insight.pending) {
        (_, None) => believed(insight),
        (None, Some(pending)) => SafeText::line(&format!("- ({})", value(&pending.value, insight))),
        (Some(held), Some(pending)) => SafeText::line(&format!("{} ({})", value(held, insight), value(&pending.value, insight))),
    }
}

/// The time of day, UTC: `12:04:31Z`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    format!("{}Z", at.to_rfc3339().get(11..19).unwrap_or_default())
}

/// How far a source is trusted here, and by which decisions: `trust 0.58, right 4 of 7 here`.
#[must_use]
pub fn trust(view: &SourceView) -> String {
    let right = right(view).map(|right| format!(", {right}")).unwrap_or_default();
    format!("trust {:.2}{right}", view.trust)
}

/// How often a source was right here, by what people decided; none where nobody did.
#[must_use]
pub fn right(view: &SourceView) -> Option<String> {
    let answers = view.accepts.saturating_add(view.rejects);
    (answers > 0).then(|| format!("right {} of {answers} here", view.accepts))
}

/// Where and how what a source says breaks the schema, with the code of that: `/replicas breaks "minimum" of its schema
/// (schema_invalid)`. Of a secret only that it does: a path names members.
#[must_use]
pub fn misfit(view: &SourceView, insight: &Insight) -> Option<String> {
    let broken = view.validity == Validity::Invalid;
    let how = view.violation.as_deref().filter(|_| !insight.secret).unwrap_or("does not fit its schema");
    broken.then(|| format!("{how} ({})", ReasonCode::SchemaInvalid))
}

/// The declared sources that say what is wanted, the best one first.
pub fn wanting(insight: &Insight) -> impl Iterator<Item = &SourceView> {
    let says = |view: &SourceView| matches!(&view.content, Content::Value(held) if Some(held) == insight.wanted.as_ref());
    insight.sources.iter().filter(move |view| view.role == SourceRole::Declared && says(view))
}

/// Sources by name: `git, wiki`.
#[must_use]
pub fn names<'a>(views: impl Iterator<Item = &'a SourceView>) -> String {
    views.map(|view| view.source.as_str()).collect::<Vec<_>>().join(", ")
}

/// What a source says, for a person.
#[must_use]
pub fn content(content: &Content, insight: &Insight) -> SafeText {
    match content {
        Content::Value(held) => value(held, insight),
        Content::Absent(Some(last)) => SafeText::line(&format!("no longer has it, last {}", value(last, insight))),
        Content::Absent(None) => SafeText::line("does not have it"),
    }
}

/// A count with its noun: `1 fact`, `2 facts`.
#[must_use]
pub fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_step_so_that_screens_stand_still() {
        let shown = |seconds| span::short(stepped(Duration::from_secs(seconds)));
        let cases = [(0, "0s"), (9, "9s"), (10, "10s"), (19, "10s"), (20, "20s"), (119, "110s"), (120, "2m"), (179, "2m")];
        for (seconds, wanted) in cases {
            assert_eq!(shown(seconds), wanted);
        }
    }

    #[test]
    fn an_age_under_ten_seconds_is_not_worth_a_draw_before_its_tenth() {
        for millis in (0..9_000).step_by(137) {
            assert_eq!(until_next_step(Duration::from_millis(millis)), Duration::from_millis(10_000 - millis));
        }
    }

    #[test]
    fn the_next_step_is_when_the_shown_age_changes() {
        for millis in (10_000..400_000).step_by(137).chain((7_100_000..7_300_000).step_by(997)) {
            let age = Duration::from_millis(millis);
            let wait = until_next_step(age);
            let shown = |age| span::short(stepped(age));
            assert!(wait >= Duration::from_secs(1));
            if wait > Duration::from_secs(1) {
                assert_eq!(shown(age + wait - Duration::from_millis(1)), shown(age), "{age:?} shown otherwise before {wait:?}");
            }
            let after = shown(age + wait);
            assert!(after != shown(age) || wait <= Duration::from_secs(1), "{age:?} + {wait:?} still {after}");
        }
    }
}
