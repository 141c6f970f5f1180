//! From the engine to the screen: the newest moment, never faster than it can be taken, and what failed.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::{
        Notify,
        broadcast::{self, error::RecvError},
        mpsc::Sender,
        watch,
    },
    time::{Instant, sleep_until},
};

use crate::{
    app::{Msg, Snapshot},
    engine::{EngineError, EngineEvent, EngineHandle, EngineView, FactMap, StampedEvent},
    runtime::queue_view,
};

/// The least time between two snapshots.
const PAUSE: Duration = Duration::from_millis(100);

/// What the engine says from its first moment on.
pub(super) struct Feed {
    view: watch::Receiver<EngineView>,
    voice: Voice,
}

/// What it says in words, and what of it the screen holds.
struct Voice {
    handle: EngineHandle,
    events: broadcast::Receiver<StampedEvent>,
    screen: Sender<Msg>,
    held: Snapshot,
    /// The queue moved since it was looked at.
    moved: Arc<Notify>,
}

impl Feed {
    /// Has the queue looked at: for what moves it without an event.
    pub fn mover(&self) -> Arc<Notify> {
        Arc::clone(&self.voice.moved)
    }
}

/// Tells the screen what the engine knows at its start. Blocks: not for the loop.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn first(handle: &EngineHandle, screen: &Sender<Msg>) -> Result<Feed, EngineError> {
    // A screen that is gone is noticed by whoever follows; what cannot be read is said by what reads everything.
    if let Ok(Some(view)) = handle.first_view() {
        let _ = screen.blocking_send(Msg::Snapshot(Snapshot::first(view)));
    }
    let (mut view, events) = (handle.view()?, handle.subscribe());
    let held = Snapshot::of(view.borrow_and_update().clone(), handle.notes().into()).with_queue(queue_view::look(handle));
    let _ = screen.blocking_send(Msg::Snapshot(held.clone()));
    Ok(Feed { view, voice: Voice { handle: handle.clone(), events, screen: screen.clone(), held, moved: Arc::new(Notify::new()) } })
}

/// Tells the screen what changes until one of them is gone.
pub(super) async fn follow(feed: Feed) {
    let Feed { mut view, mut voice } = feed;
    // What the screen held before is let go here: with many facts that takes longer than a key may.
    let mut before = Snapshot::default();
    loop {
        // Until then the screen has taken the newest one.
        if voice.tell(sleep_until(Instant::now() + PAUSE)).await.is_none() {
            return;
        }
        drop(std::mem::take(&mut before));
        let queue = Arc::clone(&voice.moved);
        let moved = async {
            tokio::select! {
                changed = view.changed() => changed,
                () = queue.notified() => Ok(()),
            }
        };
        match voice.tell(moved).await {
            Some(Ok(())) => {}
            Some(Err(_)) => {
                // Nobody listens any more if this fails: then there is nothing to say.
                let _ = voice.screen.send(Msg::EngineGone("it ended by itself".to_owned())).await;
                return;
            }
            None => return,
        }
        let handle = voice.handle.clone();
        // A look that failed leaves what was seen before; the engine tells why.
        let stands =
            tokio::task::spawn_blocking(move || Arc::new(queue_view::look(&handle))).await.unwrap_or_else(|_| voice.held.queue.clone());
        let snapshot = Snapshot::of(view.borrow_and_update().clone(), Arc::clone(&voice.held.notes)).with_queue(stands);
        before = std::mem::replace(&mut voice.held, snapshot.clone());
        if voice.screen.send(Msg::Snapshot(snapshot)).await.is_err() {
            return;
        }
    }
}

impl Voice {
    /// Says what fails and what happens to the cache until something is there; none when the screen is gone.
    async fn tell<T>(&mut self, until: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(until);
        loop {
            tokio::select! {
                biased;
                done = &mut until => return Some(done),
                event = self.events.recv() => match event {
                    Ok(StampedEvent { event: EngineEvent::Fault(why), .. }) => self.screen.send(Msg::Fault(why)).await.ok()?,
                    Ok(StampedEvent { event: EngineEvent::Cache(event), .. }) => {
                        self.screen.send(Msg::CacheTold(event.to_string(), event.is_trouble())).await.ok()?;
                        self.note().await?;
                    }
                    Ok(StampedEvent { event: EngineEvent::Queue(_) | EngineEvent::Held(..), .. }) | Err(RecvError::Lagged(_)) => self.moved.notify_one(),
                    Ok(_) => {}
                    // The view ends with it.
                    Err(RecvError::Closed) => return Some(until.await),
                },
            }
        }
    }

    /// Says what is to be known about the store, where that moved.
    async fn note(&mut self) -> Option<()> {
        let notes = self.handle.notes();
        if *self.held.notes != *notes {
            self.held.notes = notes.into();
            self.screen.send(Msg::Snapshot(self.held.clone())).await.ok()?;
        }
        Some(())
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
