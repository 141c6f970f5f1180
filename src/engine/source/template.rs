//! Templates of `[[source.read]]` and `[[source.write]]`: `{1}`..`{9} {value} {base} {key} {id}` in a URL, a body or an argument.
//!
//! Remote names end up in other people's URLs and command lines here, so each place has its own rule: percent-encoded in a URL (and `.`
//! and `..` refused, because a URL has no way to encode them), escaped inside JSON strings in a body, never starting with `-` in an
//! argument (a number behind other text may). Any other brace is literal; any other `{word}` is an error when the template is compiled.

use std::{fmt::Write as _, sync::LazyLock};

use crate::fact::{Base, Key, Pattern, Value};

use super::Change;

/// Where a template's text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A URL.
    Url,
    /// A JSON body.
    Body,
    /// One argument of a command.
    Argument,
}

/// A compiled template.
#[derive(Clone, Debug)]
pub struct Template {
    place: Place,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// What the n-th wildcard of the pattern stands for, counted from 1.
    Wildcard(usize),
    Value,
    Base,
    Key,
    Id,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Word(Word),
}

/// What the words stand for. What a read has not is left out; compiling sees to it that no template asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The fact's key.
    pub key: &'a Key,
    /// What the wildcards of the pattern stand for, as [`Pattern::captures`] gives them.
    pub captures: &'a [&'a str],
    /// The new value.
    pub value: Option<&'a Value>,
    /// The value it replaces.
    pub base: Option<&'a Value>,
    /// The command's id.
    pub id: Option<&'a str>,
}

impl<'a> Words<'a> {
    /// What they stand for in a change: what replaces nothing replaces null.
    pub(super) fn of(change: &'a Change, captures: &'a [&'a str]) -> Self {
        static NULL: LazyLock<Value> = LazyLock::new(Value::null);
        let base = match &change.base {
            Base::Unknown => None,
            Base::Absent => Some(&*NULL),
            Base::Value(base) => Some(base),
        };
        Self { key: &change.key, captures, value: Some(&change.value), base, id: Some(&change.id) }
    }
}

impl Template {
    /// Compiles a template for keys that match the pattern. A `read` has no value, base and id.
    ///
    /// # Errors
    /// A sentence that names the word which does not fit.
    pub fn compile(text: &str, place: Place, pattern: &Pattern, read: bool) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from_brace) = rest.split_at(open);
            literal.push_str(before);
            let Some(word) = word_at(from_brace) else {
                literal.push('{');
                rest = from_brace.get(1..).unwrap_or_default();
                continue;
            };
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Word(meaning(text, word, pattern, read)?));
            rest = from_brace.get(word.len() + 2..).unwrap_or_default();
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { place, parts })
    }

    /// The text with every word filled in.
    ///
    /// # Errors
    /// A sentence when a name or value may not stand in this place. It quotes the word, never what it stands for.
    pub fn fill(&self, words: &Words<'_>) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Word(word) => {
                    let filled = self.filled(*word, words)?;
                    // A value behind something, as in --level={value}, is part of one argument: a negative number may stand there.
                    let is_value = matches!(word, Word::Value | Word::Base);
                    if self.place == Place::Argument && filled.starts_with('-') && (out.is_empty() || !is_value) {
                        let name = word.name();
                        return Err(format!("{{{name}}} starts with - here, which a command would take for an option"));
                    }
                    out.push_str(&filled);
                }
            }
        }
        Ok(out)
    }

    fn filled(&self, word: Word, words: &Words<'_>) -> Result<String, String> {
        let missing = || format!("{{{}}} stands for nothing here", word.name());
        match word {
            Word::Wildcard(number) => self.name(word, words.captures.get(number - 1).ok_or_else(missing)?),
            Word::Key => self.name(word, words.key.as_str()),
            Word::Id => self.name(word, words.id.ok_or_else(missing)?),
            Word::Value => self.json(word, words.value.ok_or_else(missing)?),
            Word::Base => self.json(word, words.base.ok_or_else(missing)?),
        }
    }

    /// A name: what was encoded to fit a key's segment is decoded first, then encoded as this place wants it.
    fn name(&self, word: Word, text: &str) -> Result<String, String> {
        match self.place {
            Place::Url => {
                let segments: Result<Vec<String>, String> = text.split('/').map(|segment| url_segment(word, segment)).collect();
                segments.map(|segments| segments.join("/"))
            }
            // A key keeps its own spelling, in which the slashes of its segments cannot be mistaken.
            Place::Body if word == Word::Key => Ok(inside_string(text)),
            Place::Body => Ok(inside_string(&Key::decode_segment(text))),
            Place::Argument if word == Word::Key => argument(word, text),
            Place::Argument => argument(word, &Key::decode_segment(text)),
        }
    }

    fn json(&self, word: Word, value: &Value) -> Result<String, String> {
        match self.place {
            Place::Url => Ok(percent_encoded(value.as_json_text())),
            Place::Body => Ok(value.as_json_text().to_owned()),
            Place::Argument => argument(word, value.as_json_text()),
        }
    }
}

impl Word {
    fn name(self) -> String {
        match self {
            Self::Wildcard(number) => number.to_string(),
            Self::Value => "value".to_owned(),
            Self::Base => "base".to_owned(),
            Self::Key => "key".to_owned(),
            Self::Id => "id".to_owned(),
        }
    }
}

/// The word between a brace and its partner, if there is nothing but a word.
fn word_at(from_brace: &str) -> Option<&str> {
    let inside = from_brace.strip_prefix('{')?;
    let word = inside.get(..inside.find('}')?)?;
    let is_word = !word.is_empty() && word.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    is_word.then_some(word)
}

fn meaning(text: &str, word: &str, pattern: &Pattern, read: bool) -> Result<Word, String> {
    match word {
        "key" => return Ok(Word::Key),
        "value" if !read => return Ok(Word::Value),
        "base" if !read => return Ok(Word::Base),
        "id" if !read => return Ok(Word::Id),
        _ => {}
    }
    let known = if read { "{1}..{9} {key}" } else { "{1}..{9} {value} {base} {key} {id}" };
    match word.parse::<usize>() {
        Ok(number @ 1..=9) if word.len() == 1 => {
            let wildcards = wildcards(pattern);
            if number <= wildcards {
                Ok(Word::Wildcard(number))
            } else {
                Err(format!("{text:?}: {{{number}}}, but match = {:?} has {wildcards} wildcards", pattern.as_str()))
            }
        }
        _ => Err(format!("{text:?}: {{{word}}} is none of {known}")),
    }
}

/// How many captures every key that matches has at least: the stars outside braces. What braces hold differs from one alternative to the next.
fn wildcards(pattern: &Pattern) -> usize {
    let (mut depth, mut count, mut before) = (0_usize, 0_usize, ' ');
    for char in pattern.as_str().chars() {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '*' if depth == 0 && before != '*' => count += 1,
            _ => {}
        }
        before = char;
    }
    count
}

fn url_segment(word: Word, segment: &str) -> Result<String, String> {
    match Key::decode_segment(segment).as_ref() {
        // Every URL parser takes these for steps up or nowhere, however they are encoded.
        "." | ".." => Err(format!("{{{}}} is . or .. here, which no URL can have as a name", word.name())),
        plain => Ok(percent_encoded(plain)),
    }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A text as it stands inside a JSON string, without the quotes, so that a name with a quote cannot end the string.
fn inside_string(text: &str) -> String {
    let quoted = Value::string(text);
    quoted.as_json_text().trim_start_matches('"').strip_suffix('"').map_or_else(String::new, ToOwned::to_owned)
}

fn argument(word: Word, text: &str) -> Result<String, String> {
    if text.contains('\0') {
        return Err(format!("{{{}}} holds a NUL here, which no argument can", word.name()));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str, place: Place, pattern: &str, key: &str) -> Result<String, String> {
        let pattern = Pattern::new(pattern).unwrap();
        let key = Key::new(key).unwrap();
        let captures = pattern.captures(&key).unwrap();
        let (value, base) = (Value::parse(r#"{"a":"b c"}"#).unwrap(), Value::parse("-5").unwrap());
        let words = Words { key: &key, captures: &captures, value: Some(&value), base: Some(&base), id: Some("0199-x") };
        Template::compile(text, place, &pattern, false).and_then(|template| template.fill(&words))
    }

    #[test]
    fn words_are_filled_as_their_place_wants_them() {
        let table = [
            (Place::Url, "http://h/s/{1}/r", "s/*/r", "s/checkout/r", "http://h/s/checkout/r"),
            (Place::Url, "http://h/{1}", "s/*", "s/a b?#&\u{e9}", "http://h/a%20b%3F%23%26%C3%A9"),
            (Place::Url, "http://h/{1}", "s/*", "s/..%2F..%2Fetc", "http://h/..%2F..%2Fetc"),
            (Place::Url, "http://h/{1}", "s/**", "s/a/b%25c", "http://h/a/b%25c"),
            (Place::Url, "http://h/{2}-{1}", "*/*", "a/b", "http://h/b-a"),
            (Place::Url, "http://h/?v={value}&b={base}", "*", "a", "http://h/?v=%7B%22a%22%3A%22b%20c%22%7D&b=-5"),
            (Place::Url, "http://h/{key}", "**", "a/b", "http://h/a/b"),
            (Place::Body, r#"{"replicas": {value}}"#, "*", "a", r#"{"replicas": {"a":"b c"}}"#),
            (
                Place::Body,
                r#"{"k":"{key}","n":"{1}","id":"{id}","old":{base}}"#,
                "*",
                "a\"b%2F",
                r#"{"k":"a\"b%2F","n":"a\"b/","id":"0199-x","old":-5}"#,
            ),
            (Place::Body, "{ }{}{\"x\":{}}", "*", "a", "{ }{}{\"x\":{}}"),
            (Place::Body, "\"{1}\"", "*", "\"q\"", "\"\\\"q\\\"\""),
            (Place::Argument, "deploy/{1}", "*", "a%2Fb;$(x) y", "deploy/a/b;$(x) y"),
            (Place::Argument, "{value}", "*", "a", r#"{"a":"b c"}"#),
            (Place::Argument, "--by={base}", "*", "a", "--by=-5"),
            (Place::Argument, "{key}", "**", "a%2Fb/c", "a%2Fb/c"),
        ];
        for (place, text, pattern, key, expected) in table {
            assert_eq!(fill(text, place, pattern, key).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn names_that_would_climb_or_become_options_are_refused() {
        let table = [
            (Place::Url, "http://h/{1}", "*", ".."),
            (Place::Url, "http://h/{1}", "**", "a/../b"),
            (Place::Url, "http://h/{key}", "**", "a/./b"),
            (Place::Argument, "{1}", "*", "-n"),
            (Place::Argument, "--name={1}", "*", "-rf"),
            (Place::Argument, "{base}", "*", "a"),
        ];
        for (place, text, pattern, key) in table {
            let why = fill(text, place, pattern, key).unwrap_err();
            assert!(why.contains(" here, which "), "{why}");
        }
    }

    #[test]
    fn unknown_words_are_errors_when_compiled() {
        let pattern = Pattern::new("a/*/{b,c*}").unwrap();
        for word in ["{0}", "{2}", "{10}", "{name}", "{Value}", "{_}"] {
            let why = Template::compile(word, Place::Url, &pattern, false).unwrap_err();
            assert!(why.contains(word), "{why}");
        }
        for word in ["{value}", "{base}", "{id}"] {
            assert!(Template::compile(word, Place::Url, &pattern, true).is_err(), "a read has no {word}");
        }
        assert!(Template::compile("{$.x} {a b} {", Place::Body, &pattern, false).is_ok(), "any other brace is literal");
    }
}
