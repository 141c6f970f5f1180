//! What the screen asks for, carried out: by the engine of this process or by the owner behind the socket, the same request either way.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use tokio::sync::mpsc::{self, Sender};

use crate::{
    action::{self, ArgKind},
    app::{Answer, Ask, JobId, Msg, Told, Trouble},
    engine::EngineHandle,
    fact::{CommandId, CommandState},
    runtime::{
        client::{self, Asked},
        clock::{mint_command, mint_id},
        context::Context,
        execute::execute,
        message::{Reply, Request},
    },
    wire::{CommandPayload, Envelope, LockPayload},
};

/// How long to go on trying while the directory changes hands.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);
/// Lines of an answer that may wait.
const AHEAD: usize = 64;

/// The request. The id of the command that comes of it is made here, once: asking again after a lost answer is the same command.
fn request(context: &Context, ask: Ask) -> Request {
    let mut args = ask.args;
    let takes = action::find(ask.action).map(|spec| spec.args).unwrap_or_default();
    for minted in takes.iter().filter(|arg| arg.kind == ArgKind::Minted) {
        args.entry(minted.name).or_insert_with(|| mint_command().to_string().into());
    }
    Request {
        id: mint_id(),
        action: ask.action.to_owned(),
        args,
        via: "tui".to_owned(),
        persona: context.config.app.persona.clone(),
        streaming: false,
        offline: context.offline,
        reveal: false,
    }
}

/// Asks the engine of this process.
pub(super) async fn here(handle: EngineHandle, context: Context, job: JobId, ask: Ask, screen: Sender<Msg>) {
    let request = request(&context, ask);
    let (replies, mut told) = mpsc::channel(AHEAD);
    let mut answer = Answer::default();
    let work = execute(&handle, &context, &request, replies);
    let read = async {
        while let Some(reply) = told.recv().await {
            take(&mut answer, &reply);
        }
    };
    tokio::join!(work, read);
    // A screen that is gone needs no answer.
    let _ = screen.send(Msg::Answered(job, answer)).await;
}

/// Asks the owner behind the socket. Blocks: not for the loop.
pub(super) fn there(context: &Context, job: JobId, ask: Ask, screen: &Sender<Msg>) {
    let request = request(context, ask);
    let started = Instant::now();
    let answer = loop {
        let mut answer = Answer::default();
        let asked = client::ask(context, &request, &mut |reply| {
            take(&mut answer, &reply);
            ControlFlow::Continue(())
        });
        match asked {
            Ok(Asked::Done) => break answer,
            Ok(Asked::OwnerLeft | Asked::NobodyThere) if started.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            Ok(_) => break Answer::failed("engine_unavailable", "the stellar that answered is gone; ask again"),
            Err(error) => break Answer::failed("engine_unavailable", error.to_string()),
        }
    };
    let _ = screen.blocking_send(Msg::Answered(job, answer));
}

/// Takes one line of an answer; what is beside it is said elsewhere.
fn take(answer: &mut Answer, reply: &Reply) {
    let Reply::Line(line) = reply else { return };
    let Ok(envelope) = Envelope::read(line.get()) else { return };
    let told = match envelope.action.as_str() {
        "core.queue.read" => envelope.payload_as::<CommandPayload>().ok().and_then(change),
        "core.input.field_lock" => {
            envelope.payload_as::<LockPayload>().ok().map(|payload| Told::Lock { key: payload.key, locked: payload.locked })
        }
        _ => None,
    };
    let is_told = told.is_some();
    answer.told.extend(told);
    // A change that was given up or waits for a decision is told with how it stands; that is its answer.
    if let Some(error) = envelope.error.filter(|_| !is_told) {
        answer.trouble = Some(Trouble { code: error.code, message: error.message, choices: error.choices });
    }
}

fn change(payload: CommandPayload) -> Option<Told> {
    Some(Told::Change {
        id: CommandId::parse(&payload.id).ok()?,
        key: payload.key,
        source: payload.source,
        value: payload.value,
        state: CommandState::of(&payload.state)?,
        sentence: payload.message.unwrap_or_default(),
    })
}
