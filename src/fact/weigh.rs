//! What several observations of one value weigh together.
//!
//! The say of an observation doubles with every 0.05 of its score; the strength of a value is the score one observation would need to have
//! the say of all who stand for it. One observation alone has the strength of its score, twice as many equal ones 0.05 more. Those who are
//! alike share: n copies together have the say of the cube root of n, and readings of one place have only the best one's. As evidence of
//! being right they are as many opinions as the square root of n.
//!
//! Says are whole numbers, so that no order of adding them matters.

use std::collections::HashSet;

use super::{entry::Entry, likeness::Likeness};

/// So many ten-thousandths of score double the say.
const DOUBLES: f64 = 500.0;
/// The say of a score of 0.
const LEAST_SAY: f64 = 1024.0;

/// Of each of these entries, which must come best first, in whose company it speaks: how many alike there are, itself included, or 0 for a
/// further reading of one place.
///
/// Only those of whom something is known are compared: never more than a [`Likeness`] holds, however many have spoken. What others add to
/// one is added in their order.
fn company(entries: &[&Entry<'_>], likeness: Option<&Likeness>) -> Vec<f64> {
    let mut spoken = HashSet::new();
    let places = entries.iter().map(|entry| entry.reading.observation.same_origin.as_deref());
    let firsts = places.map(|place| place.is_none_or(|place| spoken.insert(place)));
    let mut company: Vec<f64> = firsts.map(|is_first| if is_first { 1.0 } else { 0.0 }).collect();
    let Some(likeness) = likeness else { return company };
    // Where it stands in the likeness, what the others add, and what they add it to.
    let mut known = Vec::with_capacity(entries.len());
    known.extend(entries.iter().zip(&mut company).filter(|(_, of)| **of > 0.0).filter_map(|(entry, of)| Some((entry.alike?, 0.0, of))));
    for at in 0..known.len() {
        let row = known.get(at).map_or(&[][..], |(alike, ..)| likeness.row(*alike));
        for (_, (alike, others, _)) in known.iter_mut().enumerate().filter(|(to, _)| *to != at) {
            *others += row.get(*alike).copied().unwrap_or(0.0);
        }
    }
    known.into_iter().for_each(|(_, others, of)| *of += others);
    company
}

/// The part that is its own of what one in such company says, where so many together count as `root` of them.
fn own_part(company: f64, root: impl Fn(f64) -> f64) -> f64 {
    if company > 0.0 { root(company) / company } else { 0.0 }
}

/// The strength of these entries together, best first, in ten-thousandths.
pub(super) fn strength(entries: &[&Entry<'_>], likeness: Option<&Likeness>) -> u32 {
    if let [alone] = entries {
        return alone.points;
    }
    let say = |(entry, company): (&&Entry<'_>, f64)| {
        ((f64::from(entry.points) / DOUBLES).exp2() * LEAST_SAY * own_part(company, f64::cbrt)).round()
    };
    let together: f64 = entries.iter().zip(company(entries, likeness)).map(say).sum();
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
    let parts: Vec<f64> = company(entries, likeness).into_iter().map(|company| own_part(company, f64::sqrt)).collect();
    let together = entries.iter().zip(&parts).map(|(entry, part)| odds_of(entry) * part).sum();
    (together, parts.iter().sum())
}

#[cfg(test)]
#[path = "weigh_tests.rs"]
pub(super) mod tests;
