//! A move, the same for rows and for lines.

/// A move of a cursor or of what is scrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

impl Step {
    /// Where it leads from a place among `len`, with pages of `page`.
    pub fn from(self, place: usize, len: usize, page: usize) -> usize {
        let last = len.saturating_sub(1);
        let page = page.max(1);
        match self {
            Self::Up => place.saturating_sub(1),
            Self::Down => place.saturating_add(1).min(last),
            Self::PageUp => place.saturating_sub(page),
            Self::PageDown => place.saturating_add(page).min(last),
            Self::First => 0,
            Self::Last => last,
        }
    }
}
