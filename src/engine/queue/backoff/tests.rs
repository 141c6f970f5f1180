//! Bounds of single delays.

use proptest::prelude::*;

use super::*;

const BASE: Duration = Duration::from_millis(500);
const CAP: Duration = Duration::from_secs(60);

#[test]
fn the_ceiling_doubles_up_to_the_cap() {
    for (attempt, millis) in [(0, 500), (1, 1000), (2, 2000), (3, 4000), (6, 32_000), (7, 60_000), (8, 60_000), (u32::MAX, 60_000)] {
        assert_eq!(ceiling(BASE, 2.0, CAP, attempt), Duration::from_millis(millis), "{attempt}");
    }
}

#[test]
fn a_delay_is_spread_from_nothing_to_the_ceiling() {
    assert_eq!(full_jitter(BASE, 2.0, CAP, 2, 0), Duration::ZERO);
    assert_eq!(full_jitter(BASE, 2.0, CAP, 2, u64::MAX), Duration::from_secs(2));
    assert_eq!(full_jitter(BASE, 2.0, CAP, 2, 1 << 63), Duration::from_secs(1));
}

#[test]
fn odd_settings_still_give_a_delay() {
    let odd = |base, factor, cap| full_jitter(base, factor, cap, 50, u64::MAX);
    let second = Duration::from_secs(1);
    assert_eq!(odd(second, f64::NAN, second), second);
    assert_eq!(odd(second, 0.0, second * 5), second, "a factor below 1 does not shrink it");
    assert_eq!(odd(Duration::MAX, f64::INFINITY, second), second);
    assert_eq!(odd(Duration::ZERO, 2.0, second), Duration::ZERO);
}

proptest! {
    #[test]
    fn no_delay_is_longer_than_its_ceiling(attempt: u32, random: u64, base in 0_u64..100_000, factor in 0.5_f64..10.0, cap in 0_u64..1_000_000) {
        let (base, cap) = (Duration::from_millis(base), Duration::from_millis(cap));
        let highest = ceiling(base, factor, cap, attempt);
        prop_assert!(full_jitter(base, factor, cap, attempt, random) <= highest);
        prop_assert!(highest <= ceiling(base, factor, cap, attempt.saturating_add(1)), "it never shrinks");
        prop_assert!(highest <= cap);
    }
}
