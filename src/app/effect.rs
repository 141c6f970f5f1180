//! What the screen wants done: data, run by one interpreter.

use crate::fact::{Key, SourceId};

use super::{arrange::Arrange, ask::Ask, model::JobId};

/// Something to be done outside.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Filter and sort; answers with `Arranged`.
    Arrange(Arrange),
    /// Ask these sources now, all if none is named; answers with `Refreshed`.
    Refresh(JobId, Vec<SourceId>),
    /// Resolve these keys for now; what differs comes with the next snapshot.
    Renew(Vec<Key>),
    /// Tell this fact with everyone who speaks of it; answers with `Looked`.
    Look(Key),
    /// Tell the past of this fact; answers with `History` where any is kept.
    Past(Key),
    /// Ask this of whoever owns the data directory; answers with `Answered`.
    Ask(JobId, Ask),
    /// Take the mouse or leave it to the terminal.
    SetMouse(bool),
    /// Draw everything again.
    Redraw,
    /// Go to the background.
    Suspend,
    /// Leave.
    Quit,
}
