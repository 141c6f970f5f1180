//! JSON values kept exactly.

use std::{borrow::Cow, fmt, fmt::Write as _, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::{Value as Tree, value::RawValue};

use super::{
    chars::is_forbidden,
    json::{self, Node, ValueError, ValueErrorKind},
};

/// A JSON value as compact JSON text. Numbers keep their exact value whatever their size, objects their member order.
///
/// The text has one spelling per string: what can be written plainly is, but control and bidi characters are always escaped, so the text
/// itself is harmless on any terminal. A decimal that a float holds exactly is spelled the shortest way (`1.50` is `1.5`), any other
/// number as it came. Two values are `==` when their text is; whether they are the *same* value is for the compare rule to say.
///
/// Serialises into JSON only (through `serde_json`'s raw value); other formats would see a string.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(Arc<str>);

/// What sort of JSON value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// Any number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Value {
    /// Reads one JSON value, as strictly as [`super::parse_json`].
    ///
    /// # Errors
    /// [`ValueError`] with what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        json::parse_text(text).map(|tree| Self::from_json(&tree))
    }

    /// Takes a tree that [`super::parse_json`] or [`super::JsonTree`] made, or a part of one; numbers kept as text become numbers again.
    ///
    /// Whoever makes a tree by hand uses [`super::json_string`] for its strings. A tree cannot hold NaN: what would be one has become
    /// `null` before, so other formats are read through [`super::JsonTree`], which refuses it.
    #[must_use]
    pub fn from_json(tree: &Tree) -> Self {
        let mut text = Text::default();
        text.tree(tree);
        Self(text.finish())
    }

    /// The tree, with numbers that it would bend kept as marked text: [`Value::from_json`] gives the same value back.
    #[must_use]
    pub fn to_json(&self) -> Tree {
        json::parse_text(&self.0).unwrap_or(Tree::Null)
    }

    /// The tree with every number as a number: beyond 64 bits the nearest float, beyond that the largest. For schemas, never for storing.
    #[must_use]
    pub fn to_rounded_json(&self) -> Tree {
        rounded(&self.to_json())
    }

    /// `null`
    #[must_use]
    pub fn null() -> Self {
        Self("null".into())
    }

    /// A string of any characters.
    #[must_use]
    pub fn string(text: &str) -> Self {
        let mut out = Text::default();
        out.string(text);
        Self(out.finish())
    }

    /// A number.
    ///
    /// # Errors
    /// [`ValueErrorKind::NotFinite`] for NaN and the infinite ones: JSON has no form for them.
    pub fn number(float: f64) -> Result<Self, ValueError> {
        let number = serde_json::Number::from_f64(float)
            .ok_or_else(|| ValueError::of_nothing(ValueErrorKind::NotFinite, "a number is NaN or infinite, which JSON has no form for"))?;
        let mut out = Text::default();
        let _ = write!(out, "{number}");
        Ok(Self(out.finish()))
    }

    /// The JSON text, compact; free of control and bidi characters.
    #[must_use]
    pub fn as_json_text(&self) -> &str {
        &self.0
    }

    /// Takes text that is already known to be one compact JSON value, as the store gives it back.
    #[must_use]
    pub fn from_trusted_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The value as a person writes it: a string without quotes and escapes, anything else as JSON. What was escaped stands bare here.
    #[must_use]
    pub fn plain_text(&self) -> Cow<'_, str> {
        self.as_str().unwrap_or(Cow::Borrowed(&self.0))
    }

    /// The characters of a string; none for anything else.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'_, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if !inner.contains('\\') {
            return Some(Cow::Borrowed(inner));
        }
        match json::node(&self.to_json()) {
            Node::Text(text) => Some(Cow::Owned(text.to_owned())),
            _ => None,
        }
    }

    /// A number as the nearest float, finite; none for anything else.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        if self.kind() == ValueKind::Number { self.0.parse().ok().filter(|float: &f64| float.is_finite()) } else { None }
    }

    /// What sort of value it is.
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        match self.0.as_bytes().first() {
            Some(b'n') => ValueKind::Null,
            Some(b't' | b'f') => ValueKind::Bool,
            Some(b'"') => ValueKind::String,
            Some(b'[') => ValueKind::Array,
            Some(b'{') => ValueKind::Object,
            _ => ValueKind::Number,
        }
    }
}

fn rounded(tree: &Tree) -> Tree {
    match json::node(tree) {
        Node::Exact(text) => Tree::from(text.parse::<f64>().unwrap_or(f64::MAX).clamp(f64::MIN, f64::MAX)),
        Node::Text(text) => Tree::String(text.to_owned()),
        Node::List(items) => Tree::Array(items.iter().map(rounded).collect()),
        Node::Object(members) => Tree::Object(members.iter().map(|(name, value)| (name.clone(), rounded(value))).collect()),
        Node::Null | Node::Bool(_) | Node::Number(_) => tree.clone(),
    }
}

/// Compact JSON in the making: short texts on the stack, so that a scalar allocates once.
struct Text {
    short: [u8; 120],
    used: usize,
    long: String,
}

impl Default for Text {
    fn default() -> Self {
        Self { short: [0; 120], used: 0, long: String::new() }
    }
}

impl Text {
    fn push(&mut self, text: &str) {
        if self.long.is_empty() {
            if let Some(room) = self.short.get_mut(self.used..self.used + text.len()) {
                room.copy_from_slice(text.as_bytes());
                self.used += text.len();
                return;
            }
            let start = std::str::from_utf8(self.short.get(..self.used).unwrap_or_default()).unwrap_or_default();
            self.long.reserve(2 * start.len() + text.len());
            self.long.push_str(start);
        }
        self.long.push_str(text);
    }

    fn finish(self) -> Arc<str> {
        if self.long.is_empty() {
            std::str::from_utf8(self.short.get(..self.used).unwrap_or_default()).unwrap_or_default().into()
        } else {
            self.long.into()
        }
    }

    fn tree(&mut self, tree: &Tree) {
        match json::node(tree) {
            Node::Null => self.push("null"),
            Node::Bool(true) => self.push("true"),
            Node::Bool(false) => self.push("false"),
            Node::Number(number) => {
                let _ = write!(self, "{number}");
            }
            Node::Exact(text) => self.push(text),
            Node::Text(text) => self.string(text),
            Node::List(items) => {
                self.push("[");
                for (at, item) in items.iter().enumerate() {
                    self.push(if at == 0 { "" } else { "," });
                    self.tree(item);
                }
                self.push("]");
            }
            Node::Object(members) => {
                self.push("{");
                for (at, (name, value)) in members.iter().enumerate() {
                    self.push(if at == 0 { "" } else { "," });
                    self.string(name);
                    self.push(":");
                    self.tree(value);
                }
                self.push("}");
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.push("\"");
        let mut plain = 0;
        for (at, char) in text.char_indices() {
            let escape = match char {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                ' '..='~' => continue,
                other if is_forbidden(other) => "",
                _ => continue,
            };
            self.push(text.get(plain..at).unwrap_or_default());
            if escape.is_empty() {
                // All of them lie below U+10000, so four digits are enough.
                let _ = write!(self, "\\u{:04x}", u32::from(char));
            } else {
                self.push(escape);
            }
            plain = at + char.len_utf8();
        }
        self.push(text.get(plain..).unwrap_or_default());
        self.push("\"");
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Self(if bool { "true" } else { "false" }.into())
    }
}

impl From<i64> for Value {
    fn from(whole: i64) -> Self {
        Self::from_json(&Tree::from(whole))
    }
}

impl From<u64> for Value {
    fn from(whole: u64) -> Self {
        Self::from_json(&Tree::from(whole))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_str(&self.0);
        }
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            // Only what was sealed by us is kept in such a form.
            return Ok(Self(Arc::<str>::deserialize(deserializer)?));
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
