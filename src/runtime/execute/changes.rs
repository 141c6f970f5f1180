//! `set`, `submit`, `undo`, `redo`, `lock`, `unlock`.
//!
//! Each answers when what it asks for is on disk; what is delivered within a short wait is told as delivered.

use std::{sync::Arc, time::Duration};

use crate::{
    action::args::{ChangeRow, RedoArgs, SetArgs, SubmitArgs, UndoArgs},
    engine::{ChangeRequest, QueueError},
    fact::{Base, Command, CommandId, CommandReason, CommandState, Key, Operation, SourceId, Value},
    wire::{LockPayload, PlanPayload},
};

use super::{
    super::clock::mint_command,
    answer::{Answer, Failed},
    commands::{Teller, author, value_of},
};

/// How long a change is waited for when nobody says.
const A_LITTLE: Duration = Duration::from_secs(2);
/// The same for many at once: they are to be acknowledged soon, too.
const LESS: Duration = Duration::from_millis(500);
/// How many changes one request may bring.
const MOST: usize = 20_000;
/// What a note without a key is about.
const NOTES: &str = "note";

/// `set`
pub async fn set(answer: &mut Answer<'_>, args: &SetArgs) -> Result<(), Failed> {
    let several = !args.changes.is_empty();
    let rows = rows_of(args)?;
    let mut requests = Vec::with_capacity(rows.len());
    for row in &rows {
        let source = row.source.as_deref().map(|name| source_named(answer, name)).transpose().map_err(|failed| at_line(failed, row))?;
        requests.push(ChangeRequest {
            id: row.id.unwrap_or_else(mint_command),
            key: row.key.clone(),
            operation: Operation::Set,
            value: value_of(&row.value, args.string),
            source,
            expires: row.expires_ms.map(Duration::from_millis),
            author: author(answer),
            undoes: None,
        });
    }
    if args.dry_run {
        for (row, request) in rows.iter().zip(&requests) {
            let plan = answer.handle.plan(request).map_err(|error| at_line(told(answer, error), row))?;
            let secret = answer.handle.is_secret(&row.key);
            let payload = PlanPayload::of(&row.key, &request.value, &plan, secret, answer.request.reveal);
            if answer.line_of("core.queue.plan", answer.handle.now(), &payload).await.is_break() {
                return Ok(());
            }
        }
        return Ok(());
    }
    let commands = match answer.handle.change(&requests).await {
        Ok(commands) => commands,
        Err(error) if several => {
            // The queue says what is wrong; which line it was, each is asked for by itself.
            let bad = rows.iter().zip(&requests).find_map(|(row, request)| answer.handle.plan(request).err().map(|error| (row, error)));
            return Err(match bad {
                Some((row, error)) => at_line(told(answer, error), row),
                None => told(answer, error),
            });
        }
        Err(error) => return Err(told(answer, error)),
    };
    settle(answer, &commands, args.wait_ms, if several { LESS } else { A_LITTLE }).await
}

fn rows_of(args: &SetArgs) -> Result<Vec<ChangeRow>, Failed> {
    let bad = |message: &str| Err(Failed::new("bad_arguments", format!("core.input.set: {message}")));
    let row = |row: &ChangeRow| ChangeRow {
        source: row.source.clone().or_else(|| args.source.clone()),
        expires_ms: row.expires_ms.or(args.expires_ms),
        ..row.clone()
    };
    match (&args.key, &args.value) {
        (Some(_), _) if !args.changes.is_empty() => bad("give key and value, or changes, not both"),
        (Some(key), Some(value)) => {
            let one = ChangeRow { id: args.id, key: key.clone(), value: value.clone(), source: None, expires_ms: None, line: None };
            Ok(vec![row(&one)])
        }
        (Some(_), None) => bad("the value is missing"),
        (None, _) if args.changes.is_empty() => bad("the key is missing"),
        (None, _) if args.changes.len() > MOST => bad(&format!("{} changes at once, and at most {MOST} are taken", args.changes.len())),
        (None, _) => Ok(args.changes.iter().map(row).collect()),
    }
}

/// The source of that name, if there is one.
pub fn source_named(answer: &Answer<'_>, name: &str) -> Result<SourceId, Failed> {
    let known = answer.handle.sources().into_iter().map(|status| status.source).find(|source| source.as_str() == name);
    known.ok_or_else(|| no_such_source(name))
}

pub fn no_such_source(name: &str) -> Failed {
    Failed::new("no_such_source", format!("there is no source {name}")).hint("stellar source list shows them")
}

fn at_line(failed: Failed, row: &ChangeRow) -> Failed {
    match row.line {
        Some(line) => failed.before(&format!("line {line}: ")).hint("none of the changes was queued"),
        None => failed,
    }
}

/// What went wrong, without a secret value in it.
pub fn told(answer: &Answer<'_>, error: QueueError) -> Failed {
    let hidden = |key: &Key| answer.handle.is_secret(key) && !answer.request.reveal;
    Failed::from(match error {
        QueueError::WouldSend { id, key, value, source_name } => {
            let value = if hidden(&key) { Value::string("(masked)") } else { value };
            QueueError::WouldSend { id, key, value, source_name }
        }
        QueueError::BreaksSchema { key, .. } if hidden(&key) => {
            QueueError::BreaksSchema { key, why: "it does not fit its schema; --reveal says where".to_owned() }
        }
        other => other,
    })
}

/// `submit`
pub async fn submit(answer: &mut Answer<'_>, args: &SubmitArgs) -> Result<(), Failed> {
    let key = match &args.key {
        Some(key) => key.clone(),
        None => Key::new(NOTES).map_err(|error| Failed::new("bad_arguments", error.to_string()))?,
    };
    let request = ChangeRequest {
        id: args.id.unwrap_or_else(mint_command),
        key,
        operation: Operation::Note,
        value: Value::string(&args.text),
        source: None,
        expires: None,
        author: author(answer),
        undoes: None,
    };
    let commands = answer.handle.change(&[request]).await.map_err(|error| told(answer, error))?;
    settle(answer, &commands, args.wait_ms, A_LITTLE).await
}

/// `undo`
pub async fn undo(answer: &mut Answer<'_>, args: &UndoArgs) -> Result<(), Failed> {
    let author = author(answer);
    let fresh = args.id.unwrap_or_else(mint_command);
    if let Some(which) = &args.which {
        let command = answer.handle.command(which)?;
        // Whoever asks again after a lost answer is told that it is done.
        if is_taken_back(&command) {
            let _ = Teller::new(answer, false).line(answer, &command).await;
            return Ok(());
        }
    }
    if args.dry_run {
        let command = match &args.which {
            Some(which) => answer.handle.command(which)?,
            None => newest_of(answer, &author.user)?,
        };
        if command.state.is_delivered() && !args.yes {
            let id = answer.handle.shown(command.id);
            return Err(told(
                answer,
                match &command.base {
                    Base::Value(value) => {
                        QueueError::WouldSend { id, key: command.key.clone(), value: value.clone(), source_name: command.source.clone() }
                    }
                    Base::Unknown | Base::Absent => QueueError::NoBase(id),
                },
            ));
        }
        let _ = Teller::new(answer, false).line(answer, &command).await;
        return Ok(());
    }
    let command = answer.handle.undo(args.which.as_deref(), args.yes, fresh, &author).await.map_err(|error| told(answer, error))?;
    ended_or_settle(answer, command).await
}

/// `redo`
pub async fn redo(answer: &mut Answer<'_>, args: &RedoArgs) -> Result<(), Failed> {
    let fresh = args.id.unwrap_or_else(mint_command);
    let command = answer.handle.redo(fresh, &author(answer)).await.map_err(|error| told(answer, error))?;
    ended_or_settle(answer, command).await
}

/// Whether a person took it back.
pub fn is_taken_back(command: &Command) -> bool {
    command.state == CommandState::Cancelled && command.reason == Some(CommandReason::TakenBack)
}

fn newest_of(answer: &Answer<'_>, user: &str) -> Result<Arc<Command>, Failed> {
    let under_way: Vec<CommandState> = CommandState::ALL.into_iter().filter(|state| state.is_under_way()).collect();
    let own = |command: &Arc<Command>| command.author.user == user && command.operation == Operation::Set;
    answer.handle.commands(&under_way).into_iter().rev().find(own).ok_or_else(|| {
        QueueError::Nothing("there is no change of yours that was not delivered; name a delivered one to send what it replaced").into()
    })
}

async fn ended_or_settle(answer: &mut Answer<'_>, command: Arc<Command>) -> Result<(), Failed> {
    if command.state.is_under_way() {
        return settle(answer, &[command], None, A_LITTLE).await;
    }
    let _ = Teller::new(answer, false).line(answer, &command).await;
    Ok(())
}

/// Waits a little for what is on disk, and tells how each stands. Only a wait that was asked for can run out.
pub async fn settle(answer: &mut Answer<'_>, commands: &[Arc<Command>], wait_ms: Option<u64>, usual: Duration) -> Result<(), Failed> {
    let ids: Vec<CommandId> = commands.iter().map(|command| command.id).collect();
    let sent = answer.context.config.trusted && Teller::new(answer, false).is_sent();
    let wait = match wait_ms {
        // Who asked for nothing to be sent may watch an engine that sends, and may not have another begin to.
        Some(_) if answer.offline() && !answer.handle.queue_status().sends => Duration::ZERO,
        Some(millis) => Duration::from_millis(millis),
        None if sent => usual,
        None => Duration::ZERO,
    };
    let commands = answer.handle.wait_for(&ids, wait).await;
    let teller = Teller::new(answer, commands.len() > 8);
    let mut waits = 0_usize;
    let mut stands = None;
    for command in &commands {
        let waiting = matches!(command.state, CommandState::Queued | CommandState::InFlight | CommandState::Parked);
        waits += usize::from(waiting);
        if waiting && stands.is_none() && !answer.handle.is_on_its_way(command) {
            stands = Some(teller.sentence(command));
        }
        if teller.line_of_change(answer, command).await.is_break() {
            return Ok(());
        }
    }
    match stands {
        _ if wait_ms.is_none() || waits == 0 => Ok(()),
        None => Err(ran_out(wait, waits)),
        Some(why) => Err(not_now(&why, waits)),
    }
}

/// Waiting longer would not have helped as things are.
fn not_now(why: &str, waits: usize) -> Failed {
    let message = format!("{} not delivered: on disk, and still queued. {why}", what_is(waits));
    Failed::new("wait_expired", message).hint("stellar queue list shows what waits and why")
}

fn what_is(waits: usize) -> String {
    if waits == 1 { "the change is".to_owned() } else { format!("{waits} changes are") }
}

/// The wait that was asked for is over and something is still queued.
pub fn ran_out(wait: Duration, waits: usize) -> Failed {
    let message = format!("{} not delivered after {}: on disk, and still queued", what_is(waits), crate::fact::span::words(wait));
    Failed::new("wait_expired", message).hint("stellar queue list shows what waits and why")
}

/// `lock`, `unlock`
pub async fn lock(answer: &mut Answer<'_>, key: &Key, locked: bool) -> Result<(), Failed> {
    answer.handle.lock(key, locked, &author(answer)).await?;
    let fact = answer.handle.get(key)?;
    let value = fact.as_ref().and_then(|fact| fact.value.as_ref());
    let payload = LockPayload::of(key, locked, value, answer.handle.is_secret(key), answer.request.reveal);
    let _ = answer.line_of("core.input.field_lock", answer.handle.now(), &payload).await;
    Ok(())
}
