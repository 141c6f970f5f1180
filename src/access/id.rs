//! Ids of nodes: the same for the same thing, however often the tree is made.
//!
//! What there is once has a number. What there are many of is named by what tells it from the others (a key, an action, a heading
//! with what stands below it), hashed; two that hash alike are told apart where the tree is built.

use accesskit::NodeId;

use crate::{
    action,
    app::{layout::Part, model::Layer},
};

pub(super) const WINDOW: NodeId = NodeId(1);
pub(super) const HEADER: NodeId = NodeId(2);
pub(super) const TABS: NodeId = NodeId(3);
pub(super) const FILTER: NodeId = NodeId(6);
pub(super) const LIST: NodeId = NodeId(7);
pub(super) const CANVAS: NodeId = NodeId(8);
pub(super) const MESSAGE: NodeId = NodeId(9);
pub(super) const HINTS: NodeId = NodeId(10);
pub(super) const SENTENCE: NodeId = NodeId(14);
pub(super) const PROMPT: NodeId = NodeId(16);
/// What stands in place of an empty list.
pub(super) const EMPTY: NodeId = NodeId(15);

/// The ids of a box over the screen: itself, what is in it, its field. Another box is another thing.
pub(super) const fn dialog(layer: Layer) -> (NodeId, NodeId, NodeId) {
    let first = match layer {
        Layer::Filter => 20,
        Layer::Palette => 24,
        Layer::Help => 28,
        Layer::Conflicts => 32,
        Layer::Queue => 36,
        Layer::Prompt => 40,
        Layer::Question => 44,
    };
    (NodeId(first), NodeId(first + 1), NodeId(first + 2))
}

/// What there are many of; each has a range of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tab = 1,
    Hint,
    Choice,
    Fact,
    Announcement,
    EmptyPart,
    CanvasPart,
    DialogPart,
    TextRun,
    Change,
    Value,
}

/// The id of the one of its kind with this name.
pub(super) fn named(kind: Kind, name: &str) -> NodeId {
    let hash = blake3::hash(name.as_bytes());
    let low = hash.as_bytes().iter().take(7).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    NodeId((kind as u64) << 56 | low)
}

/// The number an action has as a custom action: its place in the registry.
pub(super) fn number(action: &str) -> Option<i32> {
    action::all().position(|spec| spec.id == action).and_then(|at| i32::try_from(at).ok())
}

/// Ids of a column's pieces, in their order: by the heading above, by what they are, by their label, and among equals by their order.
pub(super) fn parts(kind: Kind, parts: &[Part]) -> Vec<NodeId> {
    let mut heading = String::new();
    let mut names: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        let (what, label) = match part {
            Part::Gap => ("gap", ""),
            Part::Heading(text) => {
                heading = text.to_string();
                ("heading", "")
            }
            // With a score it is a meter, without one a line: two conflicts of one key may have the one and the other.
            Part::Value { believed: true, score: Some(_), .. } => ("believed", ""),
            Part::Value { believed: true, .. } => ("mine", ""),
            Part::Value { value, score: Some(_), .. } => ("candidate", value.as_str()),
            Part::Value { value, .. } => ("other", value.as_str()),
            Part::Choice(choice) => ("choice", choice.of.as_str()),
            Part::Badges(_) => ("badges", ""),
            Part::Pair { label, .. } => ("pair", label.as_str()),
            Part::Text(..) => ("text", ""),
            Part::Factors { .. } => ("factors", ""),
            Part::Series { label, .. } => ("series", label.as_str()),
        };
        let name = format!("{heading}\u{1}{what}\u{1}{label}");
        let before =
            names.iter().filter(|earlier| earlier.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('\u{2}'))).count();
        names.push(format!("{name}\u{2}{before}"));
    }
    names.iter().map(|name| named(kind, name)).collect()
}
