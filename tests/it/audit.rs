//! The audit of the real binary: what is in it, that anybody can compute it again, and that what is done to it is found.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Ran, Sandbox};

const KEY: &str = "service/checkout/replicas";
const SECRET: &str = "service/db/password";

const CONFIG: &str = r#"
[[source]]
name = "wiki"
kind = "file"
path = "wiki.json"
prefix = "service"
writable = true

[[key]]
match = "service/*/replicas"
schema = { type = "integer", minimum = 0 }
"#;

fn scene() -> Sandbox {
    let sandbox = Sandbox::with_config(CONFIG);
    sandbox.write(".config/stellar/wiki.json", "{\"checkout\": {\"replicas\": 4}, \"db\": {\"password\": \"hush\"}}\n");
    sandbox.stellar(&["list"]).expect(0);
    sandbox
}

/// Everything in the audit, as `audit list` has it.
fn listed(sandbox: &Sandbox, more: &[&str]) -> Vec<Value> {
    sandbox.stellar(&[&["audit", "list", "--json"], more].concat()).expect(0).payloads()
}

fn codes(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["what"].as_str().unwrap_or_default()).collect()
}

fn head(sandbox: &Sandbox) -> String {
    sandbox.stellar(&["audit", "head", "--json"]).expect(0).payloads()[0]["head"].as_str().expect("a hash").to_owned()
}

/// The segment of the log that was begun first.
fn segment(sandbox: &Sandbox) -> PathBuf {
    sandbox.data_dir().join("journal.log/00000001.seg")
}

#[test]
fn what_was_done_refused_and_shown_is_there_with_who_did_it() {
    let sandbox = scene();
    let mut set = sandbox.stellar_command(&["set", KEY, "9"]);
    set.env("SSH_CONNECTION", "192.0.2.7 50022 192.0.2.1 22");
    Ran::of(set).expect(0);
    sandbox.stellar(&["set", KEY, "many"]).expect(1);
    sandbox.stellar(&["cache", "evict", "**", "--persona", "operator"]).expect(6);
    sandbox.stellar(&["get", SECRET]).expect(0);
    sandbox.stellar(&["get", SECRET, KEY, "--reveal"]).expect(0);
    sandbox.stellar(&["lock", KEY]).expect(0);
    sandbox.stellar(&["set", KEY, "5"]).expect(1);
    sandbox.stellar(&["unlock", KEY]).expect(0);
    sandbox.stellar(&["cache", "rekey"]).expect(0);
    sandbox.stellar(&["wipe", "--yes", "--persona", "operator"]).expect(6);
    let records = listed(&sandbox, &[]);
    assert_eq!(
        codes(&records),
        [
            "change_asked",
            "change_delivered",
            "denied",
            "denied",
            "secret_revealed",
            "key_locked",
            "denied",
            "key_unlocked",
            "cache_rekeyed",
            "denied"
        ],
        "{records:#?}"
    );
    let uid = rustix::process::getuid().as_raw();
    let asked = &records[0];
    assert_eq!((&asked["key"], &asked["value"], &asked["ssh"]), (&json!(KEY), &json!(9), &json!("192.0.2.7 50022")));
    assert_eq!((&asked["uid"], &asked["via"], &asked["persona"]), (&json!(uid), &json!("cli"), &json!("sre")));
    assert!(asked["about"].as_str().is_some_and(|id| id.starts_with("q-")), "{asked}");
    assert_eq!((&records[1]["user"], &records[1]["about"], records[1].get("ssh")), (&json!("engine"), &asked["about"], None));
    let refusal = |at: usize| (records[at]["outcome"].as_str(), records[at]["about"].as_str(), records[at]["detail"].as_str());
    assert_eq!(refusal(2), (Some("denied"), Some("core.input.set"), Some("schema_violation")));
    assert_eq!(refusal(3), (Some("denied"), Some("core.cache.evict"), Some("the persona operator may not")));
    assert_eq!(refusal(6), (Some("denied"), Some("core.input.set"), Some("locked")));
    assert_eq!(refusal(9).1, Some("core.app.wipe"));
    assert_eq!((&records[4]["key"], &records[4]["about"]), (&json!(SECRET), &json!("core.insight.read")), "the secret one alone");
    // Filters, and a person's view of it.
    assert_eq!(codes(&listed(&sandbox, &["--what", "denied,key_locked", "--limit", "2"])), ["denied", "denied"]);
    assert_eq!(codes(&listed(&sandbox, &["service/db/**"])), ["secret_revealed"]);
    assert_eq!(listed(&sandbox, &["--user", "nobody-of-that-name"]).len(), 0);
    assert_eq!(listed(&sandbox, &["--since", "24h"]).len(), 10);
    let text = sandbox.stellar(&["audit", "list"]).expect(0).stdout;
    assert!(text.contains("change_asked") && text.contains("from 192.0.2.7 50022") && text.lines().count() == 10, "{text}");
    let verified = sandbox.stellar(&["audit", "verify", "--json"]).expect(0).payloads();
    assert_eq!((&verified[0]["whole"], &verified[0]["records"]), (&json!(true), &json!(10)));
}

#[test]
fn a_running_engine_records_who_asks_it_and_with_which_configuration_it_runs() {
    let sandbox = scene();
    let serve = sandbox.serve();
    let mut set = sandbox.stellar_command(&["set", KEY, "12", "--wait", "60s"]);
    set.env("SSH_CLIENT", "198.51.100.9 40000 22");
    Ran::of(set).expect(0);
    let records = listed(&sandbox, &[]);
    assert_eq!(codes(&records), ["config_loaded", "change_asked", "change_delivered"], "{records:#?}");
    assert_eq!((&records[1]["ssh"], records[0].get("ssh")), (&json!("198.51.100.9 40000"), None), "it is the client's");
    assert_eq!(serve.terminate(), 0);
    let again = sandbox.serve();
    assert_eq!(listed(&sandbox, &["--what", "config_loaded"]).len(), 1, "the same configuration is no news");
    assert_eq!(again.terminate(), 0);
    sandbox.write(".config/stellar/config.toml", format!("{CONFIG}\n[queue]\nmax_attempts = 4\n"));
    let other = sandbox.serve();
    assert_eq!(listed(&sandbox, &["--what", "config_loaded"]).len(), 2);
    assert_eq!(other.terminate(), 0);
}

/// What `docs/audit.md` says, by somebody who knows nothing else.
fn hash_of(line: &Value) -> String {
    let names =
        ["prev", "record", "at", "what", "outcome", "key", "about", "detail", "user", "via", "persona", "uid", "terminal", "ssh", "entry"];
    let parts = std::iter::once(json!("stellar audit 1")).chain(names.map(|name| line[name].clone()));
    let text = Value::Array(parts.collect()).to_string();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn an_exported_chain_can_be_computed_again_by_anybody_and_holds_no_values() {
    let sandbox = scene();
    sandbox.stellar(&["set", KEY, "9"]).expect(0);
    sandbox.stellar(&["set", SECRET, "\"correct horse\""]).expect(0);
    sandbox.stellar(&["submit", "caf\u{e9} \"quoted\" \\ restarted", "--key", "net/\u{fc}-1"]).expect(0);
    sandbox.stellar(&["cache", "compact", "--persona", "operator"]).expect(6);
    let plain = sandbox.stellar(&["audit", "export"]).expect(0).stdout;
    let lines: Vec<Value> = plain.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, sandbox.stellar(&["audit", "export", "--json"]).expect(0).payloads(), "the same in envelopes");
    assert!(lines.len() >= 5, "{plain}");
    for (number, line) in (1..).zip(&lines) {
        assert_eq!((&line["record"], line["hash"].as_str()), (&json!(number), Some(hash_of(line).as_str())), "{line}");
    }
    for pair in lines.windows(2) {
        assert_eq!(pair[1]["prev"], pair[0]["hash"]);
    }
    assert_eq!(lines.last().map(|line| line["hash"].clone()), Some(json!(head(&sandbox))));
    for value in ["horse", "quoted", "restarted", "\"value\""] {
        assert!(!plain.contains(value), "{value} in {plain}");
    }
    let listed = sandbox.stellar(&["audit", "list"]).expect(0).stdout;
    assert!(!listed.contains("horse") && listed.contains("(masked)"), "{listed}");
    // Nothing of it is on the disk in the open.
    let files = sandbox.data_files();
    let open = files.iter().find(|(_, bytes)| bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()));
    assert_eq!(open.map(|(path, _)| path), None);
}

#[test]
fn a_head_that_was_noted_down_is_found_again_or_missed() {
    let sandbox = scene();
    sandbox.stellar(&["set", KEY, "9"]).expect(0);
    let noted = head(&sandbox);
    sandbox.stellar(&["set", KEY, "10"]).expect(0);
    assert_ne!(head(&sandbox), noted);
    let verified = sandbox.stellar(&["audit", "verify", "--expect", &noted, "--json"]).expect(0).payloads();
    assert_eq!((&verified[0]["expected_at"], &verified[0]["records"]), (&json!(2), &json!(4)));
    let other = "0".repeat(64);
    let missed = sandbox.stellar(&["audit", "verify", "--expect", &other, "--json"]).expect(7);
    assert_eq!(missed.error_code(), "audit_broken");
    assert_eq!(sandbox.stellar(&["audit", "verify", "--expect", "12", "--json"]).expect(2).error_code(), "bad_arguments");
}

#[test]
fn a_flipped_byte_and_a_cut_are_found_and_located() {
    let sandbox = scene();
    sandbox.stellar(&["set", KEY, "9"]).expect(0);
    let early = fs::read(segment(&sandbox)).expect("the log");
    for replicas in ["10", "11", "12"] {
        sandbox.stellar(&["set", KEY, replicas]).expect(0);
    }
    sandbox.stellar(&["audit", "verify"]).expect(0);
    let all = fs::read(segment(&sandbox)).expect("the log");
    let written = early.iter().rposition(|byte| *byte != 0).expect("something");

    let mut altered = all.clone();
    altered[written - 40] ^= 1;
    fs::write(segment(&sandbox), &altered).expect("the log");
    let found = sandbox.stellar(&["audit", "verify", "--json"]).expect(7);
    let findings = found.payloads()[0]["findings"].clone();
    assert_eq!((&findings[0]["code"], &findings[0]["record"]), (&json!("missing"), &json!(2)), "{findings}");
    assert!(findings[0]["message"].as_str().is_some_and(|message| message.starts_with("record 2 of 8: ")), "{findings}");
    let doctor = sandbox.stellar(&["doctor"]);
    assert!(doctor.stdout.lines().any(|line| line.starts_with("fail") && line.contains("record 2 of 8")), "{}", doctor.stdout);

    // As it was after the first change: nothing in the log itself says that there was more.
    let other = scene();
    other.stellar(&["set", KEY, "9"]).expect(0);
    let early = fs::read(segment(&other)).expect("the log");
    other.stellar(&["set", KEY, "10"]).expect(0);
    other.stellar(&["audit", "verify"]).expect(0);
    fs::write(segment(&other), &early).expect("the log");
    let found = other.stellar(&["audit", "verify", "--json"]).expect(7);
    let findings = found.payloads()[0]["findings"].clone();
    assert_eq!(
        (&findings[0]["code"], &findings[0]["record"], &findings[0]["to"]),
        (&json!("truncated"), &json!(3), &json!(4)),
        "{findings}"
    );
    // Whoever looked is not the last who is told, and what comes after does not cover it.
    other.stellar(&["audit", "verify"]).expect(7);
    for replicas in ["11", "12", "13"] {
        other.stellar(&["set", KEY, replicas]).expect(0);
        let found = other.stellar(&["audit", "verify", "--json"]).expect(7);
        assert_eq!(found.payloads()[0]["findings"].as_array().map(Vec::len), Some(1));
    }
}
