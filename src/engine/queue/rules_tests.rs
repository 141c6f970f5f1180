//! A line for each outcome.

use std::time::Duration;

use super::*;
use crate::{
    engine::source::{Confirmed, SourceError},
    fact::{Author, CommandId, Key, Operation, SourceId},
};

fn value(number: i64) -> Value {
    Value::from(number)
}

fn command(base: Base) -> Command {
    Command {
        id: CommandId::from_bytes([1; 16]),
        key: Key::new("a/b").unwrap(),
        source: SourceId::new("s").unwrap(),
        operation: Operation::Set,
        value: value(9),
        base,
        author: Author::default(),
        created_at: Timestamp::from_millis(0),
        deadline: Timestamp::from_millis(86_400_000),
        state: CommandState::InFlight,
        since: Timestamp::from_millis(0),
        reason: None,
        attempts: Vec::new(),
        tries: 3,
        charged: 2,
        next_at: None,
        uncertain: true,
        theirs: Base::Unknown,
        intended: None,
        revision: None,
        guarded: None,
        undoes: None,
    }
}

fn config() -> QueueConfig {
    QueueConfig::default()
}

fn judge(command: &Command, outcome: &Delivery, answers_others: bool, policy: &Policy) -> (Vec<Step>, OfSource) {
    let (config, own) = (config(), [command.base.clone(), Base::Value(value(3))]);
    let around = Surroundings {
        config: &config,
        now: Timestamp::from_millis(1000),
        answers_others,
        random: u64::MAX,
        compare: &CompareRule::default(),
        policy,
        own: &own,
    };
    after(command, outcome, &around)
}

fn said(code: u16) -> Answer {
    Answer::new(Some(code), "so")
}

/// What the last step comes to, in a word.
fn word(steps: &[Step]) -> String {
    match steps.last() {
        Some(Step::Delivered { confirmed, .. }) => format!("delivered {confirmed}"),
        Some(Step::Waits { next_at, reason, uncertain }) => {
            let wait = next_at.map_or(0, |next| next.as_millis() - 1000);
            format!("waits {wait} {} {uncertain}", reason.map_or("-", CommandReason::code))
        }
        Some(Step::Stopped { state, reason, .. }) => format!("{state} {}", reason.code()),
        Some(Step::Blocked { theirs }) => format!("blocked {}", theirs.value().map_or("-", Value::as_json_text)),
        Some(Step::GoesOn { value, .. }) => format!("goes on {}", value.as_ref().map_or("-", Value::as_json_text)),
        other => format!("{other:?}"),
    }
}

fn charged(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Attempted { charged: true, .. }))
}

#[test]
fn every_outcome_has_its_step() {
    let known = command(Base::Value(value(4)));
    let accepted =
        |back: Option<i64>| Delivery::Accepted { revision: None, guarded: true, confirmed: back.map(|back| Confirmed(value(back))) };
    let unavailable = |wait: Option<u64>, maybe_applied| Delivery::Unavailable {
        error: SourceError { code: "refused", message: "no".to_owned(), retry_after: wait.map(Duration::from_millis) },
        maybe_applied,
    };
    let moved = |current| Delivery::Moved { current, answer: said(412) };
    let poison = Delivery::Poison { answer: said(500), maybe_applied: true };
    for (outcome, answers_others, expected, counts, of) in [
        (accepted(None), false, "delivered false", false, OfSource::Answers),
        (accepted(Some(9)), false, "delivered true", false, OfSource::Answers),
        (accepted(Some(8)), false, "delivered false", false, OfSource::Answers),
        (moved(Base::Value(value(9))), false, "delivered true", false, OfSource::Answers),
        (moved(Base::Value(value(7))), false, "blocked 7", false, OfSource::Answers),
        (moved(Base::Absent), false, "blocked -", false, OfSource::Answers),
        // What is there is our own or not known: the target fails on it, and that is charged.
        (moved(Base::Value(value(4))), false, "waits 2000 target_failed false", true, OfSource::Answers),
        (moved(Base::Value(value(3))), false, "waits 2000 target_failed false", true, OfSource::Answers),
        (moved(Base::Unknown), false, "waits 2000 target_failed false", true, OfSource::Answers),
        (Delivery::Refused { answer: said(404) }, true, "dead refused", false, OfSource::Answers),
        (Delivery::Denied { answer: said(401) }, true, "parked auth_failed", false, OfSource::Refuses),
        // An outage charges nothing, whatever it looks like.
        (unavailable(None, false), true, "waits 4000 unreachable false", false, OfSource::Fails(None)),
        (unavailable(None, true), true, "waits 4000 unreachable true", false, OfSource::Fails(None)),
        (unavailable(Some(7000), false), true, "waits 7000 unreachable false", false, OfSource::Fails(Some(Duration::from_secs(7)))),
        (poison.clone(), false, "waits 4000 unreachable true", false, OfSource::Fails(None)),
        // The source answers others: it is this command that it fails on.
        (poison, true, "waits 2000 target_failed true", true, OfSource::Nothing),
        (Delivery::Unprepared, true, "waits 0 - false", false, OfSource::Nothing),
    ] {
        let (steps, learned) = judge(&known, &outcome, answers_others, &Policy::Auto);
        assert_eq!((word(&steps).as_str(), charged(&steps), learned), (expected, counts, of), "{outcome:?}");
    }
}

#[test]
fn only_charged_attempts_kill() {
    let mut tired = command(Base::Value(value(4)));
    tired.charged = config().max_attempts - 1;
    let poison = Delivery::Poison { answer: said(500), maybe_applied: false };
    assert_eq!(word(&judge(&tired, &poison, true, &Policy::Auto).0), "dead attempts_used_up");
    tired.tries = 10_000;
    assert!(word(&judge(&tired, &poison, false, &Policy::Auto).0).starts_with("waits 60000"), "and no wait is longer than max_delay");
}

#[test]
fn before_it_is_sent_again_its_target_is_looked_at() {
    let (config, known) = (config(), command(Base::Value(value(4))));
    let own = [known.base.clone()];
    let compare = CompareRule::default();
    let around = Surroundings {
        config: &config,
        now: Timestamp::from_millis(1000),
        answers_others: true,
        random: 0,
        compare: &compare,
        policy: &Policy::Auto,
        own: &own,
    };
    let look = |command: &Command, current: Base| looked(command, &current, &around).map(|steps| word(&steps));
    assert_eq!(look(&known, Base::Value(value(9))), Some("delivered true".to_owned()));
    assert_eq!(look(&known, Base::Value(value(4))), None, "it did not arrive");
    assert_eq!(look(&known, Base::Value(value(5))), Some("blocked 5".to_owned()));
    assert_eq!(look(&command(Base::Unknown), Base::Value(value(5))), None, "nobody knows what was there");
}

#[test]
fn a_rule_may_merge_what_does_not_clash() {
    let mut mine = command(Base::Value(Value::parse("{\"a\":1,\"b\":1}").unwrap()));
    mine.value = Value::parse("{\"a\":2,\"b\":1}").unwrap();
    let theirs = |text: &str| Delivery::Moved { current: Base::Value(Value::parse(text).unwrap()), answer: said(412) };
    let judged = |text: &str, policy| word(&judge(&mine, &theirs(text), true, &policy).0);
    assert_eq!(judged("{\"a\":1,\"b\":5}", Policy::Merge), "goes on {\"a\":2,\"b\":5}");
    assert!(judged("{\"a\":7,\"b\":1}", Policy::Merge).starts_with("blocked"), "both changed the same");
    assert!(judged("{\"a\":1,\"b\":5}", Policy::Auto).starts_with("blocked"), "only where the rule says so");
}
