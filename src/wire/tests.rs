//! Lines say what the types say, exactly.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::{ConflictEventPayload, Envelope, ErrorBody, EventPayload, InsightPayload, Outcome, schemas};
use crate::{
    action,
    engine::{CacheEvent, EngineEvent},
    fact::{
        Agreement, Confidence, Content, FactState, Insight, Key, Mark, Marks, ReasonCode, Role, ScoreBasis, SourceId, SourceState,
        SourceView, Timestamp, Validity, Value, Weights,
    },
};

fn value(text: &str) -> Value {
    Value::parse(text).unwrap()
}

fn insight(json: &str, secret: bool) -> Insight {
    let seconds = std::time::Duration::from_secs;
    let basis = ScoreBasis {
        age: seconds(9),
        half_life: seconds(900),
        trust: 0.7,
        validity: Validity::NoSchema,
        alignment: None,
        accepts: 0,
        rejects: 0,
    };
    let at = Timestamp::from_millis(1_767_607_200_123);
    let mut marks = Marks::default();
    marks.insert(Mark::Drift);
    let view = |name: &str, wins| SourceView {
        source: SourceId::new(name).unwrap(),
        role: Role::Observed,
        content: if wins { Content::Value(value(json)) } else { Content::Absent(Some(value("1"))) },
        trust: 0.7,
        accepts: 4,
        rejects: 3,
        score: wins.then_some(0.7),
        state: if wins { SourceState::Reachable } else { SourceState::Failing { since: at } },
        validity: Validity::NoSchema,
        violation: None,
        observed_at: at,
        changed_at: at,
        fetched_at: at,
        revision: None,
        live: false,
        same_origin: None,
        wins,
        agrees: wins,
    };
    Insight {
        key: Key::new("service/checkout/replicas").unwrap(),
        value: Some(value(json)),
        state: FactState::Fresh,
        marks,
        confidence: Some(Confidence::score(&Weights::default(), &basis)),
        p_true: 0.8,
        agreement: Agreement { supporting: 1, opposing: 0 },
        age: seconds(9),
        observed_at: at,
        changed_at: at,
        ttl: seconds(900),
        sources: vec![view("prom", true), view("wiki", false)],
        left_out: None,
        reason_codes: vec![ReasonCode::SingleSource],
        conflict: None,
        wanted: Some(value("5")),
        unit: "".into(),
        secret,
        pending: None,
    }
}

fn line_of(insight: &Insight, reveal: bool) -> String {
    let payload = InsightPayload::of(insight, reveal);
    let at = Timestamp::from_millis(1_767_607_200_123);
    serde_json::to_string(&Envelope::new(42, at, "core.insight.read", "cli", "sre", Outcome::Ok, &payload, None)).unwrap()
}

#[test]
fn a_line_has_the_members_of_the_contract_in_its_order() {
    let line = line_of(&insight("3", false), false);
    assert!(line.starts_with(
        "{\"v\":1,\"seq\":42,\"ts\":\"2026-01-05T10:00:00.123Z\",\"action\":\"core.insight.read\",\"via\":\"cli\",\"persona\":\"sre\",\"outcome\":\"ok\",\"payload\":{"
    ));
    let json: Json = serde_json::from_str(&line).unwrap();
    let members: Vec<&str> = json["payload"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "key",
            "value",
            "state",
            "marks",
            "confidence",
            "band",
            "p_true",
            "factors",
            "agreement",
            "age_ms",
            "observed_at",
            "changed_at",
            "ttl_ms",
            "sources",
            "reason_codes",
            "wanted"
        ]
    );
    assert_eq!(json["payload"]["agreement"], json!({"for": 1, "against": 0}));
    assert_eq!(json["payload"]["sources"][1]["absent"], json!(true));
    assert_eq!(json["payload"]["sources"][1]["failing_since"], json!("2026-01-05T10:00:00.123Z"));
    assert!(json.get("error").is_none());
}

#[test]
fn factors_sum_to_the_score() {
    let payload = InsightPayload::of(&insight("3", false), false);
    let sum: f64 = payload.factors.iter().map(|factor| factor.contribution).sum();
    assert!((sum - payload.confidence.unwrap()).abs() < 1e-12);
    assert!(payload.factors.iter().all(|factor| !factor.signal.is_empty()));
}

#[test]
fn numbers_keep_their_digits_there_and_back() {
    for text in ["123456789012345678901234567890", "0.1000000000000000000001", "-0.0", "1e400", "{\"b\":1.5,\"a\":2}"] {
        let line = line_of(&insight(text, false), false);
        assert!(line.contains(text), "{line}");
        let payload: InsightPayload = Envelope::read(&line).unwrap().payload_as().unwrap();
        assert_eq!(payload, InsightPayload::of(&insight(text, false), false));
    }
}

#[test]
fn a_secret_is_on_no_line_until_it_is_revealed() {
    let secret = insight("\"hunter2\"", true);
    let masked = line_of(&secret, false);
    assert!(!masked.contains("hunter2") && masked.contains("\"masked\":true"), "{masked}");
    assert!(!masked.contains("\"wanted\":5"));
    let revealed = line_of(&secret, true);
    assert!(revealed.contains("hunter2") && !revealed.contains("masked"));
}

#[test]
fn events_are_named_by_their_line() {
    let key = Key::new("a/b").unwrap();
    let (action, payload) = EventPayload::of(&EngineEvent::Cache(CacheEvent::Quarantined { key: Some(key), source: None }), false);
    assert_eq!(
        (action, serde_json::to_value(&payload).unwrap()),
        ("core.cache.quarantined", json!({"key": "a/b", "source": null, "message": "the record of a/b was damaged and put aside"}))
    );
    let (action, payload) = EventPayload::of(&EngineEvent::Missed(3), false);
    assert_eq!((action, serde_json::to_value(&payload).unwrap()), ("core.watch.missed", json!({"missed": 3})));
    assert!(serde_json::from_value::<ConflictEventPayload>(json!({"id": "c-1", "key": "a//b"})).is_err());
}

#[test]
fn an_error_line_reads_back() {
    let body = ErrorBody::new("no_such_key", "there is no a/b").hint("stellar list");
    let at = Timestamp::default();
    let envelope = Envelope::new(1, at, "core.insight.read", "cli", "sre", Outcome::Error, Map::<String, Json>::new(), Some(body.clone()));
    let read = Envelope::read(&serde_json::to_string(&envelope).unwrap()).unwrap();
    assert_eq!((read.error, read.outcome, read.payload.get(), read.v), (Some(body), Outcome::Error, "{}", 1));
}

#[test]
fn every_line_an_action_answers_with_has_a_schema() {
    let named: BTreeSet<&str> = schemas().into_iter().map(|(name, _)| name).collect();
    for spec in action::all() {
        for name in spec.emits {
            assert!(named.contains(name), "{name} of {} has no schema", spec.id);
        }
    }
    let emitted: BTreeSet<&str> = action::all().flat_map(|spec| spec.emits.iter().copied()).collect();
    for name in named.into_iter().filter(|name| *name != "envelope") {
        assert!(emitted.contains(name), "the schema {name} is of nothing");
    }
}

#[test]
fn a_payload_has_every_member_its_schema_requires_and_no_other() {
    let schema = schemas().into_iter().find(|(name, _)| *name == "core.insight.read").unwrap().1;
    let schema = schema.as_value();
    let payload = serde_json::to_value(InsightPayload::of(&insight("3", true), false)).unwrap();
    for required in schema["required"].as_array().unwrap() {
        assert!(payload.get(required.as_str().unwrap()).is_some(), "{required}");
    }
    for member in payload.as_object().unwrap().keys() {
        assert!(schema["properties"].get(member).is_some(), "{member}");
    }
}

#[test]
fn a_moment_of_history_reads_back_exactly_and_hides_secrets() {
    use crate::{engine::Believed, fact::Band, wire::HistoryPayload};
    let value = Value::parse("0.10000000000000000000000001").unwrap();
    let at = Timestamp::from_millis(1_767_607_200_000);
    let believed = Believed { at, value: Some(value), too_long: false, confidence: Some(0.5), band: Some(Band::Medium) };
    let key = Key::new("a/b").unwrap();
    let payload = HistoryPayload::of(&key, &believed, false, false).asked_at(at);
    let envelope = Envelope::new(1, at, "core.insight.past", "cli", "sre", Outcome::Ok, &payload, None);
    let line = serde_json::to_string(&envelope).unwrap();
    assert!(line.contains("0.10000000000000000000000001"), "{line}");
    assert_eq!(Envelope::read(&line).unwrap().payload_as::<HistoryPayload>().unwrap(), payload);
    let hidden = serde_json::to_string(&HistoryPayload::of(&key, &believed, true, false)).unwrap();
    assert!(!hidden.contains("0.1000") && hidden.contains("\"masked\":true"), "{hidden}");
}
