//! How far a figure may move while both sides read it: less than the built-in rules forgive, so that a disagreement is never of the clock.

use super::facts::{Disk, Memory, Net};

/// Bytes an interface may move.
const NET_STEP: u64 = 128 << 10;
/// How many processes may come or go.
const PROCESSES: u64 = 2;

pub(super) fn memory(one: &Option<Memory>, two: &Option<Memory>) -> bool {
    both(one, two, |one, two| {
        let step = one.available.min(one.total.saturating_sub(one.available)) / 200;
        one.total == two.total
            && one.available.abs_diff(two.available) <= step
            && one.swap_free.abs_diff(two.swap_free) <= one.swap_free / 200
    })
}

pub(super) fn processes(one: &Option<u64>, two: &Option<u64>) -> bool {
    both(one, two, |one, two| one.abs_diff(*two) <= PROCESSES)
}

pub(super) fn disks(one: &[Disk], two: &[Disk]) -> bool {
    let near = |one: &Disk, two: &Disk| {
        one.mount == two.mount && one.total == two.total && one.available.abs_diff(two.available) <= one.total / 1000
    };
    one.len() == two.len() && one.iter().zip(two).all(|(one, two)| near(one, two))
}

pub(super) fn nets(one: &[Net], two: &[Net]) -> bool {
    let near = |one: &Net, two: &Net| {
        one.name == two.name && one.received.abs_diff(two.received) <= NET_STEP && one.sent.abs_diff(two.sent) <= NET_STEP
    };
    one.len() == two.len() && one.iter().zip(two).all(|(one, two)| near(one, two))
}

fn both<T>(one: &Option<T>, two: &Option<T>, near: impl Fn(&T, &T) -> bool) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => near(one, two),
        (one, two) => one.is_none() && two.is_none(),
    }
}
