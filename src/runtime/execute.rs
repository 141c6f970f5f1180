//! From a request to its answer: one function per action, the same for a script, a socket client and a screen.
//!
//! Every line is a finished envelope. What a request runs into is its last line, never a missing one.

mod answer;
mod conflicts;
mod read;
mod sources;
mod status;
mod watch;

use tokio::sync::mpsc;

use crate::engine::EngineHandle;

use super::{
    context::Context,
    message::{Reply, Request},
};

pub use answer::Answer;
use answer::Failed;

/// Answers one request into `replies`; ends when the answer is complete or nobody takes it any more.
pub async fn execute(handle: &EngineHandle, context: &Context, request: &Request, replies: mpsc::Sender<Reply>) {
    let mut answer = Answer::new(handle, context, request, replies);
    for note in handle.notes() {
        answer.note(note).await;
    }
    let outcome = match request.action.as_str() {
        "core.insight.read" => read::read(&mut answer).await,
        "core.insight.list" => read::list(&mut answer).await,
        "core.insight.confidence" => read::why(&mut answer).await,
        "core.insight.watch" => watch::watch(&mut answer).await,
        "core.source.refresh" => sources::refresh(&mut answer).await,
        "core.source.read" => sources::list(&mut answer).await,
        "core.source.test" => sources::test(&mut answer).await,
        "core.conflict.read" => conflicts::list(&mut answer).await,
        "core.conflict.show" => conflicts::show(&mut answer).await,
        "core.cache.read" => status::cache(&mut answer).await,
        other => Err(Failed::new("not_in_this_build", format!("{other} is not an action of this build; stellar action lists them"))),
    };
    if let Err(failed) = outcome {
        answer.fail(failed).await;
    }
}
