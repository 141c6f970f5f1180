//! Where everything stands: a pure function of the model and the area, used by drawing, by the mouse and by the tree.

mod blocks;
mod overlay;
mod panes;

use ratatui::layout::Rect;
use stellar_widgets::{Hint, HintFooter, InsightCanvas, text_width};

use crate::theme::{ColorDepth, Theme, ThemeFile};

use super::{
    content::{self, HintLine, PaletteRow, PromptLine, Segment},
    model::{Focus, Layer, Model, Pane},
};

pub use super::{field::Field, part::Part};
pub use blocks::block;
pub use stellar_widgets::scroll_into_view;

/// A scrolled column of pieces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// Where it is drawn.
    pub area: Rect,
    /// Its pieces.
    pub parts: Vec<Part>,
    /// Lines scrolled away.
    pub scroll: usize,
    /// All its lines.
    pub height: usize,
    /// The pieces that show, each with its place.
    pub visible: Vec<(usize, Rect)>,
}

/// What stands in a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerBody {
    /// Pieces.
    Column(Column),
    /// A field and rows below it.
    Palette {
        /// Where the field is.
        field: Rect,
        /// Every row that fits what is typed.
        rows: Vec<PaletteRow>,
        /// Those that show: index and place.
        visible: Vec<(usize, Rect)>,
    },
    /// Changes, and what is said of the selected one.
    Changes {
        /// Where the rows are.
        list: Rect,
        /// Those that show: index and place.
        visible: Vec<(usize, Rect)>,
        /// What is said of the selected one.
        detail: Column,
    },
}

/// The prompt: a field with what stands around it.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptRegion {
    /// All of it.
    pub line: Rect,
    /// What stands around the field.
    pub says: PromptLine,
    /// What is in front of the field.
    pub label: Rect,
    /// The field.
    pub field: Rect,
    /// What is behind it.
    pub tail: Rect,
}

/// A box over the panes.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerRegion {
    /// Which.
    pub layer: Layer,
    /// With its border.
    pub outer: Rect,
    /// Without it.
    pub inner: Rect,
    /// Its title.
    pub title: &'static str,
    /// What stands beside the title.
    pub note: String,
    /// What is in it.
    pub body: LayerBody,
}

/// What stands in place of the list, or the list.
#[derive(Clone, Debug, PartialEq)]
pub enum ListBody {
    /// Rows: index and place.
    Rows(Vec<(usize, Rect)>),
    /// There is nothing to show: what is said instead.
    Empty(Column),
}

/// The list with its title.
#[derive(Clone, Debug, PartialEq)]
pub struct ListRegion {
    /// The row above it.
    pub title: Rect,
    /// Column titles and rows.
    pub area: Rect,
    /// What is in it.
    pub body: ListBody,
}

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Regions {
    /// All of it.
    pub area: Rect,
    /// The screen is too small: only a sentence is drawn.
    pub too_small: bool,
    /// The top line.
    pub header: Rect,
    /// The pieces of it that have room, each with its place.
    pub segments: Vec<(Segment, Rect)>,
    /// The tabs of a narrow screen, in the title row of what is shown.
    pub tabs: Option<Rect>,
    /// Where the filter is typed and shown.
    pub filter: Option<Rect>,
    /// The list.
    pub list: Option<ListRegion>,
    /// The line between list and canvas.
    pub divider: Option<Rect>,
    /// The canvas.
    pub canvas: Option<Column>,
    /// The prompt, while it is open.
    pub prompt: Option<PromptRegion>,
    /// The line above the hints.
    pub message: Rect,
    /// The hints.
    pub footer: Rect,
    /// The hints that fit, each with its place.
    pub hints: Vec<(HintLine, Rect)>,
    /// The layer on top, if it is a box.
    pub layer: Option<LayerRegion>,
    /// Where the real cursor stands: on what has the focus.
    pub cursor: Option<(u16, u16)>,
}

/// From this width on list and canvas stand side by side.
pub const WIDE: u16 = 100;

/// Computes where everything stands.
#[must_use]
pub fn layout(model: &Model) -> Regions {
    let (width, height) = model.size;
    let area = Rect::new(0, 0, width, height);
    if model.too_small() {
        return Regions { area, too_small: true, ..Regions::default() };
    }
    let line = |y| Rect::new(0, y, width, 1);
    let footer = line(height - 1);
    let prompt = model.layers.contains(&Layer::Prompt).then(|| content::prompt_line(model)).flatten();
    let prompt = prompt.map(|says| place_prompt(line(height - 3), says));
    let body = Rect::new(0, 1, width, height - 3 - u16::from(prompt.is_some()));
    let mut regions = Regions { area, header: line(0), message: line(height - 2), footer, prompt, ..Regions::default() };
    regions.segments = place_segments(model, regions.header);
    panes::place(model, body, &mut regions);
    let lines = content::hints(model);
    let widgets: Vec<Hint<'_>> =
        lines.iter().map(|hint| Hint { key: hint.key.as_str().into(), label: hint.label.as_str().into() }).collect();
    let places = HintFooter::new(&widgets).place(footer);
    drop(widgets);
    regions.hints = lines.into_iter().zip(places).collect();
    regions.layer = overlay::place(model, area);
    regions.cursor = cursor(model, &regions);
    regions
}

/// Places the pieces of the top line: from the left as far as there is room, the failing source at the right.
fn place_segments(model: &Model, line: Rect) -> Vec<(Segment, Rect)> {
    let mut placed = Vec::new();
    let mut x = line.x + 1;
    for segment in content::header(model) {
        let width = text_width(segment.text.as_str());
        if x + width > line.right() {
            break;
        }
        placed.push((segment, Rect { x, width, ..line }));
        x += width + 2;
    }
    if let Some(segment) = content::header_right(model) {
        let width = text_width(segment.text.as_str());
        let start = line.right().saturating_sub(width + 1);
        if start > x {
            placed.push((segment, Rect { x: start, width, ..line }));
        }
    }
    placed
}

/// Places the prompt: the field keeps half of the line, what is around it gets what is left.
fn place_prompt(line: Rect, says: PromptLine) -> PromptRegion {
    let cells = |text: &str| u16::try_from(crate::text::width(text)).unwrap_or(u16::MAX);
    let room = line.width.saturating_sub(4);
    let label = cells(says.label.as_str()).min(room / 2);
    let tail = cells(says.tail.as_str()).min((room - label) / 2);
    let field = room - label - tail - u16::from(tail > 0);
    let part = |x: u16, width: u16| Rect::new(line.x + x, line.y, width, 1);
    PromptRegion { line, says, label: part(3, label), field: part(3 + label, field), tail: part(line.width - 1 - tail, tail) }
}

impl Column {
    /// Places pieces in an area; `scroll` is brought within what there is.
    fn new(area: Rect, parts: Vec<Part>, scroll: usize) -> Self {
        // Looks take no room: any theme places alike.
        let plain = Theme::resolve(&ThemeFile::empty(), false, ColorDepth::None);
        let blocks: Vec<_> = parts.iter().map(|part| block(part, &plain)).collect();
        let canvas = InsightCanvas::new(&blocks);
        let height = canvas.height(area.width);
        let scroll = scroll.min(height.saturating_sub(usize::from(area.height)));
        let visible = canvas.offset(scroll).visible(area);
        drop(blocks);
        Self { area, parts, scroll, height, visible }
    }
}

impl Column {
    /// Its first line of a piece, counted from the top of all its lines.
    #[must_use]
    pub fn top_of(&self, piece: usize) -> Option<usize> {
        let plain = Theme::resolve(&ThemeFile::empty(), false, ColorDepth::None);
        let blocks: Vec<_> = self.parts.iter().map(|part| block(part, &plain)).collect();
        InsightCanvas::new(&blocks).place(self.area.width).get(piece).map(|placed| placed.top)
    }

    /// The piece that is chosen of several, if there is one.
    #[must_use]
    pub fn chosen(&self) -> Option<usize> {
        self.parts.iter().position(Part::is_chosen)
    }

    /// Where it shows.
    #[must_use]
    pub fn chosen_place(&self) -> Option<Rect> {
        let chosen = self.chosen()?;
        self.visible.iter().find(|(piece, _)| *piece == chosen).map(|(_, place)| *place)
    }
}

/// Where the cursor stands: on the focused element, always.
fn cursor(model: &Model, regions: &Regions) -> Option<(u16, u16)> {
    let column = |column: &Column| (column.area.x, column.area.y);
    match model.focus() {
        Focus::Layer(Layer::Filter) => regions.filter.map(|area| caret(area, &model.list.filter)),
        Focus::Layer(Layer::Prompt) => regions.prompt.as_ref().map(|prompt| caret(prompt.field, &model.prompt.field)),
        Focus::Layer(_) => regions.layer.as_ref().map(|layer| match &layer.body {
            LayerBody::Column(body) => body.chosen_place().map_or_else(|| column(body), |place| (place.x, place.y)),
            LayerBody::Palette { field, .. } => caret(*field, &model.palette.field),
            LayerBody::Changes { list, visible, .. } => {
                let selected = visible.iter().find(|(index, _)| *index == model.queue.at);
                selected.map_or((list.x, list.y), |(_, place)| (place.x, place.y))
            }
        }),
        Focus::Pane(Pane::Canvas) => regions.canvas.as_ref().map(column),
        Focus::Pane(Pane::List) => regions.list.as_ref().map(|list| match &list.body {
            ListBody::Rows(rows) => {
                let selected = rows.iter().find(|(index, _)| *index == model.list.cursor);
                selected.map_or((list.area.x, list.area.y), |(_, place)| (place.x, place.y))
            }
            ListBody::Empty(body) => column(body),
        }),
    }
}

/// The prompt in front of a field.
pub const PROMPT: &str = "/ ";

/// Where the caret of a field stands.
fn caret(area: Rect, field: &Field) -> (u16, u16) {
    (area.x.saturating_add(field.shown(area.width).caret), area.y)
}
