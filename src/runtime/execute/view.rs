//! What a screen behind the socket is told: everything, then what differs; what it asks to be resolved for now, and to be told at length.

use std::time::Duration;

use serde::Deserialize;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, sleep_until},
};

use crate::{
    app::Queue,
    engine::{EngineEvent, EngineView, StampedEvent},
    fact::{Key, Value},
    wire::{EventPayload, ViewFact, ViewPayload},
};

use super::{
    super::queue_view,
    answer::{Answer, Failed},
};

/// What a screen asks to be told.
pub const FOLLOW: &str = "core.view.follow";
/// What a screen asks to have resolved for now.
pub const RENEW: &str = "core.view.renew";
/// What a screen asks of a fact that it shows at length: everyone who speaks of it.
pub const LOOK: &str = "core.view.look";
/// One piece of what differs.
pub const CHANGED: &str = "core.view.changed";
/// The least time between two moments.
const PAUSE: Duration = Duration::from_millis(100);
/// More keys than any screen has rows.
const KEYS: usize = 2_000;

#[derive(Deserialize)]
struct LookArgs {
    key: Key,
}

#[derive(Deserialize)]
struct RenewArgs {
    keys: Vec<Key>,
}

/// Tells until the asker leaves; a slow one is told less often, never less.
pub async fn follow(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let handle = answer.handle.clone();
    let opened = tokio::task::spawn_blocking(move || (handle.view(), handle.subscribe())).await;
    let Ok((view, mut events)) = opened else { return Err(Failed::new("fault", "reading the facts failed")) };
    let mut view = view?;
    let mut told = EngineView::default();
    let mut queue = Queue::default();
    let mut first = true;
    loop {
        let now = view.borrow_and_update().clone();
        let next = Instant::now() + PAUSE;
        let mut pieces = ViewPayload::between(&told, &now);
        let handle = answer.handle.clone();
        let looked = tokio::task::spawn_blocking(move || queue_view::look(&handle)).await;
        let Ok(stands) = looked else { return Err(Failed::new("fault", "reading the queue failed")) };
        if let Some(last) = pieces.last_mut().filter(|_| first || stands != queue) {
            last.queue = Some(queue_view::to_wire(&stands, &plain, &masked));
        }
        queue = stands;
        // What nobody can see a difference in is not sent.
        if first || pieces.iter().any(|piece| !piece.is_empty()) {
            for piece in pieces {
                if answer.line_of(CHANGED, answer.handle.now(), &piece).await.is_break() {
                    return Ok(());
                }
            }
        }
        (told, first) = (now, false);
        sleep_until(next).await;
        loop {
            tokio::select! {
                biased;
                changed = view.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return Err(Failed::new("engine_unavailable", "the engine ended by itself")),
                },
                event = events.recv() => match event {
                    Ok(StampedEvent { at, event: event @ (EngineEvent::Fault(_) | EngineEvent::Cache(_)), .. }) => {
                        let (action, payload) = EventPayload::of(&event, false);
                        if answer.line_of(action, at, &payload).await.is_break() {
                            return Ok(());
                        }
                    }
                    // What else moved meanwhile is told with it.
                    Ok(StampedEvent { event: EngineEvent::Queue(_) | EngineEvent::Held(..), .. }) | Err(RecvError::Lagged(_)) => break,
                    Ok(_) => {}
                    Err(RecvError::Closed) => return Ok(()),
                },
            }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_json_text().to_owned()
}

fn masked(_: &Value) -> String {
    "\"********\"".to_owned()
}

/// Tells a fact with everyone who speaks of it; nothing where nobody does any more.
pub async fn look(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let key = args::<LookArgs>(answer, LOOK)?.key;
    let handle = answer.handle.clone();
    let found = tokio::task::spawn_blocking(move || handle.get(&key)).await;
    let Ok(found) = found else { return Err(Failed::new("fault", "reading the fact failed")) };
    if let Some(insight) = found? {
        let now = answer.handle.now();
        // Whoever left needs no answer.
        let _ = answer.line_of(LOOK, now, &ViewFact::masked(&insight.at(now))).await;
    }
    Ok(())
}

fn args<T: serde::de::DeserializeOwned>(answer: &Answer<'_>, action: &str) -> Result<T, Failed> {
    let args = serde_json::from_value(answer.request.args.clone().into());
    args.map_err(|error| Failed::new("bad_arguments", format!("{action}: {error}")))
}

/// Resolves the keys for now; who follows is told what differs.
pub async fn renew(answer: &mut Answer<'_>) -> Result<(), Failed> {
    let keys = args::<RenewArgs>(answer, RENEW)?.keys;
    if keys.len() > KEYS {
        return Err(Failed::new("bad_arguments", format!("{RENEW}: at most {KEYS} keys at once")));
    }
    let handle = answer.handle.clone();
    // Its panic would be told by the engine; there is nothing to answer either way.
    let _ = tokio::task::spawn_blocking(move || handle.renew(&keys)).await;
    Ok(())
}
