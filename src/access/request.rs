//! What an assistive client asks for, as what a key or the mouse would have asked for.

use accesskit::{Action, ActionData, ActionRequest, Node, NodeId, Role, TreeUpdate};

use crate::action;

/// What is asked for; each has its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An action of the registry.
    Action(&'static str),
    /// The mouse pressed in this cell: column, row.
    Point(u16, u16),
    /// Text for the field that has the focus, as if it were pasted.
    Text(String),
}

/// What a request asks of the tree it was made for; none where the tree offers no such thing (any more).
#[must_use]
pub fn asked(tree: &TreeUpdate, request: &ActionRequest) -> Option<Asked> {
    let (id, node) = tree.nodes.iter().find(|(id, _)| *id == request.target_node)?;
    if request.target_tree != tree.tree_id || !node.supports_action(request.action) || node.is_disabled() {
        return None;
    }
    match (request.action, &request.data) {
        (Action::CustomAction, Some(ActionData::CustomAction(number))) => {
            node.custom_actions().iter().find(|offered| offered.id == *number).and_then(|offered| spec(offered.id))
        }
        (Action::ReplaceSelectedText, Some(ActionData::Value(text))) => Some(Asked::Text(text.to_string())),
        (Action::Click, _) => click(node),
        (Action::Focus, _) => focus(tree, *id, node),
        (Action::ScrollDown, _) => spec(super::id::number("core.navigate.page_down")?),
        (Action::ScrollUp, _) => spec(super::id::number("core.navigate.page_up")?),
        _ => None,
    }
}

fn spec(number: i32) -> Option<Asked> {
    action::all().nth(usize::try_from(number).ok()?).map(|spec| Asked::Action(spec.id))
}

/// A click selects what is not selected yet, then does the first thing that is offered.
fn click(node: &Node) -> Option<Asked> {
    match (node.role(), node.is_selected()) {
        (Role::ListBoxOption, Some(false)) => point(node),
        (Role::Tab, selected) => point(node).filter(|_| selected == Some(false)),
        _ => spec(node.custom_actions().first()?.id),
    }
}

/// The focus goes where the mouse would bring it; what has it keeps it.
fn focus(tree: &TreeUpdate, id: NodeId, node: &Node) -> Option<Asked> {
    match node.role() {
        _ if tree.focus == id => None,
        Role::ListBoxOption | Role::Document => point(node),
        _ => spec(node.custom_actions().first()?.id),
    }
}

/// The cell a node begins in.
fn point(node: &Node) -> Option<Asked> {
    let bounds = node.bounds()?;
    // Bounds are whole cells of a screen, whose sides are 16 bits wide.
    Some(Asked::Point(bounds.x0 as u16, bounds.y0 as u16))
}
