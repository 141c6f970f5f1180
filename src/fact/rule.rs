//! What is configured for the keys of a pattern: how to compare, decide, age, validate and show them.

use std::{sync::Arc, time::Duration};

use super::{key::Key, pattern::Pattern, source::SourceId, value::Value};

/// How far two numbers may be apart and still be the same value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// At most this far apart, in the value's unit.
    Absolute(f64),
    /// At most this fraction of the larger magnitude (0.02 is 2 %).
    Relative(f64),
}

impl Default for Tolerance {
    fn default() -> Self {
        Self::Absolute(0.0)
    }
}

/// Who decides when values differ.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Policy {
    /// The winner, if it is green and ahead by the margin.
    #[default]
    Auto,
    /// Always a person.
    Ask,
    /// The newest `changed_at`.
    Newest,
    /// Three-way merge by JSON path; a true clash stays pending.
    Merge,
    /// This source while it has a value.
    Prefer(SourceId),
}

/// Whether a value may be shown and exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ClassOfValue {
    /// Shown and exported.
    #[default]
    Internal,
    /// Masked, never exported.
    Secret,
}

impl ClassOfValue {
    /// The class of a key: what its rule says, else secret when its last segment speaks of a `password secret token credential`, in
    /// whatever case.
    #[must_use]
    pub fn of(key: &Key, rule: Option<&KeyRule>) -> Self {
        rule.and_then(|rule| rule.class).unwrap_or_else(|| {
            let name = key.last_segment().as_bytes();
            let speaks_of = |word: &[u8]| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
            let is_secret = [&b"password"[..], b"secret", b"token", b"credential"].into_iter().any(speaks_of);
            if is_secret { Self::Secret } else { Self::Internal }
        })
    }
}

/// How values are brought to one form before they are compared.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CompareRule {
    /// How far numbers may be apart.
    pub tolerance: Tolerance,
    /// Strings are compared without surrounding white space.
    pub trim: bool,
    /// Strings are compared without regard to case.
    pub ignore_case: bool,
    /// Arrays are compared as multisets.
    pub unordered: bool,
    /// JSON pointers (RFC 6901) left out of comparison.
    pub ignore: Vec<String>,
}

/// A `[[key]]` rule; the first whose pattern matches counts.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRule {
    /// Which keys; its text also names the field for trust.
    pub pattern: Pattern,
    /// The JSON Schema document values must fit, if any.
    pub schema: Option<Arc<Value>>,
    /// Who decides.
    pub policy: Policy,
    /// How to compare.
    pub compare: CompareRule,
    /// Display unit: `bytes seconds percent ...`, or empty.
    pub unit: String,
    /// How long a value counts as fresh.
    pub ttl: Option<Duration>,
    /// After which age freshness is one half.
    pub half_life: Option<Duration>,
    /// Which source takes changes.
    pub write_to: Option<SourceId>,
    /// Secret or not; none: by name.
    pub class: Option<ClassOfValue>,
}

impl KeyRule {
    /// A rule for `pattern` with every setting at its default.
    #[must_use]
    pub fn new(pattern: Pattern) -> Self {
        Self {
            pattern,
            schema: None,
            policy: Policy::Auto,
            compare: CompareRule::default(),
            unit: String::new(),
            ttl: None,
            half_life: None,
            write_to: None,
            class: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_unless_a_rule_says_otherwise() {
        let key = |text: &str| Key::new(text).unwrap();
        for name in ["db/password", "api/TOKEN_2", "x/my-Secret.v1", "credentials"] {
            assert_eq!(ClassOfValue::of(&key(name), None), ClassOfValue::Secret, "{name}");
        }
        for name in ["db/pass", "token/count", "a"] {
            assert_eq!(ClassOfValue::of(&key(name), None), ClassOfValue::Internal, "{name}");
        }
        let mut rule = KeyRule::new(Pattern::new("**").unwrap());
        assert_eq!(ClassOfValue::of(&key("password"), Some(&rule)), ClassOfValue::Secret);
        rule.class = Some(ClassOfValue::Internal);
        assert_eq!(ClassOfValue::of(&key("password"), Some(&rule)), ClassOfValue::Internal);
    }
}
