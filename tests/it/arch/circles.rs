//! No circle between rooms, and none between sibling files of a room.
//!
//! A file and everything below it count as one node among its siblings. What a door re-exports is followed to the file it
//! comes from; the door itself is no node, so its `mod` and `pub use` do not count.

use std::collections::{BTreeMap, BTreeSet};

use super::file::SourceFile;

type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// Every circle, one sentence each, with a place for each of its arrows.
pub fn circles(files: &[SourceFile]) -> Vec<String> {
    let mut parents: BTreeSet<&[String]> = BTreeSet::new();
    for file in files {
        for depth in 0..file.module.len() {
            parents.insert(&file.module[..depth]);
        }
    }
    parents.into_iter().flat_map(|parent| circles_below(files, parent)).collect()
}

fn circles_below(files: &[SourceFile], parent: &[String]) -> Vec<String> {
    let children: BTreeSet<&str> = files
        .iter()
        .filter(|file| file.module.starts_with(parent))
        .filter_map(|file| file.module.get(parent.len()))
        .map(String::as_str)
        .collect();
    let exports = exports(files, parent, &children);
    let mut graph = Graph::new();
    for file in files {
        let Some(from) = file.module.strip_prefix(parent).and_then(|below| below.first()) else { continue };
        for named in &file.named {
            let Some(below) = named.path.strip_prefix(["crate".to_owned()].as_slice()).and_then(|path| path.strip_prefix(parent)) else {
                continue;
            };
            let Some(first) = below.first() else { continue };
            let targets = if children.contains(first.as_str()) { BTreeSet::from([first.clone()]) } else { exports.behind(first) };
            for target in targets {
                if target != *from {
                    let place = format!("{}:{}", file.path, named.line);
                    graph.entry(from.clone()).or_default().entry(target).or_insert(place);
                }
            }
        }
    }
    let name = if parent.is_empty() { "rooms".to_owned() } else { format!("files of {}", parent.join("/")) };
    loops(&graph).into_iter().map(|path| format!("a circle between {name}: {path}")).collect()
}

/// Which child a name of the door comes from.
struct Exports(BTreeMap<String, BTreeSet<String>>);

impl Exports {
    fn behind(&self, name: &str) -> BTreeSet<String> {
        match name {
            "*" => self.0.values().flatten().cloned().collect(),
            _ => self.0.get(name).cloned().unwrap_or_default(),
        }
    }
}

fn exports(files: &[SourceFile], parent: &[String], children: &BTreeSet<&str>) -> Exports {
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for door in files.iter().filter(|file| file.module == parent) {
        for named in door.named.iter().filter(|named| named.exported) {
            // Inside a door `pub use child::Name` and `pub use self::child::Name` are the same.
            let own = named.path.strip_prefix(["crate".to_owned()].as_slice()).and_then(|path| path.strip_prefix(parent));
            let path = own.unwrap_or(&named.path);
            if let (Some(child), Some(name)) = (path.first(), path.last())
                && children.contains(child.as_str())
            {
                found.entry(name.clone()).or_default().insert(child.clone());
            }
        }
    }
    Exports(found)
}

/// One circle for every node that can reach itself, each circle named once.
fn loops(graph: &Graph) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for start in graph.keys() {
        let Some(path) = way_back(graph, start) else { continue };
        if seen.insert(path.iter().cloned().collect::<BTreeSet<_>>()) {
            let arrows: Vec<String> = path
                .iter()
                .zip(path.iter().cycle().skip(1))
                .map(|(from, to)| {
                    format!("{from} -> {to} ({})", graph.get(from).and_then(|to_place| to_place.get(to)).map_or("?", String::as_str))
                })
                .collect();
            found.push(arrows.join(", "));
        }
    }
    found
}

/// The shortest way from a node back to itself.
fn way_back(graph: &Graph, start: &str) -> Option<Vec<String>> {
    let mut ways = std::collections::VecDeque::from([vec![start.to_owned()]]);
    let mut visited = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in graph.get(way.last()?).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                return Some(way);
            }
            if visited.insert(next.clone()) {
                ways.push_back(way.iter().cloned().chain([next.clone()]).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, circles};

    fn check(files: &[(&str, &str)]) -> Vec<String> {
        circles(&files.iter().map(|(path, text)| SourceFile::new(path, text)).collect::<Vec<_>>())
    }

    #[test]
    fn a_line_of_imports_is_no_circle() {
        assert!(check(&[("a.rs", "mod b; mod c; pub use b::B; pub use c::C;"), ("a/b.rs", "use super::c::C;"), ("a/c.rs", "")]).is_empty());
    }

    #[test]
    fn siblings_that_need_each_other_are_caught() {
        let found = check(&[("a/b.rs", "use super::c::C;"), ("a/c.rs", "fn f() -> crate::a::b::B {}")]);
        assert_eq!(found, ["a circle between files of a: b -> c (a/b.rs:1), c -> b (a/c.rs:1)"]);
    }

    #[test]
    fn the_door_does_not_hide_a_circle() {
        let found = check(&[("a.rs", "pub use b::B; pub use c::{C, D as E};"), ("a/b.rs", "use super::D;"), ("a/c.rs", "use super::B;")]);
        assert_eq!(found.len(), 1, "{found:?}");
        let found = check(&[("a.rs", "pub use b::B; pub use c::C;"), ("a/b.rs", "use super::*;"), ("a/c.rs", "use super::B;")]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn longer_circles_and_deeper_files_are_caught_once() {
        let found = check(&[("a/b/x.rs", "use crate::a::c::C;"), ("a/c.rs", "use super::d::D;"), ("a/d.rs", "use super::b::B;")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("b -> c") && found[0].contains("c -> d") && found[0].contains("d -> b"), "{found:?}");
    }

    #[test]
    fn rooms_are_siblings_too() {
        let found = check(&[("a/x.rs", "use crate::b::B;"), ("b.rs", "use crate::a::A;")]);
        assert_eq!(found, ["a circle between rooms: a -> b (a/x.rs:1), b -> a (b.rs:1)"]);
    }

    #[test]
    fn what_a_door_defines_itself_and_what_tests_import_do_not_count() {
        assert!(check(&[("a.rs", "mod b; pub trait T {} use b::B;"), ("a/b.rs", "use super::T;")]).is_empty());
        assert!(check(&[("a/b.rs", "use super::c::C;"), ("a/c.rs", "#[cfg(test)] mod tests { use super::super::b::B; }")]).is_empty());
    }
}
