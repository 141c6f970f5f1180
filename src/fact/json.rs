//! A strict reader of JSON from outside, and the tree it makes.
//!
//! The tree is `serde_json`'s, so that JSON paths can walk it. Numbers that its number type would bend (integers beyond 64 bits, decimals
//! that no float holds) are kept as text: a string that begins with a mark. Real strings that begin with the mark get it twice, so no
//! remote text can pass for a number. [`super::Value::from_json`] takes the mark away again; whoever makes a string of a tree by hand
//! uses [`json_string`].

use std::borrow::Cow;

use serde_json::{Map, Number, Value as Tree};

use super::decimal::{Decimal, MAX_EXPONENT_DIGITS};

mod edit;
mod error;
mod scan;

pub use edit::{JsonEditError, JsonStep, set_in_json, set_in_read_json};
pub use error::{ValueError, ValueErrorKind};

use scan::Scanner;

/// Stands before a number kept as text, and once more before a string that begins with it. A private-use character.
const MARK: char = '\u{f8ff}';

/// How deep arrays and objects may stand in each other.
pub const MAX_DEPTH: usize = 128;

/// How many values one document may hold; bounds the memory that a few bytes each can take.
pub const MAX_VALUES: usize = 2_000_000;

/// What a node of a tree is, with marks resolved.
pub(super) enum Node<'t> {
    Null,
    Bool(bool),
    Number(&'t Number),
    /// A number kept as text.
    Exact(&'t str),
    Text(&'t str),
    List(&'t [Tree]),
    Object(&'t Map<String, Tree>),
}

/// Resolves the mark of one node.
pub(super) fn node(tree: &Tree) -> Node<'_> {
    match tree {
        Tree::Null => Node::Null,
        Tree::Bool(bool) => Node::Bool(*bool),
        Tree::Number(number) => Node::Number(number),
        Tree::String(text) => match text.strip_prefix(MARK) {
            None => Node::Text(text),
            Some(rest) if rest.starts_with(MARK) => Node::Text(rest),
            Some(rest) if Decimal::parse(rest).is_some() => Node::Exact(rest),
            Some(_) => Node::Text(text),
        },
        Tree::Array(items) => Node::List(items),
        Tree::Object(members) => Node::Object(members),
    }
}

/// Makes a tree of one string, so that no text can pass for a number.
#[must_use]
pub fn json_string(text: &str) -> Tree {
    Tree::String(if text.starts_with(MARK) { format!("{MARK}{text}") } else { text.to_owned() })
}

/// Makes a tree of one number; the text is kept where a float would bend it. None when it is no JSON number.
pub(super) fn json_number(text: &str) -> Option<Tree> {
    let leading_zero = text.trim_start_matches('-').starts_with('0') && text != "0";
    if !leading_zero
        && !text.starts_with('+')
        && let Ok(whole) = text.parse::<i64>()
    {
        return Some(Tree::from(whole));
    }
    let exact = Decimal::parse(text)?;
    if let Ok(whole) = text.parse::<u64>() {
        return Some(Tree::from(whole));
    }
    // Fifteen digits always survive a float; longer ones, and powers that may be subnormal, have to be tried with the very writer that
    // will spell them: of two shortest spellings another writer may choose the other.
    let is_short = text.len() <= 15 && !text.contains(['e', 'E']);
    let survives = |number: &Number| is_short || Decimal::parse(&number.to_string()).as_ref() == Some(&exact);
    let number = text.parse::<f64>().ok().and_then(Number::from_f64).filter(survives);
    Some(number.map_or_else(|| Tree::String(format!("{MARK}{text}")), Tree::Number))
}

/// Reads one JSON document from bytes nobody vouches for.
///
/// UTF-8 only; one leading byte order mark is passed over. Refused with a sentence and a place: other encodings, a member named twice in
/// one object, more than [`MAX_DEPTH`] levels, more than [`MAX_VALUES`] values, an exponent beyond nine digits, anything after the value.
///
/// # Errors
/// [`ValueError`] with what is wrong and where.
pub fn parse_json(bytes: &[u8]) -> Result<Tree, ValueError> {
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
        return Err(ValueError::at(ValueErrorKind::NotUtf8, "this is UTF-16; JSON is read as UTF-8 only", "", 0));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
        ValueError::at(ValueErrorKind::NotUtf8, "this is not UTF-8", valid, valid.len())
    })?;
    parse_text(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// [`parse_json`] for what is known to be UTF-8 and to have no byte order mark.
pub(super) fn parse_text(text: &str) -> Result<Tree, ValueError> {
    let mut reader = Reader { scan: Scanner::new(text), values: 0 };
    let tree = reader.value(0)?;
    reader.scan.skip_space();
    if reader.scan.peek().is_some() {
        return Err(reader.scan.wrong("something follows the value"));
    }
    Ok(tree)
}

struct Reader<'a> {
    scan: Scanner<'a>,
    values: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Tree, ValueError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.scan.error(ValueErrorKind::TooLarge, format!("more than {MAX_VALUES} values in one document")));
        }
        self.scan.skip_space();
        match self.scan.peek() {
            Some(b'[' | b'{') if depth == MAX_DEPTH => {
                Err(self.scan.error(ValueErrorKind::TooDeep, format!("more than {MAX_DEPTH} arrays and objects inside each other")))
            }
            Some(b'[') => self.list(depth + 1),
            Some(b'{') => self.object(depth + 1),
            Some(b'"') => self.scan.string().map(|text| match text {
                Cow::Owned(text) if !text.starts_with(MARK) => Tree::String(text),
                text => json_string(&text),
            }),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.scan.word("true").map(|()| Tree::Bool(true)),
            Some(b'f') => self.scan.word("false").map(|()| Tree::Bool(false)),
            Some(b'n') => self.scan.word("null").map(|()| Tree::Null),
            Some(_) => Err(self.scan.wrong("a value was expected")),
            None => Err(self.scan.wrong("the text ends where a value was expected")),
        }
    }

    fn number(&mut self) -> Result<Tree, ValueError> {
        let start = self.scan.at();
        let text = self.scan.number()?;
        json_number(text).ok_or_else(|| {
            let message = format!("the exponent of a number has more than {MAX_EXPONENT_DIGITS} digits");
            self.scan.error_from(start, ValueErrorKind::TooLarge, message)
        })
    }

    fn list(&mut self, depth: usize) -> Result<Tree, ValueError> {
        self.scan.take(b'[')?;
        let mut items = Vec::new();
        if !self.scan.take_if(b']') {
            loop {
                items.push(self.value(depth)?);
                if self.scan.take_if(b']') {
                    break;
                }
                self.scan.take(b',')?;
            }
        }
        Ok(Tree::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Tree, ValueError> {
        self.scan.take(b'{')?;
        // Room for one: most objects of a long document are small, and the usual first room is for four.
        let mut members = Map::with_capacity(1);
        if !self.scan.take_if(b'}') {
            loop {
                self.scan.skip_space();
                let start = self.scan.at();
                if self.scan.peek() != Some(b'"') {
                    return Err(self.scan.wrong("a member's name in double quotes was expected"));
                }
                let name = self.scan.string()?.into_owned();
                self.scan.take(b':')?;
                let value = self.value(depth)?;
                if members.contains_key(&name) {
                    let message = format!("the member {} stands twice in one object", error::shown(&name));
                    return Err(self.scan.error_from(start, ValueErrorKind::DuplicateMember, message));
                }
                members.insert(name, value);
                if self.scan.take_if(b'}') {
                    break;
                }
                self.scan.take(b',')?;
            }
        }
        Ok(Tree::Object(members))
    }
}

#[cfg(test)]
mod tests;
