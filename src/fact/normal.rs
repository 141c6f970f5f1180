//! Values in the one form they are compared in.
//!
//! [`Normal`] is made once per value and rule; comparing two then parses nothing. Numbers are exact decimals, so 1, 1.0 and 1e0 are the
//! same, "1" is not, and 2^53 + 1 is not 2^53. The order of members never matters.

use std::{
    cmp::Ordering,
    hash::{DefaultHasher, Hash, Hasher},
    mem::size_of,
};

use serde_json::Value as Tree;

use super::{
    decimal::Decimal,
    json::{self, Node},
    rule::{CompareRule, Tolerance},
    value::{Value, ValueKind},
};

mod pointer;
mod same;

/// A value brought to one form by a compare rule.
///
/// `==` and the order are exact, without tolerance, and follow the form: two spellings of one value are equal.
#[derive(Clone, Debug)]
pub struct Normal {
    form: Form,
    /// Over the whole form: unequal means unequal.
    exact: u64,
    /// Over the form with its numbers left out: unequal means no tolerance can help.
    shape: u64,
}

/// The form itself. Members are sorted by name, and so are the items of an array that is compared unordered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Form {
    Null,
    Bool(bool),
    Number(Decimal),
    /// A stored number that is none: its text.
    Odd(Box<str>),
    Text(Box<str>),
    List(Box<[Form]>),
    Bag(Box<[Form]>),
    Object(Box<[(Box<str>, Form)]>),
}

impl Normal {
    /// Brings a value to its form: strings trimmed and lowered, ignored places left out, unordered arrays sorted, as the rule says.
    ///
    /// Case is taken away by Unicode lower case, character by character; names of members keep theirs. A pointer that leads nowhere
    /// ignores nothing; the empty one ignores the whole value, which then equals every other.
    #[must_use]
    pub fn of(value: &Value, rule: &CompareRule) -> Self {
        let form = match value.kind() {
            _ if rule.ignore.iter().any(String::is_empty) => Form::Null,
            ValueKind::Null => Form::Null,
            ValueKind::Bool => Form::Bool(value.as_json_text() == "true"),
            ValueKind::Number => Form::number(value.as_json_text()),
            ValueKind::String => Form::text(&value.plain_text(), rule),
            ValueKind::Array | ValueKind::Object => {
                let mut tree = value.to_json();
                for ignored in &rule.ignore {
                    pointer::blank(&mut tree, ignored);
                }
                pointer::drop_blanks(&mut tree);
                Form::of_tree(&tree, rule)
            }
        };
        let (mut exact, mut shape) = (DefaultHasher::new(), DefaultHasher::new());
        form.hash(&mut exact);
        form.hash_shape(&mut shape);
        Self { exact: exact.finish(), shape: shape.finish(), form }
    }

    /// Bytes of memory it takes beside itself.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.form.heap_bytes()
    }

    /// A text that is the same for equal forms and different for others, in every build: what digests are made of.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.form.write(&mut out);
        out
    }
}

impl PartialEq for Normal {
    fn eq(&self, other: &Self) -> bool {
        self.exact == other.exact && self.form == other.form
    }
}

impl Eq for Normal {}

impl PartialOrd for Normal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Normal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.form.cmp(&other.form)
    }
}

/// Whether two normal forms are the same value under the rule they were made with: equal, or differing only in numbers that are within
/// its tolerance, at any depth.
///
/// Reflexive and symmetric. **Not transitive**: with a tolerance of 1, 10 is the same as 11 and 11 as 12, but 10 is not the same as 12.
/// Arrays compared unordered are the same when their items can be paired off. Distances of numbers of more than 38 digits are measured in
/// floats; their equality stays exact.
#[must_use]
pub fn same(left: &Normal, right: &Normal, rule: &CompareRule) -> bool {
    if left == right {
        return true;
    }
    if left.shape != right.shape || is_zero(rule.tolerance) {
        return false;
    }
    same::within(&left.form, &right.form, rule.tolerance)
}

fn is_zero(tolerance: Tolerance) -> bool {
    let (Tolerance::Absolute(limit) | Tolerance::Relative(limit)) = tolerance;
    // NaN allows nothing, either.
    limit.is_nan() || limit <= 0.0
}

impl Form {
    fn number(text: &str) -> Self {
        Decimal::parse(text).map_or_else(|| Self::Odd(text.into()), Self::Number)
    }

    fn text(text: &str, rule: &CompareRule) -> Self {
        let text = if rule.trim { text.trim() } else { text };
        Self::Text(if rule.ignore_case { text.to_lowercase().into() } else { text.into() })
    }

    fn of_tree(tree: &Tree, rule: &CompareRule) -> Self {
        match json::node(tree) {
            Node::Null => Self::Null,
            Node::Bool(bool) => Self::Bool(bool),
            Node::Number(number) => Self::number(&number.to_string()),
            Node::Exact(text) => Self::number(text),
            Node::Text(text) => Self::text(text, rule),
            Node::List(items) => {
                let mut items: Vec<_> = items.iter().map(|item| Self::of_tree(item, rule)).collect();
                if rule.unordered {
                    items.sort_unstable();
                    Self::Bag(items.into())
                } else {
                    Self::List(items.into())
                }
            }
            Node::Object(members) => {
                let mut members: Vec<_> = members.iter().map(|(name, value)| (name.as_str().into(), Self::of_tree(value, rule))).collect();
                members.sort_unstable();
                Self::Object(members.into())
            }
        }
    }

    /// Hashes everything but the numbers; what order numbers give to an unordered array must not show either.
    fn hash_shape(&self, state: &mut DefaultHasher) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null | Self::Number(_) => {}
            Self::Bool(bool) => bool.hash(state),
            Self::Odd(text) | Self::Text(text) => text.hash(state),
            Self::List(items) => {
                items.len().hash(state);
                for item in items {
                    item.hash_shape(state);
                }
            }
            Self::Bag(items) => {
                items.len().hash(state);
                let sum = items.iter().fold(0_u64, |sum, item| sum.wrapping_add(item.shape()));
                sum.hash(state);
            }
            Self::Object(members) => {
                members.len().hash(state);
                for (name, value) in members {
                    name.hash(state);
                    value.hash_shape(state);
                }
            }
        }
    }

    fn shape(&self) -> u64 {
        let mut state = DefaultHasher::new();
        self.hash_shape(&mut state);
        state.finish()
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
            Self::Number(number) => out.push_str(&number.canonical()),
            Self::Odd(text) => out.push_str(text),
            Self::Text(text) => out.push_str(Value::string(text).as_json_text()),
            Self::List(items) => Self::write_all(items, ('[', ']'), out),
            Self::Bag(items) => Self::write_all(items, ('<', '>'), out),
            Self::Object(members) => {
                out.push('{');
                for (name, value) in members {
                    out.push_str(Value::string(name).as_json_text());
                    out.push(':');
                    value.write(out);
                    out.push(',');
                }
                out.push('}');
            }
        }
    }

    fn heap_bytes(&self) -> usize {
        let all = |items: &[Self]| items.iter().map(|item| size_of::<Self>() + item.heap_bytes()).sum();
        match self {
            Self::Null | Self::Bool(_) => 0,
            Self::Number(number) => number.heap_bytes(),
            Self::Odd(text) | Self::Text(text) => text.len(),
            Self::List(items) | Self::Bag(items) => all(items),
            Self::Object(members) => {
                members.iter().map(|(name, value)| size_of::<(Box<str>, Self)>() + name.len() + value.heap_bytes()).sum()
            }
        }
    }

    fn write_all(items: &[Self], (open, close): (char, char), out: &mut String) {
        out.push(open);
        for item in items {
            item.write(out);
            out.push(',');
        }
        out.push(close);
    }
}

#[cfg(test)]
mod tests;
