//! Key templates of `[[source.map]]` and `[[source.query]]`: literal text with placeholders.
//!
//! A placeholder puts one string, number or bool into one segment: `/` and `%` are percent-encoded, so a remote name can never
//! add a segment or climb out of one. Everything that can be wrong with the template itself is found when it is compiled.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::fact::{Key, Value};

use super::{
    collect::refused,
    path::{One, Path, Walk},
};

/// A compiled template.
#[derive(Clone, Debug)]
pub(super) struct KeyTemplate {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Path(Path),
    Label(String),
}

/// What placeholders may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placeholders {
    /// `{$.name}`
    Paths,
    /// `{label}`
    Labels,
}

impl KeyTemplate {
    /// Compiles a template; `prefix` is what will stand before the key.
    ///
    /// # Errors
    /// A sentence: an unclosed brace, a wrong placeholder, or literal text no key can have.
    pub(super) fn compile(text: &str, placeholders: Placeholders, prefix: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (literal, from_brace) = rest.split_at(open);
            if !literal.is_empty() {
                parts.push(Part::Text(literal.to_owned()));
            }
            let inside = from_brace.strip_prefix('{').ok_or_else(|| format!("key = {text:?} has a }} without a {{ before it"))?;
            let close = closing_brace(inside).ok_or_else(|| format!("key = {text:?} has a {{ that is never closed"))?;
            parts.push(placeholder(text, inside.get(..close).unwrap_or_default(), placeholders)?);
            rest = inside.get(close + 1..).unwrap_or_default();
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let template = Self { parts };
        template.check(text, prefix)?;
        Ok(template)
    }

    /// The literal parts must make a key when every placeholder is filled.
    fn check(&self, text: &str, prefix: &str) -> Result<(), String> {
        let filled: String = self.parts.iter().map(|part| if let Part::Text(text) = part { text.as_str() } else { "x" }).collect();
        let full = if prefix.is_empty() { filled } else { format!("{prefix}/{filled}") };
        Key::new(&full).map(|_| ()).map_err(|error| format!("key = {text:?} can never be a key: {error}"))
    }

    /// Fills the placeholders from an item.
    ///
    /// # Errors
    /// A reason that quotes the template, never the item.
    pub(super) fn fill(&self, item: &Json) -> Result<String, String> {
        self.render(|part| match part {
            Part::Path(path) => match path.one(item) {
                One::Nothing => Err(format!("key: {} finds nothing", path.text())),
                One::Many => Err(format!("key: {} finds more than one", path.text())),
                One::Found(node) => {
                    scalar(node).map(Cow::Owned).ok_or_else(|| format!("key: {} is no string, number or bool", path.text()))
                }
            },
            Part::Label(label) => match item.get(label) {
                Some(node) => scalar(node).map(Cow::Owned).ok_or_else(|| format!("key: label {label} is no text")),
                None => Err(format!("key: there is no label {label}")),
            },
            Part::Text(text) => Ok(Cow::Borrowed(text.as_str())),
        })
    }

    fn render<'a>(&'a self, value: impl Fn(&'a Part) -> Result<Cow<'a, str>, String>) -> Result<String, String> {
        let mut key = String::new();
        for part in &self.parts {
            let text = value(part)?;
            match part {
                Part::Text(_) => key.push_str(&text),
                Part::Path(_) | Part::Label(_) => key.push_str(&Key::encode_segment(&text).map_err(|error| refused(&error))?),
            }
        }
        Ok(key)
    }
}

/// Where the placeholder that starts here ends: its `}` outside brackets and quotes.
fn closing_brace(inside: &str) -> Option<usize> {
    let mut walk = Walk::default();
    for (at, char) in inside.char_indices() {
        if char == '}' && walk.is_outside() {
            return Some(at);
        }
        walk.step(char);
    }
    None
}

fn placeholder(text: &str, inside: &str, placeholders: Placeholders) -> Result<Part, String> {
    let is_label = inside.chars().all(|char| char.is_ascii_alphanumeric() || char == '_') && !inside.is_empty();
    match placeholders {
        Placeholders::Paths if inside.starts_with('$') => Path::compile("key placeholder", inside).map(Part::Path),
        Placeholders::Paths => Err(format!("key = {text:?}: {{{inside}}} is no placeholder; write a JSONPath such as {{$.name}}")),
        Placeholders::Labels if is_label => Ok(Part::Label(inside.to_owned())),
        Placeholders::Labels => Err(format!("key = {text:?}: {{{inside}}} is no placeholder; write a label name such as {{namespace}}")),
    }
}

fn scalar(node: &Json) -> Option<String> {
    match node {
        Json::String(_) | Json::Number(_) | Json::Bool(_) => Some(Value::from_json(node).plain_text().into_owned()),
        _ => None,
    }
}
