//! What the tests of several kinds share.

pub(super) mod server;

use std::time::Duration;

use crate::{
    config::{MapConfig, SourceConfig, SourceKind},
    fact::{Role, SourceId},
};

/// A source with every setting at its default.
pub(super) fn config(name: &str, kind: SourceKind) -> SourceConfig {
    SourceConfig {
        name: SourceId::new(name).unwrap(),
        kind,
        role: Role::Observed,
        trust: 0.7,
        authority: false,
        enabled: true,
        writable: false,
        prefix: String::new(),
        keys: Vec::new(),
        interval: None,
        timeout: Duration::from_secs(5),
        ttl: None,
        apdex_target: Duration::from_millis(200),
        maps: Vec::new(),
        reads: Vec::new(),
        writes: Vec::new(),
    }
}

/// A map with items, key and value.
pub(super) fn map(items: &str, key: &str, value: &str) -> MapConfig {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    MapConfig { items: some(items), key: key.to_owned(), value: some(value), at: None, changed: None }
}

/// The items of an answer as `key=value`, in order.
pub(super) fn lines(fetched: &super::Fetched) -> Vec<String> {
    fetched.items.iter().map(|item| format!("{}={}", item.key, item.value.as_json_text())).collect()
}

/// Gives literals as they are, `env:TOKEN` as `s3cret`, and nothing else.
pub(super) struct TestSecrets;

impl crate::engine::Secrets for TestSecrets {
    fn resolve(&self, reference: &crate::config::SecretRef) -> Result<String, String> {
        match reference {
            crate::config::SecretRef::Literal(text) => Ok(text.clone()),
            crate::config::SecretRef::Env(name) if name == "TOKEN" => Ok("s3cret".to_owned()),
            other => Err(format!("{other:?} is not set")),
        }
    }
}

/// A change of a key from a base (none: not there) to a value, on its first attempt.
pub(super) fn change(key: &str, base: Option<&str>, value: &str) -> super::Change {
    use crate::fact::{Base, CompareRule, Key, Value};
    super::Change {
        id: "0199-x".into(),
        idempotency_key: "0199-key".into(),
        key: Key::new(key).unwrap(),
        value: Value::parse(value).unwrap(),
        base: Base::found(base.map(|base| Value::parse(base).unwrap())),
        guard: None,
        intended: None,
        compare: CompareRule::default(),
        secret: false,
        attempt: 1,
    }
}

/// An outcome in short: its name, and what it says.
pub(super) fn short(outcome: &super::Delivery) -> String {
    use super::Delivery;
    match outcome {
        Delivery::Accepted { guarded, confirmed, .. } => {
            format!("accepted{}{}", if *guarded { " guarded" } else { "" }, if confirmed.is_some() { " confirmed" } else { "" })
        }
        Delivery::Moved { current, .. } => format!("moved to {}", current.value().map_or("nothing", |value| value.as_json_text())),
        Delivery::Refused { answer } => format!("refused: {}", answer.text),
        Delivery::Poison { answer, maybe_applied } => format!("poison{}: {}", if *maybe_applied { " maybe" } else { "" }, answer.text),
        Delivery::Unavailable { error, maybe_applied } => {
            format!("unavailable{}: {}", if *maybe_applied { " maybe" } else { "" }, error.code)
        }
        Delivery::Denied { answer } => format!("denied: {}", answer.text),
        Delivery::Unprepared => "unprepared".to_owned(),
    }
}
