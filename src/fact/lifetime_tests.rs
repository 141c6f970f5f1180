//! Learned half-lives: the arithmetic by hand, and what must hold of any looks.

use proptest::prelude::*;

use super::*;

const TTL: Duration = Duration::from_mins(15);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + seconds * 1000)
}

/// `values` looked at every `step` seconds, `times` times; of them `changed` had changed each time.
fn looked(step: i64, times: i64, values: u64, changed: u64, watched: bool) -> Option<Lifetime> {
    let looks: Vec<Look> =
        (0..times).map(|turn| Look { from: at(turn * step), until: at((turn + 1) * step), values, changed, watched }).collect();
    fold(&looks)
}

fn fold(looks: &[Look]) -> Option<Lifetime> {
    let all: Vec<Lifetime> = looks.iter().filter_map(Lifetime::of).collect();
    together(all.iter())
}

fn half_life(known: Option<Lifetime>) -> Option<f64> {
    Some(known?.learned()?.exact(TTL))
}

fn close(left: f64, right: f64, within: f64) -> bool {
    (left - right).abs() <= within * right.abs()
}

#[test]
fn what_is_watched_is_changes_over_time_shrunk_towards_what_is_configured() {
    // Ten values for an hour, of which one changed every six minutes: ten changes in 36,000 seconds.
    let learned = half_life(looked(360, 10, 10, 1, true)).unwrap();
    assert!(close(learned, (3.0 * 900.0 + LN_2 * 36_000.0) / 13.0, 1e-9), "{learned}");
}

#[test]
fn what_is_polled_often_enough_comes_to_the_same() {
    let (polled, watched) = (half_life(looked(1, 36_000, 10, 0, false)), half_life(looked(1, 36_000, 10, 0, true)));
    assert_eq!(polled, watched, "nothing changed");
    let rarely = |watched| {
        let look = |turn: i64| Look { from: at(turn), until: at(turn + 1), values: 10, changed: u64::from(turn % 360 == 0), watched };
        half_life(fold(&(0..3600).map(look).collect::<Vec<_>>())).unwrap()
    };
    assert!(close(rarely(false), rarely(true), 0.01), "{} {}", rarely(false), rarely(true));
}

#[test]
fn what_changes_between_two_polls_is_known_to_change_more_often_than_is_seen() {
    // Every value changes once in ten minutes; it is looked at every ten: 1 - 1/e of the looks find it changed.
    let seen = looked(600, 80, 1000, 632, false);
    let learned = half_life(seen.clone()).unwrap();
    assert!(close(learned, LN_2 * 600.0, 0.01), "{learned}");
    assert!(close(seen.unwrap().learned().unwrap().seen(), 80.0 * 632.0, 1e-9));
}

#[test]
fn a_look_after_a_long_pause_does_not_make_a_restless_value_a_lasting_one() {
    let restless = looked(10, 1000, 1, 1, false);
    let pause = Lifetime::of(&Look { from: at(10_000), until: at(10_000 + 30 * 86_400), values: 1, changed: 1, watched: false });
    let both = together([restless.unwrap(), pause.unwrap()].iter());
    assert!(half_life(both).unwrap() <= 120.0);
}

#[test]
fn few_looks_leave_what_is_configured_and_bounds_hold() {
    assert_eq!(half_life(looked(10, 5, 1000, 1000, false)), None, "less than a minute");
    assert_eq!(half_life(looked(0, 5, 1000, 1000, false)), None, "no time at all");
    assert_eq!(half_life(looked(60, 100, 0, 0, false)), None, "nothing was there");
    let one = half_life(looked(60, 1, 1, 1, true)).unwrap();
    assert!(one > 600.0, "one change is little beside what is configured: {one}");
    assert_eq!(half_life(looked(1, 100_000, 1, 1, true)), Some(60.0), "the shortest");
    let short = Duration::from_secs(15);
    assert_eq!(looked(1, 100_000, 1, 1, true).unwrap().learned().unwrap().half_life(short), short, "what is configured may be shorter");
    let weeks = half_life(looked(3600, 100, 1_000_000, 0, false)).unwrap();
    assert!(close(weeks, 900.0 + 10.0 * 360_000.0, 1e-9), "ten times what was looked at: {weeks}");
    assert_eq!(half_life(looked(86_400, 30, 1_000_000, 0, true)), Some(LONGEST.as_secs_f64()), "the longest");
    // More can have changed than there is: what is counted twice counts once.
    assert_eq!(looked(60, 3, 2, 9, true), looked(60, 3, 2, 2, true));
}

#[test]
fn what_was_seen_fades() {
    let old = looked(60, 100, 1, 1, true).unwrap();
    let later = Look { from: at(0), until: at(300 * 86_400), values: 1, changed: 0, watched: true };
    let both = together([old.clone(), Lifetime::of(&later).unwrap()].iter()).unwrap().learned().unwrap();
    assert!(close(both.seen(), 100.0 * (-10.0_f64).exp2(), 0.01), "{both:?}");
    assert!(close(old.learned().unwrap().seen(), 100.0, 1e-9));
}

#[test]
fn sources_teach_together_and_are_reset_alone() {
    let names = ["a", "b"].map(|name| SourceId::new(name).unwrap());
    let fields = ["gate", "time"].map(FieldName::new);
    let mut all = Lifetimes::default();
    let look = |turn: i64, changed| Look { from: at(turn * 60), until: at(turn * 60 + 60), values: 2, changed, watched: true };
    for turn in 0..50 {
        for source in &names {
            assert!(all.look(source, &fields[0], &look(turn, 2)));
            assert!(all.look(source, &fields[1], &look(turn, 0)));
        }
    }
    assert!(!all.look(&names[0], &fields[0], &Look { until: at(0), ..look(0, 1) }), "the same moment again");
    let learned = all.learned();
    assert!(learned[&fields[0]].half_life(TTL) < TTL && learned[&fields[1]].half_life(TTL) > TTL, "{learned:?}");
    assert_eq!(learned[&fields[0]].seen(), 200.0);
    assert_eq!(all.of_source(&names[0], Some(&fields[0])).unwrap().seen(), 100.0);
    assert_eq!(all.of_source(&names[0], None).unwrap().watched(), Duration::from_mins(200));
    assert_eq!(all.taught_by(&names[1]), fields);
    assert_eq!(Lifetimes::restore(all.store()), all);
    assert!(!all.reset(&names[0], Some(&fields[0]), at(0)), "begun no sooner");
    assert!(all.reset(&names[0], Some(&fields[0]), at(1)));
    assert_eq!(all.learned()[&fields[0]].seen(), 100.0);
    assert!(all.reset(&names[1], None, at(1)));
    assert_eq!(all.learned().keys().collect::<Vec<_>>(), [&fields[1]]);
}

#[test]
fn a_clock_that_was_ahead_makes_nothing_fade() {
    let (source, field) = (SourceId::new("a").unwrap(), FieldName::new("gate"));
    let mut all = Lifetimes::default();
    let years = 3_000 * 86_400;
    all.look(&source, &field, &Look { from: at(years), until: at(years + 60), values: 1, changed: 1, watched: true });
    for turn in 0..10 {
        all.look(&source, &field, &Look { from: at(turn * 60), until: at(turn * 60 + 60), values: 1, changed: 1, watched: true });
    }
    assert_eq!(all.of_source(&source, None).unwrap().seen(), 11.0);
}

/// Looks of up to some months, in any order, and none too small to be told apart.
fn any_looks() -> impl Strategy<Value = Vec<Look>> {
    let look = (0_i64..90 * 86_400, 1_i64..86_400, 1_u64..1000, 0.0_f64..=1.0, any::<bool>());
    prop::collection::vec(look, 1..20).prop_map(|looks| {
        let one = |(from, took, values, share, watched): (i64, i64, u64, f64, bool)| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of a thousand"
            )]
            let changed = (share * share * values as f64) as u64;
            Look { from: at(from), until: at(from + took), values, changed, watched }
        };
        looks.into_iter().map(one).collect()
    })
}

proptest! {
    #[test]
    fn any_order_teaches_the_same(looks in any_looks(), turn in 0_usize..20) {
        let mut other = looks.clone();
        other.rotate_left(turn % looks.len());
        other.reverse();
        match (half_life(fold(&looks)), half_life(fold(&other))) {
            (Some(one), Some(other)) => prop_assert!(close(one, other, 1e-6), "{one} {other}"),
            (one, other) => prop_assert_eq!(one, other),
        }
    }

    #[test]
    fn a_look_that_took_no_time_teaches_nothing(looks in any_looks()) {
        let (source, field) = (SourceId::new("a").unwrap(), FieldName::new("gate"));
        let mut all = Lifetimes::default();
        for look in &looks {
            all.look(&source, &field, look);
        }
        let before = all.clone();
        for look in &looks {
            let again = Look { from: look.until, ..*look };
            prop_assert!(!all.look(&source, &field, &again));
        }
        prop_assert_eq!(all, before);
    }

    #[test]
    fn more_changes_never_lengthen_it(looks in any_looks(), which in 0_usize..20, more in 1_u64..1000) {
        let mut other = looks.clone();
        let which = which % looks.len();
        other[which].changed = (other[which].changed + more).min(other[which].values);
        let (Some(before), Some(after)) = (half_life(fold(&looks)), half_life(fold(&other))) else { return Ok(()) };
        prop_assert!(after <= before * (1.0 + 1e-6), "{before} {after}");
    }

    #[test]
    fn twice_the_time_is_twice_the_half_life(looks in any_looks()) {
        let of = |factor: i64, ttl: Duration| {
            // All on one day, so that nothing fades.
            let look = |look: &Look| Look { from: at(0), until: at((look.until.as_millis() - look.from.as_millis()) / 10_000 * factor), ..*look };
            let learned = fold(&looks.iter().map(look).collect::<Vec<_>>())?.learned()?;
            let half_life = learned.exact(ttl);
            // Where a bound is met there is no proportion.
            let free = half_life > SHORTEST.as_secs_f64() * 2.0 && half_life < LONGEST.as_secs_f64() / 2.0;
            let inside = LN_2 / learned.seconds * learned.changes < LN_2 / SHORTEST.as_secs_f64() / 4.0;
            (free && inside).then_some(half_life)
        };
        let (Some(once), Some(twice)) = (of(1, TTL), of(2, TTL * 2)) else { return Ok(()) };
        prop_assert!(close(twice, 2.0 * once, 1e-3), "{once} {twice}");
    }

    #[test]
    fn it_is_a_half_life_whatever_was_seen(looks in any_looks(), configured in 1_u64..10_000_000) {
        let configured = Duration::from_secs(configured);
        let Some(learned) = fold(&looks).and_then(|known| known.learned()) else { return Ok(()) };
        let half_life = learned.exact(configured);
        prop_assert!(half_life >= SHORTEST.min(configured).as_secs_f64() && half_life <= LONGEST.max(configured).as_secs_f64());
    }
}
