//! The fold: order, bases that follow what goes before, checkpoints.

use proptest::prelude::*;

use super::*;
use crate::fact::{Attempt, Operation, Value};

fn id(number: u8) -> CommandId {
    CommandId::from_bytes([number; 16])
}

fn value(number: i64) -> Value {
    Value::from(number)
}

fn source(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

fn asked(number: u8, key: &str, of: &str, brings: i64, base: i64) -> What {
    What::Asked(Box::new(Asked {
        id: id(number),
        key: Key::new(key).unwrap(),
        source: source(of),
        operation: Operation::Set,
        value: value(brings),
        base: Base::Value(value(base)),
        author: Author::default(),
        deadline: Timestamp::from_millis(1_000_000),
        undoes: None,
        kept_here: false,
    }))
}

fn fold(whats: impl IntoIterator<Item = What>) -> QueueState {
    let mut state = QueueState::default();
    for (at, what) in whats.into_iter().enumerate() {
        state.apply(&Entry { at: Timestamp::from_millis(i64::try_from(at).unwrap()), what });
    }
    state
}

fn delivered() -> Step {
    Step::Delivered { revision: Some("\"2\"".into()), guarded: true, confirmed: false }
}

fn stopped(state: CommandState) -> Step {
    Step::Stopped { state, reason: CommandReason::TakenBack, by: None }
}

fn heads(state: &QueueState) -> Vec<u8> {
    let mut heads: Vec<u8> = state.heads().map(|head| head.id.as_bytes()[0]).collect();
    heads.sort_unstable();
    heads
}

#[test]
fn first_in_first_out_for_each_key_at_each_target() {
    let mut state = fold([asked(1, "a", "s", 5, 4), asked(2, "a", "s", 6, 5), asked(3, "b", "s", 1, 0), asked(4, "a", "t", 9, 4)]);
    assert_eq!((heads(&state), state.depth()), (vec![1, 3, 4], 4));
    let at = Timestamp::from_millis(9);
    state.apply(&Entry { at, what: What::Step(id(1), Step::Leased) });
    assert!(state.get(id(1)).unwrap().uncertain, "until its outcome is written down nobody knows it");
    assert_eq!(heads(&state), [1, 3, 4]);
    state.apply(&Entry { at, what: What::Step(id(1), delivered()) });
    assert_eq!((heads(&state), state.depth()), (vec![2, 3, 4], 3));
    assert_eq!(state.guard(state.get(id(2)).unwrap()).as_deref(), Some("\"2\""));
    assert!(!state.get(id(1)).unwrap().uncertain);
}

#[test]
fn what_comes_after_starts_from_what_the_one_before_left() {
    // Taken back in the middle: the third starts from what the second started from.
    let whats = [asked(1, "a", "s", 5, 4), asked(2, "a", "s", 6, 5), asked(3, "a", "s", 7, 6)];
    let state = fold(whats.clone().into_iter().chain([What::Step(id(2), stopped(CommandState::Cancelled))]));
    assert_eq!(state.get(id(3)).unwrap().base, Base::Value(value(5)));
    // Dead at the front: the second starts from what the target still has.
    let state = fold(whats.into_iter().chain([What::Step(id(1), stopped(CommandState::Dead))]));
    assert_eq!((state.get(id(2)).unwrap().base.clone(), heads(&state)), (Base::Value(value(4)), vec![2]));
    // A dead one that goes on stands where it stood.
    let mut state = state;
    let goes_on = Step::GoesOn { base: Base::Value(value(4)), value: None, deadline: Timestamp::from_millis(5), by: None };
    state.apply(&Entry { at: Timestamp::from_millis(9), what: What::Step(id(1), goes_on) });
    assert_eq!(heads(&state), [1]);
}

#[test]
fn what_is_asked_for_twice_is_one_command_and_unknown_ones_are_passed_over() {
    let state = fold([asked(1, "a", "s", 5, 4), asked(1, "a", "s", 5, 4), What::Step(id(9), Step::Leased)]);
    assert_eq!((state.all().count(), state.depth()), (1, 1));
}

#[test]
fn locks_and_holds_are_part_of_it() {
    let lock = Lock { key: Key::new("a").unwrap(), value: Some(value(3)), author: Author::default() };
    let state = fold([What::Locked(Box::new(lock.clone())), What::Held(true, Author::default())]);
    let again = QueueState::restore(&state.checkpoint(Timestamp::from_millis(0))).unwrap();
    assert_eq!((again.lock(&lock.key), again.held()), (Some(&lock), Some(&Author::default())));
    let state = fold([
        What::Locked(Box::new(lock.clone())),
        What::Unlocked(lock.key.clone(), Author::default()),
        What::Held(true, Author::default()),
        What::Held(false, Author::default()),
    ]);
    assert_eq!((state.lock(&lock.key), state.held()), (None, None));
}

#[test]
fn a_checkpoint_leaves_out_only_what_ended_long_ago() {
    let mut state = fold([asked(1, "a", "s", 5, 4), asked(2, "b", "s", 6, 5), asked(3, "c", "s", 7, 6)]);
    for (number, step) in [(1, delivered()), (2, stopped(CommandState::Dead))] {
        state.apply(&Entry { at: Timestamp::from_millis(3), what: What::Step(id(number), step) });
    }
    let kept = |now: u64| {
        let now = Timestamp::from_millis(i64::try_from(now).unwrap());
        QueueState::restore(&state.checkpoint(now)).unwrap().all().map(|one| one.id.as_bytes()[0]).collect::<Vec<_>>()
    };
    assert_eq!(kept(4), [1, 2, 3]);
    assert_eq!(kept(KEPT_FOR + 10), [2, 3], "a dead one waits for a person, however long");
}

#[test]
fn an_own_value_is_what_was_there_before_what_was_not_read_back_yet() {
    let whats = [asked(1, "a", "s", 5, 4), What::Step(id(1), delivered()), asked(2, "a", "s", 6, 5)];
    let own = |state: &QueueState| state.own_values(state.get(id(2)).unwrap()).cloned().collect::<Vec<_>>();
    assert_eq!(own(&fold(whats.clone())), [Base::Value(value(5)), Base::Value(value(4))]);
    let confirmed = fold(whats.into_iter().chain([What::Step(id(1), Step::Confirmed)]));
    assert_eq!(own(&confirmed), [Base::Value(value(5))], "a return to what was there before is somebody else's");
}

#[test]
fn of_many_answers_the_first_and_the_last_are_kept() {
    let attempt =
        |number: u16| Attempt { at: Timestamp::from_millis(0), code: "timeout".to_owned(), status: Some(number), said: String::new() };
    let steps = (0..100).map(|number| What::Step(id(1), Step::Attempted { attempt: attempt(number), charged: number % 2 == 0 }));
    let state = fold(std::iter::once(asked(1, "a", "s", 5, 4)).chain(steps));
    let command = state.get(id(1)).unwrap();
    let kept: Vec<u16> = command.attempts.iter().filter_map(|attempt| attempt.status).collect();
    assert_eq!((kept.len(), kept[0], kept[1], kept[19], command.tries, command.charged), (20, 0, 81, 99, 100, 50));
}

fn step() -> impl Strategy<Value = Step> {
    let attempt = Attempt { at: Timestamp::from_millis(1), code: "x".to_owned(), status: None, said: "y".to_owned() };
    prop_oneof![
        Just(Step::Leased),
        Just(Step::Intended("d".into())),
        any::<bool>().prop_map(move |charged| Step::Attempted { attempt: attempt.clone(), charged }),
        any::<bool>().prop_map(|uncertain| Step::Waits {
            next_at: Some(Timestamp::from_millis(7)),
            reason: Some(CommandReason::Unreachable),
            uncertain
        }),
        any::<bool>().prop_map(|confirmed| Step::Delivered { revision: None, guarded: true, confirmed }),
        Just(Step::Confirmed),
        prop_oneof![Just(CommandState::Dead), Just(CommandState::Cancelled), Just(CommandState::Parked)].prop_map(stopped),
        (0_i64..4).prop_map(|number| Step::Blocked { theirs: Base::Value(value(number)) }),
        (0_i64..4).prop_map(|number| Step::GoesOn {
            base: Base::Value(value(number)),
            value: Some(value(number + 1)),
            deadline: Timestamp::from_millis(9),
            by: None
        }),
    ]
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        2 => (0_u8..12, 0_usize..3, 0_usize..2, 0_i64..5, 0_i64..5)
            .prop_map(|(number, key, of, brings, base)| asked(number, ["a", "b", "c"][key], ["s", "t"][of], brings, base)),
        5 => (0_u8..12, step()).prop_map(|(number, step)| What::Step(id(number), step)),
    ]
}

proptest! {
    #[test]
    fn any_entries_give_lines_in_order_and_come_back_from_bytes_and_from_a_checkpoint(whats in proptest::collection::vec(what(), 0..60)) {
        let state = fold(whats.clone());
        let mut read = QueueState::default();
        for (at, what) in whats.into_iter().enumerate() {
            let bytes = Entry { at: Timestamp::from_millis(i64::try_from(at).unwrap()), what }.encode();
            read.take(Logged::Entry(&bytes));
        }
        prop_assert_eq!(&read, &state);
        let checkpoint = state.checkpoint(Timestamp::from_millis(100));
        read.take(Logged::Checkpoint(&checkpoint));
        prop_assert_eq!(&read, &state);
        // The lines hold exactly what is under way, in the order in which it was asked for.
        let under_way = state.all().filter(|command| command.state.is_under_way()).count();
        prop_assert_eq!(state.depth(), under_way);
        for head in state.heads() {
            let first = state.all().find(|one| one.state.is_under_way() && one.source == head.source && one.key == head.key);
            prop_assert_eq!(first.map(|one| one.id), Some(head.id));
        }
        // So does what is kept of each key, for every target and for all of them together.
        let walk = |which: &dyn Fn(&Command) -> bool| -> Vec<CommandId> {
            state.all().filter(|command| command.state.is_under_way() && which(command)).map(|command| command.id).collect()
        };
        let mut keys = Vec::new();
        for key in ["a", "b", "c", "d"].map(|name| Key::new(name).unwrap()) {
            let of_key = walk(&|command| command.key == key);
            prop_assert_eq!(state.under_way(&key).map(|one| one.id).collect::<Vec<_>>(), of_key.clone());
            for source in ["s", "t", "u"].map(source) {
                let of_target = walk(&|command| command.key == key && command.source == source);
                prop_assert_eq!(state.line(&source, &key).map(|one| one.id).collect::<Vec<_>>(), of_target);
            }
            keys.extend((!of_key.is_empty()).then_some(key));
        }
        prop_assert_eq!((state.is_idle(), state.keys_under_way()), (keys.is_empty(), keys));
        prop_assert_eq!(state.heads().count(), state.lines.values().map(BTreeMap::len).sum::<usize>(), "no line without anything in it");
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut state = QueueState::default();
        state.take(Logged::Entry(&bytes));
        state.take(Logged::Checkpoint(&bytes));
    }
}

#[test]
fn a_checkpoint_from_before_there_were_decisions_is_read() {
    let stored = Stored { commands: Vec::new(), held: Some(Author::default()), locks: Vec::new(), next: 3 };
    let state = QueueState::restore(&encode(&stored)).unwrap();
    assert!(state.held().is_some() && state.decisions().is_empty());
    let again = QueueState::restore(&state.checkpoint(Timestamp::from_millis(0))).unwrap();
    assert_eq!(again, state);
    for bytes in [&[2][..], &[2, 9, 0, 0, 0, 0, 0, 0, 0, 1], &[2, 0, 0, 0, 0, 0, 0, 0, 0]] {
        assert!(QueueState::restore(bytes).is_none(), "{bytes:?}");
    }
}
