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
    reload::{Reloading, TAKING_UP},
};

/// How long to go on trying while the directory changes hands.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(10);
/// How long whoever left in the middle of a stream has to come back.
const AGAIN: Duration = Duration::from_millis(500);

/// Has the request answered, by the owner of the data directory or by becoming it for as long as this takes.
///
/// `sink` gets every line in order; breaking ends the request early. A stream outlives its owner: it begins anew at the next one. Whoever
/// takes up a changed configuration leaves and comes back, so it is loaded again here too.
///
/// # Errors
/// [`RuntimeError`] when nobody can answer; what the request itself runs into comes as a line.
pub fn call(
    context: &Context,
    reloading: &Reloading<'_>,
    request: &Request,
    sink: &mut dyn FnMut(Reply) -> ControlFlow<()>,
) -> Result<(), RuntimeError> {
    let mut context = context.clone();
    let mut since = Instant::now();
    // Only who stays long enough to poll is worth a log.
    let _log = request.streaming.then(|| Log::start(&context));
    let mut went_on = false;
    loop {
        let mut pause = PAUSE;
        let mut heard = false;
        let asked = client::ask(&context, request, &mut |reply| {
            heard = true;
            sink(reply)
        });
        if heard {
            since = Instant::now();
            went_on = true;
        }
        match asked {
            Ok(Asked::Done) => return Ok(()),
            Ok(Asked::OwnerLeft) if since.elapsed() < PATIENCE => {
                reloading.again(&mut context);
                pause = if went_on { AGAIN } else { PAUSE };
            }
            Ok(Asked::OwnerLeft) => return Err(RuntimeError::Busy("the data directory keeps changing hands; try again".to_owned())),
            Ok(Asked::NobodyThere) => match owner::answer_once(&context, request, sink) {
                Err(RuntimeError::Engine(EngineError::Store(StoreError::Busy { .. }))) if since.elapsed() < PATIENCE => {}
                outcome => return outcome,
            },
            // The owner is about to take up what changed, or has and this process loaded it before.
            Err(RuntimeError::Mismatch(_)) if since.elapsed() < TAKING_UP && (went_on || reloading.is_new()) => {
                reloading.again(&mut context);
                pause = AGAIN;
            }
            Err(error) => return Err(error),
        }
        thread::sleep(pause);
    }
}
