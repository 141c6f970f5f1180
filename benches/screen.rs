//! What a key and a frame cost with many facts.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]
#![expect(clippy::print_stdout, reason = "percentiles are what it is for; the harness prints means")]

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::{buffer::Buffer, layout::Rect};
use stellar::{
    action,
    app::{Arrange, Effect, Model, Msg, Setup, Snapshot, arrange, layout::layout, update, view},
    engine::{FactMap, SortBy},
    fact::{
        Agreement, Confidence, Content, FactState, Insight, Key, Marks, ReasonCode, Role, ScoreBasis, SourceId, SourceState, SourceView,
        Timestamp, Validity, Value, Weights,
    },
    keymap::{Keymap, KeymapFile, LayerName, builtin_text},
    theme::{self, ColorDepth, Theme, ThemeFile},
};

const NOW: Timestamp = Timestamp::from_millis(1_767_607_200_000);

fn fact(index: usize) -> Insight {
    let value = Value::from_trusted_text(&index.to_string());
    let source = SourceId::new("prom").expect("a name");
    let basis = ScoreBasis {
        age: Duration::from_secs(9),
        half_life: Duration::from_secs(900),
        trust: 0.7,
        validity: Validity::NoSchema,
        alignment: Some(0.9),
        accepts: 0,
        rejects: 0,
    };
    let confidence = Confidence::score(&Weights([0.35, 0.30, 0.20, 0.10, 0.05]), &basis);
    let seen = Timestamp::from_millis(NOW.as_millis() - 9_000);
    let view = SourceView {
        source,
        role: Role::Observed,
        content: Content::Value(value.clone()),
        trust: 0.7,
        score: Some(confidence.score),
        state: SourceState::Reachable,
        validity: Validity::NoSchema,
        observed_at: seen,
        changed_at: seen,
        fetched_at: seen,
        revision: None,
        live: false,
        same_origin: None,
        wins: true,
        agrees: true,
    };
    Insight {
        key: Key::new(&format!("service/{:04}/pod/{index:06}/replicas", index % 1000)).expect("a key"),
        value: Some(value),
        state: FactState::Fresh,
        marks: Marks::default(),
        confidence: Some(confidence),
        p_true: 0.8,
        agreement: Agreement { supporting: 1, opposing: 0 },
        age: Duration::from_secs(9),
        observed_at: seen,
        changed_at: seen,
        ttl: Duration::from_secs(900),
        sources: vec![view],
        reason_codes: vec![ReasonCode::SingleSource],
        conflict: None,
        wanted: None,
        unit: "".into(),
        secret: false,
    }
}

fn feed(model: &mut Model, msg: Msg) {
    for effect in update(model, msg, NOW) {
        if let Effect::Arrange(question) = effect {
            feed(model, Msg::Arranged(arrange(&question)));
        }
    }
}

/// A screen of 120x36 with so many facts.
fn screen(count: usize) -> Model {
    let known: Vec<&str> = action::all().map(|spec| spec.id).collect();
    let file = KeymapFile::parse("default", builtin_text("default").expect("a keymap"), &known).expect("a keymap");
    let mut model = Model::new(Setup {
        size: (120, 36),
        now: NOW,
        keymap: Arc::new(Keymap::new([(LayerName::Default, &file)])),
        plain_borders: false,
        persona: action::Persona::Sre,
        offline: false,
        mouse: false,
    });
    let mut facts: Vec<Arc<Insight>> = (0..count).map(|index| Arc::new(fact(index))).collect();
    facts.sort_by(|a, b| a.key.cmp(&b.key));
    feed(&mut model, Msg::Snapshot(Snapshot { facts: facts.into(), ..Snapshot::default() }));
    model
}

fn bench(criterion: &mut Criterion) {
    let file = ThemeFile::parse("default", theme::builtin_text("default").expect("a theme")).expect("a theme");
    let theme = Theme::resolve(&file, false, ColorDepth::True);
    for count in [1_000, 100_000] {
        let mut model = screen(count);
        let key = |text: &str| Msg::Key(text.parse().expect("a key"));
        criterion.bench_function(&format!("draw/{count}"), |bencher| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 120, 36));
            bencher.iter(|| {
                buf.reset();
                view(&model, &layout(&model), &theme, &mut buf);
                black_box(buf.area)
            });
        });
        criterion.bench_function(&format!("update/page/{count}"), |bencher| {
            bencher.iter(|| {
                feed(&mut model, key("PageDown"));
                feed(&mut model, key("Up"));
            });
        });
        let question = |query: &str, sort| Arrange {
            generation: 1,
            facts: model.list.facts.clone(),
            now: NOW,
            query: query.to_owned(),
            sort,
            selected: model.shared.selected.clone(),
        };
        let filter = question("pod 42", SortBy::Key);
        criterion.bench_function(&format!("arrange/filter/{count}"), |bencher| bencher.iter(|| black_box(arrange(&filter)).rows.len()));
        let sort = question("", SortBy::Confidence);
        criterion.bench_function(&format!("arrange/sort/{count}"), |bencher| bencher.iter(|| black_box(arrange(&sort)).rows.len()));
    }
}

/// How long each of many runs took, in order; `run` gives back what is let go outside the measured time.
fn percentiles<T>(name: &str, rounds: usize, mut run: impl FnMut(usize) -> T) {
    let took: Vec<Duration> = (0..rounds)
        .map(|round| {
            let started = Instant::now();
            let left = run(round);
            let took = started.elapsed();
            drop(left);
            took
        })
        .collect();
    print(name, took);
}

fn print(name: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: usize| took.get((took.len() * share / 1000).min(took.len() - 1)).copied().unwrap_or_default();
    println!("{name:<48} p50 {:>9.1?}  p90 {:>9.1?}  p99 {:>9.1?}  max {:>9.1?}", at(500), at(900), at(990), at(1000));
}

/// A batch of changed facts, scattered over all of them.
fn batch(facts: &FactMap, round: usize, size: usize) -> Vec<Arc<Insight>> {
    let step = (facts.len() / size).max(1);
    let changed = (0..size).filter_map(|number| {
        let mut insight = Insight::clone(facts.get((number * step + round) % facts.len())?);
        insight.value = Some(Value::from_trusted_text(&(round * 7 + number).to_string()));
        Some(Arc::new(insight))
    });
    changed.collect()
}

/// The figures of the issue: the worst of a hundred, not the mean.
fn tails(_: &mut Criterion) {
    let file = ThemeFile::parse("default", theme::builtin_text("default").expect("a theme")).expect("a theme");
    let theme = Theme::resolve(&file, false, ColorDepth::True);
    let count = 100_000;
    let mut model = screen(count);
    let keys: Vec<Msg> = ["PageDown", "Down", "Up", "PageUp", "End", "Home", "Tab", "Tab"]
        .into_iter()
        .map(|key| Msg::Key(key.parse().expect("a key")))
        .collect();
    percentiles("update, a key, 100,000 facts", 20_000, |round| update(&mut model, keys[round % keys.len()].clone(), NOW));
    percentiles("update, a wake", 10_000, |_| update(&mut model, Msg::Wake, NOW));
    let mut buf = Buffer::empty(Rect::new(0, 0, 120, 36));
    percentiles("draw at 120x36, 100,000 facts", 10_000, |round| {
        if round % 4 == 0 {
            drop(update(&mut model, keys[round / 4 % keys.len()].clone(), NOW));
        }
        buf.reset();
        view(&model, &layout(&model), &theme, &mut buf);
    });
    // As the engine does: the screen holds the last moment while the next one is made.
    let mut facts = model.shared.snapshot.facts.clone();
    for size in [1, 100, 1_000] {
        let mut held = facts.clone();
        let mut took = Vec::new();
        for round in 0..500 {
            let changed = batch(&facts, round, size);
            let started = Instant::now();
            for insight in changed {
                facts.put(insight);
            }
            let moment = facts.clone();
            took.push(started.elapsed());
            held = moment;
        }
        drop(held);
        print(&format!("apply {size} changed of 100,000 facts"), took);
        // The feed keeps the moment before, so that the screen lets go of nothing.
        let mut told = [model.shared.snapshot.clone(), model.shared.snapshot.clone()];
        let mut effects = 0;
        let mut took = Vec::new();
        for round in 0..500 {
            for insight in batch(&facts, round + 500, size) {
                facts.put(insight);
            }
            let snapshot = Snapshot { facts: facts.clone(), ..Snapshot::default() };
            told.rotate_left(1);
            told[1] = snapshot.clone();
            let started = Instant::now();
            effects += update(&mut model, Msg::Snapshot(snapshot), NOW).len();
            took.push(started.elapsed());
        }
        print(&format!("update, a snapshot with {size} changed"), took);
        assert_eq!(effects, 0, "the rows stay");
    }
    let before = model.shared.snapshot.facts.clone();
    for insight in batch(&facts, 3, 1_000) {
        facts.put(insight);
    }
    percentiles("what differs between two moments, 1,000 changed", 500, |_| facts.since(&before));
}

criterion_group!(benches, bench, tails);
criterion_main!(benches);
