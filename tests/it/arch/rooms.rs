//! Which room may import which: the table of the house, and the rule that reads it.

use super::file::SourceFile;

/// What one room may take from another.
#[derive(Clone, Copy, Debug)]
enum Take {
    /// Whatever the door exports.
    All(&'static str),
    /// Types only: the last segment that counts starts with a capital. The names listed are refused all the same.
    Types(&'static str, &'static [&'static str]),
    /// Only names behind these first segments.
    Only(&'static str, &'static [&'static str]),
}

use Take::{All, Only, Types};

/// The engine itself is not data: who shows or writes things gets its types, not its handle.
const NO_HANDLE: &[&str] = &["Engine", "EngineHandle"];

/// `architecture.md`'s table, row by row. A room that is not here may not exist.
const TABLE: &[(&str, &[Take])] = &[
    ("text", &[]),
    ("fact", &[All("text")]),
    ("action", &[All("fact"), All("text")]),
    ("config", &[All("fact"), All("action"), All("text")]),
    ("engine", &[All("fact"), All("action"), All("text"), Types("config", &[])]),
    ("wire", &[All("fact"), All("action"), All("text"), Types("engine", NO_HANDLE)]),
    ("keymap", &[All("action"), All("text")]),
    ("theme", &[All("action"), All("text")]),
    ("app", &[All("fact"), All("action"), All("text"), Types("config", &[]), All("keymap"), All("theme"), Types("engine", NO_HANDLE)]),
    ("access", &[All("fact"), All("action"), All("text"), Only("app", &["model", "layout", "Model", "Regions"])]),
    ("term", &[All("text"), Only("keymap", &["Chord", "ChordError", "KeyName", "Keyboard", "Mods"])]),
    (
        "runtime",
        &[
            All("text"),
            All("fact"),
            All("action"),
            All("config"),
            All("engine"),
            All("wire"),
            All("keymap"),
            All("theme"),
            All("app"),
            All("access"),
            All("term"),
        ],
    ),
    ("cli", &[All("fact"), All("action"), All("text"), All("wire"), All("config"), All("keymap"), All("theme"), All("runtime")]),
];

/// Every import that the table does not list.
pub fn unlisted_imports(files: &[SourceFile]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        // `main.rs` and `lib.rs` may import all.
        let Some(room) = file.room() else { continue };
        let Some((_, takes)) = TABLE.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{}: the room {room} is not in the table of the house", file.path));
            continue;
        };
        for named in &file.named {
            let mut segments = named.path.iter().map(String::as_str);
            if segments.next() != Some("crate") {
                continue;
            }
            let inside: Vec<&str> = segments.collect();
            let Some((&target, rest)) = inside.split_first() else { continue };
            if target != room && !takes.iter().any(|take| take.allows(target, rest)) {
                wrong.push(format!("{}:{}: {room} may not import {}", file.path, named.line, named.text()));
            }
        }
    }
    wrong
}

impl Take {
    fn allows(self, target: &str, rest: &[&str]) -> bool {
        match self {
            All(room) => target == room,
            Types(room, refused) => target == room && names_type(rest) && !rest.iter().any(|segment| refused.contains(segment)),
            Only(room, names) => target == room && rest.first().is_some_and(|first| names.contains(first)),
        }
    }
}

/// Whether a path leads to or through a type: `Config`, `source::SourceError`, `FactQuery::default`; not `load`, not `*`.
fn names_type(rest: &[&str]) -> bool {
    rest.iter().any(|segment| segment.starts_with(char::is_uppercase) && segment.contains(char::is_lowercase))
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, unlisted_imports};

    fn check(path: &str, text: &str) -> usize {
        unlisted_imports(&[SourceFile::new(path, text)]).len()
    }

    #[test]
    fn what_is_listed_passes() {
        assert_eq!(check("fact/key.rs", "use crate::text::SafeText; use super::value::Value; use std::fmt;"), 0);
        assert_eq!(check("engine/api.rs", "use crate::{config::{Config, SecretRef}, fact::Key};"), 0);
        assert_eq!(check("wire/fact.rs", "use crate::engine::source::SourceError;"), 0);
        assert_eq!(check("main.rs", "use crate::cli;"), 0);
    }

    #[test]
    fn what_is_not_listed_is_caught() {
        assert_eq!(check("text/safe.rs", "use crate::fact::Key;"), 1);
        assert_eq!(check("fact.rs", "fn f() { crate::engine::go(); }"), 1);
        assert_eq!(check("cli/list.rs", "use crate::engine::FactQuery;"), 1);
        assert_eq!(check("action.rs", "use crate::{config, text};"), 1);
    }

    #[test]
    fn a_chain_of_supers_does_not_hide_an_escape() {
        assert_eq!(check("fact/key.rs", "use super::super::engine::Engine;"), 1);
        assert_eq!(check("fact/a/b.rs", "fn f() { super::super::super::cli::print(); }"), 1);
        assert_eq!(check("fact/a/b.rs", "use super::super::key::Key;"), 0);
    }

    #[test]
    fn types_only_means_no_function_no_glob_no_handle() {
        assert_eq!(check("engine.rs", "use crate::config::load;"), 1);
        assert_eq!(check("engine.rs", "use crate::config::*;"), 1);
        assert_eq!(check("wire.rs", "use crate::engine::EngineHandle;"), 1);
    }

    #[test]
    fn rooms_nobody_planned_and_the_crate_root_are_caught() {
        assert_eq!(check("utils.rs", ""), 1);
        assert_eq!(check("fact.rs", "use crate::*;"), 1);
    }

    #[test]
    fn tests_may_import_what_they_need() {
        assert_eq!(check("fact.rs", "#[cfg(test)] mod tests { use crate::engine::Engine; }"), 0);
    }
}
