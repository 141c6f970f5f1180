//! `queue status`, `queue list`, what a person does with one command, and `conflicts resolve` of a change.

use std::time::Duration;

use crate::{
    action::args::{EditArgs, FlushArgs, QueueListArgs, ResolveArgs},
    engine::Treatment,
    fact::{CommandState, ConflictEntry},
    wire::QueuePayload,
};

use super::{
    answer::{Answer, Failed},
    changes::{is_taken_back, ran_out, settle},
    commands::{Teller, author, value_of},
    conflicts::payload_of,
};

/// How long a flush is waited for when nobody says.
const FLUSH: Duration = Duration::from_secs(5);
/// How long what a person let go on is waited for.
const A_LITTLE: Duration = Duration::from_secs(2);

/// `queue status`
pub async fn status(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let payload = QueuePayload::of(&answer.handle.queue_status());
    let _ = answer.line_of("core.queue.status", answer.handle.now(), &payload).await;
    Ok(())
}

/// `queue list`
pub async fn list(answer: &mut Answer<'_>, args: &QueueListArgs) -> Result<(), Failed> {
    let open = |state: &CommandState| state.is_under_way() || *state == CommandState::Dead;
    let states = if args.states.is_empty() { CommandState::ALL.into_iter().filter(open).collect() } else { args.states.clone() };
    let commands = answer.handle.commands(&states);
    let teller = Teller::new(answer, commands.len() > 8);
    for command in &commands {
        if teller.line(answer, command).await.is_break() {
            break;
        }
    }
    Ok(())
}

/// `queue show`
pub async fn show(answer: &mut Answer<'_>, id: &str) -> Result<(), Failed> {
    let command = answer.handle.command(id)?;
    let _ = Teller::new(answer, false).line(answer, &command).await;
    Ok(())
}

/// `queue flush`
pub async fn flush(answer: &mut Answer<'_>, args: &FlushArgs) -> Result<(), Failed> {
    if answer.offline() {
        return Err(Failed::new("offline", "--offline was given: nothing is sent"));
    }
    if answer.handle.queue_status().held_by.is_some() {
        return Err(Failed::new("queue_held", "sending was stopped: nothing is tried").hint("stellar queue release lets it go on"));
    }
    let wait = args.wait_ms.map_or(FLUSH, Duration::from_millis);
    let rest = answer.handle.flush(wait).await;
    let teller = Teller::new(answer, rest.len() > 8);
    for command in &rest {
        if teller.line(answer, command).await.is_break() {
            return Ok(());
        }
    }
    status(answer).await?;
    let waits = rest.iter().filter(|command| matches!(command.state, CommandState::Queued | CommandState::InFlight)).count();
    if args.wait_ms.is_some() && waits > 0 { Err(ran_out(wait, waits)) } else { Ok(()) }
}

/// `queue hold`, `queue release`
pub async fn hold(answer: &mut Answer<'_>, held: bool) -> Result<(), Failed> {
    answer.handle.hold(held, &author(answer)).await?;
    status(answer).await
}

/// `queue retry`, `rebase`, `cancel`, `drop`, and `release` of one.
pub async fn treat(answer: &mut Answer<'_>, id: &str, treatment: &Treatment) -> Result<(), Failed> {
    let command = answer.handle.command(id)?;
    let command = if matches!(treatment, Treatment::Cancel) && is_taken_back(&command) {
        command
    } else {
        answer.handle.treat(&command.id.to_string(), treatment, &author(answer)).await?
    };
    if matches!(treatment, Treatment::Cancel | Treatment::Drop | Treatment::Theirs) {
        let _ = Teller::new(answer, false).line(answer, &command).await;
        return Ok(());
    }
    settle(answer, &[command], None, A_LITTLE).await
}

/// `queue edit`
pub async fn edit(answer: &mut Answer<'_>, args: &EditArgs) -> Result<(), Failed> {
    treat(answer, &args.id, &Treatment::Edit(value_of(&args.value, args.string))).await
}

/// `conflicts resolve`, of a change whose target moved.
pub async fn resolve(answer: &mut Answer<'_>, conflict: &ConflictEntry, args: &ResolveArgs) -> Result<(), Failed> {
    let of_values = args.accept.is_some() || args.reject || args.auto || args.send.is_some();
    let treatment = match (args.mine, args.theirs, &args.value) {
        (true, false, None) if !of_values => Treatment::Mine,
        (false, true, None) if !of_values => Treatment::Theirs,
        (false, false, Some(text)) if !of_values => Treatment::Edit(value_of(text, false)),
        _ => {
            let message = format!("core.conflict.resolve: {} is about a change of yours: say one of mine, theirs and value", conflict.id);
            return Err(Failed::new("bad_arguments", message));
        }
    };
    if args.dry_run {
        return would(answer, conflict, args, &treatment).await;
    }
    let command = answer.handle.decide_change(&conflict.id, args.digest.as_deref(), &treatment, &author(answer)).await?;
    if command.state.is_under_way() {
        return settle(answer, &[command], None, A_LITTLE).await;
    }
    let _ = Teller::new(answer, false).line(answer, &command).await;
    Ok(())
}

/// Says what a decision would send.
async fn would(answer: &mut Answer<'_>, conflict: &ConflictEntry, args: &ResolveArgs, treatment: &Treatment) -> Result<(), Failed> {
    if let Some(seen) = args.digest.as_deref().filter(|seen| *seen != &*conflict.digest) {
        let message = format!("{} moved while it was looked at: its digest is {}, not {seen}", conflict.id, conflict.digest);
        return Err(Failed::new("conflict_moved", message).hint("look again, then decide"));
    }
    let mut payload = payload_of(answer, conflict);
    payload.would_send = match (treatment, &payload.change) {
        (Treatment::Edit(value), _) => vec![value.clone()],
        (Treatment::Mine, Some(change)) => vec![change.mine.clone()],
        _ => Vec::new(),
    };
    let _ = answer.line_of("core.conflict.read", answer.handle.now(), &payload).await;
    Ok(())
}
