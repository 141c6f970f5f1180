//! From a request to its answer: one function per action, the same for a script, a socket client and a screen.
//!
//! Every line is a finished envelope. What a request runs into is its last line, never a missing one.

mod answer;
mod audit;
mod changes;
mod chaos;
mod commands;
mod conflicts;
mod decide;
mod detect;
mod past;
mod queue;
mod read;
mod resolve;
mod shown;
mod sources;
mod status;
mod upkeep;
mod view;
mod watch;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{
    action::{Call, CallError, args::ReleaseArgs},
    engine::{Caller, EngineHandle, Treatment, on_behalf_of},
};

use super::{
    context::Context,
    message::{Reply, Request},
    user,
};

pub use answer::Answer;
pub use audit::{NOTE, config_note};
pub use view::{CHANGED, FOLLOW, LOOK, RENEW};

/// Answers one request into `replies`; ends when the answer is complete or nobody takes it any more.
pub async fn execute(handle: &EngineHandle, context: &Context, request: &Request, replies: mpsc::Sender<Reply>) {
    execute_for(user::caller(), handle, context, request, replies).await;
}

/// The same for somebody who asks from elsewhere.
pub async fn execute_for(caller: Arc<Caller>, handle: &EngineHandle, context: &Context, request: &Request, replies: mpsc::Sender<Reply>) {
    on_behalf_of(caller, carry_out(handle, context, request, replies)).await;
}

async fn carry_out(handle: &EngineHandle, context: &Context, request: &Request, replies: mpsc::Sender<Reply>) {
    let mut answer = Answer::new(handle, context, request, replies);
    let known = handle.notes();
    for note in &known {
        answer.note(note).await;
    }
    // Things that nobody types, so they are no actions: two that only a screen asks for, and what another process has to tell the audit.
    let screens = match request.action.as_str() {
        FOLLOW => Some(view::follow(&mut answer).await),
        RENEW => Some(view::renew(&mut answer).await),
        LOOK => Some(view::look(&mut answer).await),
        NOTE => Some(audit::take(&mut answer).await),
        _ => None,
    };
    if let Some(outcome) = screens {
        if let Err(failed) = outcome {
            answer.fail(failed).await;
        }
        return;
    }
    let call = match parse(request) {
        Ok(call) => call,
        Err(error) => {
            if let CallError::Denied { action, .. } = &error {
                audit::denied(&mut answer, action).await;
            }
            return answer.refuse(&error).await;
        }
    };
    let deed = audit::of(&call);
    let outcome = match call {
        Call::List(args) => read::list(&mut answer, args).await,
        Call::Read(args) => match args.at.clone() {
            Some(at) => past::read_at(&mut answer, &args, &at).await,
            None => read::read(&mut answer, &args).await,
        },
        Call::History(args) => past::history(&mut answer, &args).await,
        Call::Why(args) => read::why(&mut answer, &args).await,
        Call::Watch(args) => watch::watch(&mut answer, args).await,
        Call::Refresh(args) => sources::refresh(&mut answer, &args).await,
        Call::SourceList(_) => sources::list(&mut answer).await,
        Call::SourceTest(args) => sources::test(&mut answer, &args).await,
        Call::SourceDetect(args) => detect::detect(&mut answer, &args).await,
        Call::ConflictList(args) => conflicts::list(&mut answer, &args).await,
        Call::ConflictShow(args) => conflicts::show(&mut answer, &args).await,
        Call::ConflictWatch(args) => decide::watch(&mut answer, &args).await,
        Call::ConflictUndo(args) => decide::undo(&mut answer, &args).await,
        Call::SourceTrust(args) => decide::trust(&mut answer, &args).await,
        Call::CacheStatus(_) => status::cache(&mut answer).await,
        Call::CacheEvict(args) => status::evict(&mut answer, &args).await,
        Call::CacheCompact(_) => status::compact(&mut answer).await,
        Call::CacheVerify(_) => upkeep::verify(&mut answer).await,
        Call::CacheRekey(args) => upkeep::rekey(&mut answer, args).await,
        Call::DamagedList(_) => upkeep::damaged(&mut answer).await,
        Call::DamagedDrop(args) => upkeep::discard(&mut answer, args).await,
        Call::Set(args) => changes::set(&mut answer, &args).await,
        Call::Submit(args) => changes::submit(&mut answer, &args).await,
        Call::Undo(args) => changes::undo(&mut answer, &args).await,
        Call::Redo(args) => changes::redo(&mut answer, &args).await,
        Call::Lock(args) => changes::lock(&mut answer, &args.key, true).await,
        Call::Unlock(args) => changes::lock(&mut answer, &args.key, false).await,
        Call::Resolve(args) => resolve::resolve(&mut answer, &args).await,
        Call::QueueStatus(_) => queue::status(&mut answer).await,
        Call::QueueList(args) => queue::list(&mut answer, &args).await,
        Call::QueueShow(args) => queue::show(&mut answer, &args.id).await,
        Call::QueueFlush(args) => queue::flush(&mut answer, &args).await,
        Call::QueueHold(_) => queue::hold(&mut answer, true).await,
        Call::QueueRelease(ReleaseArgs { id: None }) => queue::hold(&mut answer, false).await,
        Call::QueueRelease(ReleaseArgs { id: Some(id) }) => queue::treat(&mut answer, &id, &Treatment::Release).await,
        Call::QueueRetry(args) => queue::treat(&mut answer, &args.id, &Treatment::Retry).await,
        Call::QueueEdit(args) => queue::edit(&mut answer, &args).await,
        Call::QueueRebase(args) => queue::treat(&mut answer, &args.id, &Treatment::Rebase).await,
        Call::QueueCancel(args) => queue::treat(&mut answer, &args.id, &Treatment::Cancel).await,
        Call::QueueDrop(args) => queue::treat(&mut answer, &args.id, &Treatment::Drop).await,
        Call::Snapshot(args) => status::snapshot(&mut answer, &args).await,
        Call::Hydrate(args) => status::hydrate(&mut answer, &args).await,
        Call::Telemetry(_) => status::telemetry(&mut answer).await,
        Call::AuditList(args) => audit::list(&mut answer, args).await,
        Call::AuditVerify(args) => audit::verify(&mut answer, &args).await,
        Call::AuditHead(_) => audit::head(&mut answer).await,
        Call::AuditExport(_) => audit::export(&mut answer).await,
        Call::ChaosLive(args) => chaos::live(&mut answer, &args).await,
    };
    audit::ended(&mut answer, deed, outcome.as_ref().err()).await;
    // What went wrong with the store meanwhile, and what was done about it, belongs to this answer.
    handle.heal_before_the_end().await;
    for note in handle.notes().iter().filter(|note| !known.contains(note)) {
        answer.note(note).await;
    }
    if let Err(failed) = outcome {
        answer.fail(failed).await;
    }
}

/// Whether what is asked for ends, in order, when whoever asked has left: it would hold the engine up for long.
pub fn ends_with_its_asker(request: &Request) -> bool {
    request.action == "core.chaos.run"
}

/// Checked here, whoever asks: a front may have checked before, a socket client may not.
fn parse(request: &Request) -> Result<Call, CallError> {
    let persona = request.persona.parse().map_err(|_| CallError::BadArguments {
        action: "core.action.invoke",
        message: format!("there is no persona {:?}", request.persona),
    })?;
    Call::parse(&request.action, &request.args, persona)
}
