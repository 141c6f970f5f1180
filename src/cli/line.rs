//! A line of plain text with what it means, so that colour is decided where it leaves.

use crate::text::SafeText;

/// What a piece of a line is, for colour. Never the only carrier of a meaning: the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary.
    Plain,
    /// What was asked for.
    Strong,
    /// Secondary.
    Dim,
    /// As it should be.
    Good,
    /// To be looked at.
    Warn,
    /// Wrong.
    Bad,
}

/// One line, piece by piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(Vec<(Tone, SafeText)>);

impl Line {
    /// A line of one ordinary piece.
    pub fn plain(text: &str) -> Self {
        Self::default().add(Tone::Plain, text)
    }

    /// A line of one piece.
    pub fn toned(tone: Tone, text: &str) -> Self {
        Self::default().add(tone, text)
    }

    /// With another piece behind; hostile characters become visible.
    pub fn add(self, tone: Tone, text: &str) -> Self {
        self.add_safe(tone, SafeText::line(text))
    }

    /// With another piece behind that is safe already.
    pub fn add_safe(mut self, tone: Tone, text: SafeText) -> Self {
        if !text.is_empty() {
            self.0.push((tone, text));
        }
        self
    }

    /// Its pieces.
    pub fn pieces(&self) -> &[(Tone, SafeText)] {
        &self.0
    }
}
