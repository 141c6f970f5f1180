//! There and back, and its form on the wire.

use std::{sync::Arc, time::Duration};

use super::{ViewPayload, ViewSource};
use crate::{
    engine::{Contested, EngineView, FactMap, SourceStatus},
    fact::{
        Agreement, Confidence, ConflictClass, ConflictEntry, ConflictId, Content, FactState, Insight, Key, Mark, Marks, ReasonCode,
        ResolutionState, Role, ScoreBasis, SourceId, SourceState, SourceView, Timestamp, Validity, Value, Weights,
    },
};

const AT: Timestamp = Timestamp::from_millis(1_767_607_200_123);

fn fact(name: &str, json: &str, secret: bool) -> Insight {
    let basis = ScoreBasis {
        age: Duration::from_secs(9),
        half_life: Duration::from_secs(900),
        trust: 0.5,
        validity: Validity::Valid,
        alignment: Some(0.5),
        accepts: 0,
        rejects: 1,
    };
    let confidence = Confidence::score(&Weights([0.2; 5]), &basis);
    let mut marks = Marks::default();
    marks.insert(Mark::Drift);
    let value = Value::parse(json).unwrap();
    Insight {
        key: Key::new(name).unwrap(),
        value: Some(value.clone()),
        state: FactState::Stale,
        marks,
        confidence: Some(confidence),
        p_true: 0.75,
        agreement: Agreement { supporting: 1, opposing: 0 },
        age: Duration::from_secs(9),
        observed_at: AT,
        changed_at: AT,
        ttl: Duration::from_secs(900),
        sources: vec![SourceView {
            source: SourceId::new("prom").unwrap(),
            role: Role::Observed,
            content: Content::Value(value),
            trust: 0.5,
            accepts: 4,
            rejects: 3,
            score: Some(confidence.score),
            state: SourceState::Failing { since: AT },
            validity: Validity::Valid,
            violation: None,
            observed_at: AT,
            changed_at: AT,
            fetched_at: AT,
            revision: None,
            live: false,
            same_origin: None,
            wins: true,
            agrees: true,
        }],
        left_out: None,
        reason_codes: vec![ReasonCode::SingleSource],
        conflict: None,
        wanted: Some(Value::parse("1e3").unwrap()),
        unit: "bytes".into(),
        secret,
        pending: None,
    }
}

fn source() -> SourceStatus {
    SourceStatus {
        source: SourceId::new("prom").unwrap(),
        kind: "http",
        role: Role::Observed,
        trust: 0.5,
        enabled: true,
        writable: false,
        state: SourceState::Reachable,
        complete_at: Some(AT),
        asked_at: Some(AT),
        keys: 2,
        error: None,
        skipped: Vec::new(),
        duplicates: Vec::new(),
        rejected_keys: 0,
        availability: Some(1.0),
        interval: Some(Duration::from_secs(30)),
    }
}

fn view(facts: Vec<Insight>) -> EngineView {
    EngineView { facts: facts.into_iter().map(Arc::new).collect(), sources: vec![source()].into(), ..EngineView::default() }
}

fn carried(before: &EngineView, now: &EngineView) -> Vec<ViewPayload> {
    let pieces = ViewPayload::between(before, now);
    pieces.iter().map(|piece| serde_json::from_str(&serde_json::to_string(piece).unwrap()).unwrap()).collect()
}

#[test]
fn everything_and_then_what_differs_leads_to_the_same_moment() {
    let first = view((0..1_000).map(|number| fact(&format!("k/{number:04}"), "0.10", false)).collect());
    let mut second = first.clone();
    second.facts.put(Arc::new(fact("k/0500", "{\"b\":1,\"a\":2}", false)));
    second.facts.remove(&Key::new("k/0001").unwrap());
    let (mut facts, mut contested) = (FactMap::default(), Contested::default());
    let pieces = carried(&EngineView::default(), &first);
    assert!(pieces.len() > 1, "in pieces of a bearable length");
    let told = pieces.len() - 1;
    for (number, piece) in pieces.into_iter().enumerate() {
        let (sources, complete) = piece.apply(&mut facts, &mut contested).unwrap();
        assert_eq!((sources.is_some(), complete), (number == told, number == told));
        if let Some(sources) = sources {
            assert_eq!(sources.into_iter().map(ViewSource::status).collect::<Vec<_>>(), first.sources.to_vec());
        }
    }
    assert!(facts.iter().eq(first.facts.iter()));
    let pieces = carried(&first, &second);
    assert_eq!((pieces.len(), pieces[0].facts.len(), pieces[0].gone.len()), (1, 1, 1));
    pieces.into_iter().for_each(|piece| assert!(piece.apply(&mut facts, &mut contested).is_ok()));
    assert!(facts.iter().eq(second.facts.iter()));
}

#[test]
fn its_form_stays() {
    let piece = &ViewPayload::between(&EngineView::default(), &view(vec![fact("a/b", "\"x\"", false)]))[0];
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/wire"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("view_payload", serde_json::to_string_pretty(piece).unwrap()));
}

#[test]
fn a_secret_does_not_leave() {
    let piece = &ViewPayload::between(&EngineView::default(), &view(vec![fact("a/b", "\"hunter2\"", true)]))[0];
    let text = serde_json::to_string(piece).unwrap();
    assert!(!text.contains("hunter2") && text.contains("(masked)"), "{text}");
}

#[test]
fn what_is_not_known_here_is_said_and_nothing_breaks() {
    let good = serde_json::to_string(&ViewPayload::between(&EngineView::default(), &view(vec![fact("a/b", "1", false)]))[0]).unwrap();
    for (was, is) in [("\"stale\"", "\"rotten\""), ("\"drift\"", "\"shift\""), ("\"value\":\"1\"", "\"value\":\"{\"")] {
        assert!(good.contains(was), "{was} in {good}");
        let piece: ViewPayload = serde_json::from_str(&good.replacen(was, is, 1)).unwrap();
        assert!(piece.apply(&mut FactMap::default(), &mut Contested::default()).is_err(), "{is}");
    }
}

fn conflict(name: &str) -> Arc<ConflictEntry> {
    let Insight { key, confidence, .. } = fact(name, "1", false);
    Arc::new(ConflictEntry {
        id: ConflictId::of(&key, ConflictClass::Value),
        key,
        class: ConflictClass::Value,
        digest: "0".into(),
        resolution: ResolutionState::Pending,
        candidates: Vec::new(),
        winner: SourceId::new("prom").unwrap(),
        margin: 0.0,
        confidence: confidence.unwrap(),
        reason_codes: Vec::new(),
        last_updated: AT,
        change: None,
    })
}

#[test]
fn conflicts_stand_in_the_order_they_were_told_in_and_an_order_that_only_lost_some_is_not_told_again() {
    let names: Vec<String> = (0..super::ORDERED + 5).map(|at| format!("k/{:05}", (at * 7_919) % (super::ORDERED + 5))).collect();
    let told = |names: &[String]| {
        let conflicts: Vec<_> = names.iter().map(|name| conflict(name)).collect();
        let facts =
            conflicts.iter().map(|conflict| Insight { conflict: Some(Arc::clone(conflict)), ..fact(conflict.key.as_str(), "1", false) });
        EngineView { conflicts: conflicts.clone().into(), ..view(facts.collect()) }
    };
    let keys = |all: &[Arc<ConflictEntry>]| all.iter().map(|conflict| conflict.key.to_string()).collect::<Vec<_>>();
    let (mut facts, mut contested) = (FactMap::default(), Contested::default());
    let first = told(&names);
    for piece in carried(&EngineView::default(), &first) {
        piece.apply(&mut facts, &mut contested).unwrap();
    }
    assert_eq!(keys(&contested.waiting()), names);
    // One is decided: what is left stands as before, and nobody says so again.
    let mut second = first.clone();
    second.conflicts = second.conflicts.iter().skip(1).map(Arc::clone).collect();
    second.facts.put(Arc::new(fact(&names[0], "1", false)));
    let pieces = carried(&first, &second);
    assert!(pieces.iter().all(|piece| piece.order.is_empty()));
    pieces.into_iter().for_each(|piece| assert!(piece.apply(&mut facts, &mut contested).is_ok()));
    assert_eq!(keys(&contested.waiting()), names[1..]);
    // Another order is.
    let mut third = second.clone();
    third.conflicts = third.conflicts.iter().rev().map(Arc::clone).collect();
    carried(&second, &third).into_iter().for_each(|piece| assert!(piece.apply(&mut facts, &mut contested).is_ok()));
    assert_eq!(keys(&contested.waiting()), names[1..].iter().rev().cloned().collect::<Vec<_>>());
}

#[test]
fn where_a_value_breaks_its_schema_is_carried_and_of_a_secret_it_is_not() {
    let broken = |secret| {
        let mut insight = fact("a/b", "{\"card\":1}", secret);
        insight.sources[0].validity = Validity::Invalid;
        insight.sources[0].violation = Some("/card breaks \"type\" of its schema".into());
        insight
    };
    let text = |secret| serde_json::to_string(&ViewPayload::between(&EngineView::default(), &view(vec![broken(secret)]))[0]).unwrap();
    let (mut facts, mut contested) = (FactMap::default(), Contested::default());
    let piece: ViewPayload = serde_json::from_str(&text(false)).unwrap();
    piece.apply(&mut facts, &mut contested).unwrap();
    assert_eq!(*facts.get(0).unwrap().as_ref(), broken(false));
    assert!(!text(true).contains("card"), "{}", text(true));
}
