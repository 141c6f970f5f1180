//! The tree itself: plain data, in the terms of platform accessibility, tied to none.

use std::collections::BTreeMap;

/// Names a node; stays with what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u64);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeRole {
    /// The whole screen; the root and no other.
    Window,
    /// A list of which one row can be selected.
    ListBox,
    /// A row of it.
    ListBoxOption,
    /// A column of text.
    Document,
    /// Names what follows.
    Heading,
    /// Text; its name is what it says.
    Label,
    /// A number between two bounds.
    Meter,
    /// A table that is told as one text.
    Table,
    /// A picture that is told in words.
    Figure,
    /// A box over the screen.
    Dialog,
    /// A line that can be typed into.
    TextField,
    /// A line that tells how things are.
    Status,
    /// A row of tabs.
    TabList,
    /// One of them.
    Tab,
    /// Something that can be pressed.
    Button,
    /// Things that belong together.
    Group,
}

/// Cells, from the top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Bounds {
    /// Whether a cell is inside.
    #[must_use]
    pub const fn contains(self, x: u16, y: u16) -> bool {
        x >= self.x && y >= self.y && x - self.x < self.width && y - self.y < self.height
    }
}

/// Which of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 0.
    pub index: usize,
    /// How many there are.
    pub size: usize,
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub role: NodeRole,
    /// What it is called; never empty.
    pub name: String,
    /// What stands in it: the text of a field.
    pub value: Option<String>,
    /// The number of a meter, 0 to 1.
    pub number: Option<f64>,
    /// What else is to be said.
    pub description: String,
    /// Whether it is selected.
    pub selected: bool,
    /// Whether it can be asked for now.
    pub enabled: bool,
    /// What it can be asked to do: ids of actions, the first is what a click does.
    pub actions: Vec<&'static str>,
    /// Where it is drawn.
    pub bounds: Bounds,
    /// Which of how many.
    pub position: Option<Position>,
    /// Its parts, in reading order.
    pub children: Vec<NodeId>,
}

impl Node {
    /// A node of a role with a name, drawn at bounds.
    #[must_use]
    pub fn new(role: NodeRole, name: impl Into<String>, bounds: Bounds) -> Self {
        Self {
            role,
            name: name.into(),
            value: None,
            number: None,
            description: String::new(),
            selected: false,
            enabled: true,
            actions: Vec::new(),
            bounds,
            position: None,
            children: Vec::new(),
        }
    }
}

/// A whole screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Every node by its name.
    pub nodes: BTreeMap<NodeId, Node>,
    /// The window.
    pub root: NodeId,
    /// What has the focus.
    pub focus: NodeId,
}
