//! Targets and disks that do not behave, through the real binary: every change ends where a person sees it, with its reason; none is dropped in
//! silence, and nothing leaves for another host.

use serde_json::{Value, json};

use super::scene::{FAR, KEY, Scene};
use crate::support::{Ran, Reply, Sandbox, Server};

/// A source at the server whose items are these, each taking changes at its own path.
fn source(server: &Server, name: &str, items: &[&str]) -> String {
    let listed: Vec<Value> = items.iter().map(|item| json!({"name": item, "is": 1})).collect();
    server.on(&format!("/{name}"), Reply::json(&json!({"items": listed})));
    let url = server.url(&format!("/{name}"));
    format!(
        "[[source]]\nname = \"{name}\"\nkind = \"http\"\nurl = \"{url}\"\nwritable = true\nprefix = \"{name}\"\nheaders = {{ Authorization = \"env:TOKEN\" }}\n\
         [[source.map]]\nitems = \"$.items[*]\"\nkey = \"{{$.name}}\"\nvalue = \"$.is\"\n\
         [[source.write]]\nmatch = \"{name}/*\"\nmethod = \"PUT\"\nurl = \"{url}/{{1}}\"\nbody = '{{\"is\": {{value}}}}'\n"
    )
}

/// Whom a failure is put down to depends on whether the source answered anything else in the last half a minute.
const SILENT_OR_FAILING: &[&str] = &["unreachable", "target_failed", "attempts_used_up"];

/// The one change of a key, after a `set` of it.
fn change(sandbox: &Sandbox, key: &str) -> Value {
    let mut command = sandbox.stellar_command(&["set", key, "2", "--json"]);
    command.env("TOKEN", "s3cret");
    let ran = Ran::of(command);
    let told = ran.lines().into_iter().find(|line| line["action"] == "core.queue.read");
    told.unwrap_or_else(|| panic!("no change of {key}: {} {}", ran.stdout, ran.stderr))["payload"].clone()
}

#[test]
fn what_a_target_answers_wrongly_is_kept_with_its_reason_and_nothing_goes_to_another_host() {
    let (server, thief) = (Server::start(), Server::start());
    let away = Reply::Whole { status: 301, headers: vec![("location".to_owned(), thief.url("/steal"))], body: Vec::new() };
    let config = ["odd", "closed", "shut"].map(|name| source(&server, name, &["garbage", "away", "huge", "never"])).concat();
    server
        .on("/odd/garbage", Reply::text("application/json", "%%garbage"))
        .on("/odd/away", away)
        .on("/odd/huge", Reply::Long(50 << 20))
        .on("/odd/never", Reply::status(422))
        .on("/closed/garbage", Reply::status(401))
        .on("/shut/garbage", Reply::status(403));
    let sandbox = Sandbox::with_config(&config);
    for (key, states, reasons, said) in [
        ("odd/garbage", &["queued", "dead"][..], SILENT_OR_FAILING, "%%garbage"),
        ("odd/away", &["queued", "dead"], SILENT_OR_FAILING, ""),
        ("odd/huge", &["queued", "dead"], SILENT_OR_FAILING, ""),
        ("odd/never", &["dead"], &["refused"], ""),
        ("closed/garbage", &["parked"], &["auth_failed"], ""),
        ("shut/garbage", &["parked"], &["auth_failed"], ""),
    ] {
        let told = change(&sandbox, key);
        let (state, reason) = (told["state"].as_str().unwrap(), told["reason"].as_str().unwrap_or_default());
        assert!(states.contains(&state) && reasons.contains(&reason), "{key}: {told}");
        let first = &told["attempts"][0];
        assert!(first["said"].as_str().unwrap_or_default().contains(said), "{key}: {told}");
        assert!(!told["message"].as_str().unwrap_or_default().is_empty(), "{key}: {told}");
        let kept = sandbox.stellar(&["queue", "show", told["id"].as_str().unwrap(), "--json"]).expect(0);
        assert_eq!(kept.payloads()[0]["key"], key, "it is still there");
    }
    assert_eq!(thief.requests(), Vec::<String>::new(), "a redirect to another host was followed");
    assert_eq!(sandbox.stellar(&["queue", "list", "--json"]).expect(0).payloads().len(), 6);
}

#[test]
fn a_template_that_names_an_unknown_field_is_an_error_of_the_configuration() {
    for (template, word) in [("/{nobody}", "{nobody}"), ("/{3}", "{3}")] {
        let server = Server::start();
        let good = source(&server, "odd", &["a"]);
        let config = good.replace("/odd/{1}\"", &format!("/odd{template}\""));
        assert_ne!(config, good);
        let ran = Sandbox::with_config(&config).stellar(&["set", "odd/a", "2", "--json"]).expect(2);
        assert!(ran.stderr.contains(word), "{template}: {}", ran.stderr);
        assert!(server.requests().is_empty());
    }
}

#[test]
fn a_key_that_nobody_takes_is_said_with_what_would_take_it() {
    let scene = Scene::new();
    let refused = scene.stellar(&["set", "no/such/key", "1", "--json"]).expect(1);
    assert_eq!(refused.error_code(), "not_writable");
    assert!(refused.stderr.contains("writable"), "{}", refused.stderr);
    assert_eq!(scene.stellar(&["get", "no/such/key", "--json"]).expect(3).error_code(), "no_such_key");
}

/// The shell's file size limit stands in for a full disk: every write past it fails, for root too.
#[test]
fn a_full_disk_refuses_a_change_and_says_so_and_room_made_ahead_still_takes_one() {
    let limited = |sandbox: &Sandbox, args: &str| {
        let mut command = sandbox.command("sh");
        command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" {args}")).arg(crate::support::binary());
        Ran::of(command)
    };
    let scene = Scene::new();
    scene.stellar(&["get", KEY]).expect(0);
    let before = scene.file();
    // There is no log yet, so there is nothing that could take it.
    let refused = limited(&scene.sandbox, &format!("set {FAR} 9 --json")).expect(1);
    assert_eq!(refused.error_code(), "store_unwritable", "{}", refused.stdout);
    assert_eq!(scene.stellar(&["queue", "list", "--json"]).expect(0).payloads(), Vec::<Value>::new(), "what was refused is not there");
    assert_eq!(scene.file(), before);
    assert_eq!(scene.change(&["set", FAR, "9", "--offline"], 0)["state"], "queued", "with room again it is taken");
}

#[test]
fn offline_asks_nobody_to_send_and_says_when_somebody_does_all_the_same() {
    let scene = Scene::new();
    scene.stellar(&["get", KEY]).expect(0);
    // Nobody else sends: it stays, also where a wait was asked for.
    let waited = scene.stellar(&["set", KEY, "5", "--offline", "--wait", "1h", "--json"]).expect(8);
    assert_eq!(waited.error_code(), "wait_expired");
    assert_eq!(scene.file_json()["checkout"]["replicas"], 4);
    // Held, so that it is seen what is said before anything is sent.
    scene.stellar(&["queue", "hold"]).expect(0);
    let serve = scene.sandbox.serve();
    let held = scene.stellar(&["set", KEY, "6", "--wait", "1h", "--json"]).expect(8);
    assert!(held.stderr.contains("Sending was stopped by"), "{}", held.stderr);
    let watch = scene.sandbox.start(&["watch", "--json"]);
    watch.wait_for(|line| line.contains("core.watch.ready"));
    scene.stellar(&["queue", "release"]).expect(0);
    watch.wait_for(|line| line.contains("core.queue.released"));
    let told = scene.change(&["set", FAR, "7", "--offline"], 0);
    assert!(told["message"].as_str().unwrap().contains("This command sends nothing; the running engine is not offline"), "{told}");
    assert_eq!(serve.terminate(), 0);
}

#[test]
fn a_change_of_a_key_nobody_has_reported_is_shown_as_pending() {
    let scene = Scene::new();
    scene.stellar(&["get", KEY]).expect(0);
    assert_eq!(scene.stellar(&["get", FAR, "--offline", "--json"]).expect(5).error_code(), "nothing_cached");
    scene.change(&["set", FAR, "9", "--offline"], 0);
    let fact = scene.stellar(&["get", FAR, "--offline", "--json"]).expect(0).fact(FAR);
    assert_eq!((&fact["value"], &fact["pending"]["value"], &fact["state"]), (&Value::Null, &json!(9), &json!("offline")), "{fact}");
    assert_eq!(fact["marks"], json!(["pending"]));
    let listed = scene.stellar(&["list", "far/**", "--offline"]).expect(0).stdout;
    assert!(listed.contains(FAR) && listed.contains("(9)"), "{listed}");
    scene.stellar(&["get", FAR, "--offline"]).expect(0);
    scene.stellar(&["why", FAR, "--offline"]).expect(0);
}
