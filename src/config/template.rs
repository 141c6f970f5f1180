//! Templates, by their form: which placeholders they have, whether each is one that can be filled.
//!
//! Filling them is the sources' work. What is checked here is what can be said without an answer in hand.

use std::ops::RangeInclusive;

use crate::fact::{Key, Pattern};

/// Words that stand for parts of a change.
const CHANGE_WORDS: [&str; 4] = ["value", "base", "key", "id"];

/// Says what is wrong with a key template over JSONPath, `service/{$.name}/replicas`; nothing when it is fine.
pub(super) fn fault_in_path_template(template: &str) -> Option<String> {
    let pieces = match braces(template) {
        Ok(pieces) => pieces,
        Err(fault) => return Some(fault),
    };
    for piece in &pieces.inside {
        if !piece.starts_with('$') {
            return Some(format!("{{{}}} is no JSONPath: it begins with $", short(piece)));
        }
        if let Err(error) = serde_json_path::JsonPath::parse(piece) {
            return Some(format!("{{{}}} is no JSONPath: {}", short(piece), short(error.message())));
        }
    }
    fault_in_key(&pieces.filled)
}

/// Says what is wrong with a key template over labels, `up/{job}`; nothing when it is fine.
pub(super) fn fault_in_label_template(template: &str) -> Option<String> {
    let pieces = match braces(template) {
        Ok(pieces) => pieces,
        Err(fault) => return Some(fault),
    };
    let wrong = pieces.inside.iter().find(|piece| !is_word(piece));
    wrong.map(|piece| format!("{{{}}} is no label name", short(piece))).or_else(|| fault_in_key(&pieces.filled))
}

/// Says what is wrong with the template of a change, a URL or a body; nothing when it is fine.
///
/// `{1}` to `{9}` need as many wildcards in the pattern; with `words`, `{value} {base} {key} {id}` are known; any other `{word}` is a
/// mistake; any other brace stands for itself.
pub(super) fn fault_in_change_template(template: &str, pattern: Option<&Pattern>, words: bool) -> Option<String> {
    for word in placeholders(template) {
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            let known: RangeInclusive<usize> = 1..=pattern.map_or(9, wildcards).min(9);
            if !word.parse().is_ok_and(|number: usize| known.contains(&number)) || word.starts_with('0') {
                let count = *known.end();
                return Some(match (pattern, count) {
                    (None, _) => format!("{{{}}} is not one of {{1}} to {{9}}", short(word)),
                    (Some(_), 0) => format!("{{{}}} stands for a wildcard, and the pattern has none", short(word)),
                    (Some(_), _) => format!("{{{}}} stands for a wildcard, and the pattern has only {count}", short(word)),
                });
            }
        } else if !(words && CHANGE_WORDS.contains(&word)) {
            let known = if words { "{1} to {9}, {value}, {base}, {key} and {id}" } else { "{1} to {9}" };
            return Some(format!("{{{}}} is no placeholder; there are {known}", short(word)));
        }
    }
    None
}

/// The template with every placeholder replaced by a harmless letter.
pub(super) fn filled(template: &str) -> String {
    placeholders(template).fold(template.to_owned(), |text, word| text.replace(&format!("{{{word}}}"), "x"))
}

/// Whether a placeholder begins before a byte of the template.
pub(super) fn placeholder_before(template: &str, end: usize) -> bool {
    template.get(..end).is_some_and(|head| head.contains('{'))
}

/// How many wildcards a pattern has: runs of `*`.
pub(super) fn wildcards(pattern: &Pattern) -> usize {
    let text = pattern.as_str();
    text.char_indices().filter(|(at, char)| *char == '*' && !text.get(..*at).is_some_and(|head| head.ends_with('*'))).count()
}

/// Whether a text is a name: letters, digits and `_`, not a digit first.
pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `{word}` and `{number}` in a text, without the braces.
fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.match_indices('{').filter_map(|(at, _)| {
        let rest = template.get(at + 1..)?;
        let inside = rest.get(..rest.find('}')?)?;
        (is_word(inside) || (!inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_digit()))).then_some(inside)
    })
}

struct Pieces<'t> {
    inside: Vec<&'t str>,
    filled: String,
}

/// Splits at balanced braces; quotes inside a placeholder protect a closing brace.
fn braces(template: &str) -> Result<Pieces<'_>, String> {
    let mut pieces = Pieces { inside: Vec::new(), filled: String::new() };
    let mut rest = template;
    while let Some(open) = rest.find(['{', '}']) {
        let (head, tail) = rest.split_at(open);
        pieces.filled.push_str(head);
        let tail = tail.strip_prefix('{').ok_or_else(|| "there is a } without a {".to_owned())?;
        let close = closing(tail).ok_or_else(|| "there is a { without a }".to_owned())?;
        let (inside, after) = tail.split_at(close);
        if inside.is_empty() {
            return Err("{} has nothing in it".to_owned());
        }
        pieces.inside.push(inside);
        pieces.filled.push('x');
        rest = after.get(1..).unwrap_or_default();
    }
    pieces.filled.push_str(rest);
    Ok(pieces)
}

fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        match (quote, char) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == char => quote = None,
            (None, '\'' | '"') => quote = Some(char),
            (None, '}') => return Some(at),
            _ => {}
        }
    }
    None
}

fn fault_in_key(filled: &str) -> Option<String> {
    if filled.contains('*') {
        return Some("a key has no *".to_owned());
    }
    Key::new(filled).err().map(|error| error.to_string())
}

/// A piece of the file's text inside a sentence: escaped and cut.
fn short(text: &str) -> String {
    let head: String = text.chars().take(40).collect();
    head.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn path_templates() {
        for good in ["service/{$.name}/replicas", "a", "{$['a}b']}/x", "{$.a}{$.b}", "a/{$.m[0]}"] {
            assert_eq!(fault_in_path_template(good), None, "{good}");
        }
        for (bad, fault) in [
            ("a/{$.b", "without a }"),
            ("a/$.b}", "without a {"),
            ("a/{}", "nothing in it"),
            ("a/{name}", "begins with $"),
            ("a/{$.[}", "no JSONPath"),
            ("a//{$.b}", "empty segment"),
            ("/a", "empty segment"),
            ("a/*", "no *"),
            ("", "empty segment"),
        ] {
            assert!(fault_in_path_template(bad).is_some_and(|text| text.contains(fault)), "{bad}: {:?}", fault_in_path_template(bad));
        }
    }

    #[test]
    fn label_templates() {
        assert_eq!(fault_in_label_template("service/{namespace}/{deployment}/replicas"), None);
        assert!(fault_in_label_template("a/{b-c}").is_some());
        assert!(fault_in_label_template("a/{$.b}").is_some());
    }

    #[test]
    fn change_templates_know_their_words_and_leave_other_braces_alone() {
        let pattern = Pattern::new("service/*/*/replicas").unwrap();
        let fault = |text: &str| fault_in_change_template(text, Some(&pattern), true);
        for good in [r#"{"replicas": {value}}"#, "{1}/{2}", "{}", "{ value }", "{{value}}", "a}b{", "{key} {id} {base}"] {
            assert_eq!(fault(good), None, "{good}");
        }
        assert_eq!(fault("{3}").unwrap(), "{3} stands for a wildcard, and the pattern has only 2");
        assert!(fault("{0}").is_some() && fault("{10}").is_some() && fault("{01}").is_some());
        assert!(fault("{valeu}").unwrap().contains("no placeholder"));
        assert!(fault_in_change_template("{value}", Some(&pattern), false).is_some());
        let none = Pattern::new("service/replicas").unwrap();
        assert!(fault_in_change_template("{1}", Some(&none), true).unwrap().contains("has none"));
    }

    #[test]
    fn wildcards_are_runs_of_stars() {
        for (text, count) in [("a/b", 0), ("a/*", 1), ("a/**", 1), ("*/b/**", 2), ("a/x*y*z", 2)] {
            assert_eq!(wildcards(&Pattern::new(text).unwrap()), count, "{text}");
        }
    }

    #[test]
    fn filling_puts_a_letter_for_each_placeholder() {
        assert_eq!(filled("http://h/{1}/a/{2}?k={key}"), "http://h/x/a/x?k=x");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\PC{}$'\"\\\\*/.]{0,60}") {
            let _ = (fault_in_path_template(&text), fault_in_label_template(&text), fault_in_change_template(&text, None, true), filled(&text));
        }
    }
}
