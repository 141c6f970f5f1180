//! Names and values are nowhere on disk, whatever happens to the store.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;

const MARKER: &str = "xyzzyMARKERplugh";

fn each_file(dir: &Path, each: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        each(&path);
        if path.is_dir() {
            each_file(&path, each);
        }
    }
}

/// How often the marker stands in any file below, or in a name.
fn marks(dir: &Path) -> usize {
    let mut found = 0;
    each_file(dir, &mut |path| {
        let bytes = if path.is_file() { fs::read(path).unwrap() } else { Vec::new() };
        found += bytes.windows(MARKER.len()).filter(|window| window == &MARKER.as_bytes()).count();
        found += usize::from(path.to_string_lossy().contains(MARKER));
    });
    found
}

fn fill(store: &dyn CacheStore) {
    let ops: Vec<_> = (0..500)
        .map(|at| {
            let mut one = seen(&format!("{MARKER}/{MARKER}{at}"), "s", &format!("\"{}\"", MARKER.repeat(if at == 7 { 20_000 } else { 3 })));
            (one.revision, one.same_origin) = (Some(MARKER.into()), Some(MARKER.into()));
            StoreOp::Put(one)
        })
        .collect();
    store.apply(&ops).unwrap();
    store.put_meta(MARKER, MARKER.as_bytes()).unwrap();
}

#[test]
fn the_search_itself_finds_what_is_there() {
    let place = Place::sled();
    fs::create_dir_all(place.data()).unwrap();
    fs::write(place.data().join("f"), format!("..{MARKER}..{MARKER}")).unwrap();
    assert_eq!(marks(place.dir.path()), 2);
}

#[test]
fn a_marker_in_keys_and_values_is_found_nowhere() {
    let place = Place::sled();
    let store = place.open();
    fill(&*store);
    store.flush().unwrap();
    assert_eq!(marks(place.dir.path()), 0, "while it runs");
    store.close().unwrap();
    assert_eq!(marks(place.dir.path()), 0, "closed");
    // As after a database that failed in use: it is set aside as a whole.
    fs::write(place.data().join("opening"), "failed\n").unwrap();
    let opened = place.opened();
    assert_eq!(marks(place.dir.path()), 0, "set aside and taken over");
    assert!(opened.notes.iter().all(|note| !note.contains(MARKER)));
    assert_eq!(scanned(&*opened.store, &[MARKER]).len(), 500, "and it was there to be found");
}

#[test]
fn everything_is_its_owners_alone() {
    let place = Place::sled();
    place.filled(50);
    drop(place.open());
    for root in [place.data(), place.state()] {
        let mut seen = 0;
        each_file(&root, &mut |path| {
            seen += 1;
            let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        });
        assert!(seen > 1);
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
