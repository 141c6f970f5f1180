//! Facts, sources and whole screens for tests: the ones of the design's sketches.

pub mod queue;

use std::{sync::Arc, time::Duration};

use crate::{
    action::{self, Persona},
    engine::{SourceStatus, source::SourceError},
    fact::{
        Agreement, Candidate, Confidence, ConflictClass, ConflictEntry, ConflictId, Content, FactState, Insight, Key, Mark, Marks,
        ReasonCode, ResolutionState, Role, ScoreBasis, SourceId, SourceState, SourceView, Timestamp, Validity, Value, Weights,
    },
    keymap::{Keymap, KeymapFile, LayerName, builtin_text},
    theme::{ColorDepth, Theme, ThemeFile},
};

use super::{
    arrange::arrange,
    effect::Effect,
    model::{Model, Setup},
    msg::Msg,
    snapshot::Snapshot,
    update::update,
};

/// The wall clock of every test.
pub const NOW: Timestamp = Timestamp::from_millis(1_767_607_200_000);

/// A moment so many seconds before [`NOW`].
pub fn before(seconds: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - seconds * 1000)
}

pub fn id(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

pub fn confidence(age: i64, trust: f64) -> Confidence {
    let basis = ScoreBasis {
        age: Duration::from_secs(age.unsigned_abs()),
        half_life: Duration::from_secs(900),
        trust,
        validity: Validity::NoSchema,
        alignment: Some(0.92),
        accepts: 0,
        rejects: 0,
    };
    Confidence::score(&Weights([0.35, 0.30, 0.20, 0.10, 0.05]), &basis)
}

/// What one source says.
pub fn view(source: &str, value: &str, age: i64, trust: f64, wins: bool) -> SourceView {
    SourceView {
        source: id(source),
        role: Role::Observed,
        content: Content::Value(Value::from_trusted_text(value)),
        trust,
        accepts: 0,
        rejects: 0,
        score: Some(confidence(age, trust).score),
        state: SourceState::Reachable,
        validity: Validity::NoSchema,
        violation: None,
        observed_at: before(age),
        changed_at: before(age),
        fetched_at: before(age),
        revision: None,
        live: false,
        same_origin: None,
        wins,
        agrees: wins,
    }
}

/// A fact that one source has.
pub fn fact(key: &str, value: &str, unit: &str, source: &str, age: i64, trust: f64) -> Insight {
    Insight {
        key: Key::new(key).unwrap(),
        value: Some(Value::from_trusted_text(value)),
        state: FactState::Fresh,
        marks: Marks::default(),
        confidence: Some(confidence(age, trust)),
        p_true: trust,
        agreement: Agreement { supporting: 1, opposing: 0 },
        age: Duration::from_secs(age.unsigned_abs()),
        observed_at: before(age),
        changed_at: before(age),
        ttl: Duration::from_secs(900),
        sources: vec![view(source, value, age, trust, true)],
        left_out: None,
        reason_codes: vec![ReasonCode::SingleSource],
        conflict: None,
        wanted: None,
        unit: unit.into(),
        secret: false,
        pending: None,
    }
}

fn marked(mut insight: Insight, marks: &[Mark], state: FactState) -> Insight {
    for mark in marks {
        insight.marks.insert(*mark);
    }
    insight.state = state;
    insight
}

/// The fact that everybody disagrees on.
pub fn contested() -> Insight {
    let mut insight = fact("service/checkout/replicas", "3", "", "prom", 9, 0.58);
    let mut cluster = view("cluster", "3", 240, 0.60, false);
    cluster.state = SourceState::Failing { since: before(240) };
    cluster.agrees = true;
    let mut git = view("git", "5", 7200, 0.70, false);
    git.role = Role::Declared;
    git.score = None;
    (insight.sources[0].accepts, insight.sources[0].rejects) = (4, 3);
    insight.sources.extend([cluster, view("wiki", "4", 120, 0.50, false), git]);
    insight.wanted = Some(Value::from_trusted_text("5"));
    insight.reason_codes = vec![ReasonCode::NarrowMargin, ReasonCode::DeclaredDiffers, ReasonCode::SourceUnreachable];
    insight.agreement = Agreement { supporting: 2, opposing: 1 };
    insight.p_true = 0.78;
    insight.conflict = Some(Arc::new(conflict(&insight)));
    marked(insight, &[Mark::Conflict, Mark::Drift], FactState::Fresh)
}

/// The same where so many more say what is believed.
pub fn widely_contested(more: usize) -> Insight {
    let mut insight = contested();
    let others: Vec<_> =
        (0..more).map(|at| SourceView { agrees: true, ..view(&format!("replica-{at:02}"), "3", 60, 0.5, false) }).collect();
    let candidates = &mut Arc::make_mut(insight.conflict.as_mut().unwrap()).candidates;
    candidates[0].sources.extend(others.iter().map(|view| view.source.clone()));
    let declared = insight.sources.pop();
    insight.sources.extend(others.into_iter().chain(declared));
    insight
}

/// What the engine knows where it holds but the first of those who speak of that fact.
pub fn shortened(whole: &Insight) -> Snapshot {
    let mut all = snapshot();
    all.facts.put(Arc::new(whole.clone().shortened()));
    let of =
        |conflict: &Arc<ConflictEntry>| whole.conflict.clone().filter(|own| own.id == conflict.id).unwrap_or_else(|| Arc::clone(conflict));
    all.conflicts = all.conflicts.iter().map(of).collect();
    all
}

fn conflict(insight: &Insight) -> ConflictEntry {
    let candidate = |value: &str, sources: &[&str], score| Candidate {
        value: Value::from_trusted_text(value),
        sources: sources.iter().map(|name| id(name)).collect(),
        score,
    };
    ConflictEntry {
        id: ConflictId::of(&insight.key, ConflictClass::Value),
        key: insight.key.clone(),
        class: ConflictClass::Value,
        digest: "0011223344556677".into(),
        resolution: ResolutionState::Pending,
        candidates: vec![candidate("3", &["prom", "cluster"], 0.74), candidate("4", &["wiki"], 0.66)],
        winner: id("prom"),
        margin: 0.08,
        confidence: confidence(9, 0.58),
        reason_codes: vec![ReasonCode::NarrowMargin],
        last_updated: before(9),
        change: None,
    }
}

/// Some facts, by key.
pub fn facts() -> Vec<Arc<Insight>> {
    let mut cart = fact("service/cart/replicas", "2", "", "cluster", 720, 0.60);
    cart.wanted = Some(Value::from_trusted_text("4"));
    cart.reason_codes = vec![ReasonCode::NarrowMargin, ReasonCode::SourceUnreachable];
    cart.sources.push(view("wiki", "3", 120, 0.5, false));
    cart.conflict = Some(Arc::new(conflict(&cart)));
    let mut secret = fact("service/checkout/token", "\"s3cr3t-value\"", "", "git", 40, 0.7);
    secret.secret = true;
    let mut wanted = fact("service/mail/replicas", "1", "", "git", 100, 0.7);
    wanted.wanted = wanted.value.take();
    wanted.confidence = None;
    wanted.reason_codes = vec![ReasonCode::DeclaredOnly];
    wanted.sources[0].role = Role::Declared;
    let mut facts = vec![
        fact("host/load/1m", "0.42", "", "host.proc", 3, 0.9),
        fact("host/memory/available", "13314398617", "bytes", "host.proc", 3, 0.9),
        fact("host/uptime", "93784", "seconds", "host.sysinfo", 3, 0.9),
        marked(cart, &[Mark::Conflict], FactState::Offline),
        contested(),
        secret,
        marked(fact("service/legacy/replicas", "7", "", "prom", 200_000, 0.3), &[], FactState::Gone),
        wanted,
        marked(queue::pending(fact("service/search/replicas", "2", "", "prom", 3000, 0.55)), &[Mark::Pending], FactState::Stale),
        fact("サービス/注文/状態", "\"正常 👩‍👩‍👧\"", "", "prom", 65, 0.8),
        fact("service/evil/text", "\"a\\u001b[31mred\\u202edrow\"", "", "prom", 65, 0.8),
    ];
    facts.sort_by(|a, b| a.key.cmp(&b.key));
    facts.into_iter().map(Arc::new).collect()
}

/// A source that answers.
pub fn source(name: &str, kind: &'static str) -> SourceStatus {
    SourceStatus {
        source: id(name),
        kind,
        role: Role::Observed,
        trust: 0.7,
        enabled: true,
        writable: false,
        state: SourceState::Reachable,
        complete_at: Some(before(3)),
        asked_at: Some(before(3)),
        keys: 4,
        error: None,
        skipped: Vec::new(),
        duplicates: Vec::new(),
        rejected_keys: 0,
        availability: Some(1.0),
        interval: Some(Duration::from_secs(30)),
    }
}

/// A source that does not.
pub fn failing(name: &str) -> SourceStatus {
    SourceStatus {
        state: SourceState::Failing { since: before(240) },
        error: Some(SourceError { code: "refused", message: "connection refused".to_owned(), retry_after: None }),
        ..source(name, "http")
    }
}

/// Everything the engine knows in the sketches.
pub fn snapshot() -> Snapshot {
    let facts = facts();
    let conflicts: Vec<_> = facts.iter().filter_map(|insight| insight.conflict.clone()).collect();
    let sources =
        vec![source("host", "host"), source("prom", "prometheus"), failing("cluster"), source("wiki", "http"), source("git", "file")];
    Snapshot {
        facts: facts.into(),
        sources: sources.into(),
        conflicts: conflicts.into(),
        queue: queue::waiting().into(),
        ..Snapshot::default()
    }
}

/// The same where wiki and cluster take changes.
pub fn writable(mut all: Snapshot) -> Snapshot {
    let takes = |source: &SourceStatus| ["wiki", "cluster"].contains(&source.source.as_str());
    all.sources = all.sources.iter().map(|source| SourceStatus { writable: takes(source), ..source.clone() }).collect();
    all
}

/// So many facts.
pub fn many(count: usize) -> Snapshot {
    let facts: Vec<_> = (0..count).map(|index| Arc::new(fact(&format!("k/{index:06}"), &index.to_string(), "", "prom", 3, 0.8))).collect();
    Snapshot { facts: facts.into(), sources: vec![source("prom", "prometheus")].into(), ..Snapshot::default() }
}

/// The keys that are compiled in.
pub fn keymap() -> Arc<Keymap> {
    let known: Vec<&str> = action::all().map(|spec| spec.id).collect();
    let file = KeymapFile::parse("default.toml", builtin_text("default").unwrap(), &known).unwrap();
    Arc::new(Keymap::new([(LayerName::Default, &file)]))
}

/// A screen before anything is known.
pub fn blank(size: (u16, u16)) -> Model {
    Model::new(Setup {
        size,
        now: NOW,
        keymap: keymap(),
        plain_borders: false,
        persona: Persona::Sre,
        user: "ada".to_owned(),
        offline: false,
        mouse: true,
    })
}

/// Sends a message and runs what it asks for as the interpreter would; gives back what is left to do outside.
pub fn send(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut left = Vec::new();
    for effect in update(model, msg, NOW) {
        match effect {
            Effect::Arrange(question) => left.extend(send(model, Msg::Arranged(arrange(&question)))),
            other => left.push(other),
        }
    }
    left
}

/// Presses keys, written with spaces between them.
pub fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    keys.split_whitespace().flat_map(|key| send(model, Msg::Key(key.parse().unwrap()))).collect()
}

/// The screen of the sketches.
pub fn screen(size: (u16, u16)) -> Model {
    let mut model = blank(size);
    send(&mut model, Msg::Snapshot(snapshot()));
    model
}

/// A theme that is compiled in.
pub fn theme(name: &str, depth: ColorDepth) -> Theme {
    let file = ThemeFile::parse(name, crate::theme::builtin_text(name).unwrap()).unwrap();
    Theme::resolve(&file, false, depth)
}
