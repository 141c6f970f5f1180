//! What several observations of one value weigh together.
//!
//! The say of an observation doubles with every 0.05 of its score; the strength of a value is the score one observation would need to have
//! the say of all who stand for it. One observation alone has the strength of its score, twice as many equal ones 0.05 more. Those who are
//! alike share: n copies together have the say of the cube root of n, and readings of one place have only the best one's.
//!
//! Says are whole numbers, so that no order of adding them matters.

use super::{entry::Entry, likeness::Likeness};

/// So many ten-thousandths of score double the say.
const DOUBLES: f64 = 500.0;
/// The say of a score of 0.
const LEAST_SAY: f64 = 1024.0;

/// Of each of these entries, which must come best first, the part of its say that is its own: 1, less for those alike, 0 for a further
/// reading of one place.
pub(super) fn own_parts(entries: &[&Entry<'_>], likeness: Option<&Likeness>) -> Vec<f64> {
    let place = |at: usize| entries.get(at).and_then(|entry| entry.reading.observation.same_origin.as_deref());
    let is_second = |at: usize| place(at).is_some_and(|own| (0..at).any(|before| place(before) == Some(own)));
    let mut parts: Vec<f64> = (0..entries.len()).map(|at| if is_second(at) { 0.0 } else { 1.0 }).collect();
    let Some(likeness) = likeness else { return parts };
    let firsts: Vec<bool> = parts.iter().map(|part| *part > 0.0).collect();
    for (at, part) in parts.iter_mut().enumerate().filter(|(_, part)| **part > 0.0) {
        let Some(entry) = entries.get(at) else { continue };
        let others = entries.iter().zip(&firsts).enumerate().filter(|(other, (_, is_first))| *other != at && **is_first);
        let like: f64 = others.map(|(_, (other, _))| likeness.between(entry.alike, other.alike)).sum();
        // Of n copies each has its n-th of what the cube root of n would say.
        let company = 1.0 + like;
        *part = company.cbrt() / company;
    }
    parts
}

/// The strength of these entries together, best first, in ten-thousandths.
pub(super) fn strength(entries: &[&Entry<'_>], likeness: Option<&Likeness>) -> u32 {
    if let [alone] = entries {
        return alone.points;
    }
    let say = |(entry, part): (&&Entry<'_>, f64)| ((f64::from(entry.points) / DOUBLES).exp2() * LEAST_SAY * part).round();
    let together: f64 = entries.iter().zip(own_parts(entries, likeness)).map(say).sum();
    in_points(DOUBLES * (together / LEAST_SAY).log2())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the says of a million entries together stay below 20,000")]
fn in_points(strength: f64) -> u32 {
    strength.round().clamp(0.0, 1_000_000.0) as u32
}

/// The odds of these entries together that their value is right, and how many opinions they are, those alike counted in part.
///
/// Each is right with odds `t / (1 - t)`, `t = trust * (0.5 + 0.5 * freshness)`, at most 0.99.
pub(super) fn odds(entries: &[&Entry<'_>], likeness: Option<&Likeness>) -> (f64, f64) {
    let odds_of = |entry: &Entry<'_>| {
        let basis = &entry.confidence.basis;
        let right = (basis.trust * (0.5 + 0.5 * basis.freshness())).clamp(0.0, 0.99);
        if right.is_nan() { 0.0 } else { right / (1.0 - right) }
    };
    let parts = own_parts(entries, likeness);
    let together = entries.iter().zip(&parts).map(|(entry, part)| odds_of(entry) * part).sum();
    (together, parts.iter().sum())
}
