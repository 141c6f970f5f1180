//! Which columns a list of a given width has, and where.

use std::ops::Range;

use ratatui_core::layout::Rect;

/// The columns of a list, in screen columns; what is none has no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub signs: Range<u16>,
    pub key: Range<u16>,
    pub value: Range<u16>,
    pub word: Option<Range<u16>>,
    pub bar: Option<Range<u16>>,
    pub age: Option<Range<u16>>,
    pub words: Option<Range<u16>>,
}

/// Pointer and a space before the signs.
const POINTER: u16 = 2;
const SIGNS: u16 = 3;
const AGE: u16 = 5;
const WORD: u16 = 8;
const BAR: u16 = 5;
const WORDS: u16 = 20;

impl Columns {
    /// Depends on the area alone, so that columns do not move while rows do.
    pub fn of(area: Rect) -> Self {
        let total = area.width;
        let (mut right, has) = (area.right(), |least: u16| total >= least);
        let mut take = |wanted: bool, width: u16, gap: u16| {
            wanted.then(|| {
                let column = right.saturating_sub(width.saturating_sub(gap))..right;
                right = right.saturating_sub(width);
                column
            })
        };
        let words = take(has(78), WORDS, 2);
        let age = take(has(26), AGE, 1);
        let bar = take(has(46), BAR, 1);
        let word = take(has(54), WORD, 2);
        let signs_width = if has(16) { SIGNS } else { 1.min(total) };
        let pointer = if has(16) { POINTER } else { 1.min(total) };
        let signs = area.x + pointer..area.x.saturating_add(pointer + signs_width).min(area.right());
        let left = signs.end.min(right);
        let room = right - left;
        let value = (room / 4).max(9).min(room / 2).min(24);
        let value = right.saturating_sub(value).max(left)..right.max(left);
        let key = left..value.start.saturating_sub(1).max(left);
        Self { signs, key, value, word, bar, age, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_overlap_nor_leave_the_area() {
        for width in 0..=200 {
            let columns = Columns::of(Rect::new(3, 0, width, 1));
            let mut all = vec![columns.signs, columns.key, columns.value];
            all.extend([columns.word, columns.bar, columns.age, columns.words].into_iter().flatten());
            let mut before = 3;
            for column in all {
                assert!(
                    column.start >= before && column.end >= column.start && column.end <= 3 + width,
                    "{width}: {column:?} after {before}"
                );
                before = column.end;
            }
        }
    }

    #[test]
    fn the_key_keeps_most_of_the_room() {
        for width in [40, 60, 80, 120] {
            let columns = Columns::of(Rect::new(0, 0, width, 1));
            assert!(columns.key.len() >= columns.value.len(), "{width}: {columns:?}");
        }
    }
}
