//! Equality within a tolerance, at any depth.

use super::{Decimal, Form, Tolerance};

/// How many items of unordered arrays that hold numbers inside themselves are paired off in every way; more are paired in order.
const PAIRED_FREELY: usize = 128;

/// Whether the forms differ only in numbers within the tolerance.
pub(super) fn within(left: &Form, right: &Form, tolerance: Tolerance) -> bool {
    match (left, right) {
        (Form::Number(left), Form::Number(right)) => near(left, right, tolerance),
        (Form::List(left), Form::List(right)) => in_order(left, right, tolerance),
        (Form::Bag(left), Form::Bag(right)) => left.len() == right.len() && pair_off(left, right, tolerance),
        (Form::Object(left), Form::Object(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|((name, value), (other_name, other))| name == other_name && within(value, other, tolerance))
        }
        _ => left == right,
    }
}

fn in_order(left: &[Form], right: &[Form], tolerance: Tolerance) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(one, other)| within(one, other, tolerance))
}

fn near(left: &Decimal, right: &Decimal, tolerance: Tolerance) -> bool {
    if left == right {
        return true;
    }
    let (one, other) = (left.roughly(), right.roughly());
    let (limit, distance) = match tolerance {
        Tolerance::Absolute(limit) => (limit, (one - other).abs()),
        Tolerance::Relative(fraction) => (fraction * one.abs().max(other.abs()), (one - other).abs()),
    };
    // Floats decide when rounding cannot matter; close to the limit the exact decimals do.
    let doubt = 8.0 * f64::EPSILON * (one.abs() + other.abs() + limit);
    if distance + doubt < limit {
        return true;
    }
    if distance - doubt > limit {
        return false;
    }
    let exact = match tolerance {
        Tolerance::Absolute(limit) => Decimal::of_float(limit).and_then(|limit| left.within(right, &limit)),
        Tolerance::Relative(fraction) => Decimal::of_float(fraction).and_then(|fraction| left.within_fraction(right, &fraction)),
    };
    exact.unwrap_or(distance <= limit)
}

/// Pairs off two sorted arrays of equal length. Items come sorted by kind: what holds no numbers must be equal in order, plain numbers are
/// best paired in order (if any pairing works, that one does), and what holds numbers inside is paired off in every way.
fn pair_off(left: &[Form], right: &[Form], tolerance: Tolerance) -> bool {
    let is_nested = |form: &&Form| matches!(form, Form::List(_) | Form::Bag(_) | Form::Object(_));
    let flat = |forms: &[Form]| forms.iter().position(|form| is_nested(&form)).unwrap_or(forms.len());
    let split = flat(left);
    if split != flat(right) {
        return false;
    }
    let (Some((plain, nested)), Some((other_plain, other_nested))) = (left.split_at_checked(split), right.split_at_checked(split)) else {
        return false;
    };
    if !in_order(plain, other_plain, tolerance) {
        return false;
    }
    if nested.len() > PAIRED_FREELY { in_order(nested, other_nested, tolerance) } else { matching(nested, other_nested, tolerance) }
}

/// Whether a perfect matching exists, by augmenting paths.
fn matching(left: &[Form], right: &[Form], tolerance: Tolerance) -> bool {
    let mut taken_by: Vec<Option<usize>> = vec![None; right.len()];
    let fits: Vec<Vec<usize>> = left
        .iter()
        .map(|one| right.iter().enumerate().filter(|(_, other)| within(one, other, tolerance)).map(|(at, _)| at).collect())
        .collect();
    (0..left.len()).all(|start| {
        let mut seen = vec![false; right.len()];
        find_place(start, &fits, &mut taken_by, &mut seen)
    })
}

/// Finds a place for an item, moving others where they have one too. Depth is bounded by [`PAIRED_FREELY`].
fn find_place(item: usize, fits: &[Vec<usize>], taken_by: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for &place in fits.get(item).into_iter().flatten() {
        if std::mem::replace(&mut seen[place], true) {
            continue;
        }
        let free = match taken_by[place] {
            None => true,
            Some(holder) => find_place(holder, fits, taken_by, seen),
        };
        if free {
            taken_by[place] = Some(item);
            return true;
        }
    }
    false
}
