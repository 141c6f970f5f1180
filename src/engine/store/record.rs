//! What is inside a sealed record: a version byte, then postcard. The names inside decide, whatever the name on disk.

use serde::{Deserialize, Serialize};

use crate::fact::{Content, Key, Observation, SourceId, Timestamp, Value};

/// The version of the body of an observation and of a document.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct StoredObservation<'a> {
    key: &'a str,
    source: &'a str,
    #[serde(borrow)]
    content: StoredContent<'a>,
    observed_at: i64,
    changed_at: i64,
    fetched_at: i64,
    revision: Option<&'a str>,
    live: bool,
    same_origin: Option<&'a str>,
}

impl StoredObservation<'_> {
    fn whose(&self, key: Key, source: SourceId) -> Observation {
        Observation {
            key,
            source,
            content: match self.content {
                StoredContent::Value(text) => Content::Value(Value::from_trusted_text(text)),
                StoredContent::Absent(last) => Content::Absent(last.map(Value::from_trusted_text)),
            },
            observed_at: Timestamp::from_millis(self.observed_at),
            changed_at: Timestamp::from_millis(self.changed_at),
            fetched_at: Timestamp::from_millis(self.fetched_at),
            revision: self.revision.map(Into::into),
            live: self.live,
            same_origin: self.same_origin.map(Into::into),
        }
    }
}

#[derive(Serialize, Deserialize)]
enum StoredContent<'a> {
    Value(&'a str),
    Absent(Option<&'a str>),
}

#[derive(Serialize, Deserialize)]
struct StoredDocument<'a> {
    name: &'a str,
    bytes: &'a [u8],
}

/// The body of an observation.
#[must_use]
pub fn encode_observation(observation: &Observation) -> Vec<u8> {
    encode(&stored(observation))
}

/// As [`encode_observation`], into a vector that served before.
#[must_use]
pub fn encode_observation_into(body: Vec<u8>, observation: &Observation) -> Vec<u8> {
    encode_into(body, &stored(observation))
}

/// How long [`encode_observation`] would make it.
pub fn encoded_len(observation: &Observation) -> usize {
    length(&stored(observation))
}

fn stored(observation: &Observation) -> StoredObservation<'_> {
    StoredObservation {
        key: observation.key.as_str(),
        source: observation.source.as_str(),
        content: match &observation.content {
            Content::Value(value) => StoredContent::Value(value.as_json_text()),
            Content::Absent(last) => StoredContent::Absent(last.as_ref().map(Value::as_json_text)),
        },
        observed_at: observation.observed_at.as_millis(),
        changed_at: observation.changed_at.as_millis(),
        fetched_at: observation.fetched_at.as_millis(),
        revision: observation.revision.as_deref(),
        live: observation.live,
        same_origin: observation.same_origin.as_deref(),
    }
}

/// The observation of a body; none when it is none of a version known here.
#[must_use]
pub fn decode_observation(body: &[u8]) -> Option<Observation> {
    let stored: StoredObservation = decode(body)?;
    Some(stored.whose(Key::new(stored.key).ok()?, SourceId::new(stored.source).ok()?))
}

/// As [`decode_observation`], none also when it is another source's or another key's.
pub fn decode_observation_of(body: &[u8], key: &Key, source: &SourceId) -> Option<Observation> {
    let stored: StoredObservation = decode(body)?;
    (stored.key == key.as_str() && stored.source == source.as_str()).then(|| stored.whose(key.clone(), source.clone()))
}
/// The body of a document.
pub fn encode_document(name: &str, bytes: &[u8]) -> Vec<u8> {
    encode(&StoredDocument { name, bytes })
}

/// Name and bytes of a document's body.
pub fn decode_document(body: &[u8]) -> Option<(&str, &[u8])> {
    decode::<StoredDocument>(body).map(|stored| (stored.name, stored.bytes))
}

/// A version byte and postcard.
#[must_use]
pub fn encode(stored: &impl Serialize) -> Vec<u8> {
    encode_into(Vec::new(), stored)
}

/// As [`encode`], into a vector that served before.
fn encode_into(mut body: Vec<u8>, stored: &impl Serialize) -> Vec<u8> {
    body.clear();
    body.reserve(length(stored));
    body.push(VERSION);
    // These are plain structs of numbers and text into a growing vector: postcard has no way to fail. An empty body would not decode.
    postcard::to_extend(stored, body).unwrap_or_default()
}

/// How long [`encode`] makes it.
fn length(stored: &impl Serialize) -> usize {
    // As there, there is no way to fail.
    1 + postcard::serialize_with_flavor(stored, postcard::ser_flavors::Size::default()).unwrap_or_default()
}

/// What [`encode`] made; none for another version or trailing bytes.
#[must_use]
pub fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    let (version, rest) = body.split_first()?;
    let (stored, after) = postcard::take_from_bytes(rest).ok()?;
    (*version == VERSION && after.is_empty()).then_some(stored)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(content: Content) -> Observation {
        Observation {
            key: Key::new("service/payments/replicas").unwrap(),
            source: SourceId::new("k8s.prod").unwrap(),
            content,
            observed_at: Timestamp::from_millis(1_767_607_200_000),
            changed_at: Timestamp::from_millis(-1),
            fetched_at: Timestamp::from_millis(0),
            revision: Some("W/\"7\"".into()),
            live: true,
            same_origin: None,
        }
    }

    #[test]
    fn golden() {
        let body = encode_observation(&sample(Content::Value(Value::from_trusted_text("12"))));
        assert_eq!(encoded_len(&sample(Content::Value(Value::from_trusted_text("12")))), body.len());
        let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "0119736572766963652f7061796d656e74732f7265706c69636173086b38732e70726f640002313280a4cbd9f16601000105572f2237220100"
        );
        assert_eq!(encode_document("n", &[0, 255]), b"\x01\x01n\x02\x00\xff");
    }

    #[test]
    fn every_content_comes_back() {
        let value = Value::from_trusted_text(r#"{"b":1.50,"a":"é"}"#);
        for content in [Content::Value(value.clone()), Content::Absent(Some(value)), Content::Absent(None)] {
            let observation = sample(content);
            assert_eq!(decode_observation(&encode_observation(&observation)), Some(observation));
        }
    }

    #[test]
    fn another_version_or_a_tail_is_nothing() {
        let mut body = encode_document("n", b"x");
        body.push(0);
        assert_eq!(decode_document(&body), None);
        body.pop();
        assert_eq!(decode_document(&body), Some(("n", &b"x"[..])));
        body[0] = 2;
        assert_eq!(decode_document(&body), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_or_refused_quietly(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode_observation(&bytes);
            let _ = decode_document(&bytes);
        }
    }
}
