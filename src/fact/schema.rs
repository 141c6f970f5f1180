//! JSON Schemas that values must fit.
//!
//! Compiling fetches nothing: a reference must lead to a place in the same document. Patterns run on a linear-time engine, because the
//! texts they meet are remote; look-around and back references are therefore refused when the schema is compiled.

use std::{fmt, sync::Arc};

use jsonschema::{PatternOptions, Validator};

use super::{
    confidence::Validity,
    value::{Value, ValueKind},
};

/// A compiled schema; cheap to clone.
#[derive(Clone)]
pub struct Schema(Arc<Validator>);

/// Why a document is no usable schema, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the schema does not compile{}: {message}", if .at.is_empty() { String::new() } else { format!(" at {at}") })]
pub struct SchemaError {
    /// JSON pointer to the part that is wrong; empty: the whole.
    pub at: String,
    /// What is wrong with it.
    pub message: String,
}

/// Characters of a failing value's path that are shown.
const SHOWN: usize = 80;

impl Schema {
    /// Compiles a schema: draft 2020-12 unless its `$schema` names another.
    ///
    /// # Errors
    /// [`SchemaError`] when it is not an object or a boolean, breaks its draft, refers outside itself, or has a pattern that would need
    /// backtracking.
    pub fn compile(document: &Value) -> Result<Self, SchemaError> {
        if !matches!(document.kind(), ValueKind::Object | ValueKind::Bool) {
            return Err(SchemaError { at: String::new(), message: "a schema is an object, true or false".to_owned() });
        }
        jsonschema::options()
            .offline()
            .with_pattern_options(PatternOptions::regex())
            .build(&document.to_rounded_json())
            .map(|validator| Self(Arc::new(validator)))
            .map_err(|error| SchemaError { at: error.instance_path().to_string(), message: error.to_string() })
    }

    /// Whether the value fits, and if not, the first place and keyword it breaks: `/replicas breaks "minimum"`.
    ///
    /// The sentence holds names of members, shortened and escaped, and no value. Numbers beyond 64 bits are judged by the nearest float.
    #[must_use]
    pub fn validity(&self, value: &Value) -> (Validity, Option<String>) {
        let tree = value.to_rounded_json();
        let Err(error) = self.0.validate(&tree) else { return (Validity::Valid, None) };
        let path = error.instance_path().to_string();
        let place = if path.is_empty() { "the value".to_owned() } else { shown(&path) };
        (Validity::Invalid, Some(format!("{place} breaks {:?} of its schema", error.kind().keyword())))
    }
}

/// A path made of remote names, short and harmless.
fn shown(path: &str) -> String {
    let mut shown: String = path.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if path.chars().nth(SHOWN).is_some() {
        shown.push_str("..");
    }
    shown
}

impl fmt::Debug for Schema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Schema")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Result<Schema, SchemaError> {
        Schema::compile(&Value::parse(text).unwrap())
    }

    fn says(text: &str, value: &str) -> (Validity, Option<String>) {
        schema(text).unwrap().validity(&Value::parse(value).unwrap())
    }

    #[test]
    fn values_fit_or_say_where_they_do_not() {
        let counts = r#"{"type":"integer","minimum":0}"#;
        for fits in ["0", "5", "5.0", "123456789012345678901234567890"] {
            assert_eq!(says(counts, fits), (Validity::Valid, None), "{fits}");
        }
        assert_eq!(says(counts, "-1").1.as_deref(), Some("the value breaks \"minimum\" of its schema"));
        assert_eq!(says(counts, "\"5\"").1.as_deref(), Some("the value breaks \"type\" of its schema"));
        let nested = r#"{"properties":{"a":{"items":{"maximum":3}}}}"#;
        assert_eq!(says(nested, r#"{"a":[1,9]}"#), (Validity::Invalid, Some("/a/1 breaks \"maximum\" of its schema".into())));
        assert_eq!(says("false", "1").0, Validity::Invalid);
        assert_eq!(says("true", "1").0, Validity::Valid);
    }

    #[test]
    fn a_hostile_member_name_is_harmless_in_the_sentence() {
        let name = format!("\u{202e}\\u001b{}", "x".repeat(5_000));
        let sentence = says(r#"{"additionalProperties":{"type":"null"}}"#, &format!("{{\"{name}\":1}}")).1.unwrap();
        assert!(sentence.len() < 200 && !sentence.contains(['\u{202e}', '\u{1b}']), "{sentence}");
    }

    #[test]
    fn what_does_not_compile_says_why() {
        for (text, part) in [
            ("5", "a schema is an object"),
            (r#"{"type":"integr"}"#, "/type"),
            (r#"{"minimum":"0"}"#, "/minimum"),
            (r#"{"pattern":"("}"#, "pattern"),
            (r#"{"pattern":"(?=a)"}"#, "pattern"),
            (r##"{"$ref":"#/nowhere"}"##, "nowhere"),
            (r#"{"$ref":"https://example.invalid/s.json"}"#, "example.invalid"),
            (r#"{"$ref":"file:///etc/hostname"}"#, "file"),
        ] {
            let error = schema(text).unwrap_err().to_string();
            assert!(error.contains(part) && error.starts_with("the schema does not compile"), "{text}: {error}");
        }
    }

    #[test]
    fn a_pattern_made_to_go_back_often_ends() {
        let text = format!("\"{}\"", "a".repeat(50_000));
        assert_eq!(says(r#"{"pattern":"^(a+)+$"}"#, &text).0, Validity::Valid);
        assert_eq!(says(r#"{"pattern":"^(a+)+b$"}"#, &text).0, Validity::Invalid);
    }
}
