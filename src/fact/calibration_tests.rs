//! Scores against numbers worked out by hand.

use proptest::prelude::*;

use super::*;

fn judged(p_true: f64, is_right: bool) -> Judged {
    Judged { p_true, is_right, majority_is_right: false, weight: 1.0 }
}

#[track_caller]
fn close(one: f64, other: f64) {
    assert!((one - other).abs() < 1e-12, "{one} is not {other}");
}

#[test]
fn nothing_judged_says_nothing() {
    assert_eq!(Calibration::of(&[]), None);
    assert_eq!(Calibration::of(&[Judged { weight: 0.0, ..judged(0.5, true) }]), None);
}

#[test]
fn brier_and_error_by_hand() {
    // 0.8, three of four right: the tenth is 0.05 off; 0.3 and wrong: 0.3 off.
    let mut all = vec![judged(0.8, true), judged(0.8, true), judged(0.8, true), judged(0.8, false), judged(0.3, false)];
    all[0].majority_is_right = true;
    let scores = Calibration::of(&all).unwrap();
    close(scores.brier, (3.0 * 0.04 + 0.64 + 0.09) / 5.0);
    close(scores.error, (4.0 * 0.05 + 0.3) / 5.0);
    close(scores.right, 0.6);
    close(scores.majority, 0.2);
    assert_eq!(scores.judged, 5);
    let perfect = Calibration::of(&[judged(1.0, true), judged(0.0, false)]).unwrap();
    assert!(perfect.brier == 0.0 && perfect.error == 0.0);
    // Too low and too high within one tenth cancel; in two they do not.
    close(Calibration::of(&[judged(0.5, true), judged(0.5, false)]).unwrap().error, 0.0);
    close(Calibration::of(&[judged(0.5, true), judged(0.45, false)]).unwrap().error, 0.475);
}

#[test]
fn weights_count_in_every_score() {
    let all = [Judged { weight: 3.0, ..judged(0.8, true) }, judged(0.3, true)];
    let scores = Calibration::of(&all).unwrap();
    close(scores.right, 1.0);
    close(scores.brier, (3.0 * 0.04 + 0.49) / 4.0);
    close(scores.error, (3.0 * 0.2 + 0.7) / 4.0);
}

#[test]
fn majority_vote_is_what_most_stand_for_then_the_first_name() {
    let of = |sides: &[&[&str]]| {
        let conflict = ConflictEntry::example(crate::fact::Key::new("a/gate").unwrap(), 0.1, sides);
        majority_of(&conflict).unwrap().sources[0].as_str().to_owned()
    };
    assert_eq!(of(&[&["z"], &["x", "y"]]), "x", "who is believed does not matter");
    assert_eq!(of(&[&["x", "y"], &["a"]]), "x");
    assert_eq!(of(&[&["d", "c"], &["e", "b"]]), "e", "b comes first, whoever stands for it best");
    assert_eq!(of(&[&["b"], &["a"], &["c"]]), "a");
}

#[test]
fn tenths_begin_where_they_say() {
    assert_eq!([0.0, 0.099, 0.1, 0.3, 0.7, 0.9, 1.0].map(group), [0, 0, 1, 3, 7, 9, 9]);
    assert_eq!((group(f64::NAN), group(-1.0), group(2.0)), (0, 0, 9));
}

#[test]
fn the_few_that_were_asked_stand_for_their_tenth() {
    // Asked: two doubtful ones, one sure one. There are 4 doubtful and 96 sure facts.
    let strata = Strata::of(std::iter::repeat_n(0.55, 4).chain(std::iter::repeat_n(0.95, 96)));
    let mut asked = [judged(0.52, false), judged(0.55, true), judged(0.95, true)];
    strata.weigh(&mut asked);
    assert_eq!(asked.map(|one| one.weight), [2.0, 2.0, 96.0]);
    close(Calibration::of(&asked).unwrap().right, 0.98);
}

#[test]
fn nothing_decided_corrects_nothing() {
    for p_true in [0.0, 0.01, 0.05, 0.3, 0.777, 0.99, 1.0] {
        close(Correction::default().correct(p_true), p_true);
    }
    assert!(Correction::default().correct(f64::NAN) == 0.0);
}

#[test]
fn what_is_found_of_a_tenth_corrects_it_and_little_else() {
    // Twenty times 0.55, never right: half way down, and the tenths below are drawn along so that the curve does not fall.
    let correction = Correction::of(&[judged(0.55, false); 20]);
    assert!(correction.correct(0.55) < 0.45 && correction.correct(0.55) > 0.3);
    close(correction.correct(0.95), 0.95);
    close(correction.correct(0.1), 0.1);
    // Right half of the time is what 0.5 says.
    let fair = Correction::of(&[judged(0.5, false), judged(0.5, true)]);
    close(fair.correct(0.5), 0.5);
}

proptest! {
    #[test]
    fn a_correction_never_falls_and_stays_between_0_and_1(
        decided in prop::collection::vec((0.0_f64..=1.0, any::<bool>()), 0..60),
        one in 0.0_f64..=1.0,
        other in 0.0_f64..=1.0,
    ) {
        let judged: Vec<Judged> = decided.into_iter().map(|(p_true, is_right)| judged(p_true, is_right)).collect();
        let correction = Correction::of(&judged);
        let (low, high) = (correction.correct(one.min(other)), correction.correct(one.max(other)));
        prop_assert!(low <= high + 1e-12 && low >= 0.0 && high <= 1.0);
        close(correction.correct(0.0), 0.0);
        close(correction.correct(1.0), 1.0);
    }
}
