//! Changes that arrive: a file is changed where it was to be and nowhere else, and what is there meanwhile is seen.

use serde_json::{Value, json};

use super::scene::{FAR, KEY, Scene};
use crate::support::Ran;

/// Whether a command stands where its target has it.
fn is_delivered(command: &Value) -> bool {
    matches!(command["state"].as_str(), Some("delivered" | "confirmed"))
}

#[test]
fn a_file_is_changed_where_it_was_to_be_and_nowhere_else() {
    let scene = Scene::new();
    scene.stellar(&["get", KEY]).expect(0);
    let set = scene.change(&["set", KEY, "9"], 0);
    assert!(is_delivered(&set), "{set}");
    assert_eq!(scene.file(), "{\"checkout\": {\"replicas\": 9},\n  \"note\": \"kept\"}\n");
    let fact = scene.stellar(&["get", KEY, "--json"]).expect(0).fact(KEY);
    assert_eq!((&fact["value"], fact.get("pending")), (&Value::from(9), None), "our own write is no news: {fact}");
    assert_eq!(scene.stellar(&["conflicts", "list"]).expect(0).stdout, "no conflicts\n");
}

#[test]
fn a_delivered_change_is_taken_back_only_when_that_is_agreed_to() {
    let scene = Scene::new();
    scene.stellar(&["get", KEY]).expect(0);
    let set = scene.change(&["set", KEY, "9"], 0);
    let id = set["id"].as_str().unwrap();
    let asked = scene.stellar(&["undo", id, "--json"]).expect(4);
    assert_eq!((asked.error_code().as_str(), scene.file_json()["checkout"]["replicas"].clone()), ("would_send", json!(9)));
    let undone = scene.change(&["undo", id, "--yes"], 0);
    assert_eq!((undone["undoes"].as_str(), is_delivered(&undone)), (Some(id), true), "{undone}");
    assert_eq!(scene.file_json()["checkout"]["replicas"], 4);
}

#[test]
fn what_was_held_is_sent_when_it_is_let_go_in_the_order_of_its_key() {
    let scene = Scene::new();
    scene.stellar(&["get", KEY]).expect(0);
    scene.stellar(&["queue", "hold"]).expect(0);
    let rows: String = (0..20).map(|at| format!("{{\"key\":\"{KEY}\",\"value\":{at}}}\n")).collect();
    Ran::fed(scene.sandbox.stellar_command(&["set", "-"]), rows.as_bytes()).expect(0);
    let fact = scene.stellar(&["get", KEY]).expect(0).stdout;
    assert!(fact.starts_with("4 (19)"), "{fact}");
    assert_eq!(scene.file_json()["checkout"]["replicas"], 4);
    scene.stellar(&["queue", "release"]).expect(0);
    scene.stellar(&["queue", "flush", "--wait", "60s"]).expect(0);
    assert_eq!(scene.file_json(), json!({"checkout": {"replicas": 19}, "note": "kept"}));
    let all = scene.stellar(&["queue", "list", "--state", "delivered,confirmed", "--json"]).expect(0).payloads();
    let values: Vec<i64> = all.iter().filter_map(|one| one["value"].as_i64()).collect();
    assert!(!values.is_empty() && values.is_sorted(), "{values:?}");
}

/// A change whose target was changed by somebody else meanwhile, and the conflict that this is.
fn disputed(scene: &Scene) -> (String, String) {
    scene.stellar(&["get", KEY]).expect(0);
    scene.change(&["set", KEY, "9", "--offline"], 0);
    scene.rewrite(7);
    scene.stellar(&["queue", "flush", "--wait", "60s"]).expect(0);
    let conflicts = scene.stellar(&["conflicts", "list", "--json"]).expect(0).payloads();
    let change = conflicts.iter().find(|conflict| conflict["class"] == "change").unwrap_or_else(|| panic!("{conflicts:?}"));
    assert_eq!(
        (&change["change"]["base"]["value"], &change["change"]["mine"], &change["change"]["theirs"]["value"]),
        (&json!(4), &json!(9), &json!(7))
    );
    (change["id"].as_str().unwrap().to_owned(), change["digest"].as_str().unwrap().to_owned())
}

#[test]
fn a_target_that_moved_meanwhile_is_decided_for_mine() {
    let scene = Scene::new();
    let (id, digest) = disputed(&scene);
    assert_eq!(scene.file_json()["checkout"]["replicas"], 7, "nothing is written over");
    assert_eq!(
        scene.stellar(&["conflicts", "resolve", &id, "--mine", "--digest", "0000", "--json"]).expect(4).error_code(),
        "conflict_moved"
    );
    let would = scene.stellar(&["conflicts", "resolve", &id, "--mine", "--dry-run", "--json"]).expect(0).payloads();
    assert_eq!(would[0]["would_send"], json!([9]));
    let decided = scene.change(&["conflicts", "resolve", &id, "--mine", "--digest", &digest], 0);
    assert!(is_delivered(&decided), "{decided}");
    assert_eq!(scene.file_json(), json!({"checkout": {"replicas": 9}, "note": "kept"}));
    assert_eq!(scene.stellar(&["conflicts", "list"]).expect(0).stdout, "no conflicts\n");
}

#[test]
fn a_target_that_moved_meanwhile_is_decided_for_theirs_or_for_another_value() {
    let scene = Scene::new();
    let (id, _) = disputed(&scene);
    let decided = scene.change(&["conflicts", "resolve", &id, "--theirs"], 0);
    assert_eq!((decided["state"].as_str(), decided["reason"].as_str()), (Some("cancelled"), Some("theirs_stands")));
    assert_eq!(scene.file_json()["checkout"]["replicas"], 7);
    let scene = Scene::new();
    let (id, _) = disputed(&scene);
    let decided = scene.change(&["conflicts", "resolve", &id, "--value", "8"], 0);
    assert!(is_delivered(&decided), "{decided}");
    assert_eq!(scene.file_json()["checkout"]["replicas"], 8);
}

#[test]
fn a_running_engine_sends_what_a_client_asks_for() {
    let scene = Scene::new();
    let serve = scene.sandbox.serve();
    scene.stellar(&["refresh"]);
    let set = scene.change(&["set", KEY, "12", "--wait", "60s"], 0);
    assert!(is_delivered(&set), "{set}");
    assert_eq!(scene.file_json()["checkout"]["replicas"], 12);
    let text = scene.stellar(&["set", FAR, "1"]).expect(0).stdout;
    assert!(text.contains("far is unreachable since") && text.contains("The running engine sends it when it answers."), "{text}");
    assert_eq!(serve.terminate(), 0);
}
