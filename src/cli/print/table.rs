//! Columns that line up.

use crate::{
    cli::line::{Line, Tone},
    text::{SafeText, fit, pad_left, width},
};

/// A column: its head, the widest it may get, and whether its cells stand on the right.
pub struct Column {
    /// Head.
    pub head: &'static str,
    /// Widest, in cells.
    pub cap: usize,
    /// Numbers stand on the right.
    pub right: bool,
}

/// A table under way.
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<(Tone, SafeText)>>,
}

/// Between two columns.
const GAP: &str = "   ";

impl Table {
    /// A table without rows.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row; one cell per column.
    pub fn row(&mut self, cells: Vec<(Tone, SafeText)>) {
        self.rows.push(cells);
    }

    /// The head and the rows; nothing at all without rows.
    pub fn lines(&self) -> Vec<Line> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|(_, cell)| width(cell.as_str()));
                cells.max().unwrap_or(0).min(column.cap).max(width(column.head))
            })
            .collect();
        let head = self.columns.iter().map(|column| (Tone::Dim, SafeText::line(column.head))).collect();
        std::iter::once(&head).chain(&self.rows).map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[(Tone, SafeText)], widths: &[usize]) -> Line {
        let mut line = Line::default();
        for (at, ((tone, cell), width)) in row.iter().zip(widths).enumerate() {
            if at > 0 {
                line = line.add(Tone::Plain, GAP);
            }
            let right = self.columns.get(at).is_some_and(|column| column.right);
            let cell = if right { pad_left(&fit_if_longer(cell, *width), *width) } else { fit(cell, *width) };
            line = line.add_safe(*tone, cell);
        }
        line
    }
}

fn fit_if_longer(cell: &SafeText, cells: usize) -> SafeText {
    if width(cell.as_str()) > cells { fit(cell, cells) } else { cell.clone() }
}

/// A column of text.
pub const fn left(head: &'static str, cap: usize) -> Column {
    Column { head, cap, right: false }
}

/// A column of numbers.
pub const fn right(head: &'static str, cap: usize) -> Column {
    Column { head, cap, right: true }
}
