//! What is said of one action: [`ActionSpec`] and its arguments.

/// One thing that can be asked for.
#[derive(Debug)]
pub struct ActionSpec {
    /// `core.<area>.<verb>`, unique and stable.
    pub id: &'static str,
    /// A few words for a palette or a menu.
    pub title: &'static str,
    /// What it does: one sentence, then details.
    pub doc: &'static str,
    /// Its arguments, positional ones first.
    pub args: &'static [ArgSpec],
    /// What a persona must hold to do it.
    pub right: Right,
    /// How it fares without a network.
    pub offline: Offline,
    /// What it can do to the world.
    pub danger: Danger,
    /// Where it can be asked for.
    pub surface: Surface,
    /// Who carries it out.
    pub scope: Scope,
    /// Its subcommand, word by word; empty when it has none.
    pub command: &'static [&'static str],
    /// A second, hidden way to write the subcommand; or empty.
    pub alias: &'static [&'static str],
    /// The actions named on the lines it answers with.
    pub emits: &'static [&'static str],
}

impl ActionSpec {
    /// What most actions have in common: a command that only reads, needs no network and no engine.
    pub(super) const COMMAND: Self = Self {
        id: "",
        title: "",
        doc: "",
        args: &[],
        right: Right::Read,
        offline: Offline::Works,
        danger: Danger::None,
        surface: Surface::Command,
        scope: Scope::Here,
        command: &[],
        alias: &[],
        emits: &[],
    };
}

/// One argument of an action.
#[derive(Debug)]
pub struct ArgSpec {
    /// Its member in the JSON arguments.
    pub name: &'static str,
    /// Its long flag without dashes; empty when it is positional.
    pub flag: &'static str,
    /// What a value is called in help.
    pub value_name: &'static str,
    /// What it may hold.
    pub kind: ArgKind,
    /// Whether it must be given.
    pub required: bool,
    /// One line of help.
    pub help: &'static str,
}

/// What an argument may hold, and how it stands in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// Given or not: a boolean.
    Flag,
    /// Any text.
    Text,
    /// One or more texts: an array.
    Texts,
    /// A path: text.
    Path,
    /// `30s`: milliseconds.
    Duration,
    /// A whole number from 0.
    Count,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Some of these words, separated by commas: an array.
    Choices(&'static [&'static str]),
    /// A JSON object.
    Json,
    /// Something secret: text, typed where nobody sees it and never on a command line.
    Secret,
    /// An id that whoever asks makes up and nobody types: text.
    Minted,
    /// Rows of what a command line has one of: an array of objects, never on a command line.
    Rows,
}

/// What a persona needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// To look.
    Read,
    /// To change facts and submit.
    Change,
    /// To decide conflicts and trust.
    Decide,
    /// To run runbooks.
    Runbook,
    /// To evict, hydrate, rekey, wipe, run chaos.
    Maintain,
}

/// How an action fares without a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// It needs none.
    Works,
    /// It answers from the cache.
    Cached,
    /// It is queued.
    Queued,
    /// It says who cannot be reached.
    Needs,
}

/// What an action can do to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// Nothing changes.
    None,
    /// Something here changes and can be undone or made again.
    Local,
    /// Something elsewhere changes.
    Remote,
    /// Something here is lost.
    Destroys,
}

/// Where an action can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// As a subcommand and through the socket.
    Command,
    /// On the screen only.
    Screen,
    /// Both.
    Both,
}

/// Who carries an action out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The engine, here or through the socket.
    Engine,
    /// This process, without an engine.
    Here,
    /// The screen.
    Screen,
}

impl ActionSpec {
    /// The action named on the lines it answers with; `list` and `get` both answer with `core.insight.read`.
    #[must_use]
    pub fn answers_with(&self) -> &'static str {
        self.emits.first().copied().unwrap_or(self.id)
    }

    /// The first sentence of its doc.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.doc.split_once('\n').map_or(self.doc, |(first, _)| first)
    }
}

impl ArgSpec {
    /// An argument given by its place.
    pub(super) const fn positional(
        name: &'static str,
        value_name: &'static str,
        kind: ArgKind,
        required: bool,
        help: &'static str,
    ) -> Self {
        Self { name, flag: "", value_name, kind, required, help }
    }

    /// An argument given by a flag.
    pub(super) const fn option(
        name: &'static str,
        flag: &'static str,
        value_name: &'static str,
        kind: ArgKind,
        help: &'static str,
    ) -> Self {
        Self { name, flag, value_name, kind, required: false, help }
    }

    /// Whether it is given by its place.
    #[must_use]
    pub fn is_positional(&self) -> bool {
        self.flag.is_empty() && self.is_typed()
    }

    /// Whether it is written on a command line at all.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        !matches!(self.kind, ArgKind::Secret | ArgKind::Minted | ArgKind::Rows)
    }
}
