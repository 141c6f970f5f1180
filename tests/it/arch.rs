//! The shape of the house, held: imports, circles, places, doors, lengths.
//!
//! The rules are plain functions over parsed source; each has tests of its own that break it on purpose. What they do not see:
//! method calls on types from elsewhere, and names behind `as`.

mod circles;
mod file;
mod lexer;
mod places;
mod rooms;
mod shape;

use std::{
    fs,
    path::{Path, PathBuf},
};

use file::SourceFile;

/// Every Rust file below a directory of the project: path from there, and text.
fn texts(directory: &str) -> Vec<(String, String)> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join(directory);
    let mut open: Vec<PathBuf> = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).expect("UTF-8 source")));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no source in {}", root.display());
    found
}

fn parsed(texts: &[(String, String)]) -> Vec<SourceFile> {
    texts.iter().map(|(path, text)| SourceFile::new(path, text)).collect()
}

/// The files that are not tests, by how their parents declare them.
fn without_test_files(files: Vec<SourceFile>) -> Vec<SourceFile> {
    let behind: Vec<Vec<String>> = files.iter().flat_map(|file| file.test_modules.clone()).collect();
    files.into_iter().filter(|file| !behind.iter().any(|module| file.module.starts_with(module))).collect()
}

fn code() -> Vec<SourceFile> {
    without_test_files(parsed(&texts("src")))
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rooms_import_only_what_the_table_lists() {
    none(&rooms::unlisted_imports(&code()));
}

#[test]
fn no_circle_between_rooms_or_sibling_files() {
    none(&circles::circles(&code()));
    none(&circles::circles(&without_test_files(parsed(&texts("widgets/src")))));
}

#[test]
fn everything_stands_where_it_may() {
    none(&places::misplaced(&code()));
}

#[test]
fn widgets_know_no_stellar() {
    none(&places::foreign_to_widgets(&without_test_files(parsed(&texts("widgets/src")))));
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("widgets/Cargo.toml");
    let manifest: toml::Table = fs::read_to_string(manifest).expect("the manifest").parse().expect("TOML");
    for name in manifest["dependencies"].as_table().expect("a table").keys() {
        assert!(["ratatui-core", "unicode-segmentation", "unicode-width"].contains(&name.as_str()), "widgets depend on {name}");
    }
}

#[test]
fn files_are_short() {
    none(&shape::too_long(&code()));
    none(&shape::too_long(&without_test_files(parsed(&texts("widgets/src")))));
}

#[test]
fn every_file_says_what_it_is_for() {
    for directory in ["src", "widgets/src", "tests"] {
        none(&shape::without_doc(&parsed(&texts(directory))));
    }
}

#[test]
fn every_file_is_compiled() {
    for directory in ["src", "widgets/src", "tests/it"] {
        none(&shape::orphans(&parsed(&texts(directory))));
    }
}

#[test]
fn every_room_has_a_door() {
    for directory in ["src", "widgets/src", "tests/it"] {
        let texts = texts(directory);
        none(&shape::without_door(&texts.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>()));
    }
}

#[test]
fn files_of_tests_are_told_by_their_declaration() {
    let files = parsed(&[
        ("a.rs".to_owned(), "mod b;\n#[cfg(test)]\nmod c;".to_owned()),
        ("a/b.rs".to_owned(), String::new()),
        ("a/c.rs".to_owned(), String::new()),
        ("a/c/d.rs".to_owned(), String::new()),
    ]);
    let left = without_test_files(files);
    assert_eq!(left.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a.rs", "a/b.rs"]);
}
