//! JSONPath (RFC 9535) expressions of the configuration, kept with the text a reason may quote.

use serde_json::Value as Json;
use serde_json_path::{JsonPath, PathElement};

use crate::fact::JsonStep;

/// A compiled expression and its text.
#[derive(Clone, Debug)]
pub(super) struct Path {
    text: String,
    path: JsonPath,
}

/// What a path that should find one node found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum One<'a> {
    Nothing,
    Found(&'a Json),
    Many,
}

impl Path {
    /// Compiles an expression.
    ///
    /// # Errors
    /// A sentence that names what it is for and what does not fit.
    pub(super) fn compile(what: &str, text: &str) -> Result<Self, String> {
        JsonPath::parse(text)
            .map(|path| Self { text: text.to_owned(), path })
            .map_err(|error| format!("{what} = {text:?} is no JSONPath (RFC 9535): {}", error.message()))
    }

    /// The expression as written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Every node it finds.
    pub(super) fn all<'a>(&self, json: &'a Json) -> Vec<&'a Json> {
        self.path.query(json).all()
    }

    /// Every node it finds, with the way to it.
    pub(super) fn located<'a>(&self, json: &'a Json) -> Vec<(Vec<JsonStep>, &'a Json)> {
        let step = |element: &PathElement<'_>| match element {
            PathElement::Name(name) => JsonStep::Member((*name).to_owned()),
            PathElement::Index(index) => JsonStep::Item(*index),
        };
        self.path.query_located(json).iter().map(|found| (found.location().iter().map(step).collect(), found.node())).collect()
    }

    /// The one node it finds.
    pub(super) fn one<'a>(&self, json: &'a Json) -> One<'a> {
        let found = self.path.query(json);
        match (found.len(), found.first()) {
            (0, _) | (_, None) => One::Nothing,
            (1, Some(node)) => One::Found(node),
            _ => One::Many,
        }
    }

    /// The path without its last segment: `$.items` of `$.items[*]`; none where nothing is left but the root.
    pub(super) fn parent(&self) -> Option<Self> {
        let cut = last_segment(&self.text)?;
        let text = self.text.get(..cut)?;
        if text == "$" { None } else { JsonPath::parse(text).ok().map(|path| Self { text: text.to_owned(), path }) }
    }
}

/// Where the last segment of a path starts. Brackets and quotes are followed, because both may hold dots.
fn last_segment(text: &str) -> Option<usize> {
    let mut walk = Walk::default();
    let mut last = None;
    let mut before = ' ';
    for (at, char) in text.char_indices() {
        let top = walk.depth == 0 && walk.quote.is_none();
        if top && matches!(char, '[' | '.') && before != '.' {
            last = Some(at);
        }
        walk.step(char);
        before = char;
    }
    last
}

/// Follows brackets, parentheses and quotes through a path.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walk {
    depth: usize,
    quote: Option<char>,
    escaped: bool,
}

impl Walk {
    /// Takes the next character.
    pub(super) fn step(&mut self, char: char) {
        match (self.quote, char) {
            (Some(_), _) if self.escaped => self.escaped = false,
            (Some(_), '\\') => self.escaped = true,
            (Some(quote), _) if quote == char => self.quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => self.quote = Some(char),
            (None, '[' | '(') => self.depth += 1,
            (None, ']' | ')') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether it stands outside every bracket and quote.
    pub(super) fn is_outside(self) -> bool {
        self.depth == 0 && self.quote.is_none()
    }
}
