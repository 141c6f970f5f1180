//! What can happen to the screen.

use std::sync::Arc;

use crate::{
    engine::RefreshReport,
    fact::{Insight, Key},
    keymap::{Chord, Keyboard},
};

use super::{arrange::Arranged, ask::Answer, history::History, model::JobId, snapshot::Snapshot};

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerKind {
    /// The left button went down.
    Press,
    /// The wheel turned up.
    ScrollUp,
    /// The wheel turned down.
    ScrollDown,
}

/// The mouse did something in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// What.
    pub kind: PointerKind,
    /// Column from 0.
    pub x: u16,
    /// Row from 0.
    pub y: u16,
}

/// Something happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Chord),
    /// Text was pasted; so many bytes of it were left out before.
    Paste(String, usize),
    /// The mouse did something.
    Pointer(Pointer),
    /// The terminal has another size.
    Resize(u16, u16),
    /// The terminal got or lost the focus.
    TerminalFocus(bool),
    /// What the keyboard can tell apart is known now.
    KeyboardFound(Keyboard),
    /// Somebody asked for an action by its id: an assistive client, a test.
    Action(String),
    /// Somebody pressed Ctrl+C, or sent SIGINT.
    Interrupt,
    /// The engine told what it knows.
    Snapshot(Snapshot),
    /// The list was arranged.
    Arranged(Arranged),
    /// A refresh ended: its reports, or a sentence why there are none.
    Refreshed(JobId, Result<Vec<RefreshReport>, String>),
    /// What was asked for is answered.
    Answered(JobId, Answer),
    /// Somebody answers; whether it is this process.
    Linked(bool),
    /// A fact with everyone who speaks of it, none when nobody does any more, or a sentence why it cannot be read; dropped when it is shown at
    /// length no more.
    Looked(Key, Result<Option<Arc<Insight>>, String>),
    /// The past of a fact; dropped when another one is selected meanwhile.
    History(History),
    /// The engine is gone; the sentence says why.
    EngineGone(String),
    /// Something happened to the cache: the sentence, and whether a person should look at it.
    CacheTold(String, bool),
    /// A task failed; the sentence says which.
    Fault(String),
    /// Something to be known that is no failure, in a sentence.
    Said(String),
    /// The next visible change has come: an age rolls over.
    Wake,
}
