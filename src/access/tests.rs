//! What holds for the tree of every screen, however it was reached, as a platform would see it.

mod requests;
mod told;
mod typed;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

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
    for node in known.values().filter(|node| node.role() == Role::TextRun) {
        run_holds(node, model);
    }
    for node in known.values().filter(|node| node.role() == Role::TextInput) {
        typed_holds(node, &known, &tree, &regions, &buf);
    }
    for node in known.values().filter(|node| node.role() != Role::TextRun) {
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

/// A run is text and no thing: it has no name, but lengths that add up and a place.
fn run_holds(run: &Node, model: &Model) {
    let text = run.value().expect("a text");
    assert!(!text.chars().any(crate::text::is_hostile));
    let lengths = run.character_lengths();
    assert_eq!(lengths.iter().map(|length| usize::from(*length)).sum::<usize>(), text.len());
    let mut at = 0;
    for length in lengths {
        assert!(*length > 0);
        at += usize::from(*length);
        assert!(text.is_char_boundary(at));
    }
    assert!(lengths.len() <= 255 && run.word_starts().is_sorted());
    assert!(run.word_starts().iter().all(|start| usize::from(*start) < lengths.len()));
    let (positions, widths) = (run.character_positions().unwrap(), run.character_widths().unwrap());
    assert_eq!((positions.len(), widths.len()), (lengths.len(), lengths.len()));
    let place = place(run);
    assert!(!place.is_empty() && place.right() <= model.size.0 && place.bottom() <= model.size.1, "{run:?}");
}

/// The runs of a field are its text in one line, what of it shows is drawn where it is said, and the caret is where the cursor is.
fn typed_holds(field: &Node, known: &BTreeMap<NodeId, &Node>, tree: &TreeUpdate, regions: &Regions, buf: &Buffer) {
    let ids: Vec<NodeId> = field.children().to_vec();
    let runs: Vec<&Node> = ids.iter().map(|id| known[id]).collect();
    assert!(!runs.is_empty() && runs.iter().all(|run| run.role() == Role::TextRun));
    let text: String = runs.iter().filter_map(|run| run.value()).collect();
    assert_eq!(Some(text.as_str()), field.value());
    for (at, run) in runs.iter().enumerate() {
        assert_eq!(run.previous_on_line(), at.checked_sub(1).map(|before| ids[before]));
        assert_eq!(run.next_on_line(), ids.get(at + 1).copied());
        assert_eq!(place(field).intersection(place(run)), place(run), "a run stands in its field");
    }
    let covered = regions.layer.is_some() && field.label() == Some("Filter");
    for run in runs.iter().filter(|_| !covered) {
        let mut at = 0;
        for (index, length) in run.character_lengths().iter().enumerate() {
            let end = at + usize::from(*length);
            let x = run.bounds().unwrap().x0 + f64::from(run.character_positions().unwrap()[index]);
            let right = x + f64::from(run.character_widths().unwrap()[index]);
            let place = place(field);
            if x >= f64::from(place.x) && right <= f64::from(place.right()) && right > x {
                let part = &run.value().unwrap()[at..end];
                assert!(buf[(x as u16, place.y)].symbol().ends_with(part), "{part:?} is not drawn at {x}");
            }
            at = end;
        }
    }
    let focused = known.get(&tree.focus).is_some_and(|focus| std::ptr::eq(*focus, field));
    let caret = field.text_selection().map(|selection| {
        assert_eq!(selection.anchor, selection.focus, "nothing is ever selected");
        assert!(ids.contains(&selection.focus.node));
    });
    assert_eq!(caret.is_some(), focused, "the caret is where it is typed");
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
        follow_caret(&state.focus().expect("somewhere is the focus"));
        std::mem::take(&mut self.heard)
    }
}

/// What a client does with a field: reads its text, walks it by characters and by words, and asks where the caret is.
fn follow_caret(focus: &NodeRef<'_>) -> Option<(usize, (u16, u16))> {
    if focus.role() != Role::TextInput {
        return None;
    }
    assert!(focus.supports_text_ranges());
    assert_eq!(focus.document_range().text(), focus.value().unwrap_or_default());
    let caret = focus.text_selection_focus().expect("a caret");
    let place = caret.to_degenerate_range().bounding_boxes();
    let mut walked = focus.document_start();
    let mut steps = 0;
    while walked < caret {
        walked = walked.forward_to_character_end();
        steps += 1;
    }
    assert!(walked == caret, "the caret is between characters");
    assert!(focus.document_start().forward_to_word_end() >= focus.document_start());
    Some((steps, place.first().map(|place| (place.x0 as u16, place.y0 as u16)).expect("a place")))
}

fn count(node: NodeRef<'_>) -> usize {
    assert!(node.role() == Role::TextRun || !called(&node).trim().is_empty(), "{:?} has no name", node.role());
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

/// What is pasted: words, wide and joined characters, what is longer than a field, a run or a character may be.
fn typed() -> impl Strategy<Value = &'static str> {
    static LONG: LazyLock<String> = LazyLock::new(|| "語 two words, e\u{301}👩‍👩‍👧 ".repeat(40));
    static PILED: LazyLock<String> = LazyLock::new(|| format!("a{} b", "\u{301}".repeat(700)));
    proptest::sample::select(vec!["rep", "\u{1b}[2Jx\ny", "語", "two words", "👩‍👩‍👧e\u{301}", LONG.as_str(), PILED.as_str()])
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
        "Ctrl+A",
        "Ctrl+E",
        "Ctrl+B",
        "Alt+B",
        "Left",
        "Right",
        "Alt+F",
        "Space",
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
        "3",
        "n",
        "s",
        "m",
        "t",
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
        1 => typed().prop_map(Step::Paste),
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
            if let Some((_, place)) = follow_caret(&platform.tree.state().focus().unwrap()) {
                prop_assert_eq!(Some(place), layout(&model).cursor, "the real cursor stands at the caret");
            }
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
