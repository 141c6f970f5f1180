//! Whether one key may match two patterns: the product of the two, walked with a table instead of recursion.

use super::glob::{Glob, Segment};

/// Whether one key may match both.
pub(super) fn overlap(left: &Glob, right: &Glob) -> bool {
    meet(&left.0, &right.0, |segment| matches!(segment, Segment::Deep), segments_meet)
}

fn segments_meet(left: &Segment, right: &Segment) -> bool {
    match (left, right) {
        (Segment::Literal(left), Segment::Literal(right)) => left == right,
        (Segment::Any | Segment::Deep, _) | (_, Segment::Any | Segment::Deep) => true,
        _ => meet(&characters(left), &characters(right), Option::is_none, |left, right| left == right),
    }
}

/// The segment as characters, a star as none.
fn characters(segment: &Segment) -> Vec<Option<char>> {
    match segment {
        Segment::Literal(text) => text.chars().map(Some).collect(),
        Segment::Any | Segment::Deep => vec![None],
        Segment::Mixed(parts) => {
            let mut all = Vec::new();
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    all.push(None);
                }
                all.extend(part.chars().map(Some));
            }
            all
        }
    }
}

/// Whether one sequence fits both lists, where a `star` stands for any number of elements.
///
/// Walks from the ends: a cell says whether the tails from there on can meet; only the row below is needed.
fn meet<T>(left: &[T], right: &[T], star: impl Fn(&T) -> bool, same: impl Fn(&T, &T) -> bool) -> bool {
    let mut below = vec![false; right.len() + 1];
    for row in (0..=left.len()).rev() {
        let mut current = vec![false; right.len() + 1];
        for column in (0..=right.len()).rev() {
            let after = current.get(column + 1).copied().unwrap_or(false);
            current[column] = match (left.get(row), right.get(column)) {
                (None, None) => true,
                (Some(one), Some(other)) => match (star(one), star(other)) {
                    (false, false) => below[column + 1] && same(one, other),
                    // Either the star ends here, or it takes what the other side asks for.
                    _ => below[column] || after,
                },
                (Some(one), None) => star(one) && below[column],
                (None, Some(other)) => star(other) && after,
            };
        }
        below = current;
    }
    below.first().copied().unwrap_or(false)
}
