//! What a client asks for comes back as what a key or the mouse would have asked for.

use accesskit::{Action, ActionData, ActionRequest, TreeId};

use super::*;

fn request(action: Action, target: NodeId, data: Option<ActionData>) -> ActionRequest {
    ActionRequest { action, target_tree: TreeId::ROOT, target_node: target, data }
}

/// Asks and does what was asked for, as whoever runs the screen would.
fn ask(model: &mut Model, action: Action, target: NodeId, data: Option<ActionData>) -> Option<Asked> {
    let asked = asked(&tree_of(model), &request(action, target, data))?;
    send(model, message(asked.clone()));
    Some(asked)
}

fn message(asked: Asked) -> Msg {
    match asked {
        Asked::Action(id) => Msg::Action(id.to_owned()),
        Asked::Point(x, y) => Msg::Pointer(Pointer { kind: PointerKind::Press, x, y }),
        Asked::Text(text) => Msg::Paste(text, 0),
    }
}

fn find(model: &Model, role: Role, called: &str) -> NodeId {
    let tree = tree_of(model);
    let found = tree.nodes.iter().find(|(_, node)| node.role() == role && name(node).starts_with(called));
    found.map_or_else(|| panic!("no {role:?} {called}"), |(id, _)| *id)
}

#[test]
fn a_row_is_focused_and_then_opened_by_clicks() {
    let mut model = screen((120, 36));
    let row = find(&model, Role::ListBoxOption, "service/checkout/replicas");
    ask(&mut model, Action::Focus, row, None).unwrap();
    assert_eq!(tree_of(&model).focus, row);
    assert_eq!(ask(&mut model, Action::Focus, row, None), None, "what has the focus keeps it");
    assert_eq!(ask(&mut model, Action::Click, row, None), Some(Asked::Action("core.navigate.open")));
    assert_eq!(focused(&tree_of(&model)).label(), Some("Insight canvas"));
}

#[test]
fn a_button_is_pressed_and_an_offer_is_taken_by_its_number() {
    let mut model = screen((120, 36));
    let button = find(&model, Role::Button, "filter");
    assert_eq!(ask(&mut model, Action::Click, button, None), Some(Asked::Action("core.search.open")));
    assert_eq!(focused(&tree_of(&model)).label(), Some("Filter"));
    press(&mut model, "Esc");
    let row = find(&model, Role::ListBoxOption, "service/checkout/replicas");
    let why = id::number("core.input.confidence").map(ActionData::CustomAction);
    assert_eq!(ask(&mut model, Action::CustomAction, row, why), Some(Asked::Action("core.input.confidence")));
    let quit = id::number("core.app.quit").map(ActionData::CustomAction);
    assert_eq!(ask(&mut model, Action::CustomAction, row, quit), None, "what a node does not offer is not done through it");
}

#[test]
fn text_goes_into_the_field_that_is_typed_into_and_nowhere_else() {
    let mut model = screen((120, 36));
    let text = || Some(ActionData::Value("cart".into()));
    press(&mut model, "/");
    let field = find(&model, Role::TextInput, "Filter");
    assert_eq!(ask(&mut model, Action::ReplaceSelectedText, field, text()), Some(Asked::Text("cart".to_owned())));
    assert_eq!(focused(&tree_of(&model)).value(), Some("cart"));
    press(&mut model, "Enter");
    assert_eq!(ask(&mut model, Action::ReplaceSelectedText, field, text()), None);
}

#[test]
fn what_is_unavailable_or_gone_is_not_asked_for() {
    let mut model = screen((120, 36));
    press(&mut model, "Ctrl+K");
    let tree = tree_of(&model);
    let offered = tree.nodes.iter().find(|(_, node)| node.role() == Role::ListBoxOption && node.label() == Some("Mouse"));
    let mouse = offered.map(|(id, _)| *id).unwrap();
    assert_eq!(asked(&tree, &request(Action::Blur, mouse, None)), None);
    press(&mut model, "Esc");
    assert_eq!(ask(&mut model, Action::Click, mouse, None), None, "the palette is closed");
}

#[test]
fn every_request_to_every_node_of_every_screen_is_total() {
    for (keys, size) in [
        ("Q", (120, 36)),
        ("Q", (40, 12)),
        ("q", (80, 24)),
        ("Alt+Enter h i", (80, 24)),
        ("", (120, 36)),
        ("Tab", (80, 24)),
        ("/", (40, 12)),
        ("Ctrl+K m o u", (80, 24)),
        ("?", (40, 12)),
        ("c", (80, 24)),
        ("c", (40, 12)),
        ("c e", (80, 24)),
    ] {
        let mut model = screen(size);
        if !keys.is_empty() {
            press(&mut model, keys);
        }
        let tree = tree_of(&model);
        let mut different = BTreeMap::new();
        for (target, node) in &tree.nodes {
            for action in [Action::Click, Action::Focus, Action::CustomAction, Action::ScrollDown, Action::ScrollUp] {
                let data = node.custom_actions().first().map(|offered| ActionData::CustomAction(offered.id));
                if let Some(asked) = asked(&tree, &request(action, *target, data)) {
                    assert!(node.supports_action(action), "{action:?} was not offered by {node:?}");
                    different.insert(format!("{asked:?}"), asked);
                }
            }
        }
        assert!(different.len() > 2);
        for asked in different.into_values() {
            let mut copy = model.clone();
            send(&mut copy, message(asked));
            check(&copy);
        }
    }
}

#[test]
fn the_values_of_a_conflict_are_chosen_and_believed_by_clicks() {
    let mut model = screen((120, 36));
    press(&mut model, "Down Down Down Down c");
    let tree = check(&model);
    let focus = focused(&tree);
    assert_eq!((focus.role(), focus.label(), focus.is_selected()), (Role::ListBoxOption, Some("1: 3"), Some(true)));
    let said = focus.description().unwrap_or_default();
    assert!(said.starts_with("believed now, prom 9 s ago, trust 0.58, right 4 of 7 here") && said.ends_with("medium 0.74"), "{said}");
    let list = tree.nodes.iter().map(|(_, node)| node).find(|node| name(node) == "Values").unwrap();
    assert_eq!((list.role(), list.size_of_set()), (Role::ListBox, Some(2)));
    let other = find(&model, Role::ListBoxOption, "2: 4");
    ask(&mut model, Action::Click, other, None).unwrap();
    assert_eq!((model.conflicts.choice, tree_of(&model).focus), (1, other));
    let none = id::number("core.conflict.reject").map(ActionData::CustomAction);
    let mut copy = model.clone();
    assert_eq!(ask(&mut copy, Action::CustomAction, other, none), Some(Asked::Action("core.conflict.reject")));
    assert_eq!(ask(&mut model, Action::Click, other, None), Some(Asked::Action("core.conflict.accept")));
    assert!(model.conflicts.deciding.is_some(), "it is asked for");
}
