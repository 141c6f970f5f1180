//! When a decision holds, and what it teaches.

use proptest::prelude::*;

use super::*;
use crate::fact::Tolerance;

fn source(at: usize) -> SourceId {
    SourceId::new(&format!("s{at}")).unwrap()
}

fn number(value: i32) -> Value {
    Value::parse(&value.to_string()).unwrap()
}

fn decided(values: &[i32], verdict: Verdict, compare: &CompareRule) -> Decision {
    let sources: Vec<SourceId> = (0..values.len()).map(source).collect();
    let now = sources.iter().zip(values).map(|(source, value)| (source, Cow::Owned(number(*value))));
    Decision {
        id: CommandId::from_bytes([1; 16]),
        at: Timestamp::from_millis(0),
        key: Key::new("a/gate").unwrap(),
        class: ConflictClass::Value,
        digest: "d".into(),
        field: FieldName::new("gate"),
        said: said_of(now, &verdict, compare),
        from: None,
        verdict,
        found: Found { p_true: 0, shown: 0, is_right: false, majority_is_right: false, one_of: 1, policy: "auto".into() },
        replaces: None,
        author: Author::default(),
    }
}

fn holds(decision: &Decision, values: &[(usize, i32)], compare: &CompareRule) -> bool {
    let all: Vec<(SourceId, Value, Normal)> =
        values.iter().map(|(at, value)| (source(*at), number(*value), Normal::of(&number(*value), compare))).collect();
    let now: Vec<Now<'_>> = all.iter().map(|(source, value, normal)| Now { source, value, normal }).collect();
    decision.holds(&now, compare)
}

#[test]
fn a_decision_holds_until_a_value_leaves_its_tolerance() {
    let within = CompareRule { tolerance: Tolerance::Absolute(10.0), ..CompareRule::default() };
    let accepted = decided(&[100, 200, 201], Verdict::Accepted(number(100)), &within);
    for (now, expected, why) in [
        (vec![(0, 100), (1, 200), (2, 201)], true, "nothing moved"),
        (vec![(0, 110), (1, 190), (2, 201)], true, "within the tolerance"),
        (vec![(0, 111), (1, 200), (2, 201)], false, "the accepted one left"),
        (vec![(0, 100), (1, 211), (2, 201)], false, "another one left"),
        (vec![(0, 100), (1, 105), (2, 201)], true, "one came over to what was accepted"),
        (vec![(0, 200), (1, 200), (2, 201)], false, "the accepted one went over"),
        (vec![(0, 100), (2, 201)], true, "one is silent"),
        (vec![(1, 200), (2, 201)], false, "nobody says what was accepted"),
        (vec![(0, 100), (1, 200), (3, 203)], true, "one more voice for a known value"),
        (vec![(0, 100), (1, 200), (3, 300)], false, "a value nobody had"),
    ] {
        assert_eq!(holds(&accepted, &now, &within), expected, "{why}");
    }
    let known = decided(&[100, 200], Verdict::Accepted(number(50)), &within);
    assert!(holds(&known, &[(0, 100), (1, 200)], &within), "what a person knows needs no source");
    let rejected = decided(&[100, 200], Verdict::Rejected, &within);
    assert!(holds(&rejected, &[(0, 101), (1, 200)], &within));
    assert!(!holds(&rejected, &[(0, 150), (1, 200)], &within));
}

#[test]
fn the_rule_teaches_nothing_and_a_rejection_that_all_were_wrong() {
    let plain = CompareRule::default();
    assert_eq!(decided(&[1, 2], Verdict::ByRule(number(1)), &plain).lesson(), None);
    assert!(decided(&[1, 2], Verdict::ByRule(number(1)), &plain).judged().is_none());
    let lesson = decided(&[1, 2], Verdict::Rejected, &plain).lesson().unwrap();
    assert!(lesson.verdicts.values().all(|is_right| !is_right));
    let lesson = decided(&[1, 2, 1], Verdict::Accepted(number(1)), &plain).lesson().unwrap();
    assert_eq!(lesson.verdicts.values().copied().collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn what_was_said_is_written_by_name_and_judged_by_the_rule() {
    let (plain, names) = (CompareRule::default(), ["c", "a", "b"].map(|name| SourceId::new(name).unwrap()));
    let values = ["1", "1.0", "\"1\""].map(|json| Value::parse(json).unwrap());
    let said = said_of(names.iter().zip(values.iter().map(Cow::Borrowed)), &Verdict::Accepted(values[0].clone()), &plain);
    let told: Vec<_> = said.iter().map(|said| (said.source.as_str(), said.value.as_json_text(), said.is_right)).collect();
    assert_eq!(told, [("a", "1.0", true), ("b", "\"1\"", false), ("c", "1", true)]);
}

proptest! {
    #[test]
    fn whatever_was_decided_holds_for_what_was_said_then(values in prop::collection::vec(0..50_i32, 1..9), accepted in 0..50_i32, reach in 0..9_u8) {
        let compare = CompareRule { tolerance: Tolerance::Absolute(f64::from(reach)), ..CompareRule::default() };
        let now: Vec<(usize, i32)> = values.iter().copied().enumerate().collect();
        for verdict in [Verdict::Accepted(number(accepted)), Verdict::Rejected, Verdict::ByRule(number(accepted))] {
            prop_assert!(holds(&decided(&values, verdict, &compare), &now, &compare));
        }
    }
}
