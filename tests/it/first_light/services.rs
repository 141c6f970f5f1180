//! A server with three services and a file that says otherwise: belief, conflict, and what stays when the server is gone.

use serde_json::{Value, json};

use super::scene::{DISPUTED, Scene, UNDISPUTED, services};
use crate::support::Reply;

#[test]
fn sources_that_disagree_are_listed_as_a_conflict() {
    let scene = Scene::new();
    let facts = scene.sandbox.stellar(&["list", "--json"]).expect(0);
    assert_eq!(facts.fact(UNDISPUTED)["marks"], json!([]));
    let disputed = facts.fact(DISPUTED);
    assert_eq!(disputed["marks"], json!(["conflict"]));
    assert_eq!(disputed["sources"].as_array().map(Vec::len), Some(2));

    let conflicts = scene.sandbox.stellar(&["conflicts", "list", "--json"]).expect(0).payloads();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    let conflict = &conflicts[0];
    assert_eq!((&conflict["key"], &conflict["class"], &conflict["resolution"]), (&json!(DISPUTED), &json!("value"), &json!("pending")));
    assert_eq!(conflict["id"], disputed["conflict_id"]);
    let mut said: Vec<(u64, Value)> = conflict["candidates"]
        .as_array()
        .expect("candidates")
        .iter()
        .map(|candidate| (candidate["value"].as_u64().expect("a number"), candidate["sources"].clone()))
        .collect();
    said.sort_by_key(|(value, _)| *value);
    assert_eq!(said, [(3, json!(["cluster"])), (4, json!(["wiki"]))]);

    let id = conflict["id"].as_str().expect("an id");
    assert!(id.starts_with("c-") && id.len() == 12, "{id}");
    let shown = scene.sandbox.stellar(&["conflicts", "show", &id[..6], "--json"]).expect(0).payloads();
    assert_eq!(shown[0]["digest"], conflict["digest"]);
    assert_eq!(scene.sandbox.stellar(&["get", DISPUTED, "--strict", "--json"]).expect(4).error_code(), "conflict_undecided");
    assert_eq!(scene.sandbox.stellar(&["conflicts", "show", "c-zzzzzzzzzz", "--json"]).expect(3).error_code(), "conflict_not_found");
}

#[test]
fn agreement_ends_the_conflict() {
    let scene = Scene::new();
    scene.sandbox.stellar(&["list"]).expect(0);
    scene.server.on("/services", Reply::json(&services(4)));
    scene.sandbox.stellar(&["refresh"]).expect(0);
    assert_eq!(scene.sandbox.stellar(&["conflicts", "list", "--json"]).expect(0).stdout, "");
    let fact = scene.sandbox.stellar(&["get", DISPUTED, "--json"]).expect(0).fact(DISPUTED);
    assert_eq!((&fact["value"], &fact["marks"], &fact["agreement"]), (&json!(4), &json!([]), &json!({"for": 2, "against": 0})));
}

#[test]
fn when_the_server_stops_every_value_still_answers() {
    let mut scene = Scene::new();
    let before = scene.sandbox.stellar(&["list", "--json"]).expect(0).payloads();
    scene.server.stop();

    let refreshed = scene.sandbox.stellar(&["refresh", "--json"]).expect(0).payloads();
    let cluster = refreshed.iter().find(|report| report["source"] == "cluster").expect("cluster was asked");
    assert_eq!(cluster["error"]["code"], "refused", "{cluster}");

    let after = scene.sandbox.stellar(&["list", "--json"]).expect(0);
    assert_eq!(after.payloads().len(), before.len());
    let fact = after.fact(UNDISPUTED);
    assert_eq!((&fact["value"], &fact["state"]), (&json!(9), &json!("offline")));
    assert!(fact["age_ms"].as_u64().expect("an age") > 0, "{fact}");
    let plain = scene.sandbox.stellar(&["get", UNDISPUTED]).expect(0);
    assert!(plain.stdout.contains('9') && plain.stdout.contains("cluster"), "{}", plain.stdout);
    assert_eq!(scene.sandbox.stellar(&["get", "service/billing/replicas", "--json"]).expect(3).error_code(), "no_such_key");

    scene.server.resume();
    scene.sandbox.stellar(&["refresh"]).expect(0);
    assert_eq!(scene.sandbox.stellar(&["get", UNDISPUTED, "--json"]).expect(0).fact(UNDISPUTED)["state"], "fresh");
}

#[test]
fn a_source_that_never_answered_is_5_not_3() {
    let mut scene = Scene::server_alone("");
    scene.server.stop();
    assert_eq!(scene.sandbox.stellar(&["get", UNDISPUTED, "--json"]).expect(5).error_code(), "nothing_cached");
    assert_eq!(scene.sandbox.stellar(&["refresh", "--json"]).expect(5).payloads()[0]["error"]["code"], "refused");
    assert_eq!(scene.sandbox.stellar(&["get", "host/load/1m", "--json"]).expect(3).error_code(), "no_such_key");
}

#[test]
fn older_than_asked_for_is_refused() {
    let scene = Scene::server_alone("");
    scene.sandbox.stellar(&["list"]).expect(0);
    let ran = scene.sandbox.stellar(&["get", UNDISPUTED, "--max-age", "1ms", "--offline", "--json"]).expect(5);
    assert_eq!(ran.error_code(), "too_old");
    scene.sandbox.stellar(&["get", UNDISPUTED, "--max-age", "1h", "--offline"]).expect(0);
}

#[test]
fn what_a_complete_answer_no_longer_has_is_gone_and_kept() {
    let scene = Scene::server_alone("");
    scene.sandbox.stellar(&["list"]).expect(0);
    scene.server.on("/services", Reply::json(&json!({"items": [{"name": "cart", "replicas": 2}]})));
    scene.sandbox.stellar(&["refresh"]).expect(0);
    let fact = scene.sandbox.stellar(&["get", UNDISPUTED, "--json"]).expect(0).fact(UNDISPUTED);
    assert_eq!((&fact["state"], &fact["value"]), (&json!("gone"), &json!(9)));
}

#[test]
fn a_declared_source_is_drift_and_not_a_conflict() {
    let scene = Scene::server_alone("\n[[source]]\nname = \"git\"\nkind = \"file\"\nrole = \"declared\"\npath = \"git.toml\"\n");
    scene.sandbox.write(".config/stellar/git.toml", "[service.checkout]\nreplicas = 5\n");
    let fact = scene.sandbox.stellar(&["list", "--json"]).expect(0).fact(DISPUTED);
    assert_eq!((&fact["value"], &fact["wanted"], &fact["marks"]), (&json!(3), &json!(5), &json!(["drift"])));
    assert_eq!(scene.sandbox.stellar(&["conflicts", "list", "--json"]).expect(0).stdout, "");
}

#[test]
fn values_are_exact_from_the_source_to_the_script() {
    let scene = Scene::server_alone("");
    let body = r#"{"items": [
        {"name": "a", "replicas": 18446744073709551615},
        {"name": "b", "replicas": -9223372036854775808},
        {"name": "c", "replicas": 0.1},
        {"name": "d", "replicas": 123456789012345678901234567890},
        {"name": "e", "replicas": {"z": 1, "a": [1.0, "x"]}}
    ]}"#;
    scene.server.on("/services", Reply::text("application/json", body));
    let ran = scene.sandbox.stellar(&["list", "--json"]).expect(0);
    for exact in ["18446744073709551615", "-9223372036854775808", "0.1", "123456789012345678901234567890"] {
        assert!(ran.stdout.contains(&format!("\"value\":{exact}")), "{exact} in {}", ran.stdout);
    }
    assert_eq!(ran.fact("service/e/replicas")["value"], json!({"z": 1, "a": [1.0, "x"]}));
}

#[test]
fn commands_are_asked_without_a_shell() {
    let scene = Scene::server_alone(
        "\n[[source]]\nname = \"echo\"\nkind = \"exec\"\ncommand = [\"printf\", \"%s\", '{\"tool\": {\"said\": \"$HOME; *\"}}']\n",
    );
    let fact = scene.sandbox.stellar(&["list", "--json"]).expect(0).fact("tool/said");
    assert_eq!(fact["value"], "$HOME; *");
}

#[test]
fn testing_a_source_stores_nothing() {
    let scene = Scene::server_alone("");
    let test = scene.sandbox.stellar(&["source", "test", "cluster", "--json"]).expect(0).payloads();
    assert_eq!((&test[0]["keys"], &test[0]["complete"]), (&json!(3), &json!(true)));
    assert_eq!(scene.sandbox.stellar(&["get", UNDISPUTED, "--offline", "--json"]).expect(5).error_code(), "nothing_cached");
    assert_eq!(scene.sandbox.stellar(&["source", "test", "clutser", "--json"]).expect(3).error_code(), "no_such_source");
}
