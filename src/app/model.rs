//! Everything the screen is: its model, a part for each screen and one they share.

mod changes;
mod deciding;

use std::{collections::VecDeque, sync::Arc};

use crate::{
    action::Persona,
    engine::{FactMap, SortBy},
    fact::{ConflictEntry, Insight, Key, Timestamp},
    keymap::{Context, Keyboard, Keymap, LayerName},
    text::SafeText,
    theme::Role,
};

use super::{ask::Ask, field::Field, history::History, looked::Looked, queue::Listed, snapshot::Snapshot};

pub use changes::{PromptFor, PromptModel, Question, QueueModel, Then};
pub use deciding::{ConflictsModel, Decided, Deciding, Stage, Underneath};

/// The least columns and rows a screen is drawn in.
pub const LEAST_SIZE: (u16, u16) = (40, 10);

/// Names one piece of background work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// A layer over the panes; the last one opened has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The filter is being typed.
    Filter,
    /// Every action.
    Palette,
    /// The keys of the pane below.
    Help,
    /// Conflicts.
    Conflicts,
    /// The queue.
    Queue,
    /// A value or a note is being typed.
    Prompt,
    /// Something is asked before it is done.
    Question,
}

/// A pane of the screen itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pane {
    /// The list of facts.
    #[default]
    List,
    /// The canvas.
    Canvas,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Focus {
    /// A pane.
    Pane(Pane),
    /// A layer.
    Layer(Layer),
}

/// How the engine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EngineLife {
    /// It has told nothing yet.
    #[default]
    Starting,
    /// It answers.
    Running,
    /// It does not answer any more; the sentence says why.
    Dead(SafeText),
}

/// A sentence in the line above the hints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What is said.
    pub text: SafeText,
    /// How it looks.
    pub role: Role,
    /// What does the same in a shell; or empty.
    pub echo: SafeText,
}

/// What every screen reads.
#[derive(Clone, Debug)]
pub struct Shared {
    /// What the engine knows.
    pub snapshot: Snapshot,
    /// The facts that are shown at length.
    pub looked: Looked,
    /// How many of its facts differ from what is wanted.
    pub drifting: usize,
    /// How the engine is.
    pub engine: EngineLife,
    /// When it last told anything.
    pub told_at: Option<Timestamp>,
    /// The keys in force.
    pub keymap: Arc<Keymap>,
    /// What this terminal's keyboard can tell apart.
    pub keyboard: Keyboard,
    /// Whether borders and bars are drawn in ASCII.
    pub plain_borders: bool,
    /// Who asks.
    pub persona: Persona,
    /// The system's user who asks.
    pub user: String,
    /// Whether this process owns the data directory; none while that is not known.
    pub owns: Option<bool>,
    /// Whether the network is left alone.
    pub offline: bool,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// Whether the terminal has the focus.
    pub terminal_focused: bool,
    /// What is said in the line above the hints.
    pub message: Option<Message>,
    /// How often something was said there: two sentences alike are two.
    pub said: u64,
    /// The selected fact.
    pub selected: Option<Key>,
    /// The newest piece of background work.
    pub last_job: JobId,
    /// The refresh that is under way.
    pub refreshing: Option<JobId>,
    /// What was asked for and is not answered yet.
    pub asked: Vec<(JobId, Ask)>,
    /// Whether the next Ctrl+C leaves.
    pub interrupted: bool,
}

/// The list of facts.
#[derive(Clone, Debug)]
pub struct ListModel {
    /// The facts its rows speak of.
    pub facts: FactMap,
    /// Indices into them, in order.
    pub rows: Arc<[u32]>,
    /// What is typed to filter them.
    pub filter: Field,
    /// The order.
    pub sort: SortBy,
    /// The selected row.
    pub cursor: usize,
    /// Whether somebody chose that row; until then the first one is selected.
    pub chosen: bool,
    /// Whether somebody went to the end before all facts were there: then it is gone to when they are.
    pub to_end: bool,
    /// The first row shown.
    pub offset: usize,
    /// The newest question; answers to older ones are dropped.
    pub generation: u64,
    /// When it was last asked for: an order by confidence moves with time.
    pub arranged_at: Timestamp,
}

/// The canvas.
#[derive(Clone, Debug, Default)]
pub struct CanvasModel {
    /// Whether it is shown beside or below the list.
    pub shown: bool,
    /// Lines scrolled away.
    pub scroll: usize,
    /// Of which fact the series is.
    pub of: Option<Key>,
    /// How far it was believed each time the engine told, oldest first.
    pub series: VecDeque<Option<f64>>,
    /// Its past, where somebody who keeps it has told it.
    pub told: Option<History>,
    /// Of which fact the past was asked for.
    pub asked: Option<Key>,
}

/// The palette.
#[derive(Clone, Debug, Default)]
pub struct PaletteModel {
    /// What is typed.
    pub field: Field,
    /// The selected row.
    pub cursor: usize,
    /// The first row shown.
    pub offset: usize,
}

/// The help.
#[derive(Clone, Debug, Default)]
pub struct HelpModel {
    /// Lines scrolled away.
    pub scroll: usize,
}

/// The whole screen.
#[derive(Clone, Debug)]
pub struct Model {
    /// Moves when something that can be seen did.
    pub rev: u64,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The wall clock at the last message.
    pub now: Timestamp,
    /// What every screen reads.
    pub shared: Shared,
    /// The list.
    pub list: ListModel,
    /// The canvas.
    pub canvas: CanvasModel,
    /// The conflicts.
    pub conflicts: ConflictsModel,
    /// The palette.
    pub palette: PaletteModel,
    /// The help.
    pub help: HelpModel,
    /// The queue.
    pub queue: QueueModel,
    /// The prompt.
    pub prompt: PromptModel,
    /// What is asked before something is done.
    pub question: Option<Question>,
    /// Which pane keys go to while no layer is open.
    pub pane: Pane,
    /// The layers that are open, the top one last.
    pub layers: Vec<Layer>,
}

/// What a screen is started with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Columns and rows.
    pub size: (u16, u16),
    /// The wall clock.
    pub now: Timestamp,
    /// The keys in force.
    pub keymap: Arc<Keymap>,
    /// Whether borders and bars are drawn in ASCII.
    pub plain_borders: bool,
    /// Who asks.
    pub persona: Persona,
    /// The system's user who asks.
    pub user: String,
    /// Whether the network is left alone.
    pub offline: bool,
    /// Whether the mouse is taken.
    pub mouse: bool,
}

impl Model {
    /// A screen before anything is known.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let Setup { size, now, keymap, plain_borders, persona, user, offline, mouse } = setup;
        Self {
            rev: 1,
            size,
            now,
            shared: Shared {
                snapshot: Snapshot::default(),
                looked: Looked::default(),
                drifting: 0,
                engine: EngineLife::Starting,
                told_at: None,
                keymap,
                keyboard: Keyboard::default(),
                plain_borders,
                persona,
                user,
                owns: None,
                offline,
                mouse,
                terminal_focused: true,
                message: None,
                said: 0,
                selected: None,
                last_job: JobId::default(),
                refreshing: None,
                asked: Vec::new(),
                interrupted: false,
            },
            list: ListModel {
                facts: FactMap::default(),
                rows: Arc::from([]),
                filter: Field::default(),
                sort: SortBy::Key,
                cursor: 0,
                chosen: false,
                to_end: false,
                offset: 0,
                generation: 0,
                arranged_at: now,
            },
            canvas: CanvasModel { shown: true, ..CanvasModel::default() },
            conflicts: ConflictsModel::default(),
            palette: PaletteModel::default(),
            help: HelpModel::default(),
            queue: QueueModel::default(),
            prompt: PromptModel::default(),
            question: None,
            pane: Pane::List,
            layers: Vec::new(),
        }
    }

    /// Where keys go: computed, never kept.
    #[must_use]
    pub fn focus(&self) -> Focus {
        self.layers.last().map_or(Focus::Pane(self.pane), |layer| Focus::Layer(*layer))
    }

    /// The contexts that hold, the innermost first.
    #[must_use]
    pub fn contexts(&self) -> &'static [Context] {
        contexts_of(self.focus())
    }

    /// What is below the palette and the help: where an action of the palette acts, and what the help is about.
    #[must_use]
    pub fn below(&self) -> Focus {
        let below = self.layers.iter().rev().find(|layer| matches!(layer, Layer::Conflicts | Layer::Queue));
        below.map_or(Focus::Pane(self.pane), |layer| Focus::Layer(*layer))
    }

    /// Its contexts.
    #[must_use]
    pub fn pane_contexts(&self) -> &'static [Context] {
        contexts_of(self.below())
    }

    /// The change that is selected in the queue, if there is one.
    #[must_use]
    pub fn change(&self) -> Option<&Listed> {
        self.shared.snapshot.queue.commands.get(self.queue.at)
    }

    /// The selected fact, if there is one.
    #[must_use]
    pub fn current(&self) -> Option<&Arc<Insight>> {
        self.list.fact(self.list.cursor)
    }

    /// The conflict that is shown, if there is one.
    #[must_use]
    pub fn conflict(&self) -> Option<&Arc<ConflictEntry>> {
        self.conflicts.looked_at(&self.shared.snapshot)
    }

    /// The facts that are shown at length: the selected one, and that of the conflict that is asked about.
    pub fn at_length(&self) -> impl Iterator<Item = &Arc<Insight>> + Clone {
        let selected = self.current().filter(|_| self.canvas.shown);
        let asked = self.conflict().filter(|_| self.layers.contains(&Layer::Conflicts));
        let contested = asked.and_then(|conflict| self.shared.snapshot.facts.find(&conflict.key));
        let selected = selected.filter(|fact| contested.is_none_or(|contested| contested.key != fact.key));
        contested.into_iter().chain(selected)
    }

    /// Whether the screen is too small to be drawn.
    #[must_use]
    pub fn too_small(&self) -> bool {
        self.size.0 < LEAST_SIZE.0 || self.size.1 < LEAST_SIZE.1
    }

    /// Says that something that can be seen has changed.
    pub fn touch(&mut self) {
        self.rev += 1;
    }
}

/// The contexts of a focus, the innermost first.
fn contexts_of(focus: Focus) -> &'static [Context] {
    match focus {
        Focus::Pane(Pane::List) => &[Context::List, Context::Global],
        Focus::Pane(Pane::Canvas) => &[Context::Global],
        Focus::Layer(Layer::Filter) => &[Context::Field, Context::List, Context::Global],
        Focus::Layer(Layer::Palette) => &[Context::Field, Context::Overlay, Context::Global],
        Focus::Layer(Layer::Prompt) => &[Context::Field, Context::Global],
        Focus::Layer(Layer::Conflicts) => &[Context::Conflict, Context::Overlay, Context::Global],
        Focus::Layer(Layer::Queue) => &[Context::Queue, Context::Overlay, Context::Global],
        Focus::Layer(Layer::Help | Layer::Question) => &[Context::Overlay, Context::Global],
    }
}

impl ListModel {
    /// The fact of a row.
    #[must_use]
    pub fn fact(&self, row: usize) -> Option<&Arc<Insight>> {
        let index = usize::try_from(*self.rows.get(row)?).ok()?;
        self.facts.get(index)
    }
}

impl Shared {
    /// Says something in the line above the hints.
    pub fn say(&mut self, text: impl Into<SafeText>, role: Role) {
        self.say_with(text, role, "");
    }

    /// The same with what does it in a shell.
    pub fn say_with(&mut self, text: impl Into<SafeText>, role: Role, echo: &str) {
        self.said += 1;
        self.message = Some(Message { text: text.into(), role, echo: SafeText::line(echo) });
    }

    /// Remembers what is asked for, until it is answered.
    pub fn ask(&mut self, ask: &Ask) -> JobId {
        let job = self.next_job();
        self.asked.push((job, ask.clone()));
        job
    }

    /// What is to be said of those who speak of a fact and are not known here; nothing where everyone is.
    #[must_use]
    pub fn missing(&self, insight: &Insight) -> Option<String> {
        self.looked.missing(insight, self.engine == EngineLife::Running)
    }

    /// Whether keys are those for work with a screen reader.
    #[must_use]
    pub fn is_assistive(&self) -> bool {
        self.keymap.has(LayerName::Assistive)
    }

    /// A name for a new piece of background work.
    pub fn next_job(&mut self) -> JobId {
        self.last_job = JobId(self.last_job.0 + 1);
        self.last_job
    }
}
