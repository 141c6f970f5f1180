//! The whole engine on virtual time: a model of its targets that counts effects, a network and a disk that fail by seed, processes that die.
//!
//! One target compares versions, one compares values, and a plain one does neither and makes whatever arrives as often as it arrives: there
//! nothing but the queue itself keeps a change from being made twice or out of its order. Tried by hand, each of these fails
//! `days_of_outages_full_disks_and_crashes_lose_nothing_and_apply_nothing_twice`: no look at the target before an attempt whose forerunner's
//! outcome is not known; a lease that a restart takes for no attempt; an acknowledgement before the sync; the last of a line sent instead of
//! its first.
//!
//! A run is a function of its seed. What fails says its seed; `STELLAR_SIM_SEED=n cargo test --lib simulation` runs that one alone.

mod target;
mod world;

use std::time::Duration;

use super::{EngineHandle, FactQuery};
use crate::fact::{CommandState, Key, ResolutionState, Value};

use target::Trouble;
use world::{Life, Sim};

fn seeds(default: std::ops::Range<u64>) -> Vec<u64> {
    match std::env::var("STELLAR_SIM_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => vec![seed],
        None => default.collect(),
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// A day of use under everything that happens, then peace; and what must hold then.
fn a_day(seed: u64) -> Sim {
    let mut sim = Sim::new(seed);
    while sim.elapsed() < 24 * HOUR {
        let life = sim.draw_life();
        sim.live(life);
    }
    sim.make_peace();
    sim.live(Life { lasts: HOUR, changes: 0, crash: None, trouble: Trouble::none(), decides: true });
    sim.judge();
    sim
}

#[test]
fn days_of_outages_full_disks_and_crashes_lose_nothing_and_apply_nothing_twice() {
    days(seeds(0..40));
}

#[test]
fn more_such_days() {
    days(seeds(40..80));
}

fn days(seeds: Vec<u64>) {
    let (mut asked, mut crashes, mut hours) = (0, 0, 0);
    for seed in seeds {
        let sim = a_day(seed);
        (asked, crashes, hours) = (asked + sim.acknowledged(), crashes + sim.crashes(), hours + sim.elapsed().as_secs() / 3600);
    }
    if std::env::var("STELLAR_SIM_SEED").is_err() {
        assert!(asked > 1_000 && crashes > 200 && hours >= 1_000, "{asked} changes, {crashes} crashes, {hours} hours: too little happened");
    }
}

#[test]
fn a_seed_replays_exactly() {
    let (one, other) = (a_day(4711), a_day(4711));
    assert_eq!(one.journey(), other.journey());
    assert_ne!(one.journey(), a_day(4712).journey());
}

#[test]
fn a_day_offline_kills_no_command_and_the_first_probe_that_succeeds_starts_them_within_a_second() {
    let mut sim = Sim::new(9);
    let offline = Trouble { unreachable: 1.0, ..Trouble::none() };
    sim.live(Life { lasts: 23 * HOUR, changes: 40, crash: None, trouble: offline, decides: false });
    let states = sim.states();
    assert!(states.iter().all(|state| matches!(state, CommandState::Queued | CommandState::InFlight)), "{states:?}");
    assert_eq!(sim.applied(), 0);
    sim.live(Life { lasts: Duration::from_secs(60), changes: 0, crash: None, trouble: Trouble::none(), decides: false });
    let (answered, applied) = sim.first_answer_and_effect();
    assert!(applied.saturating_sub(answered) <= Duration::from_secs(1), "{answered:?} {applied:?}");
    assert!(sim.states().into_iter().all(CommandState::is_delivered));
}

#[test]
fn what_was_accepted_is_believed_by_the_next_process_whatever_the_cache_lost() {
    let mut sim = Sim::new(5);
    let began = sim.now();
    sim.live(Life { lasts: HOUR, changes: 40, crash: None, trouble: Trouble::none(), decides: false });
    let held = sim.held();
    assert!(held.len() > 3, "{held:?}");
    let believed = |sim: &mut Sim| {
        let one = |handle: &EngineHandle, key: &Key| handle.get(key).unwrap().and_then(|insight| insight.value.clone()).unwrap();
        sim.with_engine(|handle| {
            let before: Vec<(Key, Value)> = held.iter().map(|(key, _)| (key.clone(), one(handle, key))).collect();
            // A walk over everything sees the same as a look at one.
            let listed = handle.list(&FactQuery::default()).unwrap();
            let after = listed.iter().filter_map(|insight| Some((insight.key.clone(), insight.value.clone()?)));
            let after: Vec<(Key, Value)> = after.filter(|(key, _)| held.iter().any(|(of, _)| of == key)).collect();
            assert_eq!(before, after);
            before
        })
    };
    let foreign = Value::from(-1_i64);
    sim.have_the_cache_hold(&foreign, began);
    assert_eq!(believed(&mut sim), held);
    // What the source was asked for later stands.
    let later = sim.now();
    sim.have_the_cache_hold(&foreign, later);
    assert!(believed(&mut sim).iter().all(|(_, value)| *value == foreign));
}

#[test]
fn what_others_change_meanwhile_is_asked_about_and_never_overwritten() {
    for seed in seeds(100..112) {
        let mut sim = Sim::new(seed);
        let meddling = Trouble { meddles: 0.5, unreachable: 0.3, ..Trouble::none() };
        sim.live(Life { lasts: HOUR, changes: 30, crash: None, trouble: meddling, decides: false });
        sim.make_peace();
        sim.live(Life { lasts: HOUR, changes: 0, crash: None, trouble: Trouble::none(), decides: false });
        sim.judge_blocked();
    }
}

#[test]
fn conflicts_of_changes_are_listed_and_decided() {
    let mut sim = Sim::new(3);
    sim.live(Life { lasts: HOUR, changes: 20, crash: None, trouble: Trouble { meddles: 1.0, ..Trouble::none() }, decides: false });
    let open = sim.with_engine(|handle| {
        let found = handle.conflicts(false).unwrap();
        found.into_iter().filter(|entry| entry.class == crate::fact::ConflictClass::Change).collect::<Vec<_>>()
    });
    assert!(!open.is_empty());
    for entry in &open {
        assert_eq!((entry.resolution, entry.candidates.len()), (ResolutionState::Pending, 2));
        assert!(entry.change.is_some());
    }
}
