//! What is wrong with a configuration, each with its place, and all of them at once.

use std::{fmt, path::PathBuf};

/// One thing that is wrong.
///
/// `Display` is one sentence without its place; [`ConfigError`] puts the place before it. Texts taken from the file are quoted with
/// control and bidi characters escaped, and cut after 60 characters; a value that may be a secret is never among them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigProblem {
    /// Dotted path of the setting, `source[0].map[1].key`; a variable's or a flag's name; empty: the whole file.
    pub path: String,
    /// One-based line; 0 when the problem has no place in a file.
    pub line: usize,
    /// One-based column in characters; 0 as for the line.
    pub column: usize,
    /// The whole sentence: what is wrong, why, what to do.
    pub message: String,
    /// What stands there, in short; empty when nothing does.
    pub found: String,
    /// What would be right, in short.
    pub expected: String,
    /// A stable code.
    pub code: &'static str,
}

impl ConfigProblem {
    /// A problem outside any file: of a variable, a flag, a directory.
    #[must_use]
    pub fn outside(code: &'static str, path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: 0, column: 0, message: message.into(), found: String::new(), expected: String::new(), code }
    }

    /// The same problem, saying what was found and what was expected.
    #[must_use]
    pub fn with(mut self, found: impl Into<String>, expected: impl Into<String>) -> Self {
        self.found = found.into();
        self.expected = expected.into();
        self
    }
}

/// Why a configuration cannot be used: at least one problem, in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, if one was read.
    pub file: Option<PathBuf>,
    /// Everything that is wrong.
    pub problems: Vec<ConfigProblem>,
}

impl ConfigError {
    /// An error of one problem that has no place in a file.
    #[must_use]
    pub fn one(problem: ConfigProblem) -> Self {
        Self { file: None, problems: vec![problem] }
    }

    /// The stable code of the first problem; the one to report where there is room for one.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.problems.first().map_or("bad_config", |problem| problem.code)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            match &self.file {
                Some(file) if problem.line > 0 => {
                    write!(out, "{}:{}:{}: ", clean(&file.display().to_string()), problem.line, problem.column)?;
                }
                _ => {}
            }
            write!(out, "{}", problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// The longest piece of somebody's text that a sentence repeats, in characters.
const QUOTED: usize = 60;

/// Quotes a text for a sentence: escaped, and cut when it is long.
pub(super) fn quote(text: &str) -> String {
    if text.chars().count() > QUOTED {
        let head: String = text.chars().take(QUOTED).collect();
        format!("{head:?}...")
    } else {
        format!("{text:?}")
    }
}

/// A path or a name for a sentence, without quotes; control and bidi characters escaped.
pub(super) fn clean(text: &str) -> String {
    let quoted = format!("{text:?}");
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().replace("\\\"", "\"").replace("\\\\", "\\")
}

/// Somebody else's sentence inside ours: escaped, and cut after 200 characters.
pub(super) fn phrase(text: &str) -> String {
    let head: String = text.chars().take(200).collect();
    clean(&head)
}

/// The known name nearest to a mistaken one, if one is near enough to be meant.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mistaken: String = name.chars().take(QUOTED).collect::<String>().to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&mistaken, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1) + 1)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// ` Did you mean "x"?`, or nothing.
pub(super) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hide_control_and_bidi_characters_and_cut_long_texts() {
        assert_eq!(quote("a\u{1b}[2J\u{202e}b"), "\"a\\u{1b}[2J\\u{202e}b\"");
        assert_eq!(quote(&"x".repeat(500)).chars().count(), 60 + 2 + 3);
        assert_eq!(clean("/home/é\u{7}/a\"b\\c"), "/home/é\\u{7}/a\"b\\c");
    }

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        assert_eq!(nearest("thme", ["theme", "keymap"]), Some("theme"));
        assert_eq!(nearest("Interval", ["interval", "url"]), Some("interval"));
        assert_eq!(nearest("zzzzzz", ["theme", "keymap"]), None);
    }

    #[test]
    fn one_line_for_each_problem_with_its_place() {
        let mut first = ConfigProblem::outside("syntax", "", "this is wrong");
        first.line = 3;
        first.column = 7;
        let second = ConfigProblem::outside("bad_environment", "STELLAR_THEME", "that is wrong");
        let error = ConfigError { file: Some("/c/config.toml".into()), problems: vec![first, second] };
        assert_eq!(error.to_string(), "/c/config.toml:3:7: this is wrong\nthat is wrong");
        assert_eq!(error.code(), "syntax");
    }
}
