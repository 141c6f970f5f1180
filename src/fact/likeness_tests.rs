//! Who is alike, and that order and taking back are exact.

use proptest::prelude::*;

use super::*;
use crate::fact::{Tolerance, Value};

fn id(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

/// What sources `s0`, `s1`, ... say of one key; `-` says nothing.
fn said(text: &str) -> Vec<(SourceId, Normal)> {
    let values = text.split_whitespace().enumerate().filter(|(_, json)| *json != "-");
    values.map(|(at, json)| (id(&format!("s{at}")), Normal::of(&Value::parse(json).unwrap(), &CompareRule::default()))).collect()
}

fn counts(keys: &[&str], compare: &CompareRule) -> LikenessCounts {
    let mut counts = LikenessCounts::default();
    for key in keys {
        let said = said(key);
        counts.add(&said.iter().map(|(source, normal)| (source, normal)).collect::<Vec<_>>(), compare);
    }
    counts
}

fn alike(keys: &[&str], one: &str, other: &str) -> f64 {
    let likeness = counts(keys, &CompareRule::default()).likeness();
    likeness.between(likeness.place(&id(one)), likeness.place(&id(other)))
}

#[test]
fn copies_are_alike_and_agreement_with_everybody_is_not() {
    // s0 and s1 always say the same odd thing; s2, s3 and s4 the common one.
    let copies = ["1 1 2 2 2", "7 7 3 3 3", "5 5 6 6 6", "1 1 0 0 0", "8 8 9 9 9", "4 4 3 3 3", "1 1 2 2 2", "6 6 5 5 5"].repeat(4);
    assert!(alike(&copies, "s0", "s1") > 0.5);
    assert!(alike(&copies, "s0", "s2") == 0.0);
    // Where everybody says the same, nobody is any copy.
    assert!(alike(&["1 1 1", "2 2 2"], "s0", "s1") == 0.0);
    // One shared value makes no copy.
    assert!(alike(&["1 1 2 2"], "s0", "s1") < 0.02);
    // Sources that share the rare value of one key and stand apart in others are not alike.
    assert!(alike(&["1 1 2 2 2", "1 2 2 2 2", "3 4 4 4 4", "1 5 5 5 5"], "s0", "s1") < 0.01);
}

#[test]
fn who_is_unknown_is_like_nobody_but_itself_is_one() {
    let likeness = counts(&["1 2"], &CompareRule::default()).likeness();
    let (known, unknown) = (likeness.place(&id("s0")), likeness.place(&id("stranger")));
    assert_eq!((likeness.between(known, known), likeness.between(known, unknown), likeness.between(unknown, unknown)), (1.0, 0.0, 0.0));
    assert_eq!(Likeness::default().place(&id("s0")), None);
}

#[test]
fn a_source_that_spoke_twice_of_a_key_is_its_own_copy_whatever_it_said() {
    let mut counts = LikenessCounts::default();
    let said = said("1 2 3 3 3");
    let twice = [(&said[0].0, &said[0].1), (&said[0].0, &said[1].1), (&said[2].0, &said[2].1), (&said[3].0, &said[3].1)];
    (0..9).for_each(|_| counts.add(&twice, &CompareRule::default()));
    let likeness = counts.likeness();
    let place = likeness.place(&id("s0"));
    assert_eq!((likeness.between(place, place), likeness.row(place.unwrap())[place.unwrap()]), (1.0, 1.0));
}

#[test]
fn tolerance_decides_what_is_the_same() {
    let near = CompareRule { tolerance: Tolerance::Absolute(1.0), ..CompareRule::default() };
    let keys = ["10 10.5 20 20 20"; 32];
    let likeness = counts(&keys, &near).likeness();
    assert!(likeness.between(likeness.place(&id("s0")), likeness.place(&id("s1"))) > 0.5);
    assert!(alike(&keys, "s0", "s1") == 0.0);
}

#[test]
fn a_key_of_very_many_sources_teaches_nothing() {
    let crowd = (0..=MOST_OF_A_KEY).map(|at| (at % 7).to_string()).collect::<Vec<_>>().join(" ");
    assert!(counts(&[&crowd], &CompareRule::default()).pairs.is_empty());
}

proptest! {
    #[test]
    fn order_does_not_matter_and_taking_back_is_exact(
        keys in prop::collection::vec(prop::collection::vec(prop::sample::select(vec!["1", "2", "3", "-"]), 5), 1..8),
        turn in 0_usize..8,
        extra in prop::collection::vec(prop::sample::select(vec!["1", "2"]), 5),
    ) {
        let keys: Vec<String> = keys.into_iter().map(|key| key.join(" ")).collect();
        let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let compare = CompareRule::default();
        let first = counts(&keys, &compare).likeness();
        let length = keys.len();
        keys.rotate_left(turn % length);
        let mut turned = counts(&keys, &compare);
        let compare_all = |other: &Likeness| {
            let all: Vec<SourceId> = (0..5).map(|at| id(&format!("s{at}"))).collect();
            all.iter().flat_map(|one| all.iter().map(move |other| (one, other))).all(|(one, two)| {
                one == two || first.between(first.place(one), first.place(two)) == other.between(other.place(one), other.place(two))
            })
        };
        prop_assert!(compare_all(&turned.likeness()));
        let extra = said(&extra.join(" "));
        let extra: Vec<_> = extra.iter().map(|(source, normal)| (source, normal)).collect();
        turned.add(&extra, &compare);
        turned.take_back(&extra, &compare);
        prop_assert!(compare_all(&turned.likeness()));
    }
}
