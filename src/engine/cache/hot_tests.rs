//! What the tier holds is what was put there last, and it never weighs more than it may.

use std::{collections::HashMap, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{
    engine::cache::RuleBook,
    fact::{Content, Observation, SourceId, Value},
};

fn key(at: u32) -> Key {
    Key::new(&format!("k/{at}")).unwrap()
}

fn hot(at: u32, length: usize) -> Arc<Hot> {
    let observation = Observation {
        key: key(at),
        source: SourceId::new("s").unwrap(),
        content: Content::Value(Value::string(&"v".repeat(length))),
        observed_at: Timestamp::default(),
        changed_at: Timestamp::default(),
        fetched_at: Timestamp::default(),
        revision: None,
        live: false,
        same_origin: None,
    };
    Hot::new([Arc::new(Slot::new(observation, &RuleBook::new(Vec::new())))])
}

fn length(hot: &Hot) -> usize {
    hot.slots()[0].value().unwrap().as_json_text().len()
}

#[derive(Clone, Debug)]
enum Step {
    Keep(u32, usize),
    Fill(u32, usize),
    Replace(u32, usize),
    Forget(u32),
    Get(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lengths = || prop_oneof![4 => 0..300_usize, 1 => 3_000..40_000_usize];
    let step = prop_oneof![
        (0..20_u32, lengths()).prop_map(|(at, length)| Step::Keep(at, length)),
        (0..20_u32, lengths()).prop_map(|(at, length)| Step::Fill(at, length)),
        (0..20_u32, lengths()).prop_map(|(at, length)| Step::Replace(at, length)),
        (0..20_u32).prop_map(Step::Forget),
        (0..20_u32).prop_map(Step::Get),
    ];
    proptest::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn nothing_old_is_found_and_the_limit_holds(steps in steps(), limit in prop_oneof![Just(0_u64), 500..20_000_u64]) {
        let tier = HotTier::new(limit);
        let mut last: HashMap<u32, usize> = HashMap::new();
        for step in steps {
            match step {
                Step::Keep(at, length) => {
                    tier.keep(key(at), hot(at, length));
                    last.insert(at, length + 2);
                }
                Step::Fill(at, length) => {
                    // As its users do: nothing is filled in over what is held.
                    if tier.peek(&key(at)).is_none() {
                        let before = tier.status().keys;
                        let filled = tier.fill(key(at), hot(at, length));
                        prop_assert!(tier.status().keys >= before, "filling pushes nothing out");
                        if filled {
                            last.insert(at, length + 2);
                        }
                    }
                }
                Step::Replace(at, length) => {
                    let held = tier.peek(&key(at)).is_some();
                    tier.replace(key(at), hot(at, length));
                    if held {
                        last.insert(at, length + 2);
                    } else {
                        prop_assert!(tier.peek(&key(at)).is_none());
                    }
                }
                Step::Forget(at) => {
                    tier.forget(&key(at));
                    last.remove(&at);
                }
                Step::Get(at) => {
                    if let Some(found) = tier.get(&key(at)) {
                        prop_assert_eq!(Some(&length(&found)), last.get(&at));
                    }
                }
            }
            for at in 0..20 {
                if let Some(found) = tier.peek(&key(at)) {
                    prop_assert_eq!(Some(&length(&found)), last.get(&at));
                }
            }
            let status = tier.status();
            prop_assert!(status.bytes <= limit, "{status:?}");
        }
    }
}

#[test]
fn what_is_asked_for_stays_while_others_come_and_go() {
    let tier = HotTier::new(64 * 1024);
    for at in 0..10 {
        tier.keep(key(at), hot(at, 100));
    }
    for round in 0..2_000 {
        assert!(tier.get(&key(round % 10)).is_some(), "{round}");
        tier.keep(key(1_000 + round), hot(1_000 + round, 100));
    }
    assert!(tier.status().hits == 2_000 && tier.status().bytes <= 64 * 1024);
}

#[test]
fn weights_are_no_less_than_the_memory_of_what_is_held() {
    let slots = hot(1, 5_000);
    // The text of the value, and the form it is compared in.
    assert!(slots.bytes(&key(1)) > 10_000 + (size_of::<Slot>() + size_of::<Insight>() + size_of::<SourceView>()) as u64);
}

#[test]
fn belief_holds_for_its_epoch_and_its_time() {
    let held = hot(1, 1);
    let now = Timestamp::from_millis(1_000);
    assert!(held.belief(0, now).is_none());
    let reading = crate::fact::Reading::new(&held.slots()[0].observation, 0.5, Duration::from_secs(60));
    let insight = Arc::new(crate::fact::resolve(&key(1), None, &[reading], &crate::fact::ResolveSettings::default(), now).unwrap());
    held.believe(&insight, 3, now, Timestamp::from_millis(1_020));
    assert!(Arc::ptr_eq(&held.belief(3, now).unwrap(), &insight));
    assert!(held.belief(3, Timestamp::from_millis(1_019)).is_some());
    for (epoch, at) in [(2, 1_000), (4, 1_000), (3, 1_020), (3, 999)] {
        assert!(held.belief(epoch, Timestamp::from_millis(at)).is_none(), "{epoch} {at}");
    }
}
