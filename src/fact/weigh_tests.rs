//! Company by the shortest way is that by the plain one, to the last bit.

use std::{borrow::Cow, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::fact::{
    CompareRule, Content, Key, LikenessCounts, Normal, Observation, Reading, ResolveSettings, SourceId, Timestamp, Value,
    confidence::Confidence,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// What source `s<source>` says, read at that place.
pub(in crate::fact) fn observed(source: usize, json: &str, place: Option<&str>) -> Observation {
    Observation {
        key: Key::new("service/shop/replicas").unwrap(),
        source: SourceId::new(&format!("s{source}")).unwrap(),
        content: Content::Value(Value::parse(json).unwrap()),
        observed_at: NOW,
        changed_at: NOW,
        fetched_at: NOW,
        revision: None,
        live: false,
        same_origin: place.map(Into::into),
    }
}

pub(in crate::fact) fn readings(observations: &[Observation]) -> Vec<Reading<'_>> {
    observations.iter().map(|observation| Reading::new(observation, 0.5, Duration::from_secs(900))).collect()
}

pub(in crate::fact) fn entries<'a>(readings: &'a [Reading<'a>], likeness: &Likeness) -> Vec<Entry<'a>> {
    let settings = ResolveSettings::default();
    let entry = |reading: &'a Reading<'a>| {
        let value = reading.observation.value()?;
        let confidence = Confidence::score(&settings.weights, &reading.basis(None, &settings, NOW));
        let normal = Cow::Owned(Normal::of(value, &CompareRule::default()));
        let alike = likeness.place(&reading.observation.source);
        Some(Entry { alike, ..Entry::new(reading, value, normal, confidence, NOW) })
    };
    readings.iter().filter_map(entry).collect()
}

/// How alike `s0` to `s5` are after what they said of some keys.
pub(in crate::fact) fn learned(keys: &[Vec<u8>]) -> Likeness {
    let mut counts = LikenessCounts::default();
    let compare = CompareRule::default();
    for key in keys {
        let said: Vec<_> = key.iter().enumerate().map(|(at, digit)| (observed(at, "0", None).source, digit.to_string())).collect();
        let said: Vec<_> = said.iter().map(|(name, json)| (name, Normal::of(&Value::parse(json).unwrap(), &compare))).collect();
        counts.add(&said.iter().map(|(name, normal)| (*name, normal)).collect::<Vec<_>>(), &compare);
    }
    counts.likeness()
}

/// Every pair, as the words say it.
fn plainly(entries: &[&Entry<'_>], likeness: &Likeness) -> Vec<f64> {
    let place = |at: usize| entries[at].reading.observation.same_origin.as_deref();
    let is_first = |at: usize| place(at).is_none_or(|own| (0..at).all(|before| place(before) != Some(own)));
    let of = |at: usize| {
        let others = (0..entries.len()).filter(|other| *other != at && is_first(*other));
        1.0 + others.map(|other| likeness.between(entries[at].alike, entries[other].alike)).sum::<f64>()
    };
    (0..entries.len()).map(|at| if is_first(at) { of(at) } else { 0.0 }).collect()
}

proptest! {
    /// Some are known, some are not; some read one place, and a source may speak twice.
    #[test]
    fn company_is_that_of_every_pair(
        keys in prop::collection::vec(prop::collection::vec(0_u8..3, 6), 0..12),
        who in prop::collection::vec((0_usize..9, prop::option::weighted(0.3, prop::sample::select(vec!["a", "b"]))), 0..16),
    ) {
        let likeness = learned(&keys);
        let all: Vec<Observation> = who.iter().map(|(source, place)| observed(*source, "1", *place)).collect();
        let readings = readings(&all);
        let entries = entries(&readings, &likeness);
        let entries: Vec<&Entry<'_>> = entries.iter().collect();
        let bits = |company: Vec<f64>| company.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        prop_assert_eq!(bits(company(&entries, Some(&likeness))), bits(plainly(&entries, &likeness)));
        prop_assert_eq!(bits(company(&entries, None)), bits(plainly(&entries, &Likeness::default())));
    }
}
