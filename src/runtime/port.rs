//! The one way to ask: the owner if there is one, else become it.

use std::{
    ops::ControlFlow,
    thread,
    time::{Duration, Instant},
};

use crate::engine::{EngineError, StoreError};

use super::{
    client::{self, Asked},
    context::{Context, RuntimeError},
    log::Log,
    message::{Reply, Request},
    owner,
};

/// How long to go on trying while the directory changes hands.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Has the request answered, by the owner of the data directory or by becoming it for as long as this takes.
///
/// `sink` gets every line in order; breaking ends the request early.
///
/// # Errors
/// [`RuntimeError`] when nobody can answer; what the request itself runs into comes as a line.
pub fn call(context: &Context, request: &Request, sink: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<(), RuntimeError> {
    let started = Instant::now();
    // Only who stays long enough to poll is worth a log.
    let _log = request.streaming.then(|| Log::start(context));
    loop {
        match client::ask(context, request, sink)? {
            Asked::Done => return Ok(()),
            Asked::OwnerLeft if started.elapsed() < PATIENCE => {}
            Asked::OwnerLeft => return Err(RuntimeError::Busy("the data directory keeps changing hands; try again".to_owned())),
            Asked::NobodyThere => match owner::answer_once(context, request, sink) {
                Err(RuntimeError::Engine(EngineError::Store(StoreError::Busy { .. }))) if started.elapsed() < PATIENCE => {}
                outcome => return outcome,
            },
        }
        thread::sleep(PAUSE);
    }
}
