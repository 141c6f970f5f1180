//! One source file as the rules see it: where it stands, which paths it names, how long it is without its tests.
//!
//! Items behind `#[cfg(test)]` are left out of everything: tests may use what they need.

use super::lexer::{Kind, Token, tokens};

/// A path that code names, such as `crate::fact::Key`, with the line it stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Resolved segments: a path inside the crate starts with `crate`, `super` and `self` are gone.
    pub path: Vec<String>,
    /// The line.
    pub line: usize,
    /// Whether it is re-exported: `pub use`.
    pub exported: bool,
}

impl Named {
    /// The path as it would be written.
    pub fn text(&self) -> String {
        self.path.join("::")
    }
}

/// A source file.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path from the crate's `src`, with `/`: `engine/store.rs`.
    pub path: String,
    /// Its module, without `crate`: `["engine", "store"]`; empty for `lib.rs` and `main.rs`.
    pub module: Vec<String>,
    /// Whether the first line is a `//!` comment.
    pub opens_with_doc: bool,
    /// Lines without those of `#[cfg(test)]` items.
    pub lines: usize,
    /// Every path it names outside tests.
    pub named: Vec<Named>,
    /// Its tokens outside tests.
    pub tokens: Vec<Token>,
    /// Where the modules are that it declares behind `#[cfg(test)]`, as if they stood at their path.
    pub test_modules: Vec<Vec<String>>,
    /// The same for all modules it declares.
    pub declared: Vec<Vec<String>>,
}

impl SourceFile {
    /// Reads the text of the file at `path`, which is relative to `src`.
    pub fn new(path: &str, text: &str) -> Self {
        let module = module_of(path);
        let all = tokens(text);
        let (kept, test_lines, tests) = without_tests(&all);
        Self {
            path: path.to_owned(),
            named: paths(&kept, &module),
            module,
            opens_with_doc: text.lines().next().is_some_and(|line| line.starts_with("//!")),
            lines: text.lines().count() - test_lines,
            tokens: kept,
            test_modules: tests.iter().flat_map(|item| modules_elsewhere(item, path)).collect(),
            declared: modules_elsewhere(&all, path),
        }
    }

    /// The room it belongs to: the first segment of its module, or none for `lib.rs` and `main.rs`.
    pub fn room(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }
}

fn module_of(path: &str) -> Vec<String> {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    match stem {
        "lib" | "main" => Vec::new(),
        _ => stem.split('/').map(str::to_owned).collect(),
    }
}

/// The tokens outside `#[cfg(test)]` items, how many lines those items take, and the items themselves.
fn without_tests(all: &[Token]) -> (Vec<Token>, usize, Vec<&[Token]>) {
    let mut kept = Vec::with_capacity(all.len());
    let mut lines = 0;
    let mut items = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let Some(after) = test_attribute(&all[at..]) else {
            kept.push(all[at].clone());
            at += 1;
            continue;
        };
        let end = at + after + item_length(&all[at + after..]);
        let item = &all[at..end];
        items.push(item);
        lines += item.last().map_or(0, |last| last.line - item[0].line + 1);
        at = end;
    }
    (kept, lines, items)
}

/// The length of a `#[cfg(test)]`-like attribute the tokens start with, if they do.
fn test_attribute(tokens: &[Token]) -> Option<usize> {
    let opens = tokens.first()?.is('#') && tokens.get(1)?.is('[') && tokens.get(2)?.is_ident("cfg");
    let end = opens.then(|| group_length(&tokens[1..]))?;
    let inside = &tokens[..=end];
    let tests = inside.iter().any(|token| token.is_ident("test"));
    let negated = inside.iter().any(|token| token.is_ident("not"));
    (tests && !negated).then_some(end + 1)
}

/// How many tokens the bracketed group at the start takes, brackets included; all of them if it never closes.
fn group_length(tokens: &[Token]) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Punct('(' | '[' | '{') => depth += 1,
            Kind::Punct(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// How many tokens the item, field or arm at the start takes, attributes included.
fn item_length(tokens: &[Token]) -> usize {
    let mut at = 0;
    while tokens.get(at).is_some_and(|token| token.is('#')) && tokens.get(at + 1).is_some_and(|token| token.is('[')) {
        at += 1 + group_length(&tokens[at + 1..]);
    }
    let is_item = |token: &Token| {
        const STARTS: [&str; 15] = [
            "use",
            "mod",
            "fn",
            "struct",
            "enum",
            "union",
            "impl",
            "const",
            "static",
            "type",
            "trait",
            "async",
            "unsafe",
            "extern",
            "macro_rules",
        ];
        token.ident().is_some_and(|name| STARTS.contains(&name))
    };
    let mut start = at;
    if tokens.get(start).is_some_and(|token| token.is_ident("pub")) {
        start += 1;
        if tokens.get(start).is_some_and(|token| token.is('(')) {
            start += group_length(&tokens[start..]);
        }
    }
    let item = tokens.get(start).is_some_and(is_item);
    let import = tokens.get(start).is_some_and(|token| token.is_ident("use"));
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Punct(';') => return at + 1,
            Kind::Punct(',') if !item => return at + 1,
            Kind::Punct('{') => {
                at += group_length(&tokens[at..]);
                if item && !import {
                    return at;
                }
            }
            Kind::Punct('(' | '[') => at += group_length(&tokens[at..]),
            Kind::Punct(')' | ']' | '}') => return at,
            _ => at += 1,
        }
    }
    at
}

/// Where the modules stand that `mod name;` declares; `#[path]` counts from the directory of the file.
fn modules_elsewhere(tokens: &[Token], file: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, three) in tokens.windows(3).enumerate() {
        let (true, Some(name), true) = (three[0].is_ident("mod"), three[1].ident(), three[2].is(';')) else { continue };
        let before = tokens[..at].iter().rev().take_while(|token| !token.is(';') && !token.is('}'));
        let path = before
            .filter_map(|token| if let Kind::Text(text) = &token.kind { Some(text) } else { None })
            .find(|text| text.ends_with(".rs"));
        let location = match (path, file.rsplit_once('/')) {
            (Some(path), Some((directory, _))) => module_of(&format!("{directory}/{path}")),
            (Some(path), None) => module_of(path),
            (None, _) => module_of(file).into_iter().chain([name.to_owned()]).collect(),
        };
        found.push(location);
    }
    found
}

/// Every path the tokens name, `use` trees spread out, `self`, `super` and `crate` resolved against `module`.
fn paths(tokens: &[Token], module: &[String]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let here = || module.iter().cloned().chain(inline.iter().map(|(name, _)| name.clone())).collect::<Vec<_>>();
        match &token.kind {
            Kind::Punct('{') => depth += 1,
            Kind::Punct('}') => {
                depth = depth.saturating_sub(1);
                inline.retain(|(_, opened)| *opened <= depth);
            }
            Kind::Ident(word) if word == "mod" && tokens.get(at + 2).is_some_and(|token| token.is('{')) => {
                if let Some(name) = tokens.get(at + 1).and_then(Token::ident) {
                    inline.push((name.to_owned(), depth + 1));
                }
            }
            // `use<..>` is a capture list, not an import.
            Kind::Ident(word) if word == "use" && !tokens.get(at + 1).is_some_and(|token| token.is('<')) => {
                let mut leaves = Vec::new();
                let length = use_tree(&tokens[at + 1..], &[], &mut leaves);
                let exported = is_public(&tokens[..at]);
                for (path, line) in leaves {
                    found.push(Named { path: resolve(&path, &here()), line, exported });
                }
                at += length;
            }
            Kind::Ident(_) if !at.checked_sub(1).is_some_and(|before| matches!(tokens[before].kind, Kind::PathSep)) => {
                let (path, length) = plain_path(&tokens[at..]);
                if path.len() > 1 {
                    found.push(Named { path: resolve(&path, &here()), line: token.line, exported: false });
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Whether the tokens end in `pub` or `pub(..)`.
fn is_public(before: &[Token]) -> bool {
    match before.last() {
        Some(token) if token.is(')') => {
            before.iter().rposition(|token| token.is('(')).is_some_and(|open| open > 0 && before[open - 1].is_ident("pub"))
        }
        Some(token) => token.is_ident("pub"),
        None => false,
    }
}

/// `a::b::c` at the start, and how many tokens it takes. Stops before generic arguments.
fn plain_path(tokens: &[Token]) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    let mut at = 0;
    while let Some(name) = tokens.get(at).and_then(Token::ident) {
        path.push(name.to_owned());
        at += 1;
        if tokens.get(at).is_some_and(|token| token.kind == Kind::PathSep) && tokens.get(at + 1).and_then(Token::ident).is_some() {
            at += 1;
        } else {
            break;
        }
    }
    (path, at.max(1))
}

/// Reads one `use` tree, collects its leaves, and says how many tokens it took.
fn use_tree(tokens: &[Token], prefix: &[String], leaves: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match &token.kind {
            Kind::PathSep => at += 1,
            Kind::Ident(name) if name == "as" => at += 2,
            Kind::Ident(name) => {
                path.push(name.clone());
                at += 1;
                if !tokens.get(at).is_some_and(|token| token.kind == Kind::PathSep) {
                    // `{self}` names the module itself.
                    if name == "self" && path.len() > 1 {
                        path.pop();
                    }
                    leaves.push((path.clone(), token.line));
                }
            }
            Kind::Punct('*') => {
                path.push("*".to_owned());
                leaves.push((path.clone(), token.line));
                at += 1;
            }
            Kind::Punct('{') => {
                at += 1;
                while let Some(token) = tokens.get(at) {
                    if token.is('}') {
                        return at + 1;
                    }
                    at += if token.is(',') { 1 } else { use_tree(&tokens[at..], &path, leaves).max(1) };
                }
            }
            _ => return at,
        }
    }
    at
}

/// Turns `self::x`, `super::x` and `crate::x` into a path from the crate's root; others stay as they are.
fn resolve(path: &[String], here: &[String]) -> Vec<String> {
    let mut base = here.to_vec();
    let mut rest = path;
    let mut relative = false;
    while let Some((first, others)) = rest.split_first() {
        match first.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop();
            }
            _ => break,
        }
        relative = true;
        rest = others;
    }
    if !relative {
        return path.to_vec();
    }
    std::iter::once("crate".to_owned()).chain(base).chain(rest.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::SourceFile;

    fn named(path: &str, text: &str) -> Vec<String> {
        SourceFile::new(path, text).named.iter().map(super::Named::text).collect()
    }

    #[test]
    fn use_trees_are_spread_out() {
        assert_eq!(
            named("a/b.rs", "use crate::{fact::{Key, self}, text::*, wire as w};\nuse super::{c, d::E};\nuse std::fs;"),
            ["crate::fact::Key", "crate::fact", "crate::text::*", "crate::wire", "crate::a::c", "crate::a::d::E", "std::fs"]
        );
    }

    #[test]
    fn paths_in_code_count_and_supers_climb() {
        assert_eq!(named("a/b/c.rs", "fn f() { super::super::d::g(crate::x::Y::new()); }"), ["crate::a::d::g", "crate::x::Y::new"]);
        assert_eq!(
            named("a.rs", "mod inner { fn f() { super::b(); self::c(); } }\nfn g() { super::d(); }"),
            ["crate::a::b", "crate::a::inner::c", "crate::d"]
        );
    }

    #[test]
    fn capture_lists_generics_and_self_do_not_confuse() {
        assert_eq!(named("a.rs", "fn f() -> impl X + use<'_, T> { Vec::<std::fs::File>::new() }"), ["std::fs::File"]);
        assert_eq!(named("a.rs", "impl A { fn f(&self) { self.g(); } }"), Vec::<String>::new());
    }

    #[test]
    fn tests_are_left_out() {
        let file = SourceFile::new(
            "a.rs",
            "//! A.\nuse std::fmt;\n#[cfg(test)]\nuse std::{fs, env};\n#[cfg(test)]\nmod b;\nstruct S {\n    #[cfg(test)]\n    c: crate::cli::X,\n    d: crate::fact::Y,\n}\n#[cfg(test)]\n#[path = \"x.rs\"]\nmod tests {\n    use crate::cli;\n}\n#[cfg(not(test))]\nuse std::io;\n",
        );
        assert_eq!(file.named.iter().map(super::Named::text).collect::<Vec<_>>(), ["std::fmt", "crate::fact::Y", "std::io"]);
        assert_eq!(file.lines, 18 - 2 - 2 - 2 - 5);
        assert_eq!(file.test_modules, [["a", "b"]]);
    }

    #[test]
    fn a_module_at_another_path_is_found_there() {
        let file =
            SourceFile::new("a/b.rs", "mod c;\n#[cfg(test)]\n#[path = \"b_tests.rs\"]\nmod tests;\nconst D: &str = \"d.rs\";\nmod e;");
        assert_eq!(file.test_modules, [vec!["a", "b_tests"]]);
        assert_eq!(file.declared, [vec!["a", "b", "c"], vec!["a", "b_tests"], vec!["a", "b", "e"]]);
    }

    #[test]
    fn exports_are_known_from_imports() {
        let file = SourceFile::new("a.rs", "pub use b::C; use d::E; pub(crate) use f::G; fn h() -> (u8) { use i::J; }");
        assert_eq!(file.named.iter().map(|named| named.exported).collect::<Vec<_>>(), [true, false, true, false]);
    }
}
