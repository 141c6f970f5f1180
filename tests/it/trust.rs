//! Deciding what is true, with the real binary: listed, accepted, believed, learned from, taken back, and there after a restart.

use serde_json::Value;

use super::support::{Ran, Sandbox};

const CONFIG: &str = r#"
[[source]]
name = "north"
kind = "file"
path = "north.json"
trust = 0.5

[[source]]
name = "south"
kind = "file"
path = "south.json"
trust = 0.5
writable = true

[[source]]
name = "west"
kind = "file"
path = "west.json"
trust = 0.5

[[key]]
match = "*/time"
tolerance = 10
"#;

fn home() -> Sandbox {
    let home = Sandbox::with_config(CONFIG);
    for (name, text) in [
        ("north", r#"{"one":{"gate":"A1","time":100},"two":{"gate":"B1"}}"#),
        ("south", r#"{"one":{"gate":"C9","time":105},"two":{"gate":"D9"}}"#),
        ("west", r#"{"one":{"gate":"C9","time":300},"two":{"gate":"D9"}}"#),
    ] {
        home.write(&format!(".config/stellar/{name}.json"), text);
    }
    home
}

fn ran(home: &Sandbox, args: &[&str], code: i32) -> Ran {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    Ran::of(home.stellar_command(&args)).expect(code)
}

fn id_of(home: &Sandbox, key: &str) -> String {
    let listed = ran(home, &["conflicts", "list", "--all"], 0).fact(key);
    listed["id"].as_str().expect("an id").to_owned()
}

fn value_of(home: &Sandbox, key: &str) -> Value {
    ran(home, &["get", key], 0).fact(key)["value"].clone()
}

#[test]
fn a_decision_is_believed_learned_from_and_taken_back() {
    let home = home();
    ran(&home, &["refresh"], 0);
    let id = id_of(&home, "one/gate");
    let before = ran(&home, &["conflicts", "list"], 0).payloads();
    assert_eq!(before.len(), 3, "{before:?}");
    assert_eq!(value_of(&home, "one/gate"), "C9");

    let planned = ran(&home, &["conflicts", "resolve", &id, "--accept", "north", "--dry-run"], 0).fact("one/gate");
    assert_eq!((&planned["planned"], &planned["resolution"]), (&true.into(), &"pending".into()), "{planned}");
    let said = Ran::of(home.stellar_command(&["conflicts", "resolve", &id, "--accept", "north", "--dry-run"])).expect(0);
    assert!(said.stdout.contains("nothing was decided; this would be noted: "), "{}", said.stdout);
    assert!(!said.stdout.contains("holds no more"), "{}", said.stdout);
    assert_eq!(value_of(&home, "one/gate"), "C9");

    let decided = ran(&home, &["conflicts", "resolve", &id, "--accept", "north"], 0).fact("one/gate");
    assert_eq!((&decided["resolution"], &decided["decision"]["value"]), (&"user_accepted".into(), &"A1".into()), "{decided}");
    assert_eq!(decided["would_send"], serde_json::json!([]));
    // Every process is another one: what follows is read from the log of record.
    assert_eq!(value_of(&home, "one/gate"), "A1");
    let fact = ran(&home, &["get", "one/gate"], 0).fact("one/gate");
    assert!(fact["marks"].as_array().unwrap().is_empty() && fact["p_true"].as_f64().unwrap() > 0.9, "{fact}");
    let left: Vec<Value> = ran(&home, &["conflicts", "list"], 0).payloads();
    assert_eq!(left.len(), 2, "{left:?}");
    // The answer about one gate tells of the other.
    assert_eq!(value_of(&home, "two/gate"), "B1");
    let trust = ran(&home, &["source", "trust", "north", "--field", "gate"], 0).payloads();
    assert_eq!((&trust[0]["right"], &trust[0]["answers"], &trust[0]["trust"]), (&1.into(), &1.into(), &0.6875.into()), "{trust:?}");
    let why = ran(&home, &["why", "two/gate"], 0).fact("two/gate");
    assert_eq!(why["trust"].as_array().map(Vec::len), Some(3), "{why}");

    let told = home.stellar(&["conflicts", "undo", &id]).expect(0).stdout;
    assert!(told.contains("belief and trust are what they were before it\n"), "{told}");
    assert_eq!((value_of(&home, "one/gate"), value_of(&home, "two/gate")), ("C9".into(), "D9".into()));
    assert_eq!(ran(&home, &["conflicts", "list"], 0).payloads().len(), 3);
    let trust = ran(&home, &["source", "trust", "north"], 0).payloads();
    assert_eq!((trust.len(), &trust[0]["answers"]), (1, &0.into()), "{trust:?}");
    assert_eq!(ran(&home, &["conflicts", "undo", &id], 1).error_code(), "nothing_to_undo");
}

#[test]
fn a_decision_holds_within_the_tolerance_and_reopens_outside_of_it() {
    let home = home();
    ran(&home, &["refresh"], 0);
    let id = id_of(&home, "one/time");
    ran(&home, &["conflicts", "resolve", &id, "--accept", "west"], 0);
    assert_eq!(value_of(&home, "one/time"), 300);
    home.write(".config/stellar/west.json", r#"{"one":{"gate":"C9","time":308}}"#);
    ran(&home, &["refresh"], 0);
    assert_eq!(value_of(&home, "one/time"), 308);
    assert_eq!(ran(&home, &["conflicts", "show", &id], 0).fact("one/time")["resolution"], "user_accepted");
    home.write(".config/stellar/west.json", r#"{"one":{"gate":"C9","time":311}}"#);
    ran(&home, &["refresh"], 0);
    let shown = ran(&home, &["conflicts", "show", &id], 0).fact("one/time");
    assert_eq!(shown["resolution"], "pending", "{shown}");
    assert!(shown["reason_codes"].as_array().unwrap().contains(&"reopened".into()), "{shown}");
    let trust = ran(&home, &["source", "trust", "west"], 0).payloads();
    assert_eq!(trust[0]["right"], 1, "what was learned stays: {trust:?}");
}

#[test]
fn what_is_sent_is_shown_first_and_what_is_wrong_decides_nothing() {
    let home = home();
    ran(&home, &["refresh"], 0);
    let id = id_of(&home, "one/gate");
    let shown = ran(&home, &["conflicts", "resolve", &id, "--accept", "north", "--send", "south"], 4);
    assert_eq!(shown.error_code(), "would_send");
    assert_eq!(ran(&home, &["conflicts", "show", &id], 0).fact("one/gate")["resolution"], "pending");
    for (args, code, name) in [
        (&["--accept", "east"][..], 3, "no_such_candidate"),
        (&["--accept", "north", "--digest", "0123456789abcdef"], 4, "conflict_moved"),
        (&["--mine"], 2, "bad_arguments"),
        (&["--reject", "--auto"], 2, "bad_arguments"),
        (&["--accept", "north", "--send", "west", "--yes"], 1, "not_writable"),
        (&["--accept", "north", "--send", "nobody", "--yes"], 3, "no_such_source"),
    ] {
        let args: Vec<&str> = ["conflicts", "resolve", &id].into_iter().chain(args.iter().copied()).collect();
        assert_eq!(ran(&home, &args, code).error_code(), name, "{args:?}");
    }
    assert_eq!(ran(&home, &["conflicts", "show", &id], 0).fact("one/gate")["resolution"], "pending");
    ran(&home, &["conflicts", "resolve", &id, "--accept", "north", "--send", "south", "--yes"], 0);
    ran(&home, &["queue", "flush"], 0);
    let file = std::fs::read_to_string(home.path(".config/stellar/south.json")).expect("the file");
    assert!(file.contains(r#""gate":"A1""#), "{file}");
}

#[test]
fn rejected_decided_by_rule_and_known_otherwise() {
    let home = home();
    ran(&home, &["refresh"], 0);
    let id = id_of(&home, "one/gate");
    let rejected = ran(&home, &["conflicts", "resolve", &id, "--reject"], 0).fact("one/gate");
    assert_eq!(rejected["resolution"], "user_rejected");
    let fact = ran(&home, &["get", "one/gate"], 0).fact("one/gate");
    assert!(fact["value"] == "C9" && fact["reason_codes"].as_array().unwrap().contains(&"user_rejected".into()), "{fact}");
    ran(&home, &["conflicts", "resolve", &id, "--value", "\"Z7\""], 0);
    assert_eq!(value_of(&home, "one/gate"), "Z7");
    // What no source says is told as that, wherever it is shown.
    for (args, part) in [
        (&["get", "one/gate"][..], "Z7   nearly always right   a person says so, no source does"),
        (&["why", "one/gate"], "nearly always right; a person says so, no source does, 3 against"),
        (&["conflicts", "list", "--all"], "Z7 (no source) | C9"),
        (&["conflicts", "show", &id], "1 Z7 no source - believed now"),
    ] {
        let told = home.stellar(args).expect(0).stdout;
        // How wide columns are does not matter here.
        let told = if args[1] == "show" { told.split_whitespace().collect::<Vec<_>>().join(" ") } else { told };
        assert!(told.contains(part), "{told}");
    }
    ran(&home, &["conflicts", "resolve", &id, "--value", "null"], 0);
    let told = home.stellar(&["get", "one/gate"]).expect(0).stdout;
    assert!(told.starts_with("null   nearly always right"), "it is known to be null: {told}");
    ran(&home, &["conflicts", "undo", &id], 0);
    ran(&home, &["conflicts", "resolve", &id, "--auto"], 0);
    assert_eq!(value_of(&home, "one/gate"), "C9");
    let trust = ran(&home, &["source", "trust", "north"], 0).payloads();
    assert_eq!(trust[0]["answers"], 0, "each took the place of the one before, and the rule's word teaches nothing: {trust:?}");
    // One by one they are taken back, the last first.
    let told = home.stellar(&["conflicts", "undo", &id]).expect(0).stdout;
    assert!(told.contains("the decision is taken back; the one before it holds again. Undo: stellar conflicts undo"), "{told}");
    assert_eq!(value_of(&home, "one/gate"), "Z7");
    ran(&home, &["source", "trust", "north", "--reset"], 0);
    let trust = ran(&home, &["source", "trust", "north"], 0).payloads();
    assert!(trust[0]["answers"] == 0 && trust[0]["reset_at"].is_string(), "{trust:?}");
    assert_eq!(value_of(&home, "one/gate"), "Z7", "decisions stay");
}

#[test]
fn why_says_where_a_half_life_comes_from() {
    let lasts = |home: &Sandbox, key: &str| {
        let lasts = ran(home, &["why", key], 0).fact(key)["lasts"].clone();
        (lasts["from"].as_str().expect("a code").to_owned(), lasts["half_life_ms"].as_u64().expect("milliseconds"))
    };
    let home = home();
    home.write(".config/stellar/config.toml", format!("{CONFIG}half_life = \"2h\"\n"));
    ran(&home, &["refresh"], 0);
    assert_eq!(lasts(&home, "one/time"), ("rule".to_owned(), 7_200_000));
    assert_eq!(lasts(&home, "one/gate"), ("ttl".to_owned(), 900_000));
    home.write(".config/stellar/config.toml", format!("[confidence]\nhalf_life = \"1h\"\n{CONFIG}"));
    assert_eq!(lasts(&home, "one/gate"), ("configured".to_owned(), 3_600_000));
    let told = home.stellar(&["why", "one/gate"]).expect(0).stdout;
    assert!(told.contains("half-life 1 h: as configured for all keys"), "{told}");
    // A minute of looks is not there yet: nothing is learned.
    assert!(ran(&home, &["source", "trust", "north"], 0).payloads().iter().all(|learned| learned["lasts"].is_null()));
}
