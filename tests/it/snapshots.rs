//! Snapshots and history, end to end: alone and through a running instance, by relative paths, refused where they must be.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use crate::support::Sandbox;

const KEY: &str = "service/checkout/replicas";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_config("[[source]]\nname = \"wiki\"\nkind = \"file\"\npath = \"wiki.json\"\ninterval = \"1h\"\n");
    say(&sandbox, 3);
    sandbox.stellar(&["refresh"]).expect(0);
    sandbox
}

fn say(sandbox: &Sandbox, replicas: u64) {
    sandbox.write(".config/stellar/wiki.json", format!(r#"{{"service": {{"checkout": {{"replicas": {replicas}}}}}}}"#));
}

fn value(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.stellar(&["get", KEY, "--json", "--offline"]).expect(0).fact(KEY)["value"].clone()
}

/// Every file of the directory the commands run in, by name.
fn files(sandbox: &Sandbox) -> Vec<String> {
    let here = sandbox.path("..");
    let mut names: Vec<_> = fs::read_dir(here).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_snapshot_goes_out_and_comes_in_alone_and_through_a_running_instance() {
    let sandbox = sandbox();
    let mut digests = Vec::new();
    for running in [false, true] {
        say(&sandbox, 3);
        let serve = running.then(|| sandbox.serve());
        // Behind the first fetch of an instance that just started.
        sandbox.stellar(&["refresh"]).expect(0);
        let taken = sandbox.stellar(&["cache", "snapshot", "mine.snap", "--json"]).expect(0).payloads().remove(0);
        digests.push(taken["digest"].clone());
        let file = sandbox.path("../mine.snap");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(taken["bytes"], fs::metadata(&file).unwrap().len());
        assert_eq!(taken["entries"], 1);
        say(&sandbox, 5);
        sandbox.stellar(&["refresh"]).expect(0);
        assert_eq!(value(&sandbox), 5);
        let merged = sandbox.stellar(&["cache", "hydrate", "mine.snap"]).expect(0);
        assert_eq!(merged.stdout, "0 of 1 record taken, 1 left because what is here is the same or newer\n");
        assert_eq!(value(&sandbox), 5);
        let replaced = sandbox.stellar(&["cache", "hydrate", "mine.snap", "--replace", "--json"]).expect(0).payloads().remove(0);
        assert_eq!((&replaced["taken"], &replaced["removed"]), (&1.into(), &0.into()));
        assert_eq!(value(&sandbox), 3);
        if let Some(serve) = serve {
            assert_eq!(serve.terminate(), 0);
        }
        assert_eq!(value(&sandbox), 3, "on disk too");
        assert_eq!(files(&sandbox), ["home", "mine.snap", "run"]);
    }
}

#[test]
fn what_cannot_be_taken_or_written_is_refused_in_a_sentence_and_nothing_changes() {
    let sandbox = sandbox();
    sandbox.stellar(&["cache", "snapshot", "mine.snap"]).expect(0);
    let refused = |args: &[&str], code: i32| {
        let ran = sandbox.stellar(&[&["cache"], args, &["--json"]].concat()).expect(code);
        assert_eq!(value(&sandbox), 3);
        ran.error_code()
    };
    assert_eq!(refused(&["hydrate", "none.snap"], 3), "snapshot_not_found");
    assert_eq!(refused(&["hydrate", "home"], 1), "not_a_snapshot");
    assert_eq!(refused(&["hydrate", "mine.snap", "--persona", "operator"], 6), "denied");
    let notes = sandbox.write("notes.txt", "mine");
    assert_eq!(refused(&["snapshot", notes.to_str().unwrap()], 1), "not_a_snapshot");
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    assert_eq!(refused(&["snapshot", "no/such/place.snap"], 1), "store_unwritable");
    assert_eq!(refused(&["snapshot"], 2), "usage");
    let mut bytes = fs::read(sandbox.path("../mine.snap")).unwrap();
    bytes.truncate(bytes.len() - 1);
    fs::write(sandbox.path("../cut.snap"), &bytes).unwrap();
    assert_eq!(refused(&["hydrate", "cut.snap", "--replace"], 1), "snapshot_damaged");
}

/// Every file under the home directory with its bytes, but for the one that says who holds the data directory.
fn everything(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut left) = (BTreeMap::new(), vec![sandbox.path("")]);
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.is_file() && path.file_name() != Some("lock".as_ref()) {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_snapshot_of_another_store_is_refused_and_not_a_byte_is_changed() {
    let (sandbox, other) = (sandbox(), self::sandbox());
    other.stellar(&["cache", "snapshot", "theirs.snap"]).expect(0);
    fs::copy(other.path("../theirs.snap"), sandbox.path("../theirs.snap")).unwrap();
    assert_eq!(value(&sandbox), 3);
    let before = everything(&sandbox);
    assert!(before.keys().any(|path| path.ends_with("cache/db")), "{:?}", before.keys());
    for how in [&[][..], &["--replace"]] {
        let ran = sandbox.stellar(&[&["cache", "hydrate", "theirs.snap", "--json"], how].concat()).expect(1);
        assert_eq!(ran.error_code(), "snapshot_other_key");
        assert!(ran.stderr.contains("was made by another store") && ran.stderr.contains("nothing was changed"), "{}", ran.stderr);
        let after = everything(&sandbox);
        let changed: Vec<_> = before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)).collect();
        assert!(changed.is_empty(), "{changed:?}");
    }
    assert_eq!(value(&sandbox), 3);
}

/// What is done to the bytes of a good snapshot.
type Harm = fn(&mut Vec<u8>);

#[test]
fn each_bad_snapshot_is_refused_by_its_code_and_what_is_believed_stays() {
    let sandbox = sandbox();
    sandbox.stellar(&["cache", "snapshot", "mine.snap"]).expect(0);
    let good = fs::read(sandbox.path("../mine.snap")).unwrap();
    let bad: &[(Harm, &str)] = &[
        (|bytes| bytes.clear(), "not_a_snapshot"),
        (|bytes| bytes[0] ^= 1, "not_a_snapshot"),
        (|bytes| bytes[8] = 2, "snapshot_other_version"),
        (|bytes| bytes[9] ^= 1, "snapshot_other_key"),
        (|bytes| bytes[25] ^= 2, "snapshot_other_key"),
        (|bytes| bytes[29] ^= 1, "snapshot_damaged"),
        (|bytes| bytes[61] ^= 1, "snapshot_damaged"),
        (|bytes| bytes[69] ^= 1, "snapshot_damaged"),
        (|bytes| bytes[80] ^= 1, "snapshot_damaged"),
        (|bytes| bytes.truncate(9), "snapshot_damaged"),
        (|bytes| bytes.truncate(77), "snapshot_damaged"),
        (|bytes| bytes.push(0), "snapshot_damaged"),
        (|bytes| bytes.extend_from_within(..), "snapshot_damaged"),
    ];
    for (at, (harm, code)) in bad.iter().enumerate() {
        let mut bytes = good.clone();
        harm(&mut bytes);
        fs::write(sandbox.path("../bad.snap"), &bytes).unwrap();
        let ran = sandbox.stellar(&["cache", "hydrate", "bad.snap", "--replace", "--json"]).expect(1);
        assert_eq!((ran.error_code().as_str(), value(&sandbox)), (*code, 3.into()), "case {at}");
        assert!(ran.stderr.contains("nothing was changed"), "case {at}: {}", ran.stderr);
    }
    let again = sandbox.stellar(&["cache", "snapshot", "again.snap"]).expect(0);
    assert_eq!(fs::read(sandbox.path("../again.snap")).unwrap(), good, "{}", again.stdout);
}

#[test]
fn a_watcher_hears_that_a_snapshot_was_taken_in() {
    let sandbox = sandbox();
    sandbox.stellar(&["cache", "snapshot", "mine.snap"]).expect(0);
    let serve = sandbox.serve();
    let watch = sandbox.start(&["watch", "--json"]);
    watch.wait_for(|line| line.contains("core.watch.ready"));
    sandbox.stellar(&["cache", "hydrate", "mine.snap"]).expect(0);
    let event = watch.wait_for(|line| line.contains("core.cache.hydrated"));
    let event: serde_json::Value = serde_json::from_str(&event).unwrap();
    assert_eq!(event["payload"]["from"], "snapshot");
    drop(watch);
    assert_eq!(serve.terminate(), 0);
}

#[test]
fn history_tells_what_was_believed_and_a_moment_of_it() {
    let sandbox = sandbox();
    for replicas in [4, 4, 6] {
        say(&sandbox, replicas);
        sandbox.stellar(&["refresh"]).expect(0);
    }
    let told = sandbox.stellar(&["history", KEY, "--json"]).expect(0).payloads();
    let values: Vec<_> = told.iter().map(|one| one["value"].as_u64().unwrap()).collect();
    assert_eq!(values, [3, 4, 6]);
    assert!(told[0]["confidence"].as_f64().is_some_and(|score| score > 0.0) && told[0]["band"].is_string());
    let at = told[1]["at"].as_str().unwrap();
    let then = sandbox.stellar(&["get", KEY, "--at", at, "--json"]).expect(0);
    assert_eq!(then.lines()[0]["action"], "core.insight.past");
    assert_eq!(then.payloads()[0]["value"], 4);
    let plain = sandbox.stellar(&["get", KEY, "--at", at]).expect(0).stdout;
    assert!(plain.starts_with(&format!("{KEY}  believed at {at}  4  ")), "{plain}");
    assert_eq!(sandbox.stellar(&["get", KEY, "--at", at, "--value"]).expect(0).stdout, "4\n");
    assert_eq!(sandbox.stellar(&["get", KEY, "--at", "30d", "--json"]).expect(3).error_code(), "no_history");
    assert_eq!(sandbox.stellar(&["get", KEY, "--at", "noon", "--json"]).expect(2).error_code(), "bad_arguments");
    assert_eq!(sandbox.stellar(&["history", "no/such/key", "--json"]).expect(3).error_code(), "no_history");
}
