//! The first facts, read and shown while nobody answers yet.

use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::Sender;

use crate::{
    app::{Msg, Snapshot},
    engine::glimpse,
};

use crate::runtime::{context::Context, owner};

/// What is being read; whoever tells the screen more waits for its end first, so that nothing newer is followed by it.
pub(super) type Glimpse = Option<JoinHandle<()>>;

/// Begins to show what the last owner left to be shown first, on a thread of its own. Where there is none, or no thread for it, the first
/// facts are those of whoever answers.
pub(super) fn begin(context: &Context, screen: &Sender<Msg>) -> Glimpse {
    let (context, screen) = (context.clone(), screen.clone());
    let show = move || {
        if let Some(view) = glimpse(&owner::options(&context, true, context.offline)) {
            // A screen that is gone is noticed by whoever follows.
            let _ = screen.blocking_send(Msg::Snapshot(Snapshot::first(view)));
        }
    };
    thread::Builder::new().name("glimpse".to_owned()).spawn(show).ok()
}

/// Waits until it has been shown, or could not be.
pub(super) fn end(glimpse: Glimpse) {
    if let Some(thread) = glimpse {
        // One that ended with a panic has shown nothing: the panic was said where it happened.
        let _ = thread.join();
    }
}
