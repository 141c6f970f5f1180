//! Values that are odd but true, from the source to the script, and inputs that are neither.

use serde_json::{Value, json};

use crate::support::Sandbox;

fn file_source(name: &str, more: &str) -> String {
    format!("[[source]]\nname = \"{name}\"\nkind = \"file\"\npath = \"{name}.json\"\n{more}\n")
}

/// A home with these two files as sources, and more lines of configuration.
fn two(one: &str, other: &str, more: &str) -> Sandbox {
    let sandbox = Sandbox::with_config(&format!("{}{}{more}", file_source("one", ""), file_source("other", "")));
    sandbox.write(".config/stellar/one.json", one);
    sandbox.write(".config/stellar/other.json", other);
    sandbox
}

fn marks(sandbox: &Sandbox, key: &str) -> Value {
    sandbox.stellar(&["list", "--json"]).expect(0).fact(key)["marks"].clone()
}

#[test]
fn other_spellings_are_one_value_and_other_kinds_are_not() {
    let sandbox = two(
        r#"{"a": 1, "b": 1, "c": 9007199254740993, "d": [1, 2], "e": [1, 2]}"#,
        r#"{"a": 1.0, "b": "1", "c": 9007199254740992, "d": [2, 1], "e": [2, 1.0]}"#,
        "[[key]]\nmatch = \"e\"\nunordered = true\n",
    );
    for (key, disputed) in [("a", false), ("b", true), ("c", true), ("d", true), ("e", false)] {
        assert_eq!(marks(&sandbox, key), if disputed { json!(["conflict"]) } else { json!([]) }, "{key}");
    }
    let shown = sandbox.stellar(&["get", "c", "--json"]).expect(0).stdout;
    assert!(shown.contains("9007199254740993") && shown.contains("9007199254740992"), "{shown}");
}

#[test]
fn a_string_of_a_mebibyte_comes_through_whole_and_is_shown_short() {
    let long = "x".repeat(1 << 20);
    let sandbox = two(&json!({"long": long}).to_string(), "{}", "");
    assert_eq!(sandbox.stellar(&["get", "long", "--json"]).expect(0).fact("long")["value"], Value::from(long.as_str()));
    // Once more, out of the cache.
    assert_eq!(sandbox.stellar(&["--offline", "get", "long", "--json"]).expect(0).fact("long")["value"], Value::from(long.as_str()));
    assert!(sandbox.stellar(&["list"]).expect(0).stdout.len() < 10_000);
}

#[test]
fn what_is_no_number_is_refused_and_takes_nothing_away() {
    let sandbox = two(r#"{"a": 1}"#, "{}", "");
    sandbox.stellar(&["list"]).expect(0);
    for text in ["{\"a\": NaN}", "{\"a\": Infinity}", "{\"a\": 01}"] {
        sandbox.write(".config/stellar/one.json", text);
        let refreshed = sandbox.stellar(&["refresh", "--json"]).expect(0).payloads();
        assert!(refreshed.iter().any(|one| one["source"] == "one" && one["error"]["code"] == "not_json"), "{text}: {refreshed:?}");
        assert_eq!(sandbox.stellar(&["get", "a", "--json"]).expect(0).fact("a")["value"], 1);
    }
}

#[test]
fn a_date_in_the_future_is_said_and_gains_nothing() {
    let map = "[[source.map]]\nitems = \"$.items[*]\"\nkey = \"k/{$.name}\"\nvalue = \"$.value\"\nat = \"$.at\"\n";
    let sandbox = Sandbox::with_config(&file_source("one", map));
    sandbox.write(".config/stellar/one.json", r#"{"items": [{"name": "a", "value": 1, "at": "2999-01-01T00:00:00Z"}]}"#);
    let fact = sandbox.stellar(&["get", "k/a", "--json"]).expect(0).fact("k/a");
    assert!(fact["reason_codes"].as_array().expect("codes").contains(&json!("clock_skew")), "{fact}");
    let freshness =
        fact["factors"].as_array().expect("factors").iter().find(|one| one["factor"] == "freshness").expect("freshness").clone();
    assert!(freshness["value"].as_f64().expect("a number") <= 1.0, "{freshness}");
}

#[test]
fn a_path_that_matches_nothing_is_counted_and_a_schema_that_does_not_compile_is_refused() {
    let map = "[[source.map]]\nkey = \"k\"\nvalue = \"$.nothing\"\n";
    let sandbox = Sandbox::with_config(&file_source("one", map));
    sandbox.write(".config/stellar/one.json", r#"{"a": 1}"#);
    let tested = sandbox.stellar(&["source", "test", "one", "--json"]).expect(0).payloads();
    assert_eq!((&tested[0]["complete"], &tested[0]["skipped"][0]["count"]), (&json!(false), &json!(1)), "{tested:?}");
    assert_eq!(tested[0]["skipped"][0]["reason"], "value: $.nothing finds nothing");
    let sandbox = Sandbox::with_config("[[key]]\nmatch = \"k\"\nschema = { type = \"nonsense\" }\n");
    let checked = sandbox.stellar(&["config", "check", "--json"]).expect(2).payloads();
    assert_eq!(checked[0]["problems"][0]["code"], "bad_schema", "{checked:?}");
}

#[test]
fn a_detector_rule_with_a_bad_pattern_is_said_and_costs_no_other() {
    let sandbox = Sandbox::new();
    let rule = |name: &str, text: &str| {
        format!(
            "[[detector]]\nname = \"{name}\"\nfile = \"*.odd.json\"\ntext = '{text}'\nconfidence = 0.9\n[detector.source]\nprefix = \"odd\"\n"
        )
    };
    sandbox.write(".config/stellar/detectors.toml", format!("version = 1\n{}{}", rule("broken", "("), rule("mine", "app")));
    sandbox.write("it.odd.json", "{\"app\": 1}");
    let ran = sandbox.stellar(&["source", "detect", "home/it.odd.json"]).expect(0);
    assert!(ran.stdout.contains("is no pattern") && ran.stdout.contains("mine"), "{}\n{}", ran.stdout, ran.stderr);
}

#[test]
fn a_thousand_sources_of_one_key_are_one_fact() {
    let config: String = (0..1000).map(|at| file_source(&format!("s{at}"), "")).collect();
    let sandbox = Sandbox::with_config(&config);
    for at in 0..1000 {
        sandbox.write(&format!(".config/stellar/s{at}.json"), format!("{{\"k\": {}}}", if at < 700 { 1 } else { 2 }));
    }
    let fact = sandbox.stellar(&["get", "k", "--json"]).expect(0).fact("k");
    assert_eq!(fact["sources"].as_array().map(Vec::len), Some(1000));
    assert_eq!((&fact["value"], &fact["agreement"]), (&json!(1), &json!({"for": 700, "against": 300})));
}

#[test]
fn a_key_that_is_written_otherwise_is_found_by_the_hint() {
    let sandbox = two(r#"{"k/1": 5, "50%": {"a/b": 1}}"#, "{}", "");
    for (asked, meant) in [("k/1", "k%2F1"), ("50%/a/b", "50%25/a%2Fb")] {
        for words in [["get", asked], ["why", asked]] {
            let ran = sandbox.stellar(&words).expect(3);
            assert!(ran.stderr.contains(&format!("did you mean {meant}?")), "{}", ran.stderr);
        }
        sandbox.stellar(&["get", meant]).expect(0);
    }
    let ran = sandbox.stellar(&["get", "k/2"]).expect(3);
    assert!(ran.stderr.contains("stellar list shows what there is"), "{}", ran.stderr);
}

#[test]
fn a_source_that_left_items_out_has_been_asked_and_has_answered() {
    let map = "[[source.map]]\nitems = \"$[*]\"\nkey = \"n/{$.name}\"\nvalue = \"$.value\"\n";
    let sandbox = Sandbox::with_config(&file_source("one", map));
    sandbox.write(".config/stellar/one.json", r#"[{"name": "a", "value": 1}, {"name": "b"}]"#);
    let ran = sandbox.stellar(&["get", "n/b"]).expect(5);
    assert!(
        ran.stderr.contains("one: some of what it answered had to be left out") && !ran.stderr.contains("not been asked"),
        "{}",
        ran.stderr
    );
    let listed = sandbox.stellar(&["source", "list"]).expect(0).stdout;
    assert!(listed.contains("reachable") && listed.contains("in part") && !listed.contains("never"), "{listed}");
}
