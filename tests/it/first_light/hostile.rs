//! Sources that answer badly or mean harm: a code, a sentence, what was known stays, and nothing reaches the terminal raw.

use serde_json::json;

use super::scene::{Scene, UNDISPUTED, cluster};
use crate::support::{Reply, Sandbox, Server};

/// Whether a person's terminal could act on it: controls but newline, C1, DEL, bidi.
fn is_harmful(char: char) -> bool {
    (char.is_control() && char != '\n')
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn a_bad_answer_has_a_code_and_takes_nothing_away() {
    let elsewhere = Server::start();
    elsewhere.on("/services", Reply::json(&json!({"items": []})));
    let deep = "[".repeat(100_000);
    let cases = [
        ("html", Reply::text("text/html", "<!doctype html><p>Please log in"), "not_json"),
        ("cut short", Reply::text("application/json", r#"{"items": ["#), "not_json"),
        ("not UTF-8", Reply::text("application/json", b"{\"items\": [\"\xff\xfe\"]}".to_vec()), "not_utf8"),
        ("100 MiB", Reply::Long(100 << 20), "too_large"),
        ("deep", Reply::text("application/json", deep), "too_deep"),
        ("a member twice", Reply::text("application/json", r#"{"items": [], "items": [1]}"#), "duplicate_member"),
        ("500", Reply::status(500), "http_status"),
        ("404", Reply::status(404), "http_status"),
        ("a loop", Reply::redirect("/services"), "redirect"),
        ("another host", Reply::redirect(&elsewhere.url("/services")), "redirect"),
        ("torn", Reply::Torn(br#"{"items": []"#.to_vec()), "refused"),
    ];
    let scene = Scene::server_alone("");
    scene.sandbox.stellar(&["list"]).expect(0);
    for (name, reply, code) in cases {
        scene.server.on("/services", reply);
        let ran = scene.sandbox.stellar(&["refresh", "--json"]).expect(5);
        let error = ran.payloads()[0]["error"].clone();
        assert_eq!(error["code"], code, "{name}: {error}");
        let sentence = error["message"].as_str().expect("a sentence");
        assert!(sentence.len() < 500 && !sentence.contains(is_harmful), "{name}: {sentence:?}");
        let fact = scene.sandbox.stellar(&["get", UNDISPUTED, "--json"]).expect(0).fact(UNDISPUTED);
        assert_eq!((&fact["value"], &fact["state"]), (&json!(9), &json!("offline")), "{name}");
    }
    assert!(elsewhere.requests().is_empty(), "a redirect to another host was followed");
}

#[test]
fn silence_ends_at_the_time_out() {
    let mut scene = Scene::server_alone("");
    scene.sandbox.stellar(&["list"]).expect(0);
    scene.server.on("/services", Reply::Silent);
    let ran = scene.sandbox.stellar(&["refresh", "--json"]).expect(5);
    assert_eq!(ran.payloads()[0]["error"]["code"], "timeout");
    assert_eq!(scene.sandbox.stellar(&["get", UNDISPUTED, "--json"]).expect(0).fact(UNDISPUTED)["value"], 9);
    scene.server.stop();
}

#[test]
fn remote_text_cannot_reach_the_terminal_raw() {
    let harmful = "a\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}txt\u{7f}\r\nb\tc";
    let server = Server::start();
    server.on("/services", Reply::json(&json!({"items": [{"name": "cart", "replicas": harmful}]})));
    let sandbox = Sandbox::with_config(&cluster(&server));
    let ran = sandbox.stellar(&["list", "--json"]).expect(0);
    assert!(!ran.stdout.contains(is_harmful), "{:?}", ran.stdout);
    assert_eq!(ran.fact("service/cart/replicas")["value"], harmful, "the value itself is exact");
    for args in [
        &["list"][..],
        &["get", "service/cart/replicas"],
        &["get", "service/cart/replicas", "--value"],
        &["why", "service/cart/replicas"],
        &["source", "test", "cluster"],
        &["source", "list"],
        &["doctor"],
    ] {
        let ran = sandbox.stellar(args).expect(0);
        let raw = |text: &str| text.contains(|char: char| char != '\t' && is_harmful(char));
        assert!(!raw(&ran.stdout) && !raw(&ran.stderr), "{args:?}: {:?}", ran.stdout);
    }
}

#[test]
fn harmful_and_endless_names_are_rejected_and_counted() {
    let server = Server::start();
    let names = ["cart", "a\u{1b}b", "a\u{202e}b", "a\u{85}b", "", &"x".repeat(10_000)];
    let items: Vec<_> = names.iter().map(|name| json!({"name": name, "replicas": 1})).collect();
    server.on("/services", Reply::json(&json!({"items": items})));
    let sandbox = Sandbox::with_config(&cluster(&server));
    let facts = sandbox.stellar(&["list", "--json"]).expect(0).payloads();
    assert_eq!(facts.iter().map(|fact| fact["key"].clone()).collect::<Vec<_>>(), [json!("service/cart/replicas")]);
    let test = &sandbox.stellar(&["source", "test", "cluster", "--json"]).expect(0).payloads()[0];
    let skipped: u64 = test["skipped"].as_array().into_iter().flatten().filter_map(|skipped| skipped["count"].as_u64()).sum();
    assert_eq!((skipped, test["rejected_keys"].as_u64()), (5, Some(5)), "{test}");
}

#[test]
fn names_cannot_climb_or_become_options() {
    let server = Server::start();
    let items = json!([{"name": "../../etc", "replicas": 1}, {"name": "-n", "replicas": 2}, {"name": "50%", "replicas": 3}]);
    server.on("/services", Reply::json(&json!({"items": items})));
    let sandbox = Sandbox::with_config(&cluster(&server));
    let facts = sandbox.stellar(&["list", "--json"]).expect(0).payloads();
    let keys: Vec<&str> = facts.iter().filter_map(|fact| fact["key"].as_str()).collect();
    assert_eq!(keys, ["service/-n/replicas", "service/..%2F..%2Fetc/replicas", "service/50%25/replicas"]);
}

#[test]
fn two_items_on_one_key_are_both_refused_and_named() {
    let server = Server::start();
    let items = json!([{"name": "cart", "replicas": 1}, {"name": "cart", "replicas": 2}, {"name": "search", "replicas": 9}]);
    server.on("/services", Reply::json(&json!({"items": items})));
    let sandbox = Sandbox::with_config(&cluster(&server));
    let facts = sandbox.stellar(&["list", "--json"]).expect(0).payloads();
    assert_eq!(facts.iter().map(|fact| fact["key"].clone()).collect::<Vec<_>>(), [json!(UNDISPUTED)]);
    let test = &sandbox.stellar(&["source", "test", "cluster", "--json"]).expect(0).payloads()[0];
    assert_eq!(test["duplicates"], json!(["service/cart/replicas"]));
}

#[test]
fn a_source_may_not_speak_for_this_host() {
    let server = Server::start();
    server.on("/", Reply::json(&json!({"host": {"load": {"1m": 99}}, "ours": 1})));
    let sandbox = Sandbox::with_config(&format!("[[source]]\nname = \"api\"\nkind = \"http\"\nurl = \"{}\"\n", server.url("/")));
    let facts = sandbox.stellar(&["list", "--json"]).expect(0).payloads();
    assert_eq!(facts.iter().map(|fact| fact["key"].clone()).collect::<Vec<_>>(), [json!("ours")]);
    assert_eq!(sandbox.stellar(&["source", "test", "api", "--json"]).expect(0).payloads()[0]["rejected_keys"], 1);
}

#[test]
fn files_that_mean_harm_are_refused_too() {
    let sandbox = Sandbox::with_config("[[source]]\nname = \"page\"\nkind = \"file\"\npath = \"page.json\"\n");
    sandbox.write(".config/stellar/page.json", r#"{"a": 1}"#);
    sandbox.stellar(&["list"]).expect(0);
    for (content, code) in [
        (b"{\"a\": \"\xff\"}".to_vec(), "not_utf8"),
        (b"{\"a\": 1, \"a\": 2}".to_vec(), "duplicate_member"),
        ("[".repeat(100_000).into_bytes(), "too_deep"),
        (b"<html>".to_vec(), "not_json"),
    ] {
        sandbox.write(".config/stellar/page.json", content);
        let ran = sandbox.stellar(&["refresh", "--json"]).expect(5);
        assert_eq!(ran.payloads()[0]["error"]["code"], code, "{}", ran.stdout);
        assert_eq!(sandbox.stellar(&["get", "a", "--json"]).expect(0).fact("a")["value"], 1);
    }
}
