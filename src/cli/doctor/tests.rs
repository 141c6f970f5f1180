//! What doctor finds, and what it says to do.

use std::{fs, ops::ControlFlow, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::json;

use crate::{
    cli::{
        ask::{Asker, Port},
        testing::{error_line, line},
    },
    config::{Dirs, LoadRequest, Loaded, load},
    runtime::{Reply, Request, RuntimeError},
    wire::{DoctorPayload, Verdict},
};

use super::{check_line, engine_checks, local_checks};

fn loaded(home: &Path) -> Loaded {
    let env = |name: &str| match name {
        "HOME" => Some(home.display().to_string()),
        "XDG_RUNTIME_DIR" => Some(home.join("run").display().to_string()),
        _ => None,
    };
    load(&LoadRequest::new(&env)).unwrap()
}

fn make(path: &Path, mode: u32) {
    fs::create_dir_all(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn found(checks: &[DoctorPayload], name: &str) -> (Verdict, String, String) {
    let check = checks.iter().find(|check| check.check == name).unwrap_or_else(|| panic!("{name} in {checks:?}"));
    (check.verdict, check.message.clone(), check.hint.clone().unwrap_or_default())
}

fn local(loaded: &Loaded) -> Vec<DoctorPayload> {
    local_checks(&Ok(loaded.clone()), Some(&loaded.dirs))
}

#[test]
fn nothing_there_yet_is_no_fault() {
    let home = tempfile::tempdir().unwrap();
    let checks = local(&loaded(home.path()));
    assert!(checks.iter().all(|check| check.verdict == Verdict::Ok && check.hint.as_deref() != Some("")), "{checks:?}");
    let names: Vec<&str> = checks.iter().map(|check| check.check.as_str()).collect();
    assert_eq!(names, ["config", "data_dir", "state_dir", "log", "key", "socket"]);
}

#[test]
fn what_others_can_reach_is_found_with_the_command_that_mends_it() {
    let home = tempfile::tempdir().unwrap();
    let loaded = loaded(home.path());
    let Dirs { data_dir, state_dir, .. } = &loaded.dirs;
    make(data_dir, 0o755);
    make(state_dir, 0o700);
    make(&state_dir.join("keys"), 0o700);
    let key = state_dir.join("keys/cache.key");
    fs::write(&key, "key").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let checks = local(&loaded);
    assert_eq!(found(&checks, "data_dir").0, Verdict::Warn);
    assert_eq!(found(&checks, "data_dir").2, format!("chmod go= {}", data_dir.display()));
    assert_eq!(found(&checks, "state_dir").0, Verdict::Ok);
    assert_eq!((found(&checks, "key").0, found(&checks, "key").2), (Verdict::Fail, format!("chmod go= {}", key.display())));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(found(&local(&loaded), "key").0, Verdict::Ok);
}

#[test]
fn a_file_where_a_directory_belongs_is_a_fault() {
    let home = tempfile::tempdir().unwrap();
    let loaded = loaded(home.path());
    fs::create_dir_all(loaded.dirs.data_dir.parent().unwrap()).unwrap();
    fs::write(&loaded.dirs.data_dir, "").unwrap();
    fs::create_dir_all(loaded.dirs.runtime_dir.parent().unwrap()).unwrap();
    fs::write(&loaded.dirs.runtime_dir, "").unwrap();
    let checks = local(&loaded);
    assert_eq!((found(&checks, "data_dir").0, found(&checks, "socket").0), (Verdict::Fail, Verdict::Fail));
}

#[test]
fn a_log_that_names_values_is_said() {
    let home = tempfile::tempdir().unwrap();
    let env = |name: &str| match name {
        "HOME" => Some(home.path().display().to_string()),
        "STELLAR_LOG_LEVEL" => Some("debug".to_owned()),
        _ => None,
    };
    let (verdict, message, hint) = found(&local(&load(&LoadRequest::new(&env)).unwrap()), "log");
    assert_eq!(verdict, Verdict::Warn);
    assert!(message.contains("names keys and values") && hint.contains("info"), "{message} {hint}");
}

/// Answers the questions of doctor.
struct Engine {
    cache: Vec<Reply>,
    sources: Vec<Reply>,
    queue: Vec<Reply>,
    audit: Vec<Reply>,
}

impl Port for Engine {
    fn call(&self, request: &Request, take: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<(), RuntimeError> {
        let replies = match request.action.as_str() {
            "core.cache.read" => &self.cache,
            "core.source.read" => &self.sources,
            "core.queue.status" => &self.queue,
            "core.audit.verify" => &self.audit,
            other => panic!("{other} is none of doctor's questions"),
        };
        let _ = replies.iter().cloned().try_for_each(take);
        Ok(())
    }
}

fn asker() -> Asker {
    Asker { persona: "sre".to_owned(), offline: false, reveal: false }
}

fn cache(quarantined: u64) -> Reply {
    let payload = json!({"backend": "sled", "data_dir": "/d", "facts": 3, "entries": 3, "live_bytes": 9, "disk_bytes": 9,
        "quarantined": quarantined, "protection": "sealed", "notes": [], "polled_at": null});
    line(1, "core.cache.read", &payload)
}

fn source(name: &str, changes: serde_json::Value) -> Reply {
    let mut payload = json!({"source": name, "kind": "http", "role": "observed", "trust": 0.5, "enabled": true, "writable": false,
        "state": "reachable", "complete_at": "2026-01-05T10:00:00.000Z", "asked_at": null, "keys": 7, "availability": null,
        "interval_ms": null, "skipped": [], "duplicates": [], "rejected_keys": 0});
    if let (Some(payload), serde_json::Value::Object(changes)) = (payload.as_object_mut(), changes) {
        payload.extend(changes);
    }
    line(1, "core.source.read", &payload)
}

#[test]
fn every_source_is_judged_by_what_it_last_did() {
    let sources = vec![
        source("good", json!({})),
        source("off", json!({"enabled": false, "complete_at": null})),
        source("never", json!({"complete_at": null})),
        source("twice", json!({"duplicates": ["a/b"], "rejected_keys": 2, "skipped": [{"reason": "no value", "count": 4}]})),
    ];
    let (checks, exit) = engine_checks(&Engine { cache: vec![cache(0)], sources, queue: Vec::new(), audit: Vec::new() }, &asker());
    assert_eq!(exit, 0);
    let verdicts: Vec<_> = checks.iter().map(|check| (check.check.as_str(), check.verdict)).collect();
    let (ok, warn) = (Verdict::Ok, Verdict::Warn);
    assert_eq!(verdicts, [("store", ok), ("source:good", ok), ("source:off", ok), ("source:never", warn), ("source:twice", warn)]);
    let (_, message, hint) = found(&checks, "source:twice");
    for part in ["two items claim a/b", "4 item(s) left out: no value", "2 key(s) refused"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(hint, "stellar source test twice");
}

#[test]
fn a_store_that_cannot_be_asked_is_the_last_check_and_gives_its_exit_code() {
    let damaged = vec![error_line(1, "core.cache.read", "store_damaged", "the store is damaged")];
    let (checks, exit) = engine_checks(&Engine { cache: damaged, sources: Vec::new(), queue: Vec::new(), audit: Vec::new() }, &asker());
    assert_eq!((checks.len(), found(&checks, "store").0, exit), (1, Verdict::Fail, 7));
    let (checks, exit) =
        engine_checks(&Engine { cache: vec![cache(2)], sources: Vec::new(), queue: Vec::new(), audit: Vec::new() }, &asker());
    assert_eq!((found(&checks, "store").0, exit), (Verdict::Warn, 0));
}

#[test]
fn a_check_in_words_has_no_control_characters() {
    let sources = vec![source("bad", json!({"error": {"code": "refused", "message": "no\u{1b}[2J\nanswer", "retry_after_ms": null}}))];
    let (checks, _) = engine_checks(&Engine { cache: vec![cache(0)], sources, queue: Vec::new(), audit: Vec::new() }, &asker());
    let line = check_line(checks.last().unwrap());
    let text: String = line.pieces().iter().map(|(_, piece)| piece.as_str()).collect();
    assert!(text.starts_with("warn  source:bad") && text.contains("no\\x1b[2J\\nanswer"), "{text}");
}

#[test]
fn what_waits_to_be_sent_is_said_with_what_to_do() {
    let queue = |changes: serde_json::Value| {
        let mut payload = json!({"depth": 0, "states": [], "oldest_ms": null, "needs_you": 0, "held": false, "sources": [], "sends": true});
        payload.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let engine =
            Engine { cache: vec![cache(0)], sources: Vec::new(), queue: vec![line(1, "core.queue.status", &payload)], audit: Vec::new() };
        found(&engine_checks(&engine, &asker()).0, "queue")
    };
    let cluster = json!([{"source": "cluster", "depth": 2, "breaker": "open", "next_at": null}]);
    for (changes, verdict, part, hint) in [
        (json!({}), Verdict::Ok, "nothing waits", ""),
        (json!({"depth": 2}), Verdict::Ok, "on their way", ""),
        (json!({"depth": 2, "sends": false}), Verdict::Warn, "no engine", "serve --install"),
        (json!({"depth": 2, "sources": cluster}), Verdict::Warn, "2 for cluster", "when it answers"),
        (json!({"depth": 2, "held": true, "held_by": "anna"}), Verdict::Warn, "stopped", "queue release"),
        (json!({"depth": 2, "needs_you": 1}), Verdict::Warn, "1 change(s) need you", "queue list"),
        (json!({"closed": "the disk is full"}), Verdict::Fail, "the disk is full", "disk"),
    ] {
        let (found, message, said) = queue(changes.clone());
        assert_eq!(found, verdict, "{changes}");
        assert!(message.contains(part) && said.contains(hint), "{changes}: {message} {said}");
    }
}

#[test]
fn an_audit_that_does_not_fit_is_said_with_its_place() {
    let found_in = |replies: Vec<Reply>| {
        let engine = Engine { cache: vec![cache(0)], sources: Vec::new(), queue: Vec::new(), audit: replies };
        let (checks, exit) = engine_checks(&engine, &asker());
        (found(&checks, "audit"), exit)
    };
    let whole = json!({"whole": true, "records": 212, "found": 212, "head": "00", "findings": []});
    let ((verdict, message, _), exit) = found_in(vec![line(1, "core.audit.verify", &whole)]);
    assert_eq!((verdict, exit), (Verdict::Ok, 0));
    assert!(message.contains("212 record(s)"), "{message}");
    let one = json!({"code": "altered", "record": 17, "message": "record 17 of 212, 2026-01-05T10:00:00.000Z: it is not what was written"});
    let broken = json!({"whole": false, "records": 212, "found": 212, "head": "00", "findings": [one, one], "more": 3});
    let replies = vec![line(1, "core.audit.verify", &broken), error_line(2, "core.audit.verify", "audit_broken", "record 17 of 212")];
    let ((verdict, message, hint), exit) = found_in(replies);
    assert_eq!((verdict, exit, hint.as_str()), (Verdict::Fail, 7, "stellar audit verify shows all of it"));
    assert!(message.starts_with("record 17 of 212, 2026-01-05T10:00:00.000Z: ") && message.ends_with("; 4 more"), "{message}");
    let ((verdict, ..), _) = found_in(vec![error_line(1, "core.audit.verify", "store_unwritable", "nothing is kept")]);
    assert_eq!(verdict, Verdict::Fail);
}
