//! Reading a TOML document setting by setting: every value keeps its place, every mistake is noted and reading goes on.
//!
//! A [`Section`] is a table with its dotted path, an [`Entry`] one value in it. Both note problems on the [`Document`]; a reader that
//! finds a mistake gets nothing back and lets the default stand, so that one run finds all mistakes.

use std::{cell::RefCell, collections::BTreeMap, ops::Range, time::Duration};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::text::{duration_exact, parse_duration, parse_size, size_exact};

use super::problem::{ConfigProblem, did_you_mean, quote};

/// The text being read, where its lines begin, and what was noted about it.
pub(super) struct Document<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
    problems: RefCell<Vec<ConfigProblem>>,
    lines_of: RefCell<BTreeMap<String, usize>>,
}

impl<'t> Document<'t> {
    /// Takes a text.
    pub fn new(text: &'t str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, line_starts, problems: RefCell::default(), lines_of: RefCell::default() }
    }

    /// The one-based line and column (in characters) of a byte.
    pub fn place(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start <= byte).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..byte).map_or(1, |head| head.chars().count() + 1);
        (line, column)
    }

    /// Notes a problem at a byte.
    pub fn note(&self, at: usize, mut problem: ConfigProblem) {
        (problem.line, problem.column) = self.place(at);
        self.problems.borrow_mut().push(problem);
    }

    /// Whether nothing is wrong so far.
    pub fn is_sound(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// The problems in file order, and the line of each setting that was given.
    pub fn finish(self) -> (Vec<ConfigProblem>, BTreeMap<String, usize>) {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        (problems, self.lines_of.into_inner())
    }
}

/// A table of the file.
pub(super) struct Section<'d> {
    document: &'d Document<'d>,
    path: String,
    table: &'d DeTable<'d>,
    at: usize,
}

impl<'d> Section<'d> {
    /// The whole file. Keys that are not in `known` are noted.
    pub fn root(document: &'d Document<'d>, table: &'d DeTable<'d>, known: &[&str]) -> Self {
        let section = Self { document, path: String::new(), table, at: 0 };
        section.note_unknown(known);
        section
    }

    fn note_unknown(&self, known: &[&str]) {
        for key in self.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name: &str = key.get_ref();
            let place = if self.path.is_empty() { "the top level".to_owned() } else { format!("[{}]", self.path) };
            let message = format!("{} is not a setting of {place}.{}", quote(name), did_you_mean(name, known.iter().copied()));
            let problem = ConfigProblem::outside("unknown_key", &self.path_of(name), message).with(quote(name), known.join(" "));
            self.document.note(key.span().start, problem);
        }
    }

    /// The dotted path of a key in this table.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The dotted path of the table.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The names of the keys that are given, and where.
    pub fn keys(&self) -> impl Iterator<Item = (&'d str, Range<usize>)> {
        self.table.keys().map(|key| (key.get_ref().as_ref(), key.span()))
    }

    /// The value of a key, if it is given.
    pub fn get(&self, key: &str) -> Option<Entry<'d>> {
        let value = self.table.get(key)?;
        let path = self.path_of(key);
        let (line, _) = self.document.place(value.span().start);
        self.document.lines_of.borrow_mut().insert(path.clone(), line);
        Some(Entry { document: self.document, path, value, masked: false })
    }

    /// The value of a key that must be given; its absence is noted at the table.
    pub fn need(&self, key: &str, expected: &str) -> Option<Entry<'d>> {
        let entry = self.get(key);
        if entry.is_none() {
            let message = format!("[{}] needs `{key}`: {expected}.", self.path);
            self.note_at_head("missing", key, message, String::new(), expected.to_owned());
        }
        entry
    }

    /// Notes a problem of the table itself, such as a missing key.
    pub fn note_at_head(&self, code: &'static str, key: &str, message: String, found: String, expected: String) {
        let path = if key.is_empty() { self.path.clone() } else { self.path_of(key) };
        self.document.note(self.at, ConfigProblem::outside(code, &path, message).with(found, expected));
    }

    /// Notes a problem at one of the table's keys.
    pub fn note_at_key(&self, at: &Range<usize>, code: &'static str, key: &str, message: String, expected: String) {
        self.document.note(at.start, ConfigProblem::outside(code, &self.path_of(key), message).with(quote(key), expected));
    }

    /// A table below this one; unknown keys of it are noted.
    pub fn section(&self, key: &str, known: &[&str]) -> Option<Section<'d>> {
        self.get(key)?.section(known)
    }

    /// The tables of an array of tables below this one; nothing when it is not given.
    pub fn sections(&self, key: &str, known: &[&str]) -> Vec<Section<'d>> {
        let Some(entry) = self.get(key) else { return Vec::new() };
        let DeValue::Array(items) = entry.value.get_ref() else {
            entry.wrong_type(&format!(
                "a list of tables, each opened by [[{}]]",
                self.path_of(key).replace(char::is_numeric, "").replace("[]", "")
            ));
            return Vec::new();
        };
        let tables = items.iter().enumerate().filter_map(|(index, value)| {
            let item = Entry { document: self.document, path: format!("{}[{index}]", entry.path), value, masked: false };
            item.section(known)
        });
        tables.collect()
    }
}

/// One value of the file.
#[derive(Clone)]
pub(super) struct Entry<'d> {
    document: &'d Document<'d>,
    /// Its dotted path.
    pub path: String,
    value: &'d Spanned<DeValue<'d>>,
    masked: bool,
}

impl<'d> Entry<'d> {
    /// The same entry; its value may be a secret and never stands in a sentence.
    pub fn masked(mut self) -> Self {
        self.masked = true;
        self
    }

    /// The raw value, for what is no plain setting.
    pub fn raw(&self) -> &'d DeValue<'d> {
        self.value.get_ref()
    }

    /// What stands there, in words.
    pub fn found(&self) -> String {
        match self.value.get_ref() {
            DeValue::String(_) if self.masked => "a text that is not shown".to_owned(),
            DeValue::String(text) => quote(text),
            DeValue::Integer(number) => format!("the number {}", quote(&number.to_string()).trim_matches('"')),
            DeValue::Float(number) => format!("the number {}", quote(number.as_str()).trim_matches('"')),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(_) => "a date or time".to_owned(),
            DeValue::Array(items) => format!("a list of {}", items.len()),
            DeValue::Table(_) => "a table".to_owned(),
        }
    }

    /// Notes a problem with a sentence of its own.
    pub fn problem(&self, code: &'static str, message: impl Into<String>, expected: impl Into<String>) {
        let problem = ConfigProblem::outside(code, &self.path, message).with(self.found(), expected);
        self.document.note(self.value.span().start, problem);
    }

    /// Notes that the value is not what is expected; `more` is a hint, a sentence with a space before it, or empty.
    pub fn unfit(&self, code: &'static str, expected: &str, more: &str) {
        self.problem(code, format!("`{}` is {}; it must be {expected}.{more}", self.path, self.found()), expected);
    }

    /// Notes a wrong type.
    pub fn wrong_type(&self, expected: &str) {
        self.unfit("wrong_type", expected, "");
    }

    /// A text.
    pub fn text(&self) -> Option<&'d str> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text),
            _ => {
                self.wrong_type("a text in quotes");
                None
            }
        }
    }

    /// A text of at least one character that is no control character.
    pub fn plain_text(&self) -> Option<&'d str> {
        let text = self.text()?;
        if text.is_empty() || text.chars().any(char::is_control) {
            self.unfit("empty", "a text of at least one character and no control character", "");
            return None;
        }
        Some(text)
    }

    /// True or false.
    pub fn boolean(&self) -> Option<bool> {
        let value = self.value.get_ref().as_bool();
        if value.is_none() {
            self.wrong_type("true or false");
        }
        value
    }

    /// One of some words.
    pub fn choice<'c>(&self, choices: &[&'c str]) -> Option<&'c str> {
        let text = self.text()?;
        let chosen = choices.iter().copied().find(|choice| *choice == text);
        if chosen.is_none() {
            self.unfit("bad_choice", &format!("one of: {}", choices.join(" ")), &did_you_mean(text, choices.iter().copied()));
        }
        chosen
    }

    /// A whole number between two bounds, both included.
    pub fn whole(&self, from: u32, to: u32) -> Option<u32> {
        let expected = format!("a whole number from {from} to {to}");
        let DeValue::Integer(number) = self.value.get_ref() else {
            self.wrong_type(&expected);
            return None;
        };
        let value = i64::from_str_radix(number.as_str(), number.radix()).ok().and_then(|value| u32::try_from(value).ok());
        let value = value.filter(|value| (from..=to).contains(value));
        if value.is_none() {
            self.unfit("out_of_range", &expected, "");
        }
        value
    }

    /// A finite number between two bounds, both included.
    pub fn number(&self, from: f64, to: f64) -> Option<f64> {
        let expected = format!("a number from {from} to {to}");
        let value = match self.value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => {
                // Settings are small numbers; the conversion is exact below 2^53 and the bounds cut off the rest.
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(|value| value as f64)
            }
            _ => {
                self.wrong_type(&expected);
                return None;
            }
        };
        let value = value.filter(|value: &f64| value.is_finite() && (from..=to).contains(value));
        if value.is_none() {
            self.unfit("out_of_range", &expected, "");
        }
        value
    }

    /// A duration between two bounds, both included.
    pub fn duration(&self, from: Duration, to: Duration) -> Option<Duration> {
        let expected = "a duration such as \"250ms\" \"30s\" \"15m\" \"24h\" \"7d\"";
        let DeValue::String(text) = self.value.get_ref() else {
            self.wrong_type(expected);
            return None;
        };
        let Ok(value) = parse_duration(text) else {
            self.unfit("bad_duration", expected, "");
            return None;
        };
        if !(from..=to).contains(&value) {
            self.unfit("out_of_range", &format!("a duration from {} to {}", duration_exact(from), duration_exact(to)), "");
            return None;
        }
        Some(value)
    }

    /// A size in bytes between two bounds, both included.
    pub fn size(&self, from: u64, to: u64) -> Option<u64> {
        let expected = "a size such as \"64KiB\" \"256MiB\"";
        let DeValue::String(text) = self.value.get_ref() else {
            self.wrong_type(expected);
            return None;
        };
        let Some(value) = parse_size(text) else {
            self.unfit("bad_size", expected, "");
            return None;
        };
        if !(from..=to).contains(&value) {
            self.unfit("out_of_range", &format!("a size from {} to {}", size_exact(from), size_exact(to)), "");
            return None;
        }
        Some(value)
    }

    /// The items of a list.
    pub fn items(&self, expected: &str) -> Option<Vec<Entry<'d>>> {
        let DeValue::Array(items) = self.value.get_ref() else {
            self.wrong_type(expected);
            return None;
        };
        let entry = |(index, value)| Entry { document: self.document, path: format!("{}[{index}]", self.path), value, masked: self.masked };
        Some(items.iter().enumerate().map(entry).collect())
    }

    /// A table; unknown keys of it are noted.
    pub fn section(&self, known: &[&str]) -> Option<Section<'d>> {
        let section = self.any_section()?;
        section.note_unknown(known);
        Some(section)
    }

    /// A table with any keys.
    pub fn any_section(&self) -> Option<Section<'d>> {
        match self.value.get_ref() {
            DeValue::Table(table) => Some(Section { document: self.document, path: self.path.clone(), table, at: self.value.span().start }),
            _ => {
                self.wrong_type("a table");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let document = Document::new("a = 1\nüü = 2\n\nx");
        assert_eq!(document.place(0), (1, 1));
        assert_eq!(document.place(6), (2, 1));
        assert_eq!(document.place(8), (2, 2));
        assert_eq!(document.place(16), (4, 1));
        assert_eq!(document.place(9_999), (4, 2));
        assert_eq!(Document::new("").place(0), (1, 1));
    }
}
