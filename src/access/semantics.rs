//! From model and layout to the tree. Pure.

use ratatui::layout::Rect;

use crate::app::{
    layout::{Column, LayerBody, LayerRegion, ListBody, ListRegion, Part, Regions},
    model::{Focus, Layer, Model, Pane},
};

use super::tree::{Bounds, Node, NodeId, NodeRole, Position, Tree};

const WINDOW: NodeId = NodeId(1);
const HEADER: NodeId = NodeId(2);
const TABS: NodeId = NodeId(3);
const FILTER: NodeId = NodeId(6);
const LIST: NodeId = NodeId(7);
const CANVAS: NodeId = NodeId(8);
const MESSAGE: NodeId = NodeId(9);
const HINTS: NodeId = NodeId(10);
const DIALOG: NodeId = NodeId(11);
const DIALOG_BODY: NodeId = NodeId(12);
const DIALOG_FIELD: NodeId = NodeId(13);
const SENTENCE: NodeId = NodeId(14);

/// Ids of parts: a range of their own for each column, by index.
const TAB_IDS: u64 = 0x100;
const HINT_IDS: u64 = 0x200;
const EMPTY_IDS: u64 = 0x1_0000;
const CANVAS_IDS: u64 = 0x2_0000;
const DIALOG_IDS: u64 = 0x3_0000;
/// Rows of the palette by index in the registry's order; facts by their index.
const PALETTE_IDS: u64 = 0x4_0000;
const FACT_IDS: u64 = 1 << 32;

/// The screen as a tree.
#[must_use]
pub fn semantics(model: &Model, regions: &Regions) -> Tree {
    let mut builder = Builder { tree: Tree { nodes: std::collections::BTreeMap::new(), root: WINDOW, focus: WINDOW } };
    let mut window = Node::new(NodeRole::Window, "Stellar", bounds(regions.area));
    if regions.too_small {
        builder.add(&mut window, SENTENCE, Node::new(NodeRole::Label, model.spoken_too_small(), bounds(regions.area)));
    } else {
        builder.add(&mut window, HEADER, Node::new(NodeRole::Status, model.spoken_header(), bounds(regions.header)));
        builder.tabs(&mut window, model, regions);
        builder.filter(&mut window, model, regions);
        if let Some(region) = &regions.list {
            builder.list(&mut window, model, region);
        }
        if let Some(column) = &regions.canvas {
            builder.column(&mut window, CANVAS, "Insight canvas", column, CANVAS_IDS);
        }
        let message = model.spoken_message();
        if !message.is_empty() {
            builder.add(&mut window, MESSAGE, Node::new(NodeRole::Status, message, bounds(regions.message)));
        }
        if let Some(region) = &regions.layer {
            builder.dialog(&mut window, model, region);
        }
        builder.hints(&mut window, regions);
    }
    builder.tree.nodes.insert(WINDOW, window);
    builder.tree.focus = focus(model, regions, &builder.tree);
    builder.tree
}

const fn bounds(area: Rect) -> Bounds {
    Bounds { x: area.x, y: area.y, width: area.width, height: area.height }
}

/// What has the focus: the innermost node that the cursor stands on.
fn focus(model: &Model, regions: &Regions, tree: &Tree) -> NodeId {
    let wanted = match model.focus() {
        Focus::Layer(Layer::Filter) => FILTER,
        Focus::Layer(Layer::Palette) => DIALOG_FIELD,
        Focus::Layer(Layer::Help | Layer::Conflicts) => DIALOG_BODY,
        Focus::Pane(Pane::Canvas) => CANVAS,
        Focus::Pane(Pane::List) => match regions.list.as_ref().map(|list| &list.body) {
            Some(ListBody::Rows(rows)) if rows.iter().any(|(row, _)| *row == model.list.cursor) => fact_id(model, model.list.cursor),
            _ => LIST,
        },
    };
    if tree.nodes.contains_key(&wanted) { wanted } else { WINDOW }
}

/// A fact keeps its id while it keeps its place among all facts.
fn fact_id(model: &Model, row: usize) -> NodeId {
    NodeId(FACT_IDS + model.list.rows.get(row).copied().map_or(0, u64::from))
}

fn index_id(first: u64, index: usize) -> NodeId {
    NodeId(first + u64::try_from(index).unwrap_or(0))
}

struct Builder {
    tree: Tree,
}

impl Builder {
    fn add(&mut self, parent: &mut Node, id: NodeId, node: Node) {
        parent.children.push(id);
        self.tree.nodes.insert(id, node);
    }

    fn tabs(&mut self, window: &mut Node, model: &Model, regions: &Regions) {
        let Some(area) = regions.tabs else { return };
        let mut list = Node::new(NodeRole::TabList, "Panes", bounds(area));
        let tabs = [("Facts", Pane::List), ("Detail", Pane::Canvas)];
        for (index, (name, pane)) in tabs.into_iter().enumerate() {
            let mut tab = Node::new(NodeRole::Tab, name, bounds(area));
            tab.selected = model.pane == pane;
            tab.position = Some(Position { index, size: tabs.len() });
            tab.actions = vec!["core.navigate.next_pane"];
            self.add(&mut list, index_id(TAB_IDS, index), tab);
        }
        self.add(window, TABS, list);
    }

    fn filter(&mut self, window: &mut Node, model: &Model, regions: &Regions) {
        let Some(area) = regions.filter else { return };
        let mut field = Node::new(NodeRole::TextField, "Filter", bounds(area));
        field.value = Some(model.list.filter.text().to_owned());
        field.actions = vec!["core.search.open"];
        self.add(window, FILTER, field);
    }

    fn list(&mut self, window: &mut Node, model: &Model, region: &ListRegion) {
        match &region.body {
            ListBody::Rows(rows) => {
                let mut list = Node::new(NodeRole::ListBox, model.spoken_list(), bounds(region.area));
                for (row, place) in rows {
                    let Some(spoken) = model.spoken_row(*row) else { continue };
                    let mut option = Node::new(NodeRole::ListBoxOption, spoken.name, bounds(*place));
                    option.description = spoken.description;
                    option.number = spoken.points.map(|points| f64::from(points) / 10_000.0);
                    option.selected = *row == model.list.cursor;
                    option.position = Some(Position { index: *row, size: model.list.rows.len() });
                    option.actions = vec!["core.navigate.open", "core.input.confidence"];
                    self.add(&mut list, fact_id(model, *row), option);
                }
                self.add(window, LIST, list);
            }
            ListBody::Empty(column) => self.column(window, LIST, "Facts, none", column, EMPTY_IDS),
        }
    }

    fn column(&mut self, parent: &mut Node, id: NodeId, name: &str, column: &Column, first: u64) {
        let mut document = Node::new(NodeRole::Document, name, bounds(column.area));
        document.actions = vec!["core.navigate.down", "core.navigate.up"];
        for (index, place) in &column.visible {
            let Some(part) = column.parts.get(*index).filter(|part| part.is_spoken()) else { continue };
            let role = match part {
                Part::Heading(_) => NodeRole::Heading,
                Part::Value { score: Some(_), .. } => NodeRole::Meter,
                Part::Factors { .. } => NodeRole::Table,
                Part::Series { .. } => NodeRole::Figure,
                Part::Gap | Part::Value { .. } | Part::Badges(_) | Part::Pair { .. } | Part::Text(..) => NodeRole::Label,
            };
            let mut node = Node::new(role, part.spoken(), bounds(*place));
            if let Part::Value { score, .. } = part {
                node.number = *score;
            }
            self.add(&mut document, index_id(first, *index), node);
        }
        self.add(parent, id, document);
    }

    fn dialog(&mut self, window: &mut Node, model: &Model, region: &LayerRegion) {
        let name = if region.note.is_empty() { region.title.to_owned() } else { format!("{}, {}", region.title, region.note) };
        let mut dialog = Node::new(NodeRole::Dialog, name, bounds(region.outer));
        dialog.actions = vec!["core.navigate.close"];
        match &region.body {
            LayerBody::Column(column) => self.column(&mut dialog, DIALOG_BODY, region.title, column, DIALOG_IDS),
            LayerBody::Palette { field, rows, visible } => {
                let mut text = Node::new(NodeRole::TextField, "Find an action", bounds(*field));
                text.value = Some(model.palette.field.text().to_owned());
                // What Enter would do is said with the field, which keeps the focus.
                text.description = rows.get(model.palette.cursor).map_or_else(|| "No action fits".to_owned(), |row| row.title.to_owned());
                self.add(&mut dialog, DIALOG_FIELD, text);
                let body = Rect { y: region.inner.y + 2, height: region.inner.height.saturating_sub(2), ..region.inner };
                let mut list = Node::new(NodeRole::ListBox, "Actions", bounds(body));
                for (index, place) in visible {
                    let Some(row) = rows.get(*index) else { continue };
                    let mut option = Node::new(NodeRole::ListBoxOption, row.title, bounds(*place));
                    option.enabled = row.unavailable.is_none();
                    option.selected = *index == model.palette.cursor;
                    option.position = Some(Position { index: *index, size: rows.len() });
                    let key = if row.key.is_empty() { String::new() } else { format!(" Key {}.", row.key) };
                    option.description = match &row.unavailable {
                        Some(why) => format!("Not now: {why}.{key}"),
                        None => format!("{}{key}", row.summary),
                    };
                    option.actions = vec![row.id];
                    self.add(&mut list, index_id(PALETTE_IDS, *index), option);
                }
                self.add(&mut dialog, DIALOG_BODY, list);
            }
        }
        self.add(window, DIALOG, dialog);
    }

    fn hints(&mut self, window: &mut Node, regions: &Regions) {
        let mut group = Node::new(NodeRole::Group, "Keys", bounds(regions.footer));
        for (index, (hint, place)) in regions.hints.iter().enumerate() {
            let mut button = Node::new(NodeRole::Button, format!("{}, {}", hint.label, hint.key), bounds(*place));
            button.actions = vec![hint.action];
            self.add(&mut group, index_id(HINT_IDS, index), button);
        }
        self.add(window, HINTS, group);
    }
}
