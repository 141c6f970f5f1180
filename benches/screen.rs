//! What a key and a frame cost with many facts.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up has nothing to say")]

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::{buffer::Buffer, layout::Rect};
use stellar::{
    action,
    app::{Arrange, Effect, Model, Msg, Setup, Snapshot, arrange, layout::layout, update, view},
    engine::SortBy,
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
            facts: Arc::clone(&model.list.facts),
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

criterion_group!(benches, bench);
criterion_main!(benches);
