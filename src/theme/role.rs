//! The meanings a style can have, and the surfaces they are drawn on.

/// What is below the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Surface {
    /// The screen itself.
    Screen,
    /// The line at the top and those at the bottom.
    Bar,
    /// The selected row of the focused pane.
    Selected,
    /// The selected row of a pane without focus.
    SelectedIdle,
    /// A box over the screen.
    Overlay,
    /// A text field.
    Field,
}

impl Surface {
    /// All of them, in the order of declaration.
    pub const ALL: [Self; 6] = [Self::Screen, Self::Bar, Self::Selected, Self::SelectedIdle, Self::Overlay, Self::Field];

    /// Its name in a theme file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Screen => "screen",
            Self::Bar => "bar",
            Self::Selected => "selected",
            Self::SelectedIdle => "selected_idle",
            Self::Overlay => "overlay",
            Self::Field => "field",
        }
    }
}

/// What a text or a sign means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// What is read.
    Text,
    /// What is secondary: ages, labels, what is no longer current.
    Dim,
    /// What is to be seen first: the believed value.
    Strong,
    /// Titles of panes and parts.
    Heading,
    /// The one accent: the program's name, the chosen tab.
    Accent,
    /// Lines around and between.
    Border,
    /// What a search matched.
    Match,
    /// High confidence.
    High,
    /// Medium confidence.
    Medium,
    /// Low confidence.
    Low,
    /// The empty part of a bar.
    Track,
    /// Values differ and nobody has decided.
    Conflict,
    /// What is wanted differs from what is.
    Drift,
    /// A change is under way.
    Pending,
    /// Belief is frozen.
    Locked,
    /// Past its time to live.
    Stale,
    /// Its source does not answer, or it is gone.
    Offline,
    /// Something failed.
    Error,
    /// A key to press.
    Key,
    /// What a key does.
    Label,
}

impl Role {
    /// All of them, in the order of declaration.
    pub const ALL: [Self; 20] = [
        Self::Text,
        Self::Dim,
        Self::Strong,
        Self::Heading,
        Self::Accent,
        Self::Border,
        Self::Match,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Track,
        Self::Conflict,
        Self::Drift,
        Self::Pending,
        Self::Locked,
        Self::Stale,
        Self::Offline,
        Self::Error,
        Self::Key,
        Self::Label,
    ];

    /// Its name in a theme file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Dim => "dim",
            Self::Strong => "strong",
            Self::Heading => "heading",
            Self::Accent => "accent",
            Self::Border => "border",
            Self::Match => "match",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Track => "track",
            Self::Conflict => "conflict",
            Self::Drift => "drift",
            Self::Pending => "pending",
            Self::Locked => "locked",
            Self::Stale => "stale",
            Self::Offline => "offline",
            Self::Error => "error",
            Self::Key => "key",
            Self::Label => "label",
        }
    }
}
