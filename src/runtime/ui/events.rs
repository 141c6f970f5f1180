//! What the loop waits for, and what it means to the screen.

use std::{future::Future, pin::Pin};

use tokio::{
    task::{JoinError, JoinHandle},
    time::{Instant, sleep_until},
};

use crate::{
    app::{Msg, Pointer, PointerKind},
    term::{Input, MouseKind, TermEvent},
};

/// The next event of a terminal that is read; never, while it is not.
pub(super) fn next_event(input: &mut Option<Input>) -> Pin<Box<dyn Future<Output = std::io::Result<TermEvent>> + Send + '_>> {
    match input {
        Some(input) => Box::pin(input.next()),
        None => Box::pin(std::future::pending()),
    }
}

/// What a task ends with, once; never, where there is none or it was told.
pub(super) async fn once<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(running) => {
            let ended = running.await;
            *task = None;
            ended
        }
        None => std::future::pending().await,
    }
}

/// Ends at a moment; never, without one.
pub(super) async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What an event of the terminal means to the screen.
pub(super) fn message_of(event: TermEvent) -> Option<Msg> {
    Some(match event {
        TermEvent::Key(chord) => Msg::Key(chord),
        TermEvent::Paste(paste) => Msg::Paste(paste.text, paste.dropped),
        TermEvent::Resize(columns, rows) => Msg::Resize(columns, rows),
        TermEvent::Focus(focused) => Msg::TerminalFocus(focused),
        TermEvent::Mouse(mouse) => {
            let kind = match mouse.kind {
                MouseKind::Press => PointerKind::Press,
                MouseKind::ScrollUp => PointerKind::ScrollUp,
                MouseKind::ScrollDown => PointerKind::ScrollDown,
                MouseKind::Release | MouseKind::Drag => return None,
            };
            Msg::Pointer(Pointer { kind, x: mouse.x, y: mouse.y })
        }
    })
}
