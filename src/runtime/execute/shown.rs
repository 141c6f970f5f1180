//! Which keys a line shows values of: read from the line itself, so that no kind of answer can forget to say it.

use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::fact::Key;

/// Keys whose values a line shows.
pub fn keys_shown(payload: &impl Serialize) -> Vec<Key> {
    #[derive(Deserialize)]
    struct Shown {
        key: Option<String>,
        value: Option<IgnoredAny>,
        candidates: Option<IgnoredAny>,
        #[serde(default)]
        sample: Vec<Shown>,
    }
    fn of(shown: Shown, keys: &mut Vec<Key>) {
        if shown.value.is_some() || shown.candidates.is_some() {
            keys.extend(shown.key.and_then(|key| Key::new(&key).ok()));
        }
        shown.sample.into_iter().for_each(|shown| of(shown, keys));
    }
    let mut keys = Vec::new();
    if let Some(shown) = serde_json::to_string(payload).ok().and_then(|text| serde_json::from_str::<Shown>(&text).ok()) {
        of(shown, &mut keys);
    }
    keys
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_counts_where_a_value_stands_beside_it() {
        for (line, keys) in [
            (json!({"key": "a/b", "value": 5}), vec!["a/b"]),
            (json!({"key": "a/b", "value": 123_456_789_012_345_678_901_234_567_890_f64, "sources": []}), vec!["a/b"]),
            (json!({"key": "a/b", "candidates": [{"value": 5}]}), vec!["a/b"]),
            (json!({"key": "a/b", "state": "queued"}), vec![]),
            (json!({"sample": [{"key": "a/b", "value": 1}, {"key": "a/c"}, {"key": "a/d", "value": {"x": []}}]}), vec!["a/b", "a/d"]),
            (json!({"records": 5, "value": 1}), vec![]),
            (json!({"key": 5, "value": 1}), vec![]),
            (json!({"key": "//", "value": 1}), vec![]),
        ] {
            assert_eq!(keys_shown(&line).iter().map(Key::as_str).collect::<Vec<_>>(), keys, "{line}");
        }
    }
}
