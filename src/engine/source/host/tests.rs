//! The machine the tests run on.

use std::collections::BTreeMap;

use super::*;
use crate::{
    engine::{source::support, world::SystemClock},
    fact::{Key, Tolerance, Value},
};

async fn fetch(source: &HostSource) -> BTreeMap<Key, (Value, Option<Arc<str>>)> {
    let fetched = source.fetch().await.unwrap();
    assert!(fetched.complete && fetched.skipped.is_empty() && fetched.duplicates.is_empty(), "{fetched:?}");
    fetched.items.into_iter().map(|item| (item.key, (item.value, item.same_origin))).collect()
}

fn stand_for_the_same(key: &Key, one: &Value, two: &Value) -> bool {
    let rule = host_rules().into_iter().find(|rule| rule.pattern.matches(key)).unwrap();
    match (one.as_f64(), two.as_f64()) {
        (Some(one), Some(two)) => {
            let apart = (one - two).abs();
            match rule.compare.tolerance {
                Tolerance::Absolute(most) => apart <= most,
                Tolerance::Relative(most) => apart <= most * one.abs().max(two.abs()),
            }
        }
        _ => one == two,
    }
}

#[tokio::test]
async fn this_machine_has_the_promised_facts() {
    let pair = HostSource::pair(&support::config("host", crate::config::SourceKind::Host), &SystemClock::shared());
    for (_, source) in &pair {
        let facts = fetch(source).await;
        for key in [
            "host/name",
            "host/os",
            "host/kernel",
            "host/uptime",
            "host/boot_time",
            "host/load/1m",
            "host/load/5m",
            "host/load/15m",
            "host/cpu/count",
            "host/cpu/usage",
            "host/memory/total",
            "host/memory/available",
            "host/memory/used",
            "host/memory/swap_total",
            "host/memory/swap_free",
            "host/disk/%2F/total",
            "host/disk/%2F/available",
            "host/disk/%2F/used_percent",
            "host/process/count",
        ] {
            assert!(facts.contains_key(&Key::new(key).unwrap()), "{:?} lacks {key}", source.side);
        }
        let count = &facts[&Key::new("host/process/count").unwrap()].0;
        assert!(count.as_f64().unwrap() >= 1.0);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn two_readings_of_one_tick_never_disagree() {
    let pair = HostSource::pair(&support::config("host", crate::config::SourceKind::Host), &SystemClock::shared());
    let [(_, library), (_, direct)] = pair.as_slice() else { panic!("two sides") };
    for round in 0..20 {
        let (one, two) = (fetch(library).await, fetch(direct).await);
        assert!(one.keys().eq(two.keys()), "round {round}: {:?} and {:?}", one.keys(), two.keys());
        for (key, (value, origin)) in &one {
            let (other, other_origin) = &two[key];
            assert!(stand_for_the_same(key, value, other), "round {round}: {key}: {value:?} and {other:?}");
            assert_eq!(origin, other_origin, "{key}");
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_tick_is_given_to_each_side_once() {
    let shared = Shared::new(SystemClock::shared(), Duration::from_secs(3600));
    let first = shared.tick(Side::Library).await.unwrap();
    let second = shared.tick(Side::Direct).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second), "the other side gets the same tick");
    let third = shared.tick(Side::Direct).await.unwrap();
    assert!(!Arc::ptr_eq(&second, &third), "the same side gets a new one");
    let hasty = Shared::new(SystemClock::shared(), Duration::ZERO);
    let first = hasty.tick(Side::Library).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &hasty.tick(Side::Direct).await.unwrap()), "an old tick waits for nobody");
}
