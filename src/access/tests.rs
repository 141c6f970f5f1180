//! What holds for the tree of every screen, however it was reached.

use std::collections::BTreeSet;

use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};

use crate::{
    app::{
        Model, Msg, Pointer, PointerKind, Regions, Snapshot,
        fixture::{blank, many, press, screen, send, snapshot, theme},
        layout::layout,
        view,
    },
    theme::ColorDepth,
};

use super::*;

fn drawn(model: &Model, regions: &Regions) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    view(model, regions, &theme("default", ColorDepth::True), &mut buf);
    buf
}

/// The characters that are drawn within bounds, without spaces.
fn cells(buf: &Buffer, bounds: Bounds) -> String {
    let rows = bounds.y..bounds.y.saturating_add(bounds.height).min(buf.area.height);
    let columns = bounds.x..bounds.x.saturating_add(bounds.width).min(buf.area.width);
    rows.flat_map(|y| columns.clone().map(move |x| (x, y))).map(|at| buf[at].symbol().trim()).collect()
}

fn check(model: &Model) {
    let regions = layout(model);
    let tree = semantics(model, &regions);
    let windows: Vec<_> = tree.nodes.iter().filter(|(_, node)| node.role == NodeRole::Window).collect();
    assert_eq!(windows.len(), 1);
    assert_eq!(*windows[0].0, tree.root);
    let mut reached = BTreeSet::new();
    let mut open = vec![tree.root];
    while let Some(id) = open.pop() {
        assert!(reached.insert(id), "{id:?} has two parents");
        open.extend(&tree.nodes[&id].children);
    }
    assert_eq!(reached.len(), tree.nodes.len(), "every node hangs on the root once");
    let focus = tree.nodes.get(&tree.focus).expect("the focus is a node");
    match regions.cursor {
        Some((x, y)) => assert!(focus.bounds.contains(x, y), "the cursor {x},{y} stands outside {focus:?}"),
        None => assert!(regions.too_small),
    }
    let buf = drawn(model, &regions);
    for (id, node) in &tree.nodes {
        assert!(!node.name.trim().is_empty(), "{id:?} has no name");
        assert!(!node.name.chars().any(crate::text::is_hostile) && !node.description.chars().any(crate::text::is_hostile), "{node:?}");
        assert!(!node.name.contains("s3cr3t") && !node.description.contains("s3cr3t"));
        let bounds = node.bounds;
        assert!(bounds.x + bounds.width <= model.size.0 && bounds.y + bounds.height <= model.size.1, "{node:?} leaves the screen");
        assert!(bounds.width > 0 && bounds.height > 0 || model.too_small(), "{node:?} has no cells");
        for action in &node.actions {
            assert!(crate::action::find(action).is_some(), "{action} is no action");
        }
    }
    // Below a box the rest is covered: what is read there is checked without one.
    if regions.layer.is_none() {
        rows_are_where_they_are_said(&tree, &buf);
    }
}

fn rows_are_where_they_are_said(tree: &Tree, buf: &Buffer) {
    for node in tree.nodes.values() {
        let shown = cells(buf, node.bounds);
        let first: String = node.name.chars().filter(|char| !char.is_whitespace()).take(4).collect();
        let starts = match node.role {
            NodeRole::ListBoxOption | NodeRole::Heading => true,
            NodeRole::Label => node.bounds.height > 0 && node.name.is_ascii() && !node.name.contains(','),
            _ => false,
        };
        assert!(!starts || shown.contains(&first), "{:?} is not drawn at {:?}: {shown:?}", node.name, node.bounds);
        assert!(!node.selected || node.role != NodeRole::ListBoxOption || shown.starts_with('▸'), "{node:?}: {shown}");
    }
}

#[test]
fn the_list_is_told_with_the_distinctive_words_first() {
    let mut model = screen((120, 36));
    press(&mut model, "Down Down Down Down");
    let regions = layout(&model);
    let tree = semantics(&model, &regions);
    let focus = &tree.nodes[&tree.focus];
    assert_eq!(focus.role, NodeRole::ListBoxOption);
    assert_eq!(focus.name, "service/checkout/replicas 3");
    assert_eq!(focus.description, "conflict, drift, wanted 5, right about 8 in 10, medium, 9s");
    assert_eq!(focus.position, Some(Position { index: 4, size: 11 }));
    assert!(focus.selected);
}

#[test]
fn fields_keep_the_focus_and_say_what_enter_would_do() {
    let mut model = screen((80, 24));
    press(&mut model, "Ctrl+K s o r t");
    let tree = semantics(&model, &layout(&model));
    let focus = &tree.nodes[&tree.focus];
    assert_eq!((focus.role, focus.value.as_deref(), focus.description.as_str()), (NodeRole::TextField, Some("sort"), "Sort the list"));
    press(&mut model, "Esc / x");
    let tree = semantics(&model, &layout(&model));
    assert_eq!((tree.nodes[&tree.focus].name.as_str(), tree.nodes[&tree.focus].value.as_deref()), ("Filter", Some("x")));
}

#[test]
fn a_fact_keeps_its_id_while_rows_move() {
    let mut model = screen((120, 36));
    press(&mut model, "Down Down");
    let before = semantics(&model, &layout(&model)).focus;
    press(&mut model, "o");
    let tree = semantics(&model, &layout(&model));
    assert_eq!(tree.focus, before);
}

#[derive(Clone, Debug)]
enum Step {
    Key(&'static str),
    Resize(u16, u16),
    Point(PointerKind, u16, u16),
    Paste(&'static str),
    Snapshot(u8),
    Gone,
    Interrupt,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let keys = proptest::sample::select(vec![
        "Up",
        "Down",
        "j",
        "k",
        "PageUp",
        "PageDown",
        "Home",
        "End",
        "Enter",
        "Esc",
        "Tab",
        "Shift+Tab",
        "/",
        ":",
        "Ctrl+K",
        "?",
        "c",
        "i",
        "o",
        "R",
        "Alt+I",
        "Alt+M",
        "a",
        "r",
        "e",
        "p",
        "z",
        "Backspace",
        "Ctrl+U",
        "Ctrl+W",
        "Ctrl+Z",
        "q",
        "F1",
        "F8",
        "語",
    ]);
    let pointer = proptest::sample::select(vec![PointerKind::Press, PointerKind::ScrollUp, PointerKind::ScrollDown]);
    let step = prop_oneof![
        12 => keys.prop_map(Step::Key),
        2 => (0..140_u16, 0..45_u16).prop_map(|(width, height)| Step::Resize(width, height)),
        1 => Just(Step::Resize(80, 24)),
        2 => (pointer, 0..140_u16, 0..45_u16).prop_map(|(kind, x, y)| Step::Point(kind, x, y)),
        1 => proptest::sample::select(vec!["rep", "\u{1b}[2Jx\ny", "語"]).prop_map(Step::Paste),
        2 => (0..4_u8).prop_map(Step::Snapshot),
        1 => Just(Step::Gone),
        1 => Just(Step::Interrupt),
    ];
    proptest::collection::vec(step, 1..60)
}

fn apply(model: &mut Model, step: &Step) {
    let msg = match step {
        Step::Key(key) => Msg::Key(key.parse().unwrap()),
        Step::Resize(width, height) => Msg::Resize(*width, *height),
        Step::Point(kind, x, y) => Msg::Pointer(Pointer { kind: *kind, x: *x, y: *y }),
        Step::Paste(text) => Msg::Paste((*text).to_owned(), 0),
        Step::Snapshot(0) => Msg::Snapshot(Snapshot::default()),
        Step::Snapshot(1) => Msg::Snapshot(many(300)),
        Step::Snapshot(_) => Msg::Snapshot(snapshot()),
        Step::Gone => Msg::EngineGone("it stopped".to_owned()),
        Step::Interrupt => Msg::Interrupt,
    };
    send(model, msg);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_holds_after_any_steps(steps in steps()) {
        let mut model = blank((120, 36));
        check(&model);
        for step in &steps {
            apply(&mut model, step);
            check(&model);
        }
    }
}
