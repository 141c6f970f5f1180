//! Widths in terminal cells, by grapheme: measuring, cutting, padding.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::safe::SafeText;

/// Cells the text takes: the sum over its grapheme clusters, none of which is wider than two.
#[must_use]
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(cells).sum()
}

fn cells(grapheme: &str) -> usize {
    grapheme.width().min(2)
}

/// The text in at most `cells` cells; what is cut is marked with `…`. No grapheme is split.
#[must_use]
pub fn truncate(text: &SafeText, max_cells: usize) -> SafeText {
    if text.as_str().len() <= max_cells || width(text.as_str()) <= max_cells {
        return text.clone();
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.as_str().graphemes(true) {
        let next = used + cells(grapheme);
        if next + 1 > max_cells {
            break;
        }
        out.push_str(grapheme);
        used = next;
    }
    if max_cells > 0 {
        out.push('…');
    }
    SafeText::from_safe(out)
}

/// The text followed by spaces up to `cells`; longer text is left whole.
#[must_use]
pub fn pad_right(text: &SafeText, cells: usize) -> SafeText {
    let missing = cells.saturating_sub(width(text.as_str()));
    SafeText::from_safe(format!("{}{}", text.as_str(), " ".repeat(missing)))
}

/// Spaces up to `cells`, then the text; longer text is left whole.
#[must_use]
pub fn pad_left(text: &SafeText, cells: usize) -> SafeText {
    let missing = cells.saturating_sub(width(text.as_str()));
    SafeText::from_safe(format!("{}{}", " ".repeat(missing), text.as_str()))
}

/// Exactly `cells` wide: cut or padded on the right.
#[must_use]
pub fn fit(text: &SafeText, cells: usize) -> SafeText {
    pad_right(&truncate(text, cells), cells)
}
