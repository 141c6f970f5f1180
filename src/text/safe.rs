//! [`SafeText`]: text that can do nothing but be read.

use std::fmt;

use super::escape::{is_hostile, push_visible};

/// Text made harmless. Hostile characters stand in it as visible escapes (`\x1b`, `\u202e`), so a whole terminal sequence reads as the
/// letters it is made of. Longer text is cut and ends in `…`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeText(String);

impl SafeText {
    /// The longest single line, in characters.
    pub const LINE_CAP: usize = 4096;
    /// The longest block, in characters.
    pub const BLOCK_CAP: usize = 65_536;

    /// Makes one line: newline and tab become visible too. Cut at [`Self::LINE_CAP`].
    #[must_use]
    pub fn line(text: &str) -> Self {
        Self::line_capped(text, Self::LINE_CAP)
    }

    /// Makes one line of at most `cap` characters, the `…` of a cut included.
    #[must_use]
    pub fn line_capped(text: &str, cap: usize) -> Self {
        Self(harmless(text, cap, false))
    }

    /// Makes a block: newline and tab stay. Cut at [`Self::BLOCK_CAP`].
    #[must_use]
    pub fn block(text: &str) -> Self {
        Self(harmless(text, Self::BLOCK_CAP, true))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds other safe text behind; the cap is not applied again.
    pub fn push(&mut self, more: &Self) {
        self.0.push_str(&more.0);
    }

    /// The lines of a block, each safe by itself.
    pub fn lines(&self) -> impl Iterator<Item = Self> {
        self.0.lines().map(|line| Self(line.replace('\t', "    ")))
    }

    /// Takes text a function of this room cut out of safe text.
    pub(super) fn from_safe(text: String) -> Self {
        Self(text)
    }
}

fn harmless(text: &str, cap: usize, multi_line: bool) -> String {
    let stays = |char: char| !is_hostile(char) || (multi_line && matches!(char, '\n' | '\t'));
    if text.len() <= cap && text.chars().all(stays) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(cap.saturating_mul(4)));
    let mut used = 0;
    // Where to cut if more follows than fits: behind the last whole piece that leaves room for the ellipsis.
    let mut cut = 0;
    let mut piece = String::new();
    for char in text.chars() {
        piece.clear();
        if stays(char) {
            piece.push(char);
        } else {
            push_visible(&mut piece, char);
        }
        used += piece.chars().count();
        if used > cap {
            out.truncate(cut);
            if cap > 0 {
                out.push('…');
            }
            return out;
        }
        out.push_str(&piece);
        if used < cap {
            cut = out.len();
        }
    }
    out
}

impl fmt::Display for SafeText {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl From<&str> for SafeText {
    fn from(text: &str) -> Self {
        Self::line(text)
    }
}

impl From<String> for SafeText {
    fn from(text: String) -> Self {
        Self::line(&text)
    }
}
