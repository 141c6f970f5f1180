//! Values that break their key's schema: said with the place, in `why`, by `set`, and for a schema that is none by the configuration.

use serde_json::json;

use crate::support::Sandbox;

const CONFIG: &str = r#"
[[source]]
name = "wiki"
kind = "file"
path = "wiki.json"
prefix = "service"
depth = 1
writable = true

[[key]]
match = "service/**/password"
schema = { properties = { pin = { type = "integer" } } }

[[key]]
match = "service/**"
schema = "file:service.json"
"#;

const SCHEMA: &str = r##"{"properties": {"replicas": {"$ref": "#/$defs/count"}}, "$defs": {"count": {"type": "integer", "minimum": 0}}}"##;

fn scene(config: &str, schema: &str) -> Sandbox {
    let sandbox = Sandbox::with_config(config);
    sandbox.write(".config/stellar/service.json", schema);
    sandbox.write(".config/stellar/wiki.json", r#"{"checkout": {"replicas": -4}, "search": {"replicas": 2}, "password": {"pin": "x"}}"#);
    sandbox
}

#[test]
fn a_value_that_breaks_its_schema_is_told_with_the_place_it_breaks_it_at() {
    let sandbox = scene(CONFIG, SCHEMA);
    let broken = sandbox.stellar(&["why", "service/checkout", "--json"]).expect(0).fact("service/checkout");
    assert!(broken["reason_codes"].as_array().is_some_and(|codes| codes.contains(&json!("schema_invalid"))), "{broken}");
    assert_eq!(broken["sources"][0]["violation"], json!("/replicas breaks \"minimum\" of its schema"), "{broken}");
    let text = sandbox.stellar(&["why", "service/checkout"]).expect(0).stdout;
    assert!(text.contains("wiki: /replicas breaks \"minimum\" of its schema"), "{text}");
    let fits = sandbox.stellar(&["why", "service/search", "--json"]).expect(0).fact("service/search");
    assert_eq!(fits["sources"][0].get("violation"), None, "{fits}");
    let hidden = sandbox.stellar(&["why", "service/password", "--json"]).expect(0).fact("service/password");
    assert_eq!(hidden["sources"][0]["violation"], json!("it does not fit its schema"), "{hidden}");
    let shown = sandbox.stellar(&["why", "service/password", "--reveal", "--json"]).expect(0).fact("service/password");
    assert_eq!(shown["sources"][0]["violation"], json!("/pin breaks \"type\" of its schema"), "{shown}");
    let set = sandbox.stellar(&["set", "service/search", r#"{"replicas": "many"}"#, "--json"]).expect(1);
    assert_eq!(set.error_code(), "schema_violation");
    assert!(set.stderr.contains("/replicas breaks \"type\""), "{}", set.stderr);
}

#[test]
fn a_schema_that_is_none_or_would_be_fetched_is_a_fault_of_the_configuration() {
    for (schema, part) in [
        (r#"{"type": "integr"}"#, "does not compile"),
        (r#"{"$ref": "https://example.invalid/s.json"}"#, "example.invalid"),
        (r#"{"$ref": "http://127.0.0.1:9/s.json"}"#, "127.0.0.1"),
        ("{half", "cannot be used"),
    ] {
        let sandbox = scene(CONFIG, schema);
        let ran = sandbox.stellar(&["list"]).expect(2);
        assert!(ran.stderr.contains(part), "{schema}: {}", ran.stderr);
    }
}
