//! From the engine to the screen: what it knows, again whenever it says that something happened, never faster than it can be taken.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc::Sender,
    },
    time::Instant,
};

use crate::{
    app::{Msg, Snapshot},
    engine::{EngineError, EngineEvent, EngineHandle, FactQuery, StampedEvent},
};

/// The least time between two snapshots.
const PAUSE: Duration = Duration::from_millis(100);

/// What the engine says, in order.
pub(super) type Events = Receiver<StampedEvent>;

/// Tells the screen what the engine knows at its start; what it says from then on is handed to [`follow`]. Blocks: not for the loop.
pub(super) fn first(handle: &EngineHandle, screen: &Sender<Msg>) -> Events {
    let told = snapshot(handle).map_or_else(|error| Msg::Fault(error.to_string()), Msg::Snapshot);
    // A screen that is gone is noticed by whoever follows.
    let _ = screen.blocking_send(told);
    handle.subscribe()
}

/// Tells the screen what the engine knows whenever something happened, until one of them is gone.
pub(super) async fn follow(handle: EngineHandle, mut events: Events, screen: Sender<Msg>) {
    let mut cost = Duration::ZERO;
    let mut started = Instant::now();
    loop {
        // Everything that happens until the next snapshot is in it: waiting for one event is enough, the rest is drained.
        let mut next = events.recv().await;
        loop {
            match next {
                Ok(StampedEvent { event: EngineEvent::Fault(why), .. }) => {
                    if screen.send(Msg::Fault(why)).await.is_err() {
                        return;
                    }
                }
                Ok(StampedEvent { event: EngineEvent::Cache(event), .. }) => {
                    if screen.send(Msg::CacheTold(event.to_string(), event.is_trouble())).await.is_err() {
                        return;
                    }
                }
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => {
                    // Nobody listens any more if this fails: then there is nothing to say.
                    let _ = screen.send(Msg::EngineGone("it ended by itself".to_owned())).await;
                    return;
                }
            }
            // Taking snapshots may cost a quarter of the time at most.
            match tokio::time::timeout_at(started + PAUSE.max(cost * 4), events.recv()).await {
                Ok(event) => next = event,
                Err(_) => break,
            }
        }
        started = Instant::now();
        let asked = handle.clone();
        let told = match tokio::task::spawn_blocking(move || snapshot(&asked)).await {
            Ok(Ok(snapshot)) => Msg::Snapshot(snapshot),
            Ok(Err(error)) => Msg::Fault(error.to_string()),
            Err(_) => Msg::Fault("reading the facts".to_owned()),
        };
        if screen.send(told).await.is_err() {
            return;
        }
        cost = cost.max(started.elapsed()).min(Duration::from_secs(1));
    }
}

/// What the engine knows now.
fn snapshot(handle: &EngineHandle) -> Result<Snapshot, EngineError> {
    Ok(Snapshot {
        facts: handle.list(&FactQuery::default())?.into(),
        sources: handle.sources().into(),
        conflicts: handle.conflicts(false)?.into(),
        queue: 0,
        notes: Arc::from(handle.notes()),
    })
}

/// Carries out a refresh.
pub(super) async fn refresh(handle: EngineHandle, job: crate::app::JobId, sources: Vec<crate::fact::SourceId>, screen: Sender<Msg>) {
    let sources = if sources.is_empty() { handle.sources_for(None) } else { sources };
    let outcome = handle.refresh(&sources).await.map_err(|error| error.to_string());
    // A screen that is gone needs no answer.
    let _ = screen.send(Msg::Refreshed(job, outcome)).await;
}

/// Arranges facts off the loop.
pub(super) fn arrange(question: crate::app::Arrange, screen: Sender<Msg>) {
    tokio::task::spawn_blocking(move || {
        let arranged = crate::app::arrange(&question);
        drop(question);
        let _ = screen.blocking_send(Msg::Arranged(arranged));
    });
}

/// Facts up to which arranging is done at once, in the time of a key.
pub(super) const AT_ONCE: usize = 2_000;

/// Whether a question is small enough to be answered at once.
pub(super) fn is_small(facts: &Arc<[Arc<crate::fact::Insight>]>) -> bool {
    facts.len() <= AT_ONCE
}
