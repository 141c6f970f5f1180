//! From model and layout to the tree. Pure.

use std::collections::HashSet;

use accesskit::{Action, Live, Node, NodeId, Role, TextPosition, TextSelection, TreeId, TreeInfo, TreeUpdate};
use ratatui::layout::Rect;

use crate::app::{
    layout::{Column, Field, LayerBody, LayerRegion, ListBody, ListRegion, Part, Regions},
    model::{Focus, Layer, Model, Pane},
};

use super::{
    id::{self, Kind},
    node::{describe, node, offer},
    text::{Text, text},
};

/// The screen as a tree: every node of it, the window as its root, and what has the focus.
///
/// Bounds are in cells from the top left corner.
#[must_use]
pub fn semantics(model: &Model, regions: &Regions) -> TreeUpdate {
    let mut builder = Builder { nodes: Vec::new(), taken: HashSet::from([id::WINDOW]), focus: None };
    let mut window = node(Role::Window, "Stellar", regions.area);
    if regions.too_small {
        builder.add(&mut window, id::SENTENCE, node(Role::Label, model.spoken_too_small(), regions.area));
    } else {
        builder.add(&mut window, id::HEADER, node(Role::Status, model.spoken_header(), regions.header));
        builder.tabs(&mut window, model, regions);
        builder.filter(&mut window, model, regions);
        if let Some(region) = &regions.list {
            builder.list(&mut window, model, region);
        }
        if let Some(column) = &regions.canvas {
            let focused = model.focus() == Focus::Pane(Pane::Canvas);
            builder.column(&mut window, (id::CANVAS, Kind::CanvasPart), "Insight canvas", column, focused);
        }
        builder.message(&mut window, model, regions);
        builder.prompt(&mut window, model, regions);
        if let Some(region) = &regions.layer {
            builder.dialog(&mut window, model, region);
        }
        builder.hints(&mut window, regions);
    }
    builder.nodes.push((id::WINDOW, window));
    let info = TreeInfo {
        root: id::WINDOW,
        toolkit_name: Some("Stellar".to_owned()),
        toolkit_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
    };
    TreeUpdate { nodes: builder.nodes, tree: Some(info), tree_id: TreeId::ROOT, focus: builder.focus.unwrap_or(id::WINDOW) }
}

/// What is offered on a change: a click goes to its fact.
const TREATMENTS: [&str; 6] =
    ["core.navigate.open", "core.queue.retry", "core.queue.edit", "core.queue.cancel", "core.queue.release", "core.queue.drop"];

/// What is offered on a value of a conflict: a click believes it.
const DECISIONS: [&str; 5] =
    ["core.conflict.accept", "core.conflict.send", "core.conflict.edit", "core.conflict.reject", "core.conflict.auto"];

struct Builder {
    nodes: Vec<(NodeId, Node)>,
    taken: HashSet<NodeId>,
    focus: Option<NodeId>,
}

impl Builder {
    /// Hangs a node on its parent. An id that is taken is not taken twice: names of facts are remote, and may be made to hash alike.
    fn add(&mut self, parent: &mut Node, wanted: NodeId, node: Node) -> NodeId {
        let mut id = wanted;
        while !self.taken.insert(id) {
            id = NodeId(id.0.wrapping_add(1));
        }
        parent.push_child(id);
        self.nodes.push((id, node));
        id
    }

    /// The same for what has the focus if `focused` says so.
    fn add_focusable(&mut self, parent: &mut Node, wanted: NodeId, mut node: Node, focused: bool) {
        node.add_action(Action::Focus);
        let id = self.add(parent, wanted, node);
        if focused {
            self.focus = Some(id);
        }
    }

    fn tabs(&mut self, window: &mut Node, model: &Model, regions: &Regions) {
        let Some(area) = regions.tabs else { return };
        let mut list = node(Role::TabList, "Panes", area);
        let tabs = [("Facts", Pane::List), ("Detail", Pane::Canvas)];
        list.set_size_of_set(tabs.len());
        for (index, (name, pane)) in tabs.into_iter().enumerate() {
            let mut tab = node(Role::Tab, name, area);
            tab.set_selected(model.pane == pane);
            tab.set_position_in_set(index);
            offer(&mut tab, &["core.navigate.next_pane"]);
            self.add(&mut list, id::named(Kind::Tab, name), tab);
        }
        self.add(window, id::TABS, list);
    }

    fn filter(&mut self, window: &mut Node, model: &Model, regions: &Regions) {
        let Some(area) = regions.filter else { return };
        let focused = model.focus() == Focus::Layer(Layer::Filter);
        let mut field = node(Role::TextInput, "Filter", area);
        offer(&mut field, &["core.search.open"]);
        self.typed_into(&mut field, ("filter", &model.list.filter, area), focused);
        self.add_focusable(window, id::FILTER, field, focused);
    }

    fn prompt(&mut self, window: &mut Node, model: &Model, regions: &Regions) {
        let Some(region) = &regions.prompt else { return };
        let focused = model.focus() == Focus::Layer(Layer::Prompt);
        let mut field = node(Role::TextInput, region.says.name.as_str(), region.field);
        describe(&mut field, model.spoken_prompt());
        offer(&mut field, &["core.input.submit", "core.navigate.close"]);
        self.typed_into(&mut field, ("prompt", &model.prompt.field, region.field), focused);
        self.add_focusable(window, id::PROMPT, field, focused);
    }

    fn changes(&mut self, dialog: &mut Node, model: &Model, (list, visible): (Rect, &[(usize, Rect)]), focused: bool) {
        let (_, _, list_id) = id::dialog(Layer::Queue);
        let mut box_of = node(Role::ListBox, "Changes", list);
        box_of.set_size_of_set(model.shared.snapshot.queue.commands.len());
        for (row, place) in visible {
            let commands = &model.shared.snapshot.queue.commands;
            let Some((spoken, listed)) = model.spoken_change(*row).zip(commands.get(*row)) else { continue };
            let mut option = node(Role::ListBoxOption, spoken.name, *place);
            describe(&mut option, spoken.description);
            option.set_selected(*row == model.queue.at);
            option.set_position_in_set(*row);
            offer(&mut option, &TREATMENTS);
            let here = focused && *row == model.queue.at;
            self.add_focusable(&mut box_of, id::named(Kind::Change, &listed.command.id.to_string()), option, here);
        }
        self.add(dialog, list_id, box_of);
    }

    /// What can be chosen in a box; whether the chosen one shows, and so has what focus there is.
    fn choices(&mut self, dialog: &mut Node, layer: Layer, column: &Column, focused: bool) -> bool {
        let of = |part: &(usize, Rect)| match column.parts.get(part.0) {
            Some(Part::Choice(choice)) => Some((choice, part.1)),
            _ => None,
        };
        let shown: Vec<_> = column.visible.iter().filter_map(of).collect();
        let Some(area) = shown.iter().map(|(_, place)| *place).reduce(Rect::union) else { return false };
        let (name, offers): (_, &[&'static str]) = match layer {
            Layer::Conflicts => ("Values", &DECISIONS),
            _ => ("Choices", &["core.navigate.open"]),
        };
        let (_, _, list_id) = id::dialog(layer);
        let mut list = node(Role::ListBox, name, area);
        list.set_size_of_set(column.parts.iter().filter(|part| matches!(part, Part::Choice(_))).count());
        let mut placed = false;
        for (choice, place) in shown {
            let mut option = node(Role::ListBoxOption, format!("{}: {}", choice.number, choice.value), place);
            describe(&mut option, choice.description());
            option.set_selected(choice.chosen);
            option.set_position_in_set(choice.number - 1);
            offer(&mut option, offers);
            placed |= choice.chosen;
            self.add_focusable(&mut list, id::named(Kind::Value, &choice.of), option, focused && choice.chosen);
        }
        self.add(dialog, list_id, list);
        placed
    }

    fn list(&mut self, window: &mut Node, model: &Model, region: &ListRegion) {
        let here = model.focus() == Focus::Pane(Pane::List);
        match &region.body {
            ListBody::Rows(rows) => {
                let mut list = node(Role::ListBox, model.spoken_list(), region.area);
                list.set_size_of_set(model.list.rows.len());
                scrolls(&mut list, here);
                for (row, place) in rows {
                    let Some((spoken, fact)) = model.spoken_row(*row).zip(model.list.fact(*row)) else { continue };
                    let mut option = node(Role::ListBoxOption, spoken.name, *place);
                    describe(&mut option, spoken.description);
                    option.set_selected(*row == model.list.cursor);
                    option.set_position_in_set(*row);
                    offer(&mut option, &["core.navigate.open", "core.input.confidence"]);
                    let focused = here && *row == model.list.cursor;
                    self.add_focusable(&mut list, id::named(Kind::Fact, fact.key.as_str()), option, focused);
                }
                let focused = here && self.focus.is_none();
                self.add_focusable(window, id::LIST, list, focused);
            }
            ListBody::Empty(column) => self.column(window, (id::EMPTY, Kind::EmptyPart), "Facts, none", column, here),
        }
    }

    fn column(&mut self, parent: &mut Node, (id, kind): (NodeId, Kind), name: &str, column: &Column, focused: bool) {
        let mut document = node(Role::Document, name, column.area);
        scrolls(&mut document, focused);
        let ids = id::parts(kind, &column.parts);
        for (index, place) in &column.visible {
            let said = |part: &Part| part.is_spoken() && !matches!(part, Part::Choice(_));
            let Some((part, id)) = column.parts.get(*index).zip(ids.get(*index)).filter(|(part, _)| said(part)) else { continue };
            self.add(&mut document, *id, piece(part, *place));
        }
        self.add_focusable(parent, id, document, focused);
    }

    /// What the line above the hints says: what is new once, by a node of its own, and what stands as it stands.
    fn message(&mut self, window: &mut Node, model: &Model, regions: &Regions) {
        let standing = model.spoken_message();
        if model.shared.message.is_none() && !standing.is_empty() {
            self.add(window, id::MESSAGE, node(Role::Status, standing, regions.message));
        }
        if let Some(news) = model.spoken_news() {
            let mut alert = node(Role::Alert, news.text, regions.message);
            alert.set_live(if news.urgent { Live::Assertive } else { Live::Polite });
            alert.set_live_atomic();
            self.add(window, id::named(Kind::Announcement, &news.about), alert);
        }
    }

    fn dialog(&mut self, window: &mut Node, model: &Model, region: &LayerRegion) {
        let name = if region.note.is_empty() { region.title.to_owned() } else { format!("{}, {}", region.title, region.note) };
        let (dialog_id, body_id, field_id) = id::dialog(region.layer);
        let mut dialog = node(Role::Dialog, name, region.outer);
        dialog.set_modal();
        offer(&mut dialog, &["core.navigate.close"]);
        let focused = model.focus() == Focus::Layer(region.layer);
        match &region.body {
            LayerBody::Column(column) => {
                let placed = self.choices(&mut dialog, region.layer, column, focused);
                self.column(&mut dialog, (body_id, Kind::DialogPart), region.title, column, focused && !placed);
            }
            LayerBody::Changes { list, visible, detail } => {
                self.changes(&mut dialog, model, (*list, visible), focused);
                if detail.area.height > 0 {
                    self.column(&mut dialog, (body_id, Kind::DialogPart), "The selected change", detail, false);
                }
            }
            LayerBody::Palette { field, rows, visible } => {
                let mut text = node(Role::TextInput, "Find an action", *field);
                // What Enter would do is said with the field, which keeps the focus.
                let chosen = rows.get(model.palette.cursor).map_or_else(|| "No action fits".to_owned(), |row| row.title.to_owned());
                describe(&mut text, chosen);
                self.typed_into(&mut text, ("palette", &model.palette.field, *field), focused);
                self.add_focusable(&mut dialog, field_id, text, focused);
                let body = Rect { y: region.inner.y + 2, height: region.inner.height.saturating_sub(2), ..region.inner };
                let mut list = node(Role::ListBox, "Actions", body);
                list.set_size_of_set(rows.len());
                for (index, place) in visible {
                    let Some(row) = rows.get(*index) else { continue };
                    let mut option = node(Role::ListBoxOption, row.title, *place);
                    option.set_selected(*index == model.palette.cursor);
                    option.set_position_in_set(*index);
                    let key = if row.key.is_empty() { String::new() } else { format!(" Key {}.", row.key) };
                    match &row.unavailable {
                        Some(why) => {
                            option.set_disabled();
                            describe(&mut option, format!("Not now: {why}.{key}"));
                        }
                        None => describe(&mut option, format!("{}{key}", row.summary)),
                    }
                    offer(&mut option, &[row.id]);
                    self.add(&mut list, id::named(Kind::Choice, row.id), option);
                }
                self.add(&mut dialog, body_id, list);
            }
        }
        self.add(window, dialog_id, dialog);
    }

    /// A field's text. While it is the one that is typed into, it has a caret and takes text.
    fn typed_into(&mut self, node: &mut Node, (name, field, area): (&str, &Field, Rect), focused: bool) {
        node.set_value(field.text());
        let Text { runs, caret: (run, character_index) } = text(field, area);
        // Nothing remote is in the names of runs, so their ids are free, and each may name its neighbours before they are there.
        let ids: Vec<NodeId> = (0..runs.len()).map(|at| id::named(Kind::TextRun, &format!("{name} {at}"))).collect();
        for (at, (mut run, id)) in runs.into_iter().zip(&ids).enumerate() {
            if let Some(before) = at.checked_sub(1).and_then(|before| ids.get(before)) {
                run.set_previous_on_line(*before);
            }
            if let Some(after) = ids.get(at + 1) {
                run.set_next_on_line(*after);
            }
            self.add(node, *id, run);
        }
        if let Some(id) = ids.get(run).filter(|_| focused) {
            let caret = TextPosition { node: *id, character_index };
            node.set_text_selection(TextSelection { anchor: caret, focus: caret });
            node.add_action(Action::ReplaceSelectedText);
        }
    }

    fn hints(&mut self, window: &mut Node, regions: &Regions) {
        let mut group = node(Role::Group, "Keys", regions.footer);
        for (hint, place) in &regions.hints {
            let mut button = node(Role::Button, hint.label.as_str(), *place);
            button.set_keyboard_shortcut(hint.key.as_str());
            offer(&mut button, &[hint.action]);
            self.add(&mut group, id::named(Kind::Hint, hint.action), button);
        }
        self.add(window, id::HINTS, group);
    }
}

/// What has the focus can be scrolled by a page.
fn scrolls(pane: &mut Node, focused: bool) {
    if focused {
        pane.add_action(Action::ScrollDown);
        pane.add_action(Action::ScrollUp);
    }
}

fn piece(part: &Part, place: Rect) -> Node {
    let role = match part {
        Part::Heading(_) => Role::Heading,
        Part::Value { score: Some(_), .. } => Role::Meter,
        Part::Factors { .. } => Role::Table,
        Part::Series { .. } => Role::Figure,
        Part::Gap | Part::Choice(_) | Part::Value { .. } | Part::Badges(_) | Part::Pair { .. } | Part::Text(..) => Role::Label,
    };
    let mut piece = node(role, part.spoken(), place);
    if let Part::Value { score: Some(score), .. } = part {
        piece.set_numeric_value(*score);
        piece.set_min_numeric_value(0.0);
        piece.set_max_numeric_value(1.0);
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hash_alike_are_still_two_nodes() {
        let mut builder = Builder { nodes: Vec::new(), taken: HashSet::from([id::WINDOW]), focus: None };
        let mut parent = node(Role::ListBox, "Facts", Rect::ZERO);
        let wanted = id::named(Kind::Fact, "a/b");
        for _ in 0..3 {
            builder.add(&mut parent, wanted, node(Role::ListBoxOption, "a/b", Rect::ZERO));
        }
        let ids: HashSet<NodeId> = parent.children().iter().copied().collect();
        assert_eq!((ids.len(), builder.nodes.len()), (3, 3));
        assert!(ids.contains(&wanted));
    }
}
