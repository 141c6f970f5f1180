//! What may stand only in certain rooms or files: terminal keys, printing, clocks, files, the network, backends.

use super::{file::SourceFile, lexer::Kind};

/// A thing and the places where it may stand. A place is a file or a directory, without `.rs`; no place means nowhere.
struct Rule {
    what: &'static str,
    lines: fn(&SourceFile) -> Vec<usize>,
    places: Places,
}

enum Places {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

use Places::{AllBut, Only};

const RULES: &[Rule] = &[
    Rule { what: "crossterm and KeyCode", lines: |file| words(file, &["crossterm", "KeyCode"]), places: Only(&["term"]) },
    Rule { what: "a print macro", lines: print_macros, places: Only(&[]) },
    Rule {
        what: "the standard streams",
        lines: |file| {
            paths(
                file,
                &[
                    "std::io::stdout",
                    "std::io::stderr",
                    "std::io::stdin",
                    "io::stdout",
                    "io::stderr",
                    "io::stdin",
                    "tokio::io::stdout",
                    "tokio::io::stderr",
                    "tokio::io::stdin",
                ],
            )
        },
        places: Only(&["cli", "term", "main"]),
    },
    Rule { what: "the clock", lines: clocks, places: Only(&["engine/world", "runtime"]) },
    Rule {
        what: "the file system",
        lines: |file| paths(file, &["std::fs", "std::os::unix::fs", "tokio::fs", "rustix::fs"]),
        places: Only(&[
            "config",
            "engine/world",
            "engine/store",
            "engine/source",
            "engine/journal/real_disk",
            "runtime",
            "cli/man",
            "cli/schema",
            "cli/generate",
        ]),
    },
    Rule {
        what: "the outside world",
        lines: |file| paths(file, &["std::env", "std::net", "std::process", "std::thread", "std::os", "tokio", "reqwest", "rustix"]),
        places: AllBut(&["text", "fact", "action", "wire", "keymap", "theme", "app"]),
    },
    Rule { what: "home or the environment", lines: |file| paths(file, &["std::env", "etcetera"]), places: AllBut(&["engine"]) },
    Rule { what: "the sled store", lines: |file| paths(file, &["sled"]), places: Only(&["engine/store"]) },
    Rule { what: "clap", lines: |file| paths(file, &["clap", "clap_complete", "clap_mangen"]), places: Only(&["cli", "main"]) },
    Rule {
        what: "ratatui",
        lines: |file| paths(file, &["ratatui", "ratatui_core"]),
        places: Only(&["keymap", "theme", "app", "access", "term", "runtime"]),
    },
    Rule { what: "tui_textarea", lines: |file| paths(file, &["tui_textarea"]), places: Only(&["app/field"]) },
    Rule { what: "accesskit", lines: |file| paths(file, &["accesskit", "accesskit_consumer"]), places: Only(&["access"]) },
    Rule { what: "stellar_widgets", lines: |file| words(file, &["stellar_widgets"]), places: Only(&["app/view", "app/layout"]) },
    // Text reads JSON to show it and derives its errors; it still knows no room.
    Rule { what: "a crate but those of text", lines: foreign_to_text, places: AllBut(&["text"]) },
    Rule { what: "#[allow]", lines: allows, places: Only(&[]) },
];

/// Everything that stands where it may not.
pub fn misplaced(files: &[SourceFile]) -> Vec<String> {
    let mut wrong = Vec::new();
    for rule in RULES {
        for file in files {
            let stem = file.path.strip_suffix(".rs").unwrap_or(&file.path);
            let among = |places: &[&str]| {
                places.iter().any(|place| stem.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
            };
            let may = match rule.places {
                Only(places) => among(places),
                AllBut(places) => !among(places),
            };
            if !may {
                wrong.extend((rule.lines)(file).into_iter().map(|line| format!("{}:{line}: {} may not stand here", file.path, rule.what)));
            }
        }
    }
    wrong
}

/// What the widgets may know: `core`, `std` and these. No Stellar, no terminal, no clock, no file.
pub fn foreign_to_widgets(files: &[SourceFile]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        let own = |first: &str| ["crate", "std", "core", "alloc", "ratatui_core", "unicode_width", "unicode_segmentation"].contains(&first);
        let strange =
            file.named.iter().filter(|named| named.path.first().is_some_and(|first| KNOWN_CRATES.contains(&first.as_str()) && !own(first)));
        let outside = ["std::fs", "std::env", "std::net", "std::process", "std::thread", "std::io"];
        let lines =
            strange.map(|named| named.line).chain(paths(file, &outside)).chain(clocks(file)).chain(print_macros(file)).chain(allows(file));
        wrong.extend(lines.map(|line| format!("widgets/src/{}:{line}: a widget knows cells and text, nothing else", file.path)));
    }
    wrong
}

/// First segments that are crates and not local names; enough to tell `use serde::..` from `mem::take`.
const KNOWN_CRATES: &[&str] = &[
    "stellar",
    "stellar_widgets",
    "ratatui",
    "ratatui_core",
    "tui_textarea",
    "accesskit",
    "crossterm",
    "clap",
    "serde",
    "serde_json",
    "tokio",
    "tracing",
    "thiserror",
    "sled",
    "reqwest",
    "rustix",
    "jiff",
    "uuid",
    "toml",
    "schemars",
    "jsonschema",
    "regex",
    "zeroize",
    "blake3",
    "sha2",
    "notify",
    "sysinfo",
    "unicode_width",
    "unicode_segmentation",
];

fn foreign_to_text(file: &SourceFile) -> Vec<usize> {
    let strange = |first: &str| {
        KNOWN_CRATES.contains(&first) && !first.starts_with("unicode_") && !["serde", "serde_json", "thiserror"].contains(&first)
    };
    file.named.iter().filter(|named| named.path.first().is_some_and(|first| strange(first))).map(|named| named.line).collect()
}

/// Lines naming one of these paths or something below it. A path that starts with a single lower-case word, such as
/// `fs::read`, needs its import, which is found.
fn paths(file: &SourceFile, forbidden: &[&str]) -> Vec<usize> {
    let names = |text: &str, path: &str| text.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let hit = |text: &str| forbidden.iter().any(|path| names(text, path));
    file.named.iter().filter(|named| hit(&named.text())).map(|named| named.line).collect()
}

fn words(file: &SourceFile, forbidden: &[&str]) -> Vec<usize> {
    file.tokens.iter().filter(|token| token.ident().is_some_and(|name| forbidden.contains(&name))).map(|token| token.line).collect()
}

fn print_macros(file: &SourceFile) -> Vec<usize> {
    const MACROS: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
    let calls = file.tokens.windows(2).filter(|pair| pair[1].is('!') && pair[0].ident().is_some_and(|name| MACROS.contains(&name)));
    calls.map(|pair| pair[0].line).collect()
}

fn allows(file: &SourceFile) -> Vec<usize> {
    let attributes = file.tokens.windows(2).filter(|pair| pair[0].is('[') && pair[1].is_ident("allow"));
    attributes.map(|pair| pair[0].line).collect()
}

/// Reading a clock: `now` of any type that has one. Tokio's own clock is exempt, since tests can stop it.
fn clocks(file: &SourceFile) -> Vec<usize> {
    const CLOCKS: [&str; 5] = ["SystemTime", "Instant", "Zoned", "Utc", "Local"];
    let of_tokio = file.named.iter().any(|named| named.text() == "tokio::time::Instant");
    let reads = file.tokens.windows(3).enumerate().filter(|(at, three)| {
        let Some(clock) = three[0].ident() else { return false };
        let now = three[1].kind == Kind::PathSep && three[2].ident().is_some_and(|name| name == "now" || name.starts_with("now_"));
        let path_of_jiff = *at > 1 && file.tokens[at - 2].is_ident("jiff");
        let tokio = clock == "Instant"
            && (of_tokio || (*at > 1 && file.tokens[at - 2].is_ident("time") && *at > 3 && file.tokens[at - 4].is_ident("tokio")));
        now && !tokio && (CLOCKS.contains(&clock) || (clock == "Timestamp" && path_of_jiff) || clock == "Uuid")
    });
    reads.map(|(_, three)| three[0].line).collect()
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, foreign_to_widgets, misplaced};

    fn check(path: &str, text: &str) -> Vec<String> {
        misplaced(&[SourceFile::new(path, text)])
    }

    /// The text is wrong in the first place and fine in the second.
    fn only_in(wrong: &str, fine: &str, text: &str) {
        assert_eq!(check(wrong, text).len(), 1, "{wrong}: {:?}", check(wrong, text));
        assert_eq!(check(fine, text), Vec::<String>::new(), "{fine}");
    }

    #[test]
    fn terminal_keys_live_in_term() {
        only_in("app/update.rs", "term/input.rs", "use crossterm::event::Event;");
        only_in("keymap.rs", "term.rs", "fn f(k: KeyCode) {}");
        assert_eq!(check("app.rs", "use ratatui::crossterm::event;").len(), 1);
    }

    #[test]
    fn nothing_prints_but_the_sink() {
        assert_eq!(check("cli/list.rs", "fn f() { println!(\"x\"); eprint!(\"y\"); }").len(), 2);
        assert_eq!(check("cli/list.rs", "fn f() { let print = 1; log(\"println!\"); } // println!()"), Vec::<String>::new());
        only_in("engine/api.rs", "cli/sink.rs", "use std::io::{self, Write}; fn f() { io::stdout(); }");
        assert_eq!(check("engine/source/exec.rs", "fn f() { command.stdout(Stdio::piped()); }"), Vec::<String>::new());
    }

    #[test]
    fn clocks_are_read_at_the_edge() {
        only_in("fact/time.rs", "engine/world.rs", "fn f() { SystemTime::now(); }");
        only_in("engine/refresh.rs", "engine/world/clock.rs", "fn f() { std::time::Instant::now(); }");
        only_in("cli/plain.rs", "runtime/port.rs", "fn f() { jiff::Timestamp::now(); }");
        assert_eq!(check("engine/poll.rs", "use tokio::time::Instant; fn f() { Instant::now(); }"), Vec::<String>::new());
        assert_eq!(check("engine/poll.rs", "fn f() { tokio::time::Instant::now(); clock.now(); }"), Vec::<String>::new());
    }

    #[test]
    fn files_are_touched_where_files_belong() {
        only_in("engine/refresh.rs", "engine/store/sled.rs", "use std::{fmt, fs::File};");
        only_in("cli/list.rs", "cli/man.rs", "fn f() { std::fs::write(a, b); }");
        only_in("engine/worldly.rs", "engine/world.rs", "use tokio::fs;");
    }

    #[test]
    fn pure_rooms_know_no_outside() {
        only_in("fact/key.rs", "runtime.rs", "use std::env;");
        only_in("app/update.rs", "runtime.rs", "use tokio::sync::mpsc;");
        only_in("engine/api.rs", "config.rs", "fn f() { std::env::var(\"HOME\"); }");
        only_in("text/safe.rs", "fact/key.rs", "use jiff::Timestamp;");
        assert_eq!(check("text.rs", "use unicode_width::UnicodeWidthStr;"), Vec::<String>::new());
    }

    #[test]
    fn crates_stay_in_their_room() {
        only_in("engine/cache.rs", "engine/store.rs", "use sled::Db;");
        only_in("action.rs", "cli.rs", "use clap::Command;");
        only_in("engine.rs", "theme.rs", "use ratatui::style::Color;");
        only_in("app/update.rs", "app/view/list.rs", "use stellar_widgets::List;");
    }

    #[test]
    fn lints_are_not_silenced() {
        assert_eq!(check("fact.rs", "#[allow(dead_code)] fn f() {}").len(), 1);
        assert_eq!(check("fact.rs", "#![allow(dead_code)]").len(), 1);
    }

    #[test]
    fn widgets_know_no_stellar() {
        let widget = |text: &str| foreign_to_widgets(&[SourceFile::new("list.rs", text)]).len();
        assert_eq!(widget("use ratatui_core::buffer::Buffer; use crate::row::Row; use std::fmt; fn f() { mem::take(a); }"), 0);
        assert_eq!(widget("use stellar::fact::Key;"), 1);
        assert_eq!(widget("use ratatui::widgets::List;"), 1);
        assert_eq!(widget("fn f() { Instant::now(); }"), 1);
    }
}
