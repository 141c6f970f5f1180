//! Which characters a widget may draw with.

/// The set of characters for borders, bars and marks of omission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Charset {
    /// Box drawing and block elements.
    #[default]
    Unicode,
    /// ASCII only: for plain borders, terminals without the glyphs, and screen readers.
    Ascii,
}

impl Charset {
    /// The mark that stands for what was left out.
    #[must_use]
    pub const fn ellipsis(self) -> &'static str {
        match self {
            Self::Unicode => "…",
            Self::Ascii => "..",
        }
    }

    /// Full and empty cell of a bar.
    #[must_use]
    pub const fn bar(self) -> (&'static str, &'static str) {
        match self {
            Self::Unicode => ("━", "─"),
            Self::Ascii => ("#", "-"),
        }
    }

    /// Corner top left, top right, bottom left, bottom right, horizontal, vertical.
    #[must_use]
    pub const fn border(self) -> [&'static str; 6] {
        match self {
            Self::Unicode => ["┌", "┐", "└", "┘", "─", "│"],
            Self::Ascii => ["+", "+", "+", "+", "-", "|"],
        }
    }

    /// Heights of a sparkline, lowest first.
    #[must_use]
    pub const fn heights(self) -> [&'static str; 8] {
        match self {
            Self::Unicode => ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
            Self::Ascii => ["_", ".", "-", "~", "=", "+", "*", "#"],
        }
    }

    /// Shades of a heatmap, emptiest first.
    #[must_use]
    pub const fn shades(self) -> [&'static str; 5] {
        match self {
            Self::Unicode => [" ", "░", "▒", "▓", "█"],
            Self::Ascii => [" ", ".", "-", "+", "#"],
        }
    }

    /// The sign before the selected row.
    #[must_use]
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::Unicode => "▸",
            Self::Ascii => ">",
        }
    }
}
