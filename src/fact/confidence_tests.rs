//! The arithmetic of a score, by hand and by property.

use proptest::prelude::*;

use super::*;

fn basis() -> ScoreBasis {
    ScoreBasis {
        age: Duration::from_secs(9),
        half_life: Duration::from_mins(15),
        trust: 0.7,
        validity: Validity::NoSchema,
        alignment: None,
        accepts: 0,
        rejects: 0,
    }
}

#[test]
fn the_arithmetic_by_hand() {
    let fresh = ScoreBasis { age: Duration::ZERO, ..basis() };
    // 0.35 * 1 + 0.30 * 0.7 + 0.20 * 0.5 + 0.10 * 0.5 + 0.05 * 0.5
    assert_eq!(Confidence::score(&Weights::default(), &fresh).points(), 7_350);
    let half =
        ScoreBasis { age: Duration::from_mins(15), validity: Validity::Valid, alignment: Some(0.9), accepts: 3, rejects: 1, ..basis() };
    // 0.175 + 0.21 + 0.20 + 0.09 + 0.05 * 4 / 6
    assert_eq!(Confidence::score(&Weights::default(), &half).points(), 7_083);
    let bad = ScoreBasis {
        age: Duration::from_hours(9_000),
        trust: 0.0,
        validity: Validity::Invalid,
        alignment: Some(0.0),
        rejects: 100,
        ..basis()
    };
    let bad = Confidence::score(&Weights::default(), &bad);
    assert!(bad.score.abs() < f64::EPSILON && bad.factors()[2].contribution < 0.0);
}

#[test]
fn freshness_halves_and_has_a_floor() {
    let at = |age: u64, half_life: u64| {
        ScoreBasis { age: Duration::from_secs(age), half_life: Duration::from_secs(half_life), ..basis() }.freshness()
    };
    assert!((at(900, 900) - 0.5).abs() < 1e-12);
    assert!((at(1_800, 900) - 0.25).abs() < 1e-12);
    assert!((at(90_000, 900) - 0.1).abs() < 1e-12);
    assert!((at(0, 0) - 1.0).abs() < 1e-12 && (at(1, 0) - 0.1).abs() < 1e-12);
}

#[test]
fn weights_are_scaled_or_refused() {
    assert_eq!(
        Weights::new([7.0, 6.0, 4.0, 2.0, 1.0]).map(|weights| weights.0.iter().map(|weight| (weight * 100.0).round()).sum::<f64>()),
        Ok(100.0)
    );
    assert_eq!(Weights::new([0.0; 5]), Err(WeightsError::NoSum));
    assert_eq!(Weights::new([1.0, -0.1, 0.0, 0.0, 0.0]), Err(WeightsError::NotAWeight(FactorKind::SourceTrust)));
    assert_eq!(Weights::new([1.0, 0.0, f64::NAN, 0.0, 0.0]), Err(WeightsError::NotAWeight(FactorKind::SchemaValidity)));
    assert_eq!(Weights::new([f64::MAX; 5]), Err(WeightsError::NoSum));
    let (default, scaled) = (Weights::default(), Weights::new(Weights::default().0).unwrap());
    assert!(default.0.iter().zip(scaled.0).all(|(one, other)| (one - other).abs() < 1e-12));
}

#[test]
fn bands_and_odds_in_words() {
    for (score, band) in
        [(0.0, "low"), (0.39994, "low"), (0.39996, "medium"), (0.4, "medium"), (0.7499, "medium"), (0.74996, "high"), (1.0, "high")]
    {
        assert_eq!(Band::of(score).word(), band, "{score}");
    }
    assert_eq!((Band::High.colour(), Band::Medium.colour(), Band::Low.colour()), ("green", "amber", "red"));
    for (p, words) in [
        (0.0, "right less than 1 in 10"),
        (0.0999, "right less than 1 in 10"),
        (0.1, "right about 1 in 10"),
        (0.74, "right about 7 in 10"),
        (0.75, "right about 8 in 10"),
        (0.949, "right about 9 in 10"),
        (0.95, "nearly always right"),
        (f64::NAN, "right less than 1 in 10"),
    ] {
        assert_eq!(right_about(p), words, "{p}");
    }
}

#[test]
fn signals_say_what_was_seen() {
    let confidence = Confidence::score(&Weights::default(), &ScoreBasis { accepts: 2, rejects: 1, alignment: Some(0.93), ..basis() });
    assert_eq!(confidence.signal(FactorKind::Freshness), "9 s old, half-life 15 min");
    assert_eq!(confidence.signal(FactorKind::SourceTrust), "its source is trusted 0.70");
    assert_eq!(confidence.signal(FactorKind::UserOverrides), "decided for it 2, against it 1");
    assert!(FactorKind::ALL.into_iter().all(|kind| !confidence.signal(kind).is_empty()));
}

proptest! {
    #[test]
    fn factors_sum_to_the_score(
        raw in prop::array::uniform5(0.0_f64..10.0),
        age in 0_u64..10_000_000,
        half_life in 0_u64..100_000,
        trust in -1.0_f64..2.0,
        alignment in prop::option::of(0.0_f64..1.0),
        accepts in any::<u32>(),
        rejects in any::<u32>(),
        validity in prop_oneof![Just(Validity::Valid), Just(Validity::NoSchema), Just(Validity::Invalid)],
    ) {
        prop_assume!(raw.iter().sum::<f64>() > 0.0);
        let weights = Weights::new(raw).unwrap();
        let basis = ScoreBasis { age: Duration::from_millis(age), half_life: Duration::from_millis(half_life), trust, validity, alignment, accepts, rejects };
        let confidence = Confidence::score(&weights, &basis);
        let sum: f64 = confidence.factors().iter().map(|factor| factor.contribution).sum();
        prop_assert!((confidence.score - sum.clamp(0.0, 1.0)).abs() < 1e-9);
        for factor in confidence.factors() {
            prop_assert!((-1.0..=1.0).contains(&factor.value));
            prop_assert!((factor.contribution - factor.weight * factor.value).abs() < 1e-12);
        }
        let older = Confidence::score(&weights, &ScoreBasis { age: basis.age * 2, ..basis });
        prop_assert!(older.score <= confidence.score + 1e-12, "age never helps");
    }
}
