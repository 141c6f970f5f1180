//! Documents that must not drift from what they describe.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(project().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files with this extension below a directory of the project.
fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let mut open = vec![project().join(directory)];
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The names a manifest depends on, target-specific ones included.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let manifest: toml::Table = read(manifest).parse().expect("a manifest");
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(|targets| targets.values());
    let tables = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    let named = tables.flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table()));
    named.flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn every_dependency_has_its_reason_and_no_other_is_listed() {
    let page = read("docs/dependencies.md");
    let (listed, _) = page.split_once("## Looked at and left out").expect("the last part");
    let rows: Vec<&str> = listed.lines().filter(|line| line.starts_with("| `")).collect();
    let mut names = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert!(cells.len() == 4 && cells[2].len() > 10, "a name and a reason: {row}");
        assert!(names.insert(cells[1].trim_matches('`').to_owned()), "twice: {row}");
    }
    let used: BTreeSet<String> = dependencies("Cargo.toml").union(&dependencies("widgets/Cargo.toml")).cloned().collect();
    assert_eq!(names, used);
}

#[test]
fn every_dependency_is_used() {
    let code: String = ["src", "widgets/src", "benches", "tests"]
        .iter()
        .flat_map(|directory| files(directory, "rs"))
        .map(|path| fs::read_to_string(path).expect("source"))
        .collect();
    for name in dependencies("Cargo.toml").union(&dependencies("widgets/Cargo.toml")) {
        let name = name.replace('-', "_");
        assert!(code.contains(&format!("{name}::")) || code.contains(&format!("use {name}")), "{name} is used nowhere");
    }
}

#[test]
fn the_gate_runs_what_the_readme_promises() {
    let readme = read("README.md");
    let first_screen: Vec<&str> = readme.lines().take(30).collect();
    for command in ["cargo run --release", "cargo test"] {
        assert!(
            first_screen.iter().any(|line| line.split('#').next().map(str::trim) == Some(command)),
            "{command} is not in the first screen"
        );
    }
    assert!(read(".ci/run").lines().any(|line| line.trim().starts_with("cargo test 2>&1")), "the gate runs another test command");
    assert!(read(".github/workflows/ci.yml").contains("bash .ci/run"));
}

#[test]
fn every_invariant_names_tests_that_exist() {
    let page = read("ARCHITECTURE.md");
    assert!(page.lines().count() < 200, "{} lines", page.lines().count());
    let (_, invariants) = page.split_once("## Invariants").expect("the invariants");
    let invariants = invariants.split("\n## ").next().expect("up to the next part");
    let mut number = 0;
    let mut held = true;
    for line in invariants.lines() {
        if line.starts_with(|char: char| char.is_ascii_digit()) {
            assert!(held, "invariant {number} names no test");
            number += 1;
            held = false;
            assert!(line.starts_with(&format!("{number}. ")), "{line}");
        }
        let quoted: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        for (at, name) in quoted.iter().enumerate() {
            let Some((file, test)) = name.split_once(".rs::") else { continue };
            let file = format!("{file}.rs");
            assert!(read(&file).contains(&format!("fn {test}(")), "{}: no test {test} in {file}", quoted[at]);
            held = true;
        }
    }
    assert!(held && number >= 15, "{number} invariants");
}

#[test]
fn decisions_are_numbered_and_complete() {
    let records = files("docs/adr", "md");
    for (index, path) in records.iter().enumerate() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(name.starts_with(&format!("{:04}-", index + 1)), "{name} is not number {}", index + 1);
        let text = fs::read_to_string(path).expect("a record");
        assert!(text.starts_with(&format!("# {}. ", index + 1)), "{name}");
        for part in ["\n## Context\n", "\n## Decision\n", "\n## Consequences\n", "\n## Exit\n"] {
            assert!(text.contains(part), "{name} has no{part}");
        }
    }
    assert!(records.len() >= 5, "{} records", records.len());
}

#[test]
fn links_lead_somewhere() {
    let mut pages = files("docs", "md");
    pages.extend(["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|page| project().join(page)));
    for page in pages {
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") {
                let there = page.parent().expect("a directory").join(file);
                assert!(there.exists(), "{} links to {target}", page.display());
            }
        }
    }
}
