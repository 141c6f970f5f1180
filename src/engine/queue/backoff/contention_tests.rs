//! A hundred clients that want the same row, in virtual time: how many calls until each has had its turn.
//!
//! The model: a client reads the row's version, then writes under it; a write whose version has moved fails, and the client waits by the
//! rule and begins anew. Each message takes normal(10, 2) ms, never less than nothing. Only writes are contended and counted as calls.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::*;

const CLIENTS: u32 = 100;
const ROUNDS: u32 = 50;
/// What the published simulation of full jitter needs with a hundred clients.
const PUBLISHED_PER_CLIENT: f64 = 8.0;

/// A small generator, so that the figure is the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One message's way, in nanoseconds.
    fn network(&mut self) -> u64 {
        let (one, two) = (1.0 - self.unit(), self.unit());
        let normal = (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos();
        ((10.0 + 2.0 * normal).max(0.0) * 1e6) as u64
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    ReadArrives,
    ReadIsBack(u64),
    WriteArrives(u64),
    WriteIsBack(bool),
}

/// Writes until every client has succeeded, and the virtual time it took.
fn contend(seed: u64, wait: impl Fn(u32, u64) -> Duration) -> (u64, Duration) {
    let mut random = Random(seed);
    let mut failed = vec![0_u32; CLIENTS as usize];
    let (mut version, mut calls, mut now) = (0_u64, 0_u64, 0_u64);
    let mut events = BinaryHeap::new();
    for client in 0..CLIENTS {
        events.push(Reverse((random.network(), client, Step::ReadArrives)));
    }
    while let Some(Reverse((at, client, step))) = events.pop() {
        now = at;
        let (delay, next) = match step {
            Step::ReadArrives => (random.network(), Step::ReadIsBack(version)),
            Step::ReadIsBack(seen) => (random.network(), Step::WriteArrives(seen)),
            Step::WriteArrives(seen) => {
                calls += 1;
                let won = seen == version;
                version += u64::from(won);
                (random.network(), Step::WriteIsBack(won))
            }
            Step::WriteIsBack(true) => continue,
            Step::WriteIsBack(false) => {
                let failures = &mut failed[client as usize];
                *failures += 1;
                let pause = wait(*failures, random.next()).as_nanos() as u64;
                (pause + random.network(), Step::ReadArrives)
            }
        };
        events.push(Reverse((now + delay, client, next)));
    }
    (calls, Duration::from_nanos(now))
}

fn mean_calls_per_client(wait: impl Fn(u32, u64) -> Duration) -> f64 {
    let calls: u64 = (0..u64::from(ROUNDS)).map(|seed| contend(seed, &wait).0).sum();
    calls as f64 / f64::from(ROUNDS * CLIENTS)
}

#[test]
fn a_hundred_clients_need_no_more_calls_than_published() {
    // Its first ceiling is twice its base of 5 ms.
    let (base, cap) = (Duration::from_millis(10), Duration::from_secs(2));
    let ours = mean_calls_per_client(|failed, random| full_jitter(base, 2.0, cap, failed - 1, random));
    let without_jitter = mean_calls_per_client(|failed, _| ceiling(base, 2.0, cap, failed - 1));
    assert!(ours <= PUBLISHED_PER_CLIENT, "{ours:.2} calls per client");
    assert!(without_jitter > 1.5 * ours, "the model tells good rules from bad: {ours:.2} with, {without_jitter:.2} without jitter");
}

#[test]
fn the_rule_of_the_contract_needs_fewer_still() {
    let (base, cap) = (Duration::from_millis(500), Duration::from_secs(60));
    let ours = mean_calls_per_client(|failed, random| full_jitter(base, 2.0, cap, failed - 1, random));
    assert!(ours <= PUBLISHED_PER_CLIENT / 2.0, "{ours:.2} calls per client");
}
