//! What holds for the tree of every screen, however it was reached, as a platform would see it.

mod requests;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use accesskit::{Live, Node, NodeId, Role, TreeUpdate};
use accesskit_consumer::{NodeRef, Tree, TreeChangeHandler};
use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};

use crate::{
    app::{
        Model, Msg, Pointer, PointerKind, Regions, Snapshot,
        fixture::{blank, many, press, queue, screen, send, snapshot, theme, writable},
        layout::layout,
        view,
    },
    theme::ColorDepth,
};

use super::*;

fn tree_of(model: &Model) -> TreeUpdate {
    semantics(model, &layout(model))
}

fn at(tree: &TreeUpdate, id: NodeId) -> &Node {
    tree.nodes.iter().find(|(known, _)| *known == id).map(|(_, node)| node).expect("a node of the tree")
}

fn focused(tree: &TreeUpdate) -> &Node {
    at(tree, tree.focus)
}

/// What a node is called: labels by their value.
fn name(node: &Node) -> &str {
    if node.role() == Role::Label { node.value() } else { node.label() }.unwrap_or_default()
}

fn drawn(model: &Model, regions: &Regions) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    view(model, regions, &theme("default", ColorDepth::True), &mut buf);
    buf
}

/// The cells a node says it is drawn in.
fn place(node: &Node) -> Rect {
    let bounds = node.bounds().expect("every node has bounds");
    let cell = |side: f64| {
        assert!(side >= 0.0 && side.fract() == 0.0 && side <= f64::from(u16::MAX), "{side} is no cell");
        side as u16
    };
    Rect::new(cell(bounds.x0), cell(bounds.y0), cell(bounds.x1) - cell(bounds.x0), cell(bounds.y1) - cell(bounds.y0))
}

/// The characters that are drawn in a place, without spaces.
fn cells(buf: &Buffer, place: Rect) -> String {
    place.intersection(buf.area).positions().map(|at| buf[at].symbol().trim()).collect()
}

fn check(model: &Model) -> TreeUpdate {
    let regions = layout(model);
    let tree = semantics(model, &regions);
    let root = tree.tree.as_ref().expect("a whole tree").root;
    let windows: Vec<NodeId> = tree.nodes.iter().filter(|(_, node)| node.role() == Role::Window).map(|(id, _)| *id).collect();
    assert_eq!(windows, [root], "one window, and it is the root");
    let known: BTreeMap<NodeId, &Node> = tree.nodes.iter().map(|(id, node)| (*id, node)).collect();
    assert_eq!(known.len(), tree.nodes.len(), "ids are unique");
    let mut reached = BTreeSet::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        assert!(reached.insert(id), "{id:?} has two parents");
        open.extend(known[&id].children());
    }
    assert_eq!(reached.len(), known.len(), "every node hangs on the root once");
    let focus = known.get(&tree.focus).expect("the focus is a node");
    match regions.cursor {
        Some(cursor) => assert!(place(focus).contains(cursor.into()), "the cursor {cursor:?} stands outside {focus:?}"),
        None => assert!(regions.too_small),
    }
    let buf = drawn(model, &regions);
    for node in known.values() {
        holds(node, model);
        let options = node.children().iter().map(|id| known[id]).filter(|child| child.role() == Role::ListBoxOption);
        for option in options {
            let (position, size) = (option.position_in_set().expect("a place"), node.size_of_set().expect("how many there are"));
            assert!(position < size, "{position} of {size}");
            assert_eq!(option.size_of_set(), None, "how many there are stands on the list");
        }
    }
    // Below a box the rest is covered: what is read there is checked without one.
    if regions.layer.is_none() {
        rows_are_where_they_are_said(&known, &buf);
    }
    tree
}

fn holds(node: &Node, model: &Model) {
    assert!(!name(node).trim().is_empty(), "{node:?} has no name");
    let said = [node.label(), node.value(), node.description(), node.keyboard_shortcut()];
    for text in said.into_iter().flatten() {
        assert!(!text.chars().any(crate::text::is_hostile), "{node:?}");
        assert!(!text.contains("s3cr3t"));
    }
    let place = place(node);
    assert!(place.right() <= model.size.0 && place.bottom() <= model.size.1, "{node:?} leaves the screen");
    assert!(!place.is_empty() || model.too_small(), "{node:?} has no cells");
    assert_eq!(node.role() == Role::Alert, node.live().is_some_and(|live| live != Live::Off), "what is live is an alert: {node:?}");
    let value = node.numeric_value().map(|value| (node.role(), (0.0..=1.0).contains(&value)));
    assert!(value.is_none_or(|value| value == (Role::Meter, true)), "{node:?}");
    for offered in node.custom_actions() {
        assert!(crate::action::all().any(|spec| id::number(spec.id) == Some(offered.id) && spec.title == offered.description));
    }
}

fn rows_are_where_they_are_said(known: &BTreeMap<NodeId, &Node>, buf: &Buffer) {
    for node in known.values() {
        let shown = cells(buf, place(node));
        let first: String = name(node).chars().filter(|char| !char.is_whitespace()).take(4).collect();
        let starts = match node.role() {
            Role::ListBoxOption | Role::Heading => true,
            Role::Label => name(node).is_ascii() && !name(node).contains(','),
            _ => false,
        };
        // A sentence of several lines may have its beginning scrolled away.
        let whole: String = name(node).split_whitespace().collect();
        let tail = node.role() == Role::Label && !shown.is_empty() && whole.ends_with(&shown);
        assert!(!starts || tail || shown.contains(&first), "{:?} is not drawn at {:?}: {shown:?}", name(node), place(node));
        let selected = node.role() == Role::ListBoxOption && node.is_selected() == Some(true);
        assert!(!selected || shown.starts_with('▸'), "{node:?}: {shown}");
    }
}

/// What a platform was told of changes.
#[derive(Debug, Default)]
struct Heard {
    focus: Vec<String>,
    alerts: Vec<String>,
}

fn called(node: &NodeRef<'_>) -> String {
    if node.label_comes_from_value() { node.value() } else { node.label() }.unwrap_or_default()
}

impl TreeChangeHandler for Heard {
    fn node_added(&mut self, node: &NodeRef<'_>) {
        if node.live() != Live::Off {
            self.alerts.push(called(node));
        }
    }

    fn node_updated(&mut self, old: &NodeRef<'_>, new: &NodeRef<'_>) {
        assert_eq!(old.role(), new.role(), "an id stays with what it names: {} became {}", called(old), called(new));
        assert!(new.live() == Live::Off || called(old) == called(new), "an announcement never changes: {}", called(new));
    }

    fn focus_moved(&mut self, _old: Option<&NodeRef<'_>>, new: Option<&NodeRef<'_>>) {
        self.focus.extend(new.map(called));
    }

    fn node_removed(&mut self, _node: &NodeRef<'_>) {}
}

/// A platform that takes every update, as an adapter does; it panics where an update does not fit the tree before it.
struct Platform {
    tree: Tree,
    heard: Heard,
}

impl Platform {
    fn new(update: TreeUpdate) -> Self {
        Self { tree: Tree::new(update, true), heard: Heard::default() }
    }

    fn take(&mut self, update: TreeUpdate) -> Heard {
        let focus = update.focus;
        let many = update.nodes.len();
        self.tree.update_and_process_changes(update, &mut self.heard);
        let state = self.tree.state();
        assert_eq!(state.focus().expect("somewhere is the focus").locate().0, focus);
        assert_eq!(count(state.root()), many, "what left the screen left the tree");
        std::mem::take(&mut self.heard)
    }
}

fn count(node: NodeRef<'_>) -> usize {
    assert!(!called(&node).trim().is_empty(), "{:?} has no name", node.role());
    1 + node.children().map(count).sum::<usize>()
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
        "=",
        "Q",
        "u",
        "f",
        "l",
        "x",
        "d",
        "1",
        "2",
        "Ctrl+Y",
        "Alt+Enter",
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
        Step::Snapshot(2) => Msg::Snapshot(writable(snapshot().with_queue(queue::every()))),
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
        let mut platform = Platform::new(check(&model));
        for step in &steps {
            apply(&mut model, step);
            platform.take(check(&model));
        }
    }
}

#[test]
fn a_narrow_screen_whose_sources_are_read_through() {
    let steps = [Step::Resize(53, 31), Step::Key("o"), Step::Snapshot(2), Step::Key("Enter"), Step::Key("PageDown")];
    let mut model = blank((120, 36));
    let mut platform = Platform::new(check(&model));
    for step in &steps {
        apply(&mut model, step);
        platform.take(check(&model));
    }
}
