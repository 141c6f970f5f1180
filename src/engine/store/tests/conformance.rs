//! What every store does, whatever it is made of.

use super::*;

/// Runs each case against every backend, each time in a new place.
fn everywhere(case: impl Fn(&Place)) {
    for backend in EVERYWHERE {
        case(&Place::new(backend));
    }
}

#[test]
fn what_was_put_is_there_with_everything_it_said() {
    everywhere(|place| {
        let store = place.open();
        let mut all = [seen("a/b", "s", "1"), seen("a/b", "t", "\"x\""), seen("a/c", "s", "null")];
        all[1].content = Content::Absent(Some(Value::from_trusted_text("[1]")));
        (all[1].live, all[1].revision, all[1].same_origin) = (true, None, Some("/proc/loadavg".into()));
        all[2].content = Content::Absent(None);
        store.apply(&all.clone().map(StoreOp::Put)).unwrap();
        let mut found = store.get(&key("a/b")).unwrap();
        found.sort_by(|a, b| a.source.cmp(&b.source));
        assert_eq!(found, all[..2]);
        assert_eq!(store.get(&key("a/c")).unwrap(), all[2..]);
        assert_eq!(store.get(&key("a")).unwrap(), []);
        assert_eq!(store.get(&key("a/b/c")).unwrap(), []);
    });
}

#[test]
fn a_put_replaces_its_own_and_an_evict_removes_its_own() {
    everywhere(|place| {
        let store = place.open();
        store.apply(&[put("k", "s", "1"), put("k", "t", "1"), put("k", "s", "2")]).unwrap();
        assert_eq!(got(&*store, "k"), ["k s 2", "k t 1"]);
        assert_eq!(store.stats().entries, 2);
        store.apply(&[evict("k", "s"), evict("k", "u"), evict("nowhere", "s")]).unwrap();
        assert_eq!(got(&*store, "k"), ["k t 1"]);
        store.apply(&[put("k", "s", "3"), evict("k", "s"), evict("k", "t")]).unwrap();
        assert_eq!(got(&*store, "k"), [""; 0]);
        assert_eq!((store.stats().entries, store.stats().live_bytes), (0, 0));
    });
}

#[test]
fn a_scan_goes_by_whole_segments() {
    everywhere(|place| {
        let store = place.open();
        store
            .apply(&[put("a", "s", "1"), put("a/b", "s", "2"), put("a/b/c", "s", "3"), put("a/bc", "s", "4"), put("b", "t", "5")])
            .unwrap();
        assert_eq!(scanned(&*store, &["a", "b"]), ["a/b s 2", "a/b/c s 3"]);
        assert_eq!(scanned(&*store, &["a"]), ["a s 1", "a/b s 2", "a/b/c s 3", "a/bc s 4"]);
        assert_eq!(scanned(&*store, &["a", "b", "c", "d"]), [""; 0]);
        assert_eq!(scanned(&*store, &["a/b"]), [""; 0], "one segment has no slash");
        assert_eq!(scanned(&*store, &[]).len(), 5);
    });
}

#[test]
fn a_scan_may_use_the_store_it_scans() {
    everywhere(|place| {
        let store = place.open();
        store.apply(&[put("a", "s", "1"), put("b", "s", "1")]).unwrap();
        let mut met = 0;
        store
            .scan(&[], &mut |observation| {
                met += 1;
                assert_eq!(store.get(&observation.key).unwrap().len(), 1);
                store.apply(&[evict(observation.key.as_str(), "s")]).unwrap();
            })
            .unwrap();
        assert_eq!((met, store.stats().entries), (2, 0));
    });
}

#[test]
fn values_of_any_length_come_back_and_shrink_without_a_trace() {
    everywhere(|place| {
        let store = place.open();
        for length in [1, 65_000, 65_400, 65_483, 65_484, 65_536, 131_000, 1_000_000, 200_000, 70_000, 3] {
            let text = format!("\"{}\"", "é".repeat(length / 2));
            store.apply(&[put("big", "s", &text), put("big", "t", "1")]).unwrap();
            let found = store.get(&key("big")).unwrap();
            assert_eq!(found.len(), 2);
            assert!(found.iter().any(|one| one.value().unwrap().as_json_text() == text), "{length}");
            assert_eq!(store.stats().entries, 2);
            assert_eq!(store.verify().unwrap().checked, 2, "{length}");
            assert!(store.verify().unwrap().complete);
        }
        store.apply(&[evict("big", "s"), evict("big", "t")]).unwrap();
        assert_eq!(store.stats().live_bytes, 0);
    });
}

#[test]
fn the_longest_and_the_deepest_key_fit() {
    everywhere(|place| {
        let store = place.open();
        let deep = vec!["d"; 256].join("/");
        let long = "k".repeat(Key::MAX_BYTES);
        let name = "s".repeat(64);
        store.apply(&[put(&deep, &name, "1"), put(&long, &name, "2")]).unwrap();
        assert_eq!(got(&*store, &deep).len(), 1);
        assert_eq!(got(&*store, &long).len(), 1);
        assert_eq!(scanned(&*store, &["d"; 255]).len(), 1);
    });
}

#[test]
fn documents_are_apart_from_observations() {
    everywhere(|place| {
        let store = place.open();
        assert_eq!(store.get_meta("source/a").unwrap(), None);
        store.put_meta("source/a", b"").unwrap();
        assert_eq!(store.get_meta("source/a").unwrap(), Some(Vec::new()));
        let large = vec![0xFF; 300_000];
        store.put_meta("source/a", &large).unwrap();
        store.put_meta("", &[0]).unwrap();
        assert_eq!(store.get_meta("source/a").unwrap(), Some(large));
        assert_eq!(store.get_meta("").unwrap(), Some(vec![0]));
        assert_eq!(scanned(&*store, &[]), [""; 0]);
        assert_eq!(store.stats().entries, 0);
    });
}

#[test]
fn a_large_batch_is_taken_whole() {
    everywhere(|place| {
        let store = place.open();
        let ops: Vec<_> = (0..4_000).map(|at| put(&format!("n/{at}"), "s", "{\"value\":1234567890}")).collect();
        store.apply(&ops).unwrap();
        store.flush().unwrap();
        assert_eq!(store.stats().entries, 4_000);
        assert_eq!(scanned(&*store, &["n"]).len(), 4_000);
    });
}

#[test]
fn an_empty_batch_is_nothing() {
    everywhere(|place| {
        let store = place.open();
        store.apply(&[]).unwrap();
        store.flush().unwrap();
        store.checkpoint().unwrap();
        assert_eq!(store.verify().unwrap(), crate::engine::store::VerifyReport { complete: true, ..Default::default() });
    });
}

#[test]
fn a_closed_store_answers_nothing() {
    everywhere(|place| {
        let store = place.open();
        store.apply(&[put("k", "s", "1")]).unwrap();
        store.close().unwrap();
        assert_eq!(store.get(&key("k")), Err(StoreError::Closed));
        assert_eq!(store.apply(&[put("k", "s", "1")]), Err(StoreError::Closed));
        assert_eq!(store.scan(&[], &mut |_| panic!("it is closed")), Err(StoreError::Closed));
        assert_eq!(store.get_meta("m"), Err(StoreError::Closed));
        assert_eq!(store.put_meta("m", b""), Err(StoreError::Closed));
        assert_eq!(store.flush(), Err(StoreError::Closed));
        assert_eq!(store.verify(), Err(StoreError::Closed));
        store.close().unwrap();
    });
}

#[test]
fn readers_and_a_writer_do_not_disturb_each_other() {
    everywhere(|place| {
        let store = place.open();
        let written = std::sync::atomic::AtomicBool::new(false);
        let (store, done) = (&store, &written);
        // Long enough for several pieces: a reader may come while half of them are replaced.
        store.apply(&[put("x/y", "s", "\"\"")]).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for at in 0..30 {
                    store.apply(&[put("x/y", "s", &format!("\"{}\"", at.to_string().repeat(50_000))), put("x/z", "s", "1")]).unwrap();
                }
                done.store(true, std::sync::atomic::Ordering::SeqCst);
            });
            for _ in 0..2 {
                scope.spawn(move || {
                    while !done.load(std::sync::atomic::Ordering::SeqCst) {
                        assert_eq!(store.get(&key("x/y")).unwrap().len(), 1);
                        let mut met = false;
                        store.scan(&["x", "y"], &mut |_| met = true).unwrap();
                        assert!(met);
                    }
                });
            }
        });
        assert_eq!(store.stats().quarantined, 0);
        assert!(store.verify().unwrap().complete);
    });
}
