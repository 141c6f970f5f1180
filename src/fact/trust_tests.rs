//! The arithmetic of trust, and what must hold of it whatever is answered.

use proptest::prelude::*;

use super::*;
use crate::fact::{Key, confidence::points};

const HALF_LIFE: Duration = Duration::from_hours(180 * 24);

fn id(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

fn field(name: &str) -> FieldName {
    FieldName::of(&Key::new(name).unwrap(), None)
}

fn day(days: i64) -> Timestamp {
    Timestamp::from_millis(days * DAY_MS)
}

fn lesson(at: Timestamp, of: &str, verdicts: &[(&str, bool)]) -> Lesson {
    Lesson { at, field: field(of), verdicts: verdicts.iter().map(|(source, right)| (id(source), *right)).collect() }
}

fn book(lessons: &[(&str, Lesson)]) -> TrustBook {
    let mut book = TrustBook::new(HALF_LIFE);
    for (name, lesson) in lessons {
        book.learn(LessonId::new(name), lesson.clone());
    }
    book
}

fn trust(book: &TrustBook, source: &str, of: &str, now: Timestamp) -> f64 {
    book.table(now).standing(&id(source), &field(of), 0.5).trust
}

#[track_caller]
fn close(one: f64, other: f64) {
    assert!((one - other).abs() < 1e-12, "{one} is not {other}");
}

#[test]
fn who_nothing_is_known_of_is_trusted_as_configured() {
    let table = TrustBook::new(HALF_LIFE).table(day(0));
    assert!(table.is_empty());
    let standing = table.standing(&id("a"), &field("gate"), 0.7);
    close(standing.trust, 0.7);
    assert_eq!((standing.field, standing.source), (Tally::default(), Tally::default()));
}

#[test]
fn an_answer_counts_for_everybody_who_had_a_value() {
    let book = book(&[("q1", lesson(day(0), "gate", &[("a", true), ("b", false)]))]);
    // Mean (1 + 3 * 0.5) / (1 + 3), then (1 + 5 * mean) / (1 + 5).
    close(trust(&book, "a", "gate", day(0)), (1.0 + 5.0 * (2.5 / 4.0)) / 6.0);
    close(trust(&book, "b", "gate", day(0)), (5.0 * (1.5 / 4.0)) / 6.0);
    // Another field of the same source knows only its mean, and who was silent nothing.
    close(trust(&book, "a", "arrival", day(0)), 2.5 / 4.0);
    close(trust(&book, "c", "gate", day(0)), 0.5);
    let standing = book.table(day(0)).standing(&id("b"), &field("gate"), 0.5);
    assert_eq!((standing.field.accepts, standing.field.rejects), (0, 1));
    assert_eq!(book.table(day(0)).fields(&id("a")), [&field("gate")]);
}

#[test]
fn answers_fade_by_whole_days_and_are_let_go_in_the_end() {
    let mut book = book(&[("q1", lesson(day(0), "gate", &[("a", true)]))]);
    close(trust(&book, "a", "gate", day(0)), trust(&book, "a", "gate", Timestamp::from_millis(DAY_MS - 1)));
    let faded = book.table(day(180)).standing(&id("a"), &field("gate"), 0.5);
    close(faded.field.counted, 0.5);
    assert_eq!(faded.field.accepts, 1);
    assert!(faded.trust < trust(&book, "a", "gate", day(0)) && faded.trust > 0.5);
    // An answer from a clock that ran ahead counts as given now.
    close(trust(&book, "a", "gate", day(-9)), trust(&book, "a", "gate", day(0)));
    assert_eq!((book.prune(day(1_800)), book.len()), (0, 1));
    assert_eq!((book.prune(day(1_801)), book.is_empty()), (1, true));
}

#[test]
fn of_two_answers_to_one_question_the_later_counts() {
    let (first, second) = (lesson(day(1), "gate", &[("a", true)]), lesson(day(2), "gate", &[("a", false)]));
    let forth = book(&[("q", first.clone()), ("q", second.clone())]);
    assert_eq!(forth, book(&[("q", second.clone()), ("q", first)]));
    assert!(trust(&forth, "a", "gate", day(2)) < 0.5);
    let mut forth = forth;
    assert!(!forth.learn(LessonId::new("q"), second), "told twice");
    assert!(forth.unlearn(&LessonId::new("q")) && !forth.unlearn(&LessonId::new("q")));
    close(trust(&forth, "a", "gate", day(2)), 0.5);
}

#[test]
fn what_was_learned_can_be_reset() {
    let lessons =
        [("q1", lesson(day(1), "gate", &[("a", true), ("b", true)])), ("q2", lesson(day(2), "arrival", &[("a", true), ("b", true)]))];
    let mut one_field = book(&lessons);
    one_field.reset(&id("a"), Some(&field("gate")), day(3));
    let left = one_field.table(day(3)).standing(&id("a"), &field("gate"), 0.5);
    assert_eq!((left.field.accepts, left.source.accepts), (0, 1));
    assert!(trust(&one_field, "b", "gate", day(3)) > 0.7);
    let mut all = book(&lessons);
    all.reset(&id("a"), None, day(3));
    close(trust(&all, "a", "gate", day(3)), 0.5);
    // An answer told again stays forgotten; a new one counts.
    all.learn(LessonId::new("q1"), lessons[0].1.clone());
    close(trust(&all, "a", "gate", day(3)), 0.5);
    all.learn(LessonId::new("q3"), lesson(day(4), "gate", &[("a", true)]));
    assert!(trust(&all, "a", "gate", day(4)) > 0.5);
    // Told of in any order the last one counts, and up to its moment.
    for resets in [[day(1), day(2)], [day(2), day(1)]] {
        let mut any = book(&lessons);
        resets.into_iter().for_each(|at| any.reset(&id("a"), None, at));
        let left = any.table(day(3)).standing(&id("a"), &field("arrival"), 0.5);
        assert_eq!((left.field.accepts, left.source.accepts), (0, 0));
    }
    let mut earlier = book(&lessons);
    earlier.reset(&id("a"), None, Timestamp::from_millis(2 * DAY_MS - 1));
    assert_eq!(earlier.table(day(3)).standing(&id("a"), &field("arrival"), 0.5).source.accepts, 1);
}

#[test]
fn what_an_authority_says_weighs_as_an_answer_and_is_none() {
    let mut table = TrustTable::default();
    table.witness(&id("a"), &field("gate"), 3, 1);
    table.witness(&id("b"), &field("gate"), 0, 0);
    let standing = table.standing(&id("a"), &field("gate"), 0.5);
    assert_eq!((standing.field.right, standing.field.counted, standing.source.counted), (3.0, 4.0, 4.0));
    assert_eq!((standing.field.accepts, standing.field.rejects), (0, 0));
    assert!(table.fields(&id("b")).is_empty(), "who is never compared is not known");
}

fn some_lessons() -> impl Strategy<Value = Vec<(u8, i64, u8, Vec<Option<bool>>)>> {
    prop::collection::vec((0_u8..12, 0_i64..400, 0_u8..3, prop::collection::vec(prop::option::of(any::<bool>()), 4)), 0..20)
}

fn made(lessons: &[(u8, i64, u8, Vec<Option<bool>>)]) -> Vec<(String, Lesson)> {
    lessons
        .iter()
        .map(|(question, at, of, verdicts)| {
            let verdicts = verdicts.iter().enumerate().filter_map(|(at, verdict)| Some((id(&format!("s{at}")), (*verdict)?))).collect();
            (question.to_string(), Lesson { at: day(*at), field: field(&format!("f{of}")), verdicts })
        })
        .collect()
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_give_the_same_trust(lessons in some_lessons(), turn in 0_usize..20, again in 0_usize..20) {
        let mut lessons = made(&lessons);
        let learn = |lessons: &[(String, Lesson)]| {
            let mut book = TrustBook::new(HALF_LIFE);
            for (name, lesson) in lessons {
                book.learn(LessonId::new(name), lesson.clone());
            }
            book
        };
        let first = learn(&lessons);
        if !lessons.is_empty() {
            let count = lessons.len();
            lessons.rotate_left(turn % count);
            lessons.push(lessons[again % count].clone());
        }
        lessons.reverse();
        let second = learn(&lessons);
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(first.table(day(400)), second.table(day(400)));
    }

    #[test]
    fn a_decision_never_lowers_the_trust_of_the_source_it_accepted(
        lessons in some_lessons(),
        question in 0_u8..14,
        of in 0_u8..3,
        configured in 0_u8..11,
        others in prop::collection::vec(any::<bool>(), 3),
        reset in any::<bool>(),
    ) {
        let mut book = TrustBook::new(HALF_LIFE);
        for (name, lesson) in made(&lessons) {
            book.learn(LessonId::new(&name), lesson);
        }
        let (now, configured) = (day(400), f64::from(configured) / 10.0);
        if reset {
            book.reset(&id("s0"), None, day(200));
        }
        let of_all = |book: &TrustBook| -> Vec<u32> {
            (0..3).map(|of| points(book.table(now).standing(&id("s0"), &field(&format!("f{of}")), configured).trust)).collect()
        };
        let before = of_all(&book);
        let mut verdicts: BTreeMap<SourceId, bool> =
            others.iter().enumerate().map(|(at, right)| (id(&format!("s{}", at + 1)), *right)).collect();
        verdicts.insert(id("s0"), true);
        // A question asked before keeps its field.
        let name = LessonId::new(&question.to_string());
        let of = book.lessons().find(|(known, _)| **known == name).map_or_else(|| field(&format!("f{of}")), |(_, lesson)| lesson.field.clone());
        book.learn(name, Lesson { at: now, field: of, verdicts });
        let after = of_all(&book);
        prop_assert!(before.iter().zip(&after).all(|(before, after)| before <= after), "{before:?} {after:?}");
        prop_assert!(after.iter().all(|points| *points <= 10_000));
    }
}
