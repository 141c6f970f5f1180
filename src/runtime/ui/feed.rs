//! From the engine to the screen: the newest moment, never faster than it can be taken, and what failed.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        mpsc::Sender,
    },
    time::{Instant, sleep_until},
};

use crate::{
    app::{Msg, Snapshot},
    engine::{EngineEvent, EngineHandle, FactMap, StampedEvent},
};

/// The least time between two snapshots.
const PAUSE: Duration = Duration::from_millis(100);

/// Tells the screen what the engine knows until one of them is gone.
pub(super) async fn follow(handle: EngineHandle, screen: Sender<Msg>) {
    let asked = handle.clone();
    let opened = tokio::task::spawn_blocking(move || (asked.view(), asked.subscribe())).await;
    let (mut view, mut events) = match opened {
        Ok((Ok(view), events)) => (view, events),
        Ok((Err(error), _)) => return gone(&screen, error.to_string()).await,
        Err(_) => return gone(&screen, "reading the facts failed".to_owned()).await,
    };
    let notes: Arc<[String]> = handle.notes().into();
    // What the screen held before is let go here: with many facts that takes longer than a key may.
    let mut held = Snapshot::default();
    loop {
        let snapshot = Snapshot::of(view.borrow_and_update().clone(), Arc::clone(&notes));
        if screen.send(Msg::Snapshot(snapshot.clone())).await.is_err() {
            return;
        }
        let before = std::mem::replace(&mut held, snapshot);
        let next = Instant::now() + PAUSE;
        // Until then the screen has taken the new one.
        if tell_faults(&mut events, &screen, sleep_until(next)).await.is_none() {
            return;
        }
        drop(before);
        match tell_faults(&mut events, &screen, view.changed()).await {
            Some(Ok(())) => {}
            Some(Err(_)) => return gone(&screen, "it ended by itself".to_owned()).await,
            None => return,
        }
    }
}

async fn gone(screen: &Sender<Msg>, why: String) {
    // Nobody listens any more if this fails: then there is nothing to say.
    let _ = screen.send(Msg::EngineGone(why)).await;
}

/// Says what fails until something is there; none when the screen is gone.
async fn tell_faults<T>(events: &mut broadcast::Receiver<StampedEvent>, screen: &Sender<Msg>, until: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(until);
    loop {
        tokio::select! {
            biased;
            done = &mut until => return Some(done),
            event = events.recv() => match event {
                Ok(StampedEvent { event: EngineEvent::Fault(why), .. }) => screen.send(Msg::Fault(why)).await.ok()?,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                // The view ends with it.
                Err(RecvError::Closed) => return Some(until.await),
            },
        }
    }
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
pub(super) fn is_small(facts: &FactMap) -> bool {
    facts.len() <= AT_ONCE
}
