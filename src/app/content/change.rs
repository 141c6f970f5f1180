//! One change in pieces: what it brings, how it stands, why it waits, when something happens next.

use crate::{
    app::{
        model::Model,
        part::Part,
        queue::Listed,
        words::{self, count},
    },
    fact::{Attempt, Base, Command, CommandReason, CommandState, Operation, Timestamp, Value, span},
    text::{SafeText, shown_value},
    theme::Role,
};

fn pair(label: &str, text: &str, role: Role) -> Part {
    Part::Pair { label: SafeText::line(label), text: SafeText::line(text), role }
}

/// How a change looks where it stands.
#[must_use]
pub const fn state_role(state: CommandState) -> Role {
    match state {
        CommandState::Queued | CommandState::InFlight => Role::Pending,
        CommandState::Parked | CommandState::Blocked => Role::Conflict,
        CommandState::Dead => Role::Error,
        CommandState::Delivered | CommandState::Confirmed | CommandState::Cancelled => Role::Text,
    }
}

/// Where a change stands, in a word or two.
#[must_use]
pub const fn state_word(state: CommandState) -> &'static str {
    match state {
        CommandState::InFlight => "being sent",
        CommandState::Dead => "given up",
        other => other.code(),
    }
}

/// A value of a change for a person.
#[must_use]
pub fn value_of(model: &Model, listed: &Listed, value: &Value) -> SafeText {
    match model.shared.snapshot.facts.find(&listed.command.key) {
        Some(insight) => words::value(value, insight),
        None if listed.secret => SafeText::line(words::MASK),
        None => shown_value(value.as_json_text(), ""),
    }
}

fn base_of(model: &Model, listed: &Listed, base: &Base) -> String {
    match base {
        Base::Unknown => "not known".to_owned(),
        Base::Absent => "not there".to_owned(),
        Base::Value(value) => value_of(model, listed, value).to_string(),
    }
}

/// How long ago, for a sentence: `for 4 min`.
fn lasting(since: Timestamp, now: Timestamp) -> String {
    format!("for {}", span::words(words::stepped(now.since(since))))
}

/// A change at length.
#[must_use]
pub fn change_parts(model: &Model, listed: &Listed) -> Vec<Part> {
    let command = &listed.command;
    let mut parts = vec![Part::Heading(SafeText::line(&format!("{}  {}", listed.shown, command.key)))];
    let what = value_of(model, listed, &command.value);
    match command.operation {
        Operation::Note => parts.push(pair("note", what.as_str(), Role::Strong)),
        Operation::Set => {
            parts.push(pair("brings", what.as_str(), Role::Strong));
            parts.push(pair("in place of", &base_of(model, listed, &command.base), Role::Text));
        }
    }
    if !matches!(command.theirs, Base::Unknown) {
        parts.push(pair("there now", &base_of(model, listed, &command.theirs), Role::Conflict));
    }
    parts.extend(standing(model, listed));
    let asked = format!("{} by {} ({})", words::ago(command.created_at, model.now), command.author.user, command.author.via);
    parts.push(pair("asked for", &asked, Role::Text));
    if command.state.is_under_way() {
        let label = if command.deadline > model.now { "sent until" } else { "time ran out" };
        parts.push(pair(label, &moment(command.deadline, model.now), Role::Text));
    }
    if let Some(undoes) = command.undoes {
        let shown = model.shared.snapshot.queue.find(undoes).map_or_else(|| undoes.to_string(), |other| other.shown.clone());
        parts.push(pair("undoes", &shown, Role::Text));
    }
    if command.guarded == Some(false) {
        parts.push(Part::text("Checked, not guarded: a change made there in that moment would not be seen.", Role::Dim));
    }
    parts.extend(attempts(command, model.now));
    parts
}

/// How a change stands, why, and what happens when: for the canvas and the queue alike.
#[must_use]
pub fn standing(model: &Model, listed: &Listed) -> Vec<Part> {
    let command = &listed.command;
    let queue = &model.shared.snapshot.queue;
    let state = format!("{} {}", state_word(command.state), lasting(command.since, model.now));
    let mut parts = vec![pair("state", &format!("{state}, for {}", command.source), state_role(command.state))];
    let of_source = queue.of_source(&command.source);
    let waits = matches!(command.state, CommandState::Queued | CommandState::InFlight);
    let reason = command.reason.or_else(|| of_source.filter(|source| waits && source.breaker != "closed").and_then(|source| source.reason));
    if let Some(reason) = reason {
        parts.push(Part::text(in_words(reason), Role::Text));
    }
    if waits {
        parts.extend(next(model, command));
    }
    parts
}

/// A reason's sentence, with the keys of the screen in the place of flags.
const fn in_words(reason: CommandReason) -> &'static str {
    match reason {
        CommandReason::BaseMoved => "The target holds another value than it started from; decide it in the conflicts, or rebase it.",
        other => other.sentence(),
    }
}

/// What happens when, of one that waits to be sent.
fn next(model: &Model, command: &Command) -> Vec<Part> {
    let queue = &model.shared.snapshot.queue;
    if let Some(author) = &queue.status.held_by {
        return vec![Part::Text(SafeText::line(&format!("Sending was stopped by {}.", author.user)), Role::Conflict)];
    }
    if model.shared.offline {
        return vec![Part::text("Nothing is sent: started with --offline.", Role::Offline)];
    }
    if !queue.status.sends {
        return vec![Part::text("The running engine sends nothing: it is offline, or its configuration is not trusted.", Role::Offline)];
    }
    let mut parts = Vec::new();
    let source = queue.of_source(&command.source);
    if let Some(source) = source.filter(|source| source.breaker != "closed") {
        let breaker = match source.breaker {
            "parked" => "parked: it refuses our credentials",
            "half_open" => "breaker half open: it is being tried",
            _ => "breaker open: left alone, and looked at now and then",
        };
        parts.push(pair(command.source.as_str(), breaker, Role::Offline));
    }
    let at = command.next_at.or_else(|| source.and_then(|source| source.next_at)).filter(|at| *at > model.now);
    match at {
        Some(at) => parts.push(pair("next attempt", &moment(at, model.now), Role::Text)),
        None if command.state == CommandState::Queued => parts.push(pair("next attempt", "when its turn comes", Role::Dim)),
        None => {}
    }
    parts
}

fn attempts(command: &Command, now: Timestamp) -> Vec<Part> {
    if command.attempts.is_empty() {
        return Vec::new();
    }
    let tries = usize::try_from(command.tries).unwrap_or(usize::MAX);
    let charged = if command.charged == 0 { "none counts against it".to_owned() } else { format!("{} against it", command.charged) };
    let mut parts = vec![Part::Gap, Part::heading(&format!("{}, {charged}", count(tries, "attempt", "attempts")))];
    let said = |attempt: &Attempt| {
        let status = attempt.status.map(|status| format!(" {status}")).unwrap_or_default();
        let said = if attempt.said.is_empty() { String::new() } else { format!(": {}", attempt.said) };
        pair(&moment(attempt.at, now), &format!("{}{status}{said}", attempt.code), Role::Text)
    };
    parts.extend(command.attempts.iter().rev().map(said));
    parts
}

/// A moment: the time of day, with the day where that is another.
fn moment(at: Timestamp, now: Timestamp) -> String {
    let (day, today) = (at.to_rfc3339(), now.to_rfc3339());
    let day = day.get(..10).unwrap_or_default();
    if today.starts_with(day) { words::clock(at) } else { format!("{day} {}", words::clock(at)) }
}
