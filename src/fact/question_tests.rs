//! Which question comes first, and that the order they come in does not matter.

use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::fact::{ConflictClass, FieldName, Lesson, LessonId, Timestamp, TrustBook};

fn conflict(key: &str, margin: f64, sides: &[&[&str]]) -> ConflictEntry {
    ConflictEntry::example(Key::new(key).unwrap(), margin, sides)
}

fn order(conflicts: &[ConflictEntry], table: &TrustTable) -> String {
    let asked = most_teaching_first(conflicts, |key| FieldName::text_of(key, None), table);
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

#[test]
fn a_source_that_stands_on_two_sides_has_one_part_in_it() {
    // A value within the tolerance of two others stands for both of them.
    let all = [conflict("x/gate", 0.0, &[&["a", "b"], &["b"]])];
    let asked = most_teaching_first(&all, |key| FieldName::text_of(key, None), &TrustTable::default());
    // Half of it is at stake for each of the two, of whom five answers would have to be counted: (1/2 + 1/2) / 5.
    assert!((asked[0].teaches - 1.0 / 5.0).abs() < 1e-7, "{}", asked[0].teaches);
}

/// The formula as it is written at the top of the file, looked up anew for every question and source.
fn by_the_formula(conflicts: &[ConflictEntry], table: &TrustTable) -> Vec<Key> {
    let sources = |conflict: &ConflictEntry| -> BTreeSet<SourceId> {
        let candidates = conflict.candidates.iter().filter(|_| conflict.class == ConflictClass::Value);
        candidates.flat_map(|candidate| candidate.sources.clone()).collect()
    };
    let field = |conflict: &ConflictEntry| FieldName::of(&conflict.key, None);
    let counted = |source: &SourceId, field: &FieldName| table.standing(source, field, 0.5).field.counted;
    let many = |conflict: &ConflictEntry| f64::from(u32::try_from(sources(conflict).len()).unwrap().max(1));
    let closeness = |conflict: &ConflictEntry| {
        let known = sources(conflict).iter().map(|source| counted(source, &field(conflict))).sum::<f64>() / many(conflict);
        let h = 0.01 + 0.04 / (1.0 + known);
        (-f64::from(points(conflict.margin)) / (h * 10_000.0)).exp2()
    };
    let at_stake = |source: &SourceId, of: &FieldName| {
        let own = conflicts.iter().filter(|conflict| field(conflict) == *of && sources(conflict).contains(source));
        own.map(|conflict| closeness(conflict) / many(conflict)).sum::<f64>()
    };
    let teaches = |conflict: &ConflictEntry| {
        let of = field(conflict);
        let all = sources(conflict);
        let teaches = closeness(conflict) * all.iter().map(|source| at_stake(source, &of) / (5.0 + counted(source, &of))).sum::<f64>();
        (teaches * 1e8).round() / 1e8
    };
    let mut asked: Vec<(f64, &ConflictEntry)> = conflicts.iter().map(|conflict| (teaches(conflict), conflict)).collect();
    asked.sort_by(|(one, of_one), (other, of_other)| {
        let by_class = (of_one.class == ConflictClass::Value).cmp(&(of_other.class == ConflictClass::Value));
        let by_teaching = other.total_cmp(one);
        let by_lead = points(of_one.margin).cmp(&points(of_other.margin));
        let by_many = standing(of_other).cmp(&standing(of_one));
        by_class.then(by_teaching).then(by_lead).then(by_many).then_with(|| of_one.key.cmp(&of_other.key))
    });
    asked.into_iter().map(|(_, conflict)| conflict.key.clone()).collect()
}

fn standing(conflict: &ConflictEntry) -> usize {
    conflict.candidates.iter().map(|candidate| candidate.sources.len()).sum()
}

/// Conflicts of a field, a margin, what each of five sources says (3: nothing; 4: what is the first side and the second), and whether it only waits for a person.
type Made = Vec<(u8, u16, Vec<u8>, bool)>;

fn made() -> impl Strategy<Value = Made> {
    prop::collection::vec((0_u8..4, 0_u16..300, prop::collection::vec(0_u8..5, 5), prop::bool::weighted(0.1)), 1..12)
}

fn conflicts(made: &Made) -> Vec<ConflictEntry> {
    let names = ["e", "b", "d", "a", "c"];
    let one = |(at, (field, margin, sides, waits)): (usize, &(u8, u16, Vec<u8>, bool))| {
        let side = |which: u8| -> Vec<&str> {
            names.iter().zip(sides).filter(|(_, side)| **side == which || (**side == 4 && which < 2)).map(|(name, _)| *name).collect()
        };
        let mut sides: Vec<Vec<&str>> = (0..3).map(side).filter(|side| !side.is_empty()).collect();
        if sides.is_empty() {
            sides.push(vec!["a"]);
        }
        let sides: Vec<&[&str]> = sides.iter().map(Vec::as_slice).collect();
        let mut made = conflict(&format!("k{at}/f{field}"), f64::from(*margin) / 10_000.0, &sides);
        made.class = if *waits { ConflictClass::Change } else { ConflictClass::Value };
        made
    };
    made.iter().enumerate().map(one).collect()
}

/// Answers about the same sources and fields, so many days ago.
fn answers() -> impl Strategy<Value = Vec<(u8, u8, bool, i64)>> {
    prop::collection::vec((0_u8..5, 0_u8..4, any::<bool>(), 0_i64..400), 0..30)
}

fn learned(answers: &[(u8, u8, bool, i64)]) -> TrustTable {
    let mut book = TrustBook::new(Duration::from_hours(4_320));
    for (at, (source, field, is_right, days)) in answers.iter().enumerate() {
        let verdicts = [(SourceId::new(["a", "b", "c", "d", "e"][usize::from(*source)]).unwrap(), *is_right)].into();
        let lesson = Lesson { at: Timestamp::from_millis(-days * 86_400_000), field: FieldName::new(&format!("f{field}")), verdicts };
        book.learn(LessonId::new(&at.to_string()), lesson);
    }
    book.table(Timestamp::default())
}

proptest! {
    #[test]
    fn the_order_is_that_of_the_formula(made in made(), answers in answers()) {
        let (all, table) = (conflicts(&made), learned(&answers));
        let asked: Vec<Key> = most_teaching_first(&all, |key| FieldName::text_of(key, None), &table)
            .into_iter()
            .map(|question| {
                assert!(std::ptr::eq(question.conflict, &raw const all[question.at]), "it says which one it was");
                question.conflict.key.clone()
            })
            .collect();
        prop_assert_eq!(asked, by_the_formula(&all, &table));
    }

    #[test]
    fn the_order_they_come_in_does_not_matter(made in made(), answers in answers(), turn in 0_usize..12) {
        let (mut all, table) = (conflicts(&made), learned(&answers));
        let first = order(&all, &table);
        let count = all.len();
        all.rotate_left(turn % count);
        all.reverse();
        prop_assert_eq!(order(&all, &table), first);
    }
}
