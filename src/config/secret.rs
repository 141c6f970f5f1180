//! References to secrets: read, never resolved. And which keys are secret by their name.

use std::path::Path;

use crate::fact::{ClassOfValue, Key, KeyRule};

use super::{
    address::{absolute, fault_in_path},
    model::{Config, SecretRef},
    reader::Entry,
    template::is_word,
};

/// Reads `env:NAME`, `file:PATH`, `keyring:NAME`, or a literal. The entry's text never stands in a sentence.
pub(super) fn read_secret(entry: Entry<'_>, base: &Path) -> Option<SecretRef> {
    let entry = entry.masked();
    let text = entry.text()?;
    let bad = |expected: &str| {
        entry.unfit("bad_secret_reference", expected, "");
        None
    };
    if let Some(name) = text.strip_prefix("env:") {
        return if is_word(name) { Some(SecretRef::Env(name.to_owned())) } else { bad("env:NAME with a variable's name") };
    }
    if let Some(path) = text.strip_prefix("file:") {
        return if fault_in_path(path).is_none() { Some(SecretRef::File(absolute(base, path))) } else { bad("file:PATH with a path") };
    }
    if let Some(name) = text.strip_prefix("keyring:") {
        let fits = !name.is_empty() && !name.chars().any(char::is_control);
        return if fits { Some(SecretRef::Keyring(name.to_owned())) } else { bad("keyring:NAME with an entry's name") };
    }
    Some(SecretRef::Literal(text.to_owned()))
}

impl std::fmt::Display for SecretRef {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, out)
    }
}

/// Whether a key is secret by its name when no rule says: its last segment has `password`, `secret`, `token` or `credential` in it,
/// in any case.
#[must_use]
pub fn is_secret_by_name(key: &Key) -> bool {
    let last = key.as_str().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    ["password", "secret", "token", "credential"].iter().any(|word| last.contains(word))
}

impl Config {
    /// The first rule whose pattern matches a key.
    #[must_use]
    pub fn rule_of(&self, key: &Key) -> Option<&KeyRule> {
        self.rules.iter().find(|rule| rule.pattern.matches(key))
    }

    /// Whether a key's value may be shown: what its rule says, else what its name says.
    #[must_use]
    pub fn class_of(&self, key: &Key) -> ClassOfValue {
        let by_name = || if is_secret_by_name(key) { ClassOfValue::Secret } else { ClassOfValue::Internal };
        self.rule_of(key).and_then(|rule| rule.class).unwrap_or_else(by_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_says_so_wins_over_the_name_and_the_first_rule_over_the_second() {
        let rule = |pattern: &str, class| KeyRule { class, ..KeyRule::new(crate::fact::Pattern::new(pattern).unwrap()) };
        let mut config = Config::bare("/c".into());
        config.rules = vec![rule("a/token/*", None), rule("a/**", Some(ClassOfValue::Internal)), rule("b/**", Some(ClassOfValue::Secret))];
        let class = |key: &str| config.class_of(&Key::new(key).unwrap());
        assert_eq!(class("a/password"), ClassOfValue::Internal);
        assert_eq!(class("a/token/secret"), ClassOfValue::Secret);
        assert_eq!(class("b/plain"), ClassOfValue::Secret);
        assert_eq!((class("c/token"), class("c/plain")), (ClassOfValue::Secret, ClassOfValue::Internal));
    }

    #[test]
    fn secret_names() {
        for secret in ["password", "a/b/db_password", "a/API_TOKEN", "x/client-secret-2", "x/credentials"] {
            assert!(is_secret_by_name(&Key::new(secret).unwrap()), "{secret}");
        }
        for plain in ["a/b", "password/length", "secret/name", "tok/en"] {
            assert!(!is_secret_by_name(&Key::new(plain).unwrap()), "{plain}");
        }
    }

    #[test]
    fn neither_debug_nor_display_shows_a_literal() {
        let secret = SecretRef::Literal("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?}"), "(literal) (literal)");
        assert_eq!(SecretRef::Env("A".to_owned()).to_string(), "env:A");
    }
}
