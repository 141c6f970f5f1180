//! What is said of a command: how it stands, what moves it next, and its line.
//!
//! No sentence here holds a value: those are where a mask can hide them.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    time::Duration,
};

use crate::{
    engine::{EngineHandle, QueueStatus, SourceStatus},
    fact::{
        Author, Base, Command, CommandId, CommandReason, CommandState, ConflictClass, ConflictId, Key, SourceId, SourceState, Timestamp,
        Value,
    },
    wire::{CommandPayload, Outcome},
};

use super::answer::{Answer, Failed};

/// What a line about a command is called.
pub const READ: &str = "core.queue.read";

/// What sentences about commands are made from: the queue and the sources at one moment.
pub struct Teller {
    status: QueueStatus,
    sources: Vec<SourceStatus>,
    polls: bool,
    offline: bool,
    now: Timestamp,
    /// Lines whose first change waits for a person.
    questions: HashSet<(SourceId, Key)>,
    /// Of many, where asking for each would take long.
    shown: Option<HashMap<CommandId, String>>,
}

impl Teller {
    /// Looks once; `many` when more than a few commands are to be told of.
    pub fn new(answer: &Answer<'_>, many: bool) -> Self {
        let handle = answer.handle;
        let shown = many.then(|| shorts(&handle.commands(&[]).iter().map(|command| command.id).collect::<Vec<_>>()));
        Self {
            status: handle.queue_status(),
            sources: handle.sources(),
            polls: handle.polls(),
            offline: answer.offline(),
            now: handle.now(),
            questions: questions(handle),
            shown,
        }
    }

    /// Whether something sends what is queued now.
    pub fn is_sent(&self) -> bool {
        self.status.held_by.is_none() && !self.offline
    }

    /// A command on its line: `ok` when it was delivered or taken back, `queued` while it waits, failed when it was given up.
    pub async fn line(&self, answer: &mut Answer<'_>, command: &Command) -> ControlFlow<()> {
        let payload = self.payload(answer, command);
        let outcome = if command.state.is_under_way() { Outcome::Queued } else { Outcome::Ok };
        answer.line_told(READ, outcome, &payload, None).await
    }

    /// The same for somebody who wanted it delivered: one that was given up, or waits for a decision, is a failure.
    pub async fn line_of_change(&self, answer: &mut Answer<'_>, command: &Command) -> ControlFlow<()> {
        let failed = match command.state {
            CommandState::Dead => "change_dead",
            CommandState::Blocked => "change_blocked",
            _ => return self.line(answer, command).await,
        };
        let payload = self.payload(answer, command);
        let message = format!("{} of {}: {}", payload.shown.as_deref().unwrap_or_default(), command.key, self.sentence(command));
        let hint = match (command.state, &payload.shown) {
            (CommandState::Blocked, _) => format!("stellar conflicts show {}", conflict_of(command)),
            (_, Some(shown)) => format!("stellar queue show {shown}"),
            (_, None) => "stellar queue list".to_owned(),
        };
        answer.line_told(READ, Outcome::Error, &payload, Some(Failed::new(failed, message).hint(hint))).await
    }

    fn payload(&self, answer: &Answer<'_>, command: &Command) -> CommandPayload {
        let known = self.shown.as_ref().and_then(|shown| shown.get(&command.id).cloned());
        let shown = known.unwrap_or_else(|| answer.handle.shown(command.id));
        let secret = answer.handle.is_secret(&command.key);
        CommandPayload::of(command, secret, answer.request.reveal).told(shown, self.sentence(command))
    }

    /// What happens to it next, or happened.
    pub fn sentence(&self, command: &Command) -> String {
        let source = &command.source;
        let why = command.reason.map_or("", CommandReason::sentence).to_owned();
        match command.state {
            CommandState::Queued | CommandState::InFlight => self.next(command),
            CommandState::Parked => why,
            CommandState::Blocked => {
                format!(
                    "{source} holds another value than it started from. Decide with --mine or --theirs: stellar conflicts resolve {}",
                    conflict_of(command)
                )
            }
            CommandState::Delivered | CommandState::Confirmed if command.reason == Some(CommandReason::KeptHere) => why,
            CommandState::Delivered | CommandState::Confirmed => {
                let unguarded = if command.guarded == Some(false) {
                    " Checked, not guarded: a change made there in that moment would not have been seen."
                } else {
                    ""
                };
                let read_back = if command.state == CommandState::Confirmed { " and it was read back" } else { "" };
                format!("{source} accepted it{read_back}.{unguarded}")
            }
            CommandState::Dead => {
                let status = command.attempts.last().and_then(|attempt| attempt.status);
                status.map_or_else(|| why.clone(), |status| format!("{why} Its last answer was {status}."))
            }
            CommandState::Cancelled => why,
        }
    }

    fn next(&self, command: &Command) -> String {
        if self.questions.contains(&(command.source.clone(), command.key.clone())) {
            return format!("A change of {} that goes before it waits for you: stellar queue list.", command.key);
        }
        if let Some(Author { user, .. }) = &self.status.held_by {
            return format!("Sending was stopped by {user}; stellar queue release lets it go on.");
        }
        let reason = command.reason.or_else(|| self.of_source(command));
        let silent = reason == Some(CommandReason::Unreachable);
        let why = match reason {
            Some(CommandReason::Unreachable) => self.unreachable(command),
            Some(reason) => format!("{} ", reason.sentence()),
            None => String::new(),
        };
        let when = if silent { " when it answers" } else { "" };
        let who = if self.status.sends && self.offline {
            // What --offline asks for is asked of this command alone.
            format!("This command sends nothing; the running engine is not offline and sends it{when}.")
        } else if self.status.sends {
            format!("The running engine sends it{when}.")
        } else if self.polls {
            "The running engine sends nothing: it was started with --offline, or its configuration is not trusted.".to_owned()
        } else {
            "No engine is running that would send it: stellar serve --install sets one up, and an open stellar sends too.".to_owned()
        };
        format!("{why}{who}")
    }

    /// Why its source is left alone, for one that was never tried.
    fn of_source(&self, command: &Command) -> Option<CommandReason> {
        let queue = self.status.sources.iter().find(|queue| queue.source == command.source && queue.breaker != "closed")?;
        queue.reason.filter(|reason| matches!(reason, CommandReason::Unreachable | CommandReason::AuthFailed))
    }

    /// `cluster is unreachable since 12:00. `
    fn unreachable(&self, command: &Command) -> String {
        let standing = self.sources.iter().find(|status| status.source == command.source).map(|status| &status.state);
        let since = match standing {
            Some(SourceState::Failing { since }) => Some(*since),
            _ => command.attempts.last().map(|attempt| attempt.at),
        };
        let since = since.map(|since| format!(" since {}", clock(since, self.now))).unwrap_or_default();
        format!("{} is unreachable{since}. ", command.source)
    }
}

/// The conflict that a blocked command is.
pub fn conflict_of(command: &Command) -> ConflictId {
    let class = if matches!(command.theirs, Base::Absent) { ConflictClass::Delete } else { ConflictClass::Change };
    ConflictId::of(&command.key, class)
}

/// The time of day, UTC; with the day before it when that was not within the last half a day.
fn clock(at: Timestamp, now: Timestamp) -> String {
    let text = at.to_rfc3339();
    let time = text.get(11..16).unwrap_or_default();
    if now.since(at) < Duration::from_secs(12 * 3600) {
        format!("{time}Z")
    } else {
        format!("{} {time}Z", text.get(..10).unwrap_or_default())
    }
}

fn questions(handle: &EngineHandle) -> HashSet<(SourceId, Key)> {
    let waiting = handle.commands(&[CommandState::Parked, CommandState::Blocked]);
    waiting.into_iter().map(|command| (command.source.clone(), command.key.clone())).collect()
}

/// As short as tells each from all the others.
fn shorts(ids: &[CommandId]) -> HashMap<CommandId, String> {
    let mut backwards: Vec<(String, CommandId)> = ids.iter().map(|id| (id.to_string().chars().rev().collect(), *id)).collect();
    backwards.sort_unstable();
    let neighbours =
        |at: usize| [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|at| backwards.get(at)).map(|(_, id)| *id);
    backwards.iter().enumerate().map(|(at, (_, id))| (*id, id.short(neighbours(at)))).collect()
}

/// A value as it is typed: JSON if it parses, else a string.
pub fn value_of(text: &str, string: bool) -> Value {
    if string { Value::string(text) } else { Value::parse(text).unwrap_or_else(|_| Value::string(text)) }
}

/// Who asks for a change.
pub fn author(answer: &Answer<'_>) -> Author {
    Author { user: answer.context.user.clone(), via: answer.request.via.clone(), persona: answer.request.persona.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json_if_it_parses_and_else_a_string() {
        for (text, string, value) in [
            ("9", false, "9"),
            ("-1.5e400", false, "-1.5e400"),
            ("123456789012345678901234567890", false, "123456789012345678901234567890"),
            ("{\"b\":1,\"a\":[null]}", false, "{\"b\":1,\"a\":[null]}"),
            ("\"9\"", false, "\"9\""),
            ("9", true, "\"9\""),
            ("true ", false, "true"),
            ("yes", false, "\"yes\""),
            ("{half", false, "\"{half\""),
            ("", false, "\"\""),
        ] {
            assert_eq!(value_of(text, string).as_json_text(), value, "{text:?}");
        }
    }

    #[test]
    fn short_ids_tell_each_from_all_others() {
        let id = |text: &str| CommandId::parse(&format!("q-{text:0>26}")).unwrap();
        let ids = [id("18w2k"), id("28w2k"), id("3000"), id("abcdefg"), id("28w2m")];
        let found = shorts(&ids);
        for one in ids {
            let others = ids.into_iter().filter(|other| *other != one);
            assert_eq!(found.get(&one), Some(&one.short(others)), "{one}");
        }
        assert!(shorts(&[]).is_empty());
    }

    #[test]
    fn a_moment_is_told_by_its_time_of_day_until_it_is_long_ago() {
        let at = Timestamp::from_millis(1_767_607_200_000);
        assert_eq!(clock(at, at.plus(Duration::from_secs(3600))), "10:00Z");
        assert_eq!(clock(at, at.plus(Duration::from_secs(86_400))), "2026-01-05 10:00Z");
    }
}
