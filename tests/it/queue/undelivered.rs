//! What is refused, what waits, what is taken back: nothing here needs a target that answers.

use std::time::Instant;

use serde_json::Value;

use super::scene::{FAR, KEY, Scene};
use crate::support::Ran;

#[test]
fn what_cannot_be_done_is_said_with_its_code_and_nothing_is_queued() {
    let scene = Scene::new();
    for (args, exit, code) in [
        (&["set", "no/such/key", "1", "--source", "far"][..], 1, "not_writable"),
        (&["set", "no/such/key", "1", "--source", "nobody"], 3, "no_such_source"),
        (&["set", KEY, "\"many\""], 1, "schema_violation"),
        (&["set", KEY, "5", "--string"], 1, "schema_violation"),
        (&["undo"], 1, "nothing_to_undo"),
        (&["undo", "8w2k"], 3, "command_not_found"),
        (&["redo"], 1, "nothing_to_undo"),
        (&["unlock", KEY], 1, "not_locked"),
        (&["queue", "show", "8w2k"], 3, "command_not_found"),
        (&["queue", "flush", "--offline"], 5, "offline"),
        (&["conflicts", "resolve", "c-7f", "--mine"], 3, "conflict_not_found"),
        (&["conflicts", "resolve", "c-7f"], 3, "conflict_not_found"),
        (&["set", KEY], 2, "usage"),
        (&["set", "-"], 2, "usage"),
    ] {
        let ran = scene.stellar(&[args, &["--json"]].concat()).expect(exit);
        assert_eq!(ran.error_code(), code, "{args:?}");
    }
    assert_eq!(scene.stellar(&["queue", "list", "--json"]).expect(0).payloads(), Vec::<Value>::new());
    assert!(scene.file().contains("\"replicas\": 4"));
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let scene = Scene::new();
    let plan = scene.stellar(&["set", FAR, "{\"a\": 1.0000000000000000000001}", "--dry-run", "--expires", "1h", "--json"]).expect(0);
    let lines = plan.lines();
    assert_eq!((lines[0]["action"].as_str(), lines[0]["payload"]["source"].as_str()), (Some("core.queue.plan"), Some("far")));
    assert!(plan.stdout.contains("1.0000000000000000000001"), "exact: {}", plan.stdout);
    assert_eq!(scene.stellar(&["queue", "list"]).expect(0).stdout, "no changes\n");
}

#[test]
fn a_change_that_cannot_be_sent_is_on_disk_and_says_what_sends_it() {
    let scene = Scene::new();
    let queued = scene.change(&["set", FAR, "9"], 0);
    assert_eq!((queued["state"].as_str(), queued["reason"].as_str()), (Some("queued"), Some("unreachable")), "{queued}");
    let text = scene.stellar(&["set", FAR, "10", "--offline"]).expect(0).stdout;
    assert!(text.starts_with("queued q-") && text.contains("stellar serve --install") && text.contains("Undo: stellar undo q-"), "{text}");
    // The wait that was asked for is the only one that can run out.
    let waited = scene.stellar(&["set", FAR, "11", "--wait", "100ms", "--json"]).expect(8);
    assert_eq!(waited.error_code(), "wait_expired");
    let listed = scene.stellar(&["queue", "list", "--json"]).expect(0).payloads();
    assert_eq!(listed.iter().map(|one| one["value"].as_i64()).collect::<Vec<_>>(), [Some(9), Some(10), Some(11)], "in their order");
    let status = scene.stellar(&["resilience", "status", "--json"]).expect(0).payloads();
    assert_eq!((&status[0]["depth"], &status[0]["sends"]), (&Value::from(3), &Value::from(false)));
    let doctor = scene.stellar(&["doctor", "--json", "--offline"]);
    assert!(doctor.payloads().iter().any(|check| check["check"] == "queue" && check["verdict"] == "warn"), "{}", doctor.stdout);
}

#[test]
fn undo_takes_back_the_newest_and_redo_makes_it_again() {
    let scene = Scene::new();
    scene.change(&["set", FAR, "1", "--offline"], 0);
    let second = scene.change(&["set", FAR, "2", "--offline"], 0);
    let looked = scene.change(&["undo", "--dry-run"], 0);
    assert_eq!((looked["id"].as_str(), looked["state"].as_str()), (second["id"].as_str(), Some("queued")));
    let undone = scene.change(&["undo"], 0);
    assert_eq!((&undone["id"], undone["state"].as_str()), (&second["id"], Some("cancelled")));
    // Asking for the same again is not taking back another one.
    let again = scene.change(&["undo", second["id"].as_str().unwrap()], 0);
    assert_eq!((&again["id"], again["state"].as_str()), (&second["id"], Some("cancelled")));
    let redone = scene.change(&["redo", "--offline"], 0);
    assert_eq!((&redone["value"], redone["state"].as_str()), (&Value::from(2), Some("queued")));
    let waiting = scene.stellar(&["queue", "list", "--json"]).expect(0).payloads();
    assert_eq!(waiting.iter().map(|one| one["value"].as_i64()).collect::<Vec<_>>(), [Some(1), Some(2)]);
    let short = waiting[0]["shown"].as_str().unwrap();
    let cancelled = scene.change(&["queue", "cancel", short], 0);
    assert_eq!(cancelled["value"], 1);
    let edited = scene.change(&["queue", "edit", redone["id"].as_str().unwrap(), "-7", "--offline"], 0);
    assert_eq!(edited["value"], -7);
}

#[test]
fn belief_is_locked_and_changes_are_refused_until_it_is_not() {
    let scene = Scene::new();
    scene.stellar(&["get", KEY]).expect(0);
    let locked = scene.stellar(&["lock", KEY]).expect(0).stdout;
    assert_eq!(locked, format!("locked {KEY} at 4: nothing changes it until stellar unlock {KEY}\n"));
    assert_eq!(scene.stellar(&["set", KEY, "5", "--json", "--source", "wiki"]).expect(1).error_code(), "locked");
    scene.rewrite(7);
    let fact = scene.stellar(&["get", KEY, "--refresh", "--json"]).expect(0).fact(KEY);
    assert_eq!((&fact["value"], fact["marks"].to_string().contains("locked")), (&Value::from(4), true), "{fact}");
    scene.stellar(&["unlock", KEY]).expect(0);
    assert_eq!(scene.stellar(&["get", KEY, "--refresh", "--json"]).expect(0).fact(KEY)["value"], 7);
}

#[test]
fn many_changes_come_from_stdin_all_or_none() {
    let scene = Scene::new();
    let set = |text: &str| Ran::fed(scene.sandbox.stellar_command(&["set", "-", "--offline", "--json"]), text.as_bytes());
    let bad = set(&format!("{{\"key\":\"{FAR}\",\"value\":1}}\n\n{{\"key\":\"{KEY}\",\"value\":\"no number\"}}\n")).expect(1);
    assert_eq!(bad.error_code(), "schema_violation");
    assert!(bad.stderr.contains("line 3: "), "{}", bad.stderr);
    assert_eq!(set("{\"key\":\"far/a\"}").expect(2).error_code(), "bad_arguments");
    assert_eq!(scene.stellar(&["queue", "list"]).expect(0).stdout, "no changes\n", "none of them was queued");
    let rows: String = (0..1_000).map(|at| format!("{{\"key\":\"far/k{}\",\"value\":{at}}}\n", at % 10)).collect();
    let begun = Instant::now();
    let ran = set(&rows).expect(0);
    assert_eq!(ran.payloads().len(), 1_000, "after {:?}", begun.elapsed());
    let listed = scene.stellar(&["queue", "list", "--json"]).expect(0).payloads();
    let values: Vec<i64> = listed.iter().filter_map(|one| one["value"].as_i64()).collect();
    assert_eq!(values, (0..1_000).collect::<Vec<i64>>(), "in the order of the lines");
    let text = Ran::fed(scene.sandbox.stellar_command(&["set", FAR, "-", "--offline"]), b"two\nlines\n").expect(0);
    assert!(text.stdout.starts_with("queued q-"), "{}", text.stdout);
    assert_eq!(scene.change(&["undo", "--dry-run"], 0)["value"], "two\nlines");
}

#[test]
fn several_sources_are_named_and_a_held_queue_sends_nothing() {
    let twin = "[[source]]\nname = \"twin\"\nkind = \"http\"\nurl = \"http://127.0.0.1:9/twin\"\nwritable = true\nprefix = \"far\"\n[[source.map]]\nitems = \"$.items[*]\"\n\
                key = \"{$.name}\"\nvalue = \"$.v\"\n[[source.write]]\nmatch = \"far/*\"\nmethod = \"PUT\"\nurl = \"http://127.0.0.1:9/twin/{1}\"\n";
    let scene = Scene::with(twin);
    let refused = scene.stellar(&["set", FAR, "1", "--json"]).expect(2);
    assert_eq!(refused.error_code(), "several_sources");
    assert!(refused.stderr.contains("far") && refused.stderr.contains("twin"), "{}", refused.stderr);
    assert!(scene.stellar(&["queue", "hold"]).expect(0).stdout.contains("sending was stopped"));
    let held = scene.change(&["set", FAR, "1", "--source", "twin"], 0);
    assert_eq!((held["state"].as_str(), held["tries"].as_i64()), (Some("queued"), Some(0)), "{held}");
    assert!(held["message"].as_str().unwrap().contains("queue release"), "{held}");
    assert_eq!(scene.stellar(&["queue", "flush", "--json"]).expect(1).error_code(), "queue_held");
    assert_eq!(scene.stellar(&["queue", "release", "--json"]).expect(0).payloads()[0]["held"], false);
}

#[test]
fn a_note_without_a_taker_stays_here() {
    let scene = Scene::new();
    let note = scene.change(&["submit", "restarted the \u{1b}[31mrouter", "--key", KEY], 0);
    assert_eq!(
        (note["operation"].as_str(), note["source"].as_str(), note["key"].as_str()),
        (Some("note"), Some("local"), Some(KEY)),
        "{note}"
    );
    assert_eq!(scene.stellar(&["queue", "status", "--json"]).expect(0).payloads()[0]["depth"], 0);
}

#[test]
fn a_watch_tells_what_happens_to_changes() {
    let scene = Scene::new();
    let serve = scene.sandbox.serve();
    let watch = scene.sandbox.start(&["watch", "--json"]);
    watch.wait_for(|line| line.contains("core.watch.ready"));
    scene.change(&["set", FAR, "1", "--wait", "1ms"], 8);
    let told = watch.wait_for(|line| line.contains("\"action\":\"core.queue."));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((told["payload"]["key"].as_str(), told["payload"]["value"].as_i64()), (Some(FAR), Some(1)), "{told}");
    let fact = scene.stellar(&["queue", "list"]).expect(0).stdout;
    assert!(fact.contains(FAR), "{fact}");
    assert_eq!(serve.terminate(), 0);
}
