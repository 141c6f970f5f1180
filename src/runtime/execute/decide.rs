//! `conflicts resolve` of values, `conflicts undo`, `conflicts watch`, `source trust`.

use crate::{
    action::args::{ConflictUndoArgs, ConflictWatchArgs, ResolveArgs, SourceTrustArgs},
    engine::{ChangeRequest, Choice, ConflictResolver as _, ConflictUpdate, DecideError, DecisionRequest, EngineEvent, Plan},
    fact::{ConflictEntry, FieldName, Operation, SourceId, Value},
    wire::{DecisionPayload, EventPayload, PlanPayload, TrustPayload},
};

use super::{
    super::clock::mint_command,
    answer::{Answer, Failed},
    changes::{no_such_source, settle, source_named},
    commands::{author, value_of},
    conflicts::{READ, payload_of},
    read::ask_the_never_asked,
};

/// How long what a decision sends is waited for.
const A_LITTLE: std::time::Duration = std::time::Duration::from_secs(2);

/// `conflicts resolve`, where values compete.
pub async fn values(answer: &mut Answer<'_>, conflict: &ConflictEntry, args: &ResolveArgs) -> Result<(), Failed> {
    let request = DecisionRequest {
        id: args.decision.unwrap_or_else(mint_command),
        choice: choice(conflict, args)?,
        digest: args.digest.clone(),
        author: author(answer),
    };
    let would = answer.handle.would_decide(&conflict.id, &request).map_err(|error| told(answer, conflict, error))?;
    let change = args.send.as_deref().map(|to| change(answer, conflict, would.verdict.value(), to, args)).transpose()?;
    let plan = change.as_ref().map(|change| answer.handle.plan(change)).transpose()?;
    if args.dry_run {
        let mut payload = payload_of(answer, conflict);
        payload.would_send = change.iter().map(|change| payload.shown(&change.value)).collect();
        payload.planned = true;
        payload.decision = Some(DecisionPayload::of(&would, answer.handle.is_secret(&conflict.key), answer.request.reveal));
        let _ = answer.line_of(READ, answer.handle.now(), &payload).await;
        return show(answer, change.as_ref().zip(plan.as_ref())).await;
    }
    if let (Some(change), false) = (&change, args.yes) {
        show(answer, Some(change).zip(plan.as_ref())).await?;
        let to = args.send.as_deref().unwrap_or_default();
        let message = format!("this decides, and sends the value of {} to {to}; say --yes to do both", conflict.key);
        return Err(Failed::new("would_send", message).hint("without --send nothing is sent"));
    }
    let decided = answer.handle.apply_resolution(&conflict.id, &request).await.map_err(|error| told(answer, conflict, error))?;
    let payload = payload_of(answer, &decided);
    if answer.line_of(READ, answer.handle.now(), &payload).await.is_break() {
        return Ok(());
    }
    let Some(change) = change else { return Ok(()) };
    let commands = answer.handle.change(&[change]).await?;
    settle(answer, &commands, None, A_LITTLE).await
}

fn choice(conflict: &ConflictEntry, args: &ResolveArgs) -> Result<Choice, Failed> {
    let bad = |message: &str| Failed::new("bad_arguments", format!("core.conflict.resolve: {message}"));
    match (&args.accept, &args.value, args.reject, args.auto, args.mine || args.theirs) {
        (Some(name), None, false, false, false) => SourceId::new(name).map(Choice::Accept).map_err(|_| no_such_source(name)),
        (None, Some(text), false, false, false) => Ok(Choice::Value(value_of(text, false))),
        (None, None, true, false, false) if args.send.is_none() => Ok(Choice::Reject),
        (None, None, true, false, false) => Err(bad("who rejects every value has none to send")),
        (None, None, false, true, false) => Ok(Choice::ByRule),
        (None, None, false, false, true) => {
            let message = format!("{} is a conflict of values: nothing of yours is queued for {}", conflict.id, conflict.key);
            Err(Failed::new("bad_arguments", message).hint("--accept SOURCE says whose value is right"))
        }
        _ => Err(bad("say one of accept, value, reject and auto")),
    }
}

/// The change that brings a source in line.
fn change(
    answer: &Answer<'_>,
    conflict: &ConflictEntry,
    value: Option<&Value>,
    to: &str,
    args: &ResolveArgs,
) -> Result<ChangeRequest, Failed> {
    let value = value.ok_or_else(|| Failed::new("bad_arguments", "core.conflict.resolve: there is no value to send"))?;
    Ok(ChangeRequest {
        id: args.command.unwrap_or_else(mint_command),
        key: conflict.key.clone(),
        operation: Operation::Set,
        value: value.clone(),
        source: Some(source_named(answer, to)?),
        expires: None,
        author: author(answer),
        undoes: None,
    })
}

async fn show(answer: &mut Answer<'_>, planned: Option<(&ChangeRequest, &Plan)>) -> Result<(), Failed> {
    let Some((change, plan)) = planned else { return Ok(()) };
    let secret = answer.handle.is_secret(&change.key);
    let payload = PlanPayload::of(&change.key, &change.value, plan, secret, answer.request.reveal);
    let _ = answer.line_of("core.queue.plan", answer.handle.now(), &payload).await;
    Ok(())
}

/// What went wrong, without a secret value in it, and what would go right.
fn told(answer: &Answer<'_>, conflict: &ConflictEntry, error: DecideError) -> Failed {
    match error {
        DecideError::Queue(error) => super::changes::told(answer, error),
        error @ DecideError::NoValueOf { .. } => {
            let mut failed = Failed::new(error.code(), error.to_string());
            failed.offer(conflict.candidates.iter().flat_map(|candidate| &candidate.sources).map(ToString::to_string).collect());
            failed
        }
        error => Failed::new(error.code(), error.to_string()),
    }
}

/// `conflicts undo`
pub async fn undo(answer: &mut Answer<'_>, args: &ConflictUndoArgs) -> Result<(), Failed> {
    let undone = answer.handle.undo_decision(&args.id, &author(answer)).await;
    let decision = undone.map_err(|error| match error {
        DecideError::Undecided(id) => {
            Failed::new("nothing_to_undo", format!("nothing was decided on {id}")).hint("stellar conflicts list --all shows what was")
        }
        error => Failed::new(error.code(), error.to_string()),
    })?;
    let conflict = answer.handle.conflicts_named(decision.conflict().as_str())?.into_iter().find(|one| one.class == decision.class);
    match conflict {
        Some(conflict) => {
            let payload = payload_of(answer, &conflict);
            let _ = answer.line_of(READ, answer.handle.now(), &payload).await;
        }
        // The values agree by now: what was taken back is all there is to tell.
        None => {
            let payload = DecisionPayload::of(&decision, answer.handle.is_secret(&decision.key), answer.request.reveal);
            let _ = answer.line_of("core.conflict.undone", answer.handle.now(), &payload).await;
        }
    }
    Ok(())
}

/// `conflicts watch`
pub async fn watch(answer: &mut Answer<'_>, args: &ConflictWatchArgs) -> Result<(), Failed> {
    // Subscribed before they are listed: what changes in between comes as an event, never not at all.
    let mut updates = answer.handle.subscribe_updates();
    let sources = answer.handle.sources_for(None);
    ask_the_never_asked(answer, &sources).await?;
    for conflict in answer.handle.list_pending(args.limit.unwrap_or(usize::MAX))? {
        let payload = payload_of(answer, &conflict);
        if answer.line_of(READ, answer.handle.now(), &payload).await.is_break() {
            return Ok(());
        }
    }
    if answer.line_of("core.watch.ready", answer.handle.now(), &serde_json::Map::new()).await.is_break() {
        return Ok(());
    }
    while let Some((_, at, update)) = updates.next().await {
        let event = match update {
            ConflictUpdate::Opened(id, key) => EngineEvent::ConflictOpened(id, key),
            ConflictUpdate::Closed(id, key) => EngineEvent::ConflictClosed(id, key),
            ConflictUpdate::Changed(conflict) => {
                let secret = answer.handle.is_secret(&conflict.key);
                EngineEvent::ConflictChanged(conflict, secret)
            }
            ConflictUpdate::Decision(decision) => EngineEvent::Decision(decision),
            ConflictUpdate::Missed(missed) => EngineEvent::Missed(missed),
        };
        let at = if matches!(event, EngineEvent::Missed(_)) { answer.handle.now() } else { at };
        let (action, payload) = EventPayload::of(&event, answer.request.reveal);
        if answer.line_of(action, at, &payload).await.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// `source trust`
pub async fn trust(answer: &mut Answer<'_>, args: &SourceTrustArgs) -> Result<(), Failed> {
    let source = args.name.as_deref().map(|name| SourceId::new(name).map_err(|_| no_such_source(name))).transpose()?;
    let field = args.field.as_deref().map(FieldName::new);
    if args.reset {
        let Some(source) = &source else {
            return Err(Failed::new("bad_arguments", "core.source.trust: name the source whose trust is to begin anew"));
        };
        answer.handle.trust(Some(source), None)?;
        answer.handle.reset_trust(source, field.as_ref(), &author(answer)).await?;
    }
    for learned in answer.handle.trust(source.as_ref(), field.as_ref())? {
        if answer.line(&TrustPayload::of(&learned)).await.is_break() {
            break;
        }
    }
    Ok(())
}
