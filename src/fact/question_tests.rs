//! Which question comes first, and that the order they come in does not matter.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::fact::{ConflictClass, Lesson, LessonId, Timestamp, TrustBook};

fn conflict(key: &str, margin: f64, sides: &[&[&str]]) -> ConflictEntry {
    ConflictEntry::example(Key::new(key).unwrap(), margin, sides)
}

fn order(conflicts: &[ConflictEntry], table: &TrustTable) -> String {
    let asked = most_teaching_first(conflicts, |key| FieldName::of(key, None), table);
    asked.iter().map(|question| question.conflict.key.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn alone_the_closest_is_asked_first() {
    let all =
        [conflict("x/1", 0.05, &[&["a"], &["b"]]), conflict("y/2", 0.01, &[&["a"], &["b"]]), conflict("z/3", 0.02, &[&["a"], &["b"]])];
    assert_eq!(order(&all, &TrustTable::default()), "y/2 z/3 x/1", "each in a field of its own");
    assert_eq!(order(&[], &TrustTable::default()), "");
}

#[test]
fn a_question_many_others_hang_on_goes_before_a_closer_one() {
    // Three close questions about arrivals, one even closer about a gate.
    let mut all = vec![conflict("x/gate", 0.0, &[&["a"], &["b"]])];
    all.extend((0..3).map(|at| conflict(&format!("f{at}/arrival"), 0.002, &[&["a"], &["b"]])));
    assert!(order(&all, &TrustTable::default()).starts_with("f0/arrival"));
    // Far ones carry no weight, however many.
    all.iter_mut().skip(1).for_each(|conflict| conflict.margin = 0.1);
    assert!(order(&all, &TrustTable::default()).starts_with("x/gate"));
}

#[test]
fn of_whom_much_is_known_less_is_to_be_learned() {
    let all = [conflict("x/gate", 0.0, &[&["a"], &["b"]]), conflict("y/gate", 0.0, &[&["c"], &["d"]])];
    assert_eq!(order(&all, &TrustTable::default()), "x/gate y/gate", "by name when all is equal");
    let mut book = TrustBook::new(Duration::from_hours(4_320));
    let verdicts = [("a", true), ("b", false)].map(|(name, right)| (SourceId::new(name).unwrap(), right)).into();
    let field = FieldName::of(&Key::new("x/gate").unwrap(), None);
    book.learn(LessonId::new("q"), Lesson { at: Timestamp::default(), field, verdicts });
    assert_eq!(order(&all, &book.table(Timestamp::default())), "y/gate x/gate");
}

#[test]
fn a_tie_of_many_goes_before_a_tie_of_two() {
    let all = [conflict("a/gate", 0.0, &[&["x"], &["y"]]), conflict("b/gate", 0.0, &[&["a", "b", "c"], &["d", "e", "f"]])];
    assert!(order(&all, &TrustTable::default()).starts_with("b/gate"));
}

#[test]
fn where_answers_teach_the_same_the_closer_goes_first_then_the_one_of_more_sources_then_by_key() {
    let mut all = [
        conflict("d/gate", 0.3, &[&["x", "y"], &["z", "w"]]),
        conflict("c/gate", 0.1, &[&["x"], &["y"]]),
        conflict("b/gate", 0.1, &[&["x", "y"], &["z"]]),
        conflict("a/gate", 0.100_000_01, &[&["x"], &["y"]]),
    ];
    // What only waits for a person teaches nothing.
    all.iter_mut().for_each(|conflict| conflict.class = ConflictClass::Change);
    assert_eq!(order(&all, &TrustTable::default()), "b/gate a/gate c/gate d/gate");
}

#[test]
fn what_holds_something_up_goes_before_every_question() {
    let mut all = [conflict("a/gate", 0.0, &[&["x"], &["y"]]), conflict("b/gate", 0.3, &[&["x"], &["y"]])];
    all[1].class = ConflictClass::Change;
    assert_eq!(order(&all, &TrustTable::default()), "b/gate a/gate");
}

proptest! {
    #[test]
    fn the_order_they_come_in_does_not_matter(
        made in prop::collection::vec((0_u8..4, 0_u16..300, prop::collection::vec(0_u8..3, 5)), 1..12),
        turn in 0_usize..12,
    ) {
        let names = ["a", "b", "c", "d", "e"];
        let mut all: Vec<ConflictEntry> = made
            .iter()
            .enumerate()
            .map(|(at, (field, margin, sides))| {
                let side = |which: u8| -> Vec<&str> { names.iter().zip(sides).filter(|(_, side)| **side == which).map(|(name, _)| *name).collect() };
                let sides: Vec<Vec<&str>> = (0..3).map(side).filter(|side| !side.is_empty()).collect();
                let sides: Vec<&[&str]> = sides.iter().map(Vec::as_slice).collect();
                conflict(&format!("k{at}/f{field}"), f64::from(*margin) / 10_000.0, &sides)
            })
            .collect();
        let first = order(&all, &TrustTable::default());
        let count = all.len();
        all.rotate_left(turn % count);
        all.reverse();
        prop_assert_eq!(order(&all, &TrustTable::default()), first);
    }
}
