//! Scoring and resolving in memory on one core: 100,000 keys with 3 sources each (contract: under 1 s), 10 sources each, and 1,000 sources
//! of one key. Before the statistics one plain run of each prints its milliseconds.

use std::{
    error::Error,
    hint::black_box,
    io::Write as _,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion};
use stellar::fact::{
    CompareRule, Content, Key, KeyRule, Normal, Observation, Pattern, Reading, ResolveSettings, SourceId, SourceState, Timestamp,
    Tolerance, Validity, Value, resolve,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Observations with their normal forms, `sources` of them for each key. One key in ten is in conflict, half of the values are decimals.
struct Held {
    keys: Vec<Key>,
    readings: Vec<(Observation, Normal)>,
    sources: usize,
    rule: KeyRule,
}

fn held(keys: u32, sources: u32) -> Result<Held, Box<dyn Error>> {
    let mut rule = KeyRule::new(Pattern::new("service/**")?);
    rule.compare = CompareRule { tolerance: Tolerance::Relative(0.001), ..CompareRule::default() };
    rule.unit = "percent".to_owned();
    let names: Vec<SourceId> = (0..sources).map(|at| SourceId::new(&format!("source-{at:04}"))).collect::<Result<_, _>>()?;
    let keys: Vec<Key> = (0..keys).map(|at| Key::new(&format!("service/s{at:06}/load"))).collect::<Result<_, _>>()?;
    let mut readings = Vec::new();
    for (at, key) in (0_u32..).zip(&keys) {
        for (source, name) in (0_u32..).zip(&names) {
            let differs = at % 10 == 0 && source % 3 == 1;
            let number = f64::from(at) + if at % 2 == 0 { 0.25 } else { 0.0 } + if differs { 5_000.0 } else { 0.0 };
            let value = Value::number(number)?;
            let normal = Normal::of(&value, &rule.compare);
            let seen = Timestamp::from_millis(NOW.as_millis() - i64::from(at % 2_000 + source * 100) * 500);
            let observation = Observation {
                key: key.clone(),
                source: name.clone(),
                content: Content::Value(value),
                observed_at: seen,
                changed_at: seen,
                fetched_at: seen,
                revision: None,
                live: false,
                same_origin: None,
            };
            readings.push((observation, normal));
        }
    }
    Ok(Held { keys, readings, sources: names.len(), rule })
}

impl Held {
    /// Scores and resolves every key; gives how many are in conflict, so that nothing is optimised away.
    fn resolve_all(&self, settings: &ResolveSettings) -> usize {
        let mut conflicts = 0;
        let mut readings = Vec::with_capacity(self.sources);
        for (key, held) in self.keys.iter().zip(self.readings.chunks(self.sources)) {
            readings.clear();
            readings.extend((0_u32..).zip(held).map(|(at, (observation, normal))| Reading {
                normal: Some(normal),
                validity: Validity::Valid,
                state: SourceState::Reachable,
                alignment: Some(0.98),
                ..Reading::new(observation, 0.5 + 0.04 * f64::from(at % 10), Duration::from_secs(900))
            }));
            let insight = black_box(resolve(key, Some(&self.rule), &readings, settings, NOW));
            conflicts += usize::from(insight.is_some_and(|insight| insight.conflict.is_some()));
        }
        conflicts
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(5)).configure_from_args();
    let settings = ResolveSettings::default();
    let mut group = criterion.benchmark_group("resolve");
    for (keys, sources) in [(100_000, 3), (100_000, 10), (1, 1_000)] {
        let held = held(keys, sources)?;
        let start = Instant::now();
        let conflicts = held.resolve_all(&settings);
        let took = start.elapsed().as_secs_f64() * 1_000.0;
        writeln!(std::io::stdout(), "{keys} keys x {sources} sources: {took:.1} ms, {conflicts} in conflict")?;
        group.bench_function(BenchmarkId::new(format!("{keys}_keys"), sources), |bencher| bencher.iter(|| held.resolve_all(&settings)));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
