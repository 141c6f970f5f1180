//! What a terminal tells: keys, pastes, sizes, focus, mouse.

use crate::keymap::Chord;

/// Something the terminal told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermEvent {
    /// A key was pressed.
    Key(Chord),
    /// Text was pasted.
    Paste(Paste),
    /// The terminal has another size now: columns, rows.
    Resize(u16, u16),
    /// The terminal got (true) or lost the focus.
    Focus(bool),
    /// The mouse did something.
    Mouse(Mouse),
}

/// Pasted text as it came, control characters and all, cut at a cap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paste {
    /// What was taken.
    pub text: String,
    /// Bytes that were left out because it was longer than the cap.
    pub dropped: usize,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button went down.
    Press,
    /// The left button went up.
    Release,
    /// It moved with the left button down.
    Drag,
    /// The wheel turned up.
    ScrollUp,
    /// The wheel turned down.
    ScrollDown,
}

/// The mouse did something in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub kind: MouseKind,
    /// Column from 0.
    pub x: u16,
    /// Row from 0.
    pub y: u16,
}
