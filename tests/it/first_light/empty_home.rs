//! No configuration, no cache: this host is watched, and everything said of it adds up.

use std::{os::unix::fs::PermissionsExt as _, process::Stdio};

use serde_json::Value;

use crate::support::{Ran, Sandbox};

#[test]
fn the_first_list_shows_this_host_and_its_arithmetic() {
    let sandbox = Sandbox::new();
    let facts = sandbox.stellar(&["list", "--json"]).expect(0).payloads();
    assert!(facts.len() >= 5, "{} facts", facts.len());
    for fact in &facts {
        assert!(fact["key"].as_str().is_some_and(|key| key.starts_with("host/")), "{fact}");
        let factors = fact["factors"].as_array().expect("factors");
        let names: Vec<&str> = factors.iter().filter_map(|factor| factor["factor"].as_str()).collect();
        assert_eq!(names, ["freshness", "source_trust", "schema_validity", "telemetry_alignment", "user_overrides"]);
        let of = |factor: &Value, name: &str| factor[name].as_f64().expect("a number");
        for factor in factors {
            assert!((of(factor, "weight") * of(factor, "value") - of(factor, "contribution")).abs() < 1e-9, "{factor}");
            assert!(!factor["signal"].as_str().expect("a sentence").is_empty(), "{factor}");
        }
        let sum: f64 = factors.iter().map(|factor| of(factor, "contribution")).sum();
        let confidence = fact["confidence"].as_f64().expect("a score");
        assert!((sum.clamp(0.0, 1.0) - confidence).abs() < 1e-9, "{sum} is not {confidence} in {fact}");
        assert_eq!(fact["state"], "fresh", "{fact}");
        assert_eq!(fact["marks"], Value::Array(Vec::new()), "{fact}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn each_fact_of_the_host_is_read_twice() {
    let facts = Sandbox::new().stellar(&["list", "--json"]).expect(0).payloads();
    let twice = facts.iter().filter(|fact| {
        let mut names: Vec<&str> =
            fact["sources"].as_array().into_iter().flatten().filter_map(|source| source["source"].as_str()).collect();
        names.sort_unstable();
        names == ["host.proc", "host.sysinfo"]
    });
    assert!(twice.count() >= 3, "{facts:#?}");
}

#[test]
fn a_healthy_host_has_no_conflict() {
    let sandbox = Sandbox::new();
    sandbox.stellar(&["list"]).expect(0);
    assert_eq!(sandbox.stellar(&["conflicts", "list", "--json"]).expect(0).stdout, "");
}

#[test]
fn a_second_answer_comes_from_the_cache() {
    let sandbox = Sandbox::new();
    let first = sandbox.stellar(&["list", "--json"]).expect(0).payloads();
    let second = sandbox.stellar(&["list", "--json"]).expect(0).payloads();
    let seen = |facts: &[Value]| facts.iter().map(|fact| (fact["key"].clone(), fact["observed_at"].clone())).collect::<Vec<_>>();
    assert_eq!(seen(&first), seen(&second));
    let offline = sandbox.stellar(&["list", "--json", "--offline"]).expect(0).payloads();
    assert_eq!(seen(&first), seen(&offline));
}

#[test]
fn offline_with_nothing_cached_is_said_not_invented() {
    let ran = Sandbox::new().stellar(&["get", "host/load/1m", "--json", "--offline"]).expect(5);
    assert_eq!(ran.error_code(), "nothing_cached");
}

#[test]
fn an_unknown_key_is_3_and_the_known_ones_are_printed() {
    let sandbox = Sandbox::new();
    let key = first_key(&sandbox);
    let ran = sandbox.stellar(&["get", &key, "no/such/key", "--json"]).expect(3);
    assert_eq!(ran.error_code(), "no_such_key");
    assert_eq!(ran.lines()[0]["payload"]["key"], key.as_str());
    assert!(ran.stderr.contains("no/such/key"), "{}", ran.stderr);
}

#[test]
fn plain_text_says_the_same_as_json() {
    let sandbox = Sandbox::new();
    let key = first_key(&sandbox);
    let bare = sandbox.stellar(&["get", &key, "--value"]).expect(0).stdout;
    let value = sandbox.stellar(&["get", &key, "--json"]).expect(0).fact(&key)["value"].clone();
    assert_eq!(bare.trim_end(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let list = sandbox.stellar(&["list"]).expect(0).stdout;
    assert!(list.contains(&key), "{list}");
    assert!(!list.contains('\u{1b}'), "colour without a terminal: {list:?}");
    let why = sandbox.stellar(&["why", &key]).expect(0).stdout;
    for word in ["freshness", "trust", "schema", "telemetry"] {
        assert!(why.contains(word), "{word} is missing in {why}");
    }
}

#[test]
fn a_closed_stdout_is_a_quiet_end() {
    let sandbox = Sandbox::new();
    sandbox.stellar(&["list"]).expect(0);
    for args in [&["list", "--json"][..], &["list"], &["watch", "--json"], &["watch"], &["doctor"], &["man"]] {
        let mut child =
            sandbox.stellar_command(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{args:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("roken pipe"), "{args:?}: {stderr}");
    }
}

#[test]
fn nothing_on_disk_can_be_read_by_others_or_without_the_key() {
    let sandbox = Sandbox::new();
    let key = first_key(&sandbox);
    let mode = |path: &str| std::fs::metadata(sandbox.path(path)).expect(path).permissions().mode() & 0o777;
    assert_eq!(mode(".local/share/stellar"), 0o700);
    assert_eq!(mode(".local/state/stellar/keys"), 0o700);
    for entry in std::fs::read_dir(sandbox.path(".local/state/stellar/keys")).expect("keys") {
        let meta = entry.expect("an entry").metadata().expect("its metadata");
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    }
    let names = [key.as_bytes(), b"host/", b"/proc/meminfo"];
    for (path, bytes) in sandbox.data_files() {
        for name in names {
            assert!(
                !bytes.windows(name.len()).any(|window| window == name),
                "{} holds {:?}",
                path.display(),
                String::from_utf8_lossy(name)
            );
        }
    }
}

#[test]
fn bad_usage_is_2_and_help_is_0() {
    let sandbox = Sandbox::new();
    for args in [&["no-such-command"][..], &["get"], &["list", "--sort", "colour"], &["list", "--no-such-flag"]] {
        let ran = sandbox.stellar(args).expect(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{args:?}: {ran:?}");
    }
    for args in
        [&["--help"][..], &["--version"], &["completions", "bash"], &["man"], &["config", "path"], &["doctor"], &["cache", "status"]]
    {
        assert!(!sandbox.stellar(args).expect(0).stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn every_action_can_be_asked_for_by_its_id() {
    let sandbox = Sandbox::new();
    let key = first_key(&sandbox);
    let payload = serde_json::json!({"keys": [key]}).to_string();
    let ran: Ran = sandbox.stellar(&["action", "core.insight.read", "--payload", &payload, "--json"]).expect(0);
    assert_eq!(ran.fact(&key)["key"], key.as_str());
}

fn first_key(sandbox: &Sandbox) -> String {
    let facts = sandbox.stellar(&["list", "--json"]).expect(0).payloads();
    facts[0]["key"].as_str().expect("a key").to_owned()
}
