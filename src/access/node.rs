//! One node, made the way every node of the screen is.

use accesskit::{Action, CustomAction, Node, Rect, Role};
use ratatui::layout::Rect as Cells;

use crate::action;

use super::id;

/// A node of a role with a name, drawn in these cells; a label is named by its value.
pub(super) fn node(role: Role, name: impl Into<String>, cells: Cells) -> Node {
    let mut node = Node::new(role);
    if role == Role::Label {
        node.set_value(name);
    } else {
        node.set_label(name);
    }
    node.set_bounds(Rect { x0: f64::from(cells.x), y0: f64::from(cells.y), x1: f64::from(cells.right()), y1: f64::from(cells.bottom()) });
    node
}

/// Offers actions of the registry by their titles; the first is what a click does.
pub(super) fn offer(node: &mut Node, actions: &[&'static str]) {
    for (number, spec) in actions.iter().filter_map(|id| Some((id::number(id)?, action::find(id)?))) {
        node.push_custom_action(CustomAction { id: number, description: spec.title.to_owned() });
    }
    if !node.custom_actions().is_empty() {
        node.add_action(Action::Click);
        node.add_action(Action::CustomAction);
    }
}

/// Says what else there is to say; nothing where there is nothing.
pub(super) fn describe(node: &mut Node, text: String) {
    if !text.is_empty() {
        node.set_description(text);
    }
}
