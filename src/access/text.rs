//! The text of a field: runs of characters, the cell each stands in, where words begin, and between which of them the caret is.
//!
//! A character is what one step of the caret passes. A run holds at most as many as its word starts can number; the runs of a field are one
//! line. What is scrolled out of the field is in the runs all the same, with cells to the left or to the right of the run's own.

use accesskit::{Node, Rect, Role, TextDirection};
use ratatui::layout::Rect as Cells;
use unicode_segmentation::UnicodeSegmentation;

use crate::{app::layout::Field, text::width};

/// The most characters of a run, and the most bytes of a character: both are numbered in a byte.
const MOST: usize = u8::MAX as usize;

/// A field's text.
pub(super) struct Text {
    /// Its runs, at least one.
    pub runs: Vec<Node>,
    /// The run and the character in it that the caret stands before.
    pub caret: (usize, usize),
}

/// One character.
struct Char {
    at: usize,
    len: usize,
    /// Cells from the beginning of the text, and how many it takes.
    cell: usize,
    width: usize,
}

/// What is typed into `field`, drawn in `area`.
pub(super) fn text(field: &Field, area: Cells) -> Text {
    let chars = characters(field.text());
    let words: Vec<usize> = field.text().unicode_word_indices().map(|(at, _)| at).collect();
    let shown = field.shown(area.width);
    let scrolled = chars.iter().find(|char| char.at >= shown.start).map_or(0, |char| char.cell);
    let pieces: Vec<&[Char]> = if chars.is_empty() { vec![&[]] } else { chars.chunks(MOST).collect() };
    let runs = pieces.iter().map(|piece| run(field.text(), piece, &words, scrolled, area)).collect();
    let before = chars.iter().filter(|char| char.at < field.before_caret().len()).count();
    let last = pieces.len() - 1;
    let at = (before / MOST).min(last);
    Text { runs, caret: (at, before - at * MOST) }
}

/// Clusters, and of one that is longer than a run can say, parts.
fn characters(text: &str) -> Vec<Char> {
    let mut chars: Vec<Char> = Vec::new();
    let mut cell = 0;
    for (start, cluster) in text.grapheme_indices(true) {
        let mut at = start;
        for (offset, char) in cluster.char_indices() {
            let end = start + offset + char.len_utf8();
            if end - at > MOST {
                chars.push(Char { at, len: start + offset - at, cell, width: 0 });
                at = start + offset;
            }
        }
        chars.push(Char { at, len: start + cluster.len() - at, cell, width: width(cluster) });
        cell += width(cluster);
    }
    chars
}

fn run(text: &str, chars: &[Char], words: &[usize], scrolled: usize, area: Cells) -> Node {
    let (start, end) = (chars.first().map_or(0, |char| char.at), chars.last().map_or(0, |char| char.at + char.len));
    let mut run = Node::new(Role::TextRun);
    run.set_value(text.get(start..end).unwrap_or_default());
    run.set_text_direction(TextDirection::LeftToRight);
    run.set_character_lengths(chars.iter().map(|char| char.len as u8).collect::<Vec<_>>());
    let starts = chars.iter().enumerate().filter(|(_, char)| words.binary_search(&char.at).is_ok());
    run.set_word_starts(starts.map(|(index, _)| index as u8).collect::<Vec<_>>());
    // Cells of the screen, left of it where they are scrolled away.
    let screen = |cell: usize| i64::from(area.x) + cell as i64 - scrolled as i64;
    let (left, right) = (i64::from(area.left()), i64::from(area.right()));
    let first = screen(chars.first().map_or(0, |char| char.cell)).clamp(left, (right - 1).max(left));
    let after = screen(chars.last().map_or(0, |char| char.cell + char.width)).clamp(first + 1, right.max(first + 1));
    run.set_character_positions(chars.iter().map(|char| (screen(char.cell) - first) as f32).collect::<Vec<_>>());
    run.set_character_widths(chars.iter().map(|char| char.width as f32).collect::<Vec<_>>());
    let bounds = Rect { x0: first as f64, y0: f64::from(area.y), x1: after as f64, y1: f64::from(area.bottom()) };
    run.set_bounds(bounds);
    run
}
