//! What a key and a frame cost with many facts: what most of them cost, and the slowest of a hundred.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]
#![expect(clippy::print_stdout, reason = "its table is its result")]

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group};
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
        accepts: 4,
        rejects: 1,
        score: Some(confidence.score),
        state: SourceState::Reachable,
        validity: Validity::NoSchema,
        violation: None,
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
        left_out: None,
        reason_codes: vec![ReasonCode::SingleSource],
        conflict: None,
        wanted: None,
        unit: "".into(),
        secret: false,
        pending: None,
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
        user: String::new(),
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

/// Times every single run: the mean hides the slow ones, and those are what a person feels. Median and 99th of a hundred, in ms.
fn times(runs: usize, mut run: impl FnMut(usize)) -> (f64, f64) {
    let mut took: Vec<Duration> = (0..runs)
        .map(|turn| {
            let began = Instant::now();
            run(turn);
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |share: usize| took[(runs * share / 100).min(runs - 1)].as_secs_f64() * 1e3;
    (at(50), at(99))
}

/// Prints rows of the table of figures: a draw and an update with 100,000 facts, beside filling a buffer.
fn tails() {
    const RUNS: usize = 4_000;
    let file = ThemeFile::parse("default", theme::builtin_text("default").expect("a theme")).expect("a theme");
    let theme = Theme::resolve(&file, false, ColorDepth::True);
    let mut model = screen(100_000);
    let mut buf = Buffer::empty(Rect::new(0, 0, 120, 36));
    let line = "x".repeat(120);
    let (_, fill) = times(RUNS, |_| {
        for y in 0..36 {
            buf.set_string(0, y, &line, ratatui::style::Style::new());
        }
        black_box(buf.area);
    });
    let (draw_p50, draw) = times(RUNS, |_| {
        buf.reset();
        view(&model, &layout(&model), &theme, &mut buf);
        black_box(buf.area);
    });
    let keys = ["PageDown", "Up", "Down", "PageUp"].map(|key| Msg::Key(key.parse().expect("a key")));
    let (update_p50, updated) = times(RUNS, |turn| {
        black_box(update(&mut model, keys[turn % keys.len()].clone(), NOW).len());
    });
    let row = |what: &str, (p50, p99): (f64, f64), bound: f64| {
        let (ratio, held) = (p99 / fill, if p99 <= bound { "yes" } else { "**no**" });
        println!(
            "| {what}, p99 of {RUNS} | {p99:.3} ms (p50 {p50:.3}) | filling such a buffer {fill:.3} ms | {ratio:.1} | {bound} ms | {held} |"
        );
    };
    row("draw at 120x36 with 100,000 facts", (draw_p50, draw), 1.0);
    row("`update` of a key with 100,000 facts", (update_p50, updated), 0.2);
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

/// What a moment costs the engine and the screen, by how many of 100,000 facts differ in it.
fn moments() {
    let mut model = screen(100_000);
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

criterion_group!(benches, bench);

fn main() {
    tails();
    // The script of figures wants the rows and no more.
    if std::env::var_os("ROWS_ONLY").is_none() {
        moments();
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
}
