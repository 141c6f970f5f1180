//! What is told: names, places, what is news, and what stays the same thing.

use super::*;

#[test]
fn the_list_is_told_with_the_distinctive_words_first() {
    let mut model = screen((120, 36));
    press(&mut model, "Down Down Down Down");
    let tree = tree_of(&model);
    let focus = focused(&tree);
    assert_eq!(focus.role(), Role::ListBoxOption);
    assert_eq!(focus.label(), Some("service/checkout/replicas 3"));
    assert_eq!(focus.description(), Some("conflict, drift, wanted 5, right about 8 in 10, medium, 9s"));
    assert_eq!((focus.position_in_set(), focus.is_selected()), (Some(4), Some(true)));
    let list = tree.nodes.iter().find(|(_, node)| node.role() == Role::ListBox).map(|(_, node)| node).unwrap();
    assert_eq!(list.size_of_set(), Some(11));
}

#[test]
fn fields_keep_the_focus_and_say_what_enter_would_do() {
    let mut model = screen((80, 24));
    press(&mut model, "Ctrl+K s o r t");
    let tree = tree_of(&model);
    let focus = focused(&tree);
    assert_eq!((focus.role(), focus.value(), focus.description()), (Role::TextInput, Some("sort"), Some("Sort the list")));
    press(&mut model, "Esc / x");
    let tree = tree_of(&model);
    assert_eq!((focused(&tree).label(), focused(&tree).value()), (Some("Filter"), Some("x")));
}

#[test]
fn the_believed_value_is_a_meter_between_nought_and_one() {
    let mut model = screen((120, 36));
    press(&mut model, "Down Down Down Down");
    let tree = tree_of(&model);
    let meters: Vec<&Node> = tree.nodes.iter().map(|(_, node)| node).filter(|node| node.role() == Role::Meter).collect();
    assert!(!meters.is_empty());
    for meter in meters {
        assert_eq!((meter.min_numeric_value(), meter.max_numeric_value()), (Some(0.0), Some(1.0)));
        assert!(meter.numeric_value().is_some());
    }
}

#[test]
fn a_fact_keeps_its_id_while_rows_move_and_while_others_come_and_go() {
    let mut model = screen((120, 36));
    press(&mut model, "Down Down");
    let before = tree_of(&model).focus;
    press(&mut model, "o");
    assert_eq!(tree_of(&model).focus, before);
    let mut fewer = snapshot();
    let selected = model.shared.selected.clone().unwrap();
    fewer.facts = fewer.facts.iter().filter(|fact| fact.key >= selected).cloned().collect();
    send(&mut model, Msg::Snapshot(fewer));
    let tree = tree_of(&model);
    assert_eq!((tree.focus, model.shared.selected.as_ref()), (before, Some(&selected)));
}

#[test]
fn an_action_of_the_palette_keeps_its_id_while_others_are_typed_away() {
    let mut model = screen((120, 36));
    press(&mut model, "Ctrl+K");
    let option = |tree: &TreeUpdate| {
        let mut options = tree.nodes.iter().filter(|(_, node)| node.role() == Role::ListBoxOption);
        options.find(|(_, node)| node.label() == Some("Mouse")).map(|(id, node)| (*id, node.position_in_set()))
    };
    let (before, there) = option(&tree_of(&model)).expect("it is there");
    press(&mut model, "m o u s e");
    let (after, here) = option(&tree_of(&model)).expect("it is still there");
    assert_eq!(before, after);
    assert_ne!(there, here, "it moved, and is the same");
}

#[test]
fn pieces_of_the_canvas_keep_their_ids_while_it_is_scrolled() {
    let mut model = screen((80, 24));
    press(&mut model, "Down Down Down Down Enter");
    let ids = |model: &Model| -> BTreeMap<String, NodeId> {
        let tree = tree_of(model);
        let document = focused(&tree);
        assert_eq!(document.role(), Role::Document);
        document.children().iter().map(|id| (name(at(&tree, *id)).to_owned(), *id)).collect()
    };
    let before = ids(&model);
    press(&mut model, "Down Down Down");
    let after = ids(&model);
    let both: Vec<_> = after.iter().filter(|(name, _)| before.contains_key(*name)).collect();
    assert!(both.len() > 2 && after.len() != both.len(), "some stay in sight, some come");
    for (name, id) in both {
        assert_eq!(before[name], *id, "{name}");
    }
}

#[test]
fn two_sentences_alike_are_two_announcements() {
    let mut model = screen((120, 36));
    let mut platform = Platform::new(tree_of(&model));
    press(&mut model, "Alt+M Alt+M");
    let first = platform.take(tree_of(&model)).alerts;
    assert_eq!(first, ["The mouse acts on the screen."]);
    assert!(platform.take(tree_of(&model)).alerts.is_empty(), "what stands is not told again");
    press(&mut model, "Alt+M Alt+M");
    assert_eq!(platform.take(tree_of(&model)).alerts, first, "the same sentence later is news");
}

#[test]
fn an_engine_that_died_is_told_once_and_its_age_is_not_news() {
    let mut model = screen((120, 36));
    let mut platform = Platform::new(tree_of(&model));
    send(&mut model, Msg::EngineGone("the disk is full".to_owned()));
    assert_eq!(platform.take(tree_of(&model)).alerts, ["The engine stopped: the disk is full"]);
    for minutes in 1..5 {
        model.now = model.now.plus(std::time::Duration::from_secs(60 * minutes));
        send(&mut model, Msg::Wake);
        assert!(platform.take(tree_of(&model)).alerts.is_empty());
    }
}

#[test]
fn the_focus_is_followed_over_panes_and_layers() {
    let mut model = screen((120, 36));
    let mut platform = Platform::new(tree_of(&model));
    let mut go = |keys: &str| {
        press(&mut model, keys);
        platform.take(tree_of(&model)).focus
    };
    assert_eq!(go("Tab"), ["Insight canvas"]);
    assert_eq!(go("Tab").len(), 1);
    assert_eq!(go("/"), ["Filter"]);
    assert_eq!(go("Esc Ctrl+K"), ["Find an action"]);
    assert_eq!(go("Esc ?"), ["Keys of the list"]);
}

#[test]
fn the_same_name_of_another_kind_is_another_thing() {
    let kinds = [id::Kind::Fact, id::Kind::Choice, id::Kind::Hint, id::Kind::Announcement, id::Kind::CanvasPart];
    let ids: BTreeSet<NodeId> = kinds.into_iter().map(|kind| id::named(kind, "a/b")).collect();
    assert_eq!(ids.len(), kinds.len());
}
