//! The book is a fold: free of order, idempotent, and what is taken back leaves no trace.

use proptest::prelude::*;

use super::*;
use crate::fact::{Author, Found, Said, Value, Verdict};

const HALF_LIFE: Duration = Duration::from_secs(180 * 86_400);

fn source(at: u8) -> SourceId {
    SourceId::new(&format!("s{at}")).unwrap()
}

fn id(at: u8) -> CommandId {
    CommandId::from_bytes([at; 16])
}

/// A decision on key `key` of day `day`, which found each of these sources right or wrong.
fn decision(at: u8, key: u8, day: i64, verdicts: &[(u8, bool)]) -> Arc<Decision> {
    let said = |(source_at, is_right): &(u8, bool)| {
        let value = Value::parse(if *is_right { "1" } else { "2" }).unwrap();
        Said { source: source(*source_at), value, is_right: *is_right }
    };
    Arc::new(Decision {
        id: id(at),
        at: Timestamp::from_millis(day * 86_400_000),
        key: Key::new(&format!("k{key}/{}", if key.is_multiple_of(2) { "gate" } else { "time" })).unwrap(),
        class: ConflictClass::Value,
        digest: "d".into(),
        field: FieldName::new(if key.is_multiple_of(2) { "gate" } else { "time" }),
        verdict: Verdict::Accepted(Value::parse("1").unwrap()),
        from: verdicts.iter().find(|(_, is_right)| *is_right).map(|(at, _)| source(*at)),
        said: verdicts.iter().map(said).collect(),
        found: Found {
            p_true: 600_000 + 7_001 * (u32::from(at) % 40),
            shown: 500_000 + 9_001 * (u32::from(at) % 40),
            is_right: at.is_multiple_of(3),
            majority_is_right: true,
            one_of: 3,
            policy: "auto".into(),
        },
        replaces: None,
        author: Author::default(),
    })
}

fn arbitrary() -> impl Strategy<Value = Vec<Arc<Decision>>> {
    let verdicts = prop::collection::btree_map(0..5_u8, any::<bool>(), 1..5);
    prop::collection::vec((0..6_u8, 0..400_i64, verdicts), 0..12).prop_map(|all| {
        let of = |(at, (key, day, verdicts)): (usize, (u8, i64, std::collections::BTreeMap<u8, bool>))| {
            decision(u8::try_from(at).unwrap(), key, day, &verdicts.into_iter().collect::<Vec<_>>())
        };
        all.into_iter().enumerate().map(of).collect()
    })
}

fn book(of: &[Arc<Decision>]) -> DecisionBook {
    let mut book = DecisionBook::default();
    for decision in of {
        book.decide(Arc::clone(decision));
    }
    book
}

fn now() -> Timestamp {
    Timestamp::from_millis(400 * 86_400_000)
}

proptest! {
    #[test]
    fn what_is_learned_is_free_of_order_and_of_repetition(all in arbitrary(), by in any::<prop::sample::Index>()) {
        let mut turned = all.clone();
        turned.rotate_left(if all.is_empty() { 0 } else { by.index(all.len()) });
        let (one, mut other) = (book(&all), book(&turned));
        for decision in &all {
            prop_assert!(!other.decide(Arc::clone(decision)), "the same again is nothing new");
        }
        prop_assert_eq!(one.trust(HALF_LIFE).table(now()), other.trust(HALF_LIFE).table(now()));
        prop_assert_eq!(one.correction(), other.correction());
    }

    #[test]
    fn what_is_taken_back_leaves_no_trace(all in arbitrary(), more in prop::collection::btree_map(0..5_u8, any::<bool>(), 1..5)) {
        let before = book(&all);
        let mut after = before.clone();
        let one_more = decision(200, 1, 100, &more.into_iter().collect::<Vec<_>>());
        after.decide(Arc::clone(&one_more));
        prop_assert!(after.undo(one_more.id));
        prop_assert!(!after.undo(one_more.id) && !after.decide(Arc::clone(&one_more)), "it does not come again");
        prop_assert_eq!(before.trust(HALF_LIFE).table(now()), after.trust(HALF_LIFE).table(now()));
        prop_assert_eq!(before.correction(), after.correction());
        prop_assert_eq!(before.newest(&one_more.key, one_more.class), after.newest(&one_more.key, one_more.class));
    }

    #[test]
    fn a_decision_never_lowers_the_trust_of_the_source_it_accepted(all in arbitrary(), key in 0..6_u8, accepted in 0..5_u8, others in prop::collection::btree_map(0..5_u8, any::<bool>(), 0..5), configured in 0.0..1.0_f64) {
        let before = book(&all);
        let mut verdicts = others;
        verdicts.insert(accepted, true);
        let one_more = decision(200, key, 400, &verdicts.into_iter().collect::<Vec<_>>());
        let mut after = before.clone();
        after.decide(Arc::clone(&one_more));
        let trust = |book: &DecisionBook| book.trust(HALF_LIFE).table(now()).standing(&source(accepted), &one_more.field, configured).trust;
        prop_assert!(trust(&after) >= trust(&before) - 1e-12);
    }

    #[test]
    fn what_is_written_down_is_the_book(all in arbitrary(), undone in 0..12_u8) {
        let mut one = book(&all);
        one.undo(id(undone));
        one.reset(TrustReset { source: source(1), field: None, at: Timestamp::from_millis(5) });
        prop_assert_eq!(DecisionBook::restore(one.store()), one);
    }
}

#[test]
fn a_change_of_mind_takes_the_place_and_going_back_on_it_restores() {
    let first = decision(1, 0, 10, &[(0, true), (1, false)]);
    let mut second = (*decision(2, 0, 11, &[(0, false), (1, true)])).clone();
    second.replaces = Some(first.id);
    let second = Arc::new(second);
    let (mut both, alone) = (book(&[Arc::clone(&first), Arc::clone(&second)]), book(&[Arc::clone(&first)]));
    let only_second = book(&[Arc::clone(&second)]);
    assert_eq!(both.trust(HALF_LIFE).table(now()), only_second.trust(HALF_LIFE).table(now()));
    assert_eq!(both.newest(&first.key, first.class), Some(&second));
    assert_eq!(both.named(second.conflict().as_str()), [&second], "the last one is taken back first");
    assert!(both.undo(second.id));
    assert_eq!(both.trust(HALF_LIFE).table(now()), alone.trust(HALF_LIFE).table(now()));
    assert_eq!(both.newest(&first.key, first.class), Some(&first));
    assert_eq!(both.named(first.conflict().as_str()), [&first]);
    assert!(both.undo(first.id) && both.newest(&first.key, first.class).is_none() && both.is_empty());
}

#[test]
fn what_is_taken_back_before_it_is_known_never_comes() {
    let first = decision(1, 0, 10, &[(0, true)]);
    let mut one = DecisionBook::default();
    assert!(!one.undo(first.id) && !one.decide(Arc::clone(&first)));
    assert!(one.is_empty() && one.newest(&first.key, first.class).is_none());
}

#[test]
fn it_is_corrected_by_what_it_was_before_any_correction_and_scored_by_what_was_shown() {
    let one = book(&[decision(3, 0, 10, &[(0, true)])]);
    let (judged, shown) = (one.judged(), one.shown());
    assert_eq!((judged[0].p_true, shown[0].p_true), (0.621_003, 0.527_003));
    for of in [judged[0], shown[0]] {
        assert_eq!((of.is_right, of.majority_is_right, of.weight), (true, true, 3.0), "it stands for as many as there were like it");
    }
    assert_eq!(one.correction(), Correction::of(&judged));
    assert_ne!(one.correction(), Correction::of(&shown));
}

#[test]
fn a_reset_begins_anew_and_decisions_stay() {
    let mut one = book(&[decision(1, 0, 10, &[(0, true)]), decision(2, 2, 20, &[(0, true)])]);
    one.reset(TrustReset { source: source(0), field: Some(FieldName::new("gate")), at: Timestamp::from_millis(15 * 86_400_000) });
    let standing = one.trust(HALF_LIFE).table(now()).standing(&source(0), &FieldName::new("gate"), 0.5);
    assert_eq!((standing.field.accepts, one.all().count()), (1, 2));
}

#[test]
fn of_too_many_the_oldest_go() {
    let mut one = DecisionBook::default();
    let bytes = |at: usize| CommandId::from_bytes((at as u128).to_be_bytes());
    for at in 0..MOST + 3 {
        let mut decision = (*decision(1, 0, 10, &[(0, true)])).clone();
        decision.id = bytes(at);
        one.decide(Arc::new(decision));
    }
    assert_eq!((one.all().count(), one.all().next().map(|first| first.id)), (MOST, Some(bytes(3))));
}
