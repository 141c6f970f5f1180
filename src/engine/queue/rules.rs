//! What follows from the outcome of an attempt: pure, so that every case is a line of a table.
//!
//! Attempts are charged only to a command that fails while its source answers others; an outage charges nothing and kills nothing.

use std::time::Duration;

use crate::{
    config::QueueConfig,
    engine::source::{Answer, Delivery},
    fact::{Attempt, Base, Command, CommandReason, CommandState, CompareRule, Policy, Timestamp, Value, merge_values},
};

use super::{backoff, entry::Step};

/// What else is known when an attempt has ended.
pub struct Surroundings<'a> {
    /// The settings in force.
    pub config: &'a QueueConfig,
    /// When it ended.
    pub now: Timestamp,
    /// Whether another request to the source succeeded a moment ago.
    pub answers_others: bool,
    /// For the jitter.
    pub random: u64,
    /// How values of the key are compared.
    pub compare: &'a CompareRule,
    /// Who decides when values differ.
    pub policy: &'a Policy,
    /// What the target held before by our own doing.
    pub own: &'a [Base],
}

/// What an outcome says of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfSource {
    /// It answers.
    Answers,
    /// It cannot be reached; it may have said for how long.
    Fails(Option<Duration>),
    /// It refuses our credentials.
    Refuses,
    /// Nothing.
    Nothing,
}

/// The steps that follow, and what is learned of the source.
#[must_use]
pub fn after(command: &Command, outcome: &Delivery, around: &Surroundings<'_>) -> (Vec<Step>, OfSource) {
    match outcome {
        Delivery::Accepted { revision, guarded, confirmed } => {
            let read_back = confirmed.as_ref().is_some_and(|confirmed| Base::Value(confirmed.0.clone()).is(&command.value));
            let steps = vec![
                attempted(around.now, "accepted", &Answer::new(None, ""), false),
                Step::Delivered { revision: revision.clone(), guarded: *guarded, confirmed: read_back },
            ];
            (steps, OfSource::Answers)
        }
        Delivery::Moved { current, answer } => (moved(command, current, answer, around), OfSource::Answers),
        Delivery::Refused { answer } => {
            let stop = Step::Stopped { state: CommandState::Dead, reason: CommandReason::Refused, by: None };
            (vec![attempted(around.now, "refused", answer, false), stop], OfSource::Answers)
        }
        Delivery::Poison { answer, maybe_applied } => {
            let steps = failed(command, answer, around.answers_others, *maybe_applied, around);
            (steps, if around.answers_others { OfSource::Nothing } else { OfSource::Fails(None) })
        }
        Delivery::Unavailable { error, maybe_applied } => {
            let said = Answer::new(None, &error.message);
            let wait = error.retry_after.unwrap_or_else(|| pause(command.tries, around));
            let steps = vec![
                attempted(around.now, error.code, &said, false),
                Step::Waits { next_at: Some(around.now.plus(wait)), reason: Some(CommandReason::Unreachable), uncertain: *maybe_applied },
            ];
            (steps, OfSource::Fails(error.retry_after))
        }
        Delivery::Denied { answer } => {
            let stop = Step::Stopped { state: CommandState::Parked, reason: CommandReason::AuthFailed, by: None };
            (vec![attempted(around.now, "denied", answer, false), stop], OfSource::Refuses)
        }
        Delivery::Unprepared => (vec![Step::Waits { next_at: None, reason: None, uncertain: false }], OfSource::Nothing),
    }
}

/// What follows from looking at the target before an attempt whose forerunner's outcome is not known; none: it may be sent.
#[must_use]
pub fn looked(command: &Command, current: &Base, around: &Surroundings<'_>) -> Option<Vec<Step>> {
    if current.is(&command.value) {
        return Some(vec![Step::Delivered { revision: None, guarded: false, confirmed: true }]);
    }
    if is_ours(command, current, around) { None } else { Some(third_value(command, current, around)) }
}

fn is_ours(command: &Command, current: &Base, around: &Surroundings<'_>) -> bool {
    matches!(command.base, Base::Unknown)
        || around.own.iter().any(|own| !matches!(own, Base::Unknown) && own.holds(current, around.compare))
}

fn moved(command: &Command, current: &Base, answer: &Answer, around: &Surroundings<'_>) -> Vec<Step> {
    if current.is(&command.value) {
        let arrived = Step::Delivered { revision: None, guarded: false, confirmed: true };
        return vec![attempted(around.now, "accepted", answer, false), arrived];
    }
    // A target that says it moved and yet holds what we know fails on it, as far as we can see.
    if matches!(current, Base::Unknown) || is_ours(command, current, around) {
        return failed(command, answer, true, false, around);
    }
    let mut steps = vec![attempted(around.now, "moved", answer, false)];
    steps.extend(third_value(command, current, around));
    steps
}

/// A value that is neither ours nor what we started from: merged where the rule says so and nothing clashes, else a person's to decide.
fn third_value(command: &Command, theirs: &Base, around: &Surroundings<'_>) -> Vec<Step> {
    if let (Policy::Merge, Base::Value(base), Base::Value(current)) = (around.policy, &command.base, theirs)
        && let Some(merged) = merged(base, &command.value, current, around.compare)
    {
        let goes_on = Step::GoesOn { base: theirs.clone(), value: Some(merged), deadline: command.deadline, by: None };
        return vec![goes_on];
    }
    vec![Step::Blocked { theirs: theirs.clone() }]
}

fn merged(base: &Value, mine: &Value, theirs: &Value, rule: &CompareRule) -> Option<Value> {
    merge_values(base, mine, theirs, rule).ok()
}

fn failed(command: &Command, answer: &Answer, charged: bool, maybe_applied: bool, around: &Surroundings<'_>) -> Vec<Step> {
    let attempt = attempted(around.now, "target_failed", answer, charged);
    let used = command.charged + u32::from(charged);
    let then = if used >= around.config.max_attempts {
        Step::Stopped { state: CommandState::Dead, reason: CommandReason::AttemptsUsedUp, by: None }
    } else {
        let reason = if charged { CommandReason::TargetFailed } else { CommandReason::Unreachable };
        let wait = pause(if charged { used.saturating_sub(1) } else { command.tries }, around);
        Step::Waits { next_at: Some(around.now.plus(wait)), reason: Some(reason), uncertain: maybe_applied }
    };
    vec![attempt, then]
}

fn pause(attempt: u32, around: &Surroundings<'_>) -> Duration {
    let QueueConfig { base_delay, factor, max_delay, .. } = *around.config;
    backoff::full_jitter(base_delay, factor, max_delay, attempt, around.random)
}

fn attempted(at: Timestamp, code: &str, answer: &Answer, charged: bool) -> Step {
    Step::Attempted { attempt: Attempt { at, code: code.to_owned(), status: answer.code, said: answer.text.clone() }, charged }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
