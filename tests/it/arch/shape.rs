//! The shape of files: how they open, how long they are, and that every room has a door.

use super::file::SourceFile;

/// Lines a file may have without its tests.
pub const LONGEST: usize = 600;
/// Lines `main.rs` may have.
pub const LONGEST_MAIN: usize = 60;

/// Files that are too long; `main.rs` has a limit of its own. Files of tests alone have none.
pub fn too_long(files: &[SourceFile]) -> Vec<String> {
    let limit = |file: &SourceFile| if file.path == "main.rs" { LONGEST_MAIN } else { LONGEST };
    let long = files.iter().filter(|file| file.lines > limit(file));
    long.map(|file| format!("{}: {} lines without tests, at most {}", file.path, file.lines, limit(file))).collect()
}

/// Files that do not say at their first line what they are for.
pub fn without_doc(files: &[SourceFile]) -> Vec<String> {
    files.iter().filter(|file| !file.opens_with_doc).map(|file| format!("{}: does not open with //!", file.path)).collect()
}

/// Directories without a door beside them, and every `mod.rs`.
pub fn without_door(paths: &[&str]) -> Vec<String> {
    let mut wrong: Vec<String> = paths
        .iter()
        .filter(|path| path.rsplit('/').next() == Some("mod.rs"))
        .map(|path| format!("{path}: a door stands beside its directory, not in it"))
        .collect();
    let mut rooms: Vec<&str> = paths.iter().flat_map(|path| path.match_indices('/').map(|(at, _)| &path[..at])).collect();
    rooms.sort_unstable();
    rooms.dedup();
    wrong.extend(
        rooms
            .into_iter()
            .filter(|room| !paths.contains(&format!("{room}.rs").as_str()))
            .map(|room| format!("{room}/ has no door {room}.rs")),
    );
    wrong
}

/// Files that no other file declares: nobody compiles them, so nobody tests them.
pub fn orphans(files: &[SourceFile]) -> Vec<String> {
    let declared = |file: &SourceFile| file.module.is_empty() || files.iter().any(|other| other.declared.contains(&file.module));
    files.iter().filter(|file| !declared(file)).map(|file| format!("{}: no mod declares it", file.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, LONGEST_MAIN, SourceFile, orphans, too_long, without_doc, without_door};

    #[test]
    fn long_files_are_caught_and_their_tests_do_not_count() {
        let lines = |count: usize| "//\n".repeat(count);
        assert_eq!(too_long(&[SourceFile::new("a.rs", &lines(LONGEST))]).len(), 0);
        assert_eq!(too_long(&[SourceFile::new("a.rs", &lines(LONGEST + 1))]).len(), 1);
        assert_eq!(too_long(&[SourceFile::new("main.rs", &lines(LONGEST_MAIN + 1))]).len(), 1);
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(LONGEST), lines(300));
        assert_eq!(too_long(&[SourceFile::new("a.rs", &tested)]), Vec::<String>::new());
    }

    #[test]
    fn a_file_says_first_what_it_is_for() {
        assert_eq!(without_doc(&[SourceFile::new("a.rs", "//! A.\n")]).len(), 0);
        assert_eq!(
            without_doc(&[SourceFile::new("a.rs", "// A.\n"), SourceFile::new("b.rs", ""), SourceFile::new("c.rs", "\n//! C")]).len(),
            3
        );
    }

    #[test]
    fn files_nobody_compiles_are_caught() {
        let files = |door: &str| [SourceFile::new("lib.rs", "mod a;"), SourceFile::new("a.rs", door), SourceFile::new("a/b.rs", "")];
        assert_eq!(orphans(&files("pub mod b;")), Vec::<String>::new());
        assert_eq!(orphans(&files("#[cfg(test)] mod b;")), Vec::<String>::new());
        assert_eq!(orphans(&files("// mod b;")), ["a/b.rs: no mod declares it"]);
    }

    #[test]
    fn rooms_are_entered_by_their_door() {
        assert_eq!(without_door(&["a.rs", "a/b.rs", "a/b/c.rs"]), Vec::<String>::new());
        assert_eq!(without_door(&["a/b.rs"]), ["a/ has no door a.rs"]);
        assert_eq!(without_door(&["a.rs", "a/b/c.rs"]), ["a/b/ has no door a/b.rs"]);
        assert_eq!(without_door(&["a.rs", "a/mod.rs"]).len(), 1);
    }
}
