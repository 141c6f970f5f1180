//! A marker in the keys and values of changes, in notes and in what a target says is found nowhere that stellar keeps anything.

use std::{fmt::Write as _, fs};

use serde_json::{Value, json};

use super::marker::{MARKER, marks};
use crate::support::{Ran, Sandbox, Target};

/// A home, and a target that gives tags and refuses one key with a body that says the marker.
fn scene() -> (Sandbox, Target) {
    let names = ["taken", "refused", "disputed", "waiting"].map(|name| format!("tagged/{MARKER}-{name}"));
    let target = Target::start(&names.each_ref().map(String::as_str), None);
    target.refuse(&names[1], &format!("{MARKER} cannot be had"));
    let url = target.url("/tagged");
    let mut config = String::new();
    let _ = write!(
        config,
        "[[source]]\nname = \"tagged\"\nkind = \"http\"\nurl = \"{url}\"\nwritable = true\nprefix = \"tagged\"\n\
         [[source.map]]\nitems = \"$.items[*]\"\nkey = \"{{$.name}}\"\nvalue = \"$.is\"\n\
         [[source.write]]\nmatch = \"tagged/*\"\nmethod = \"PUT\"\nurl = \"{url}/{{1}}\"\nbody = '{{\"is\": {{value}}}}'\n"
    );
    (Sandbox::with_config(&config), target)
}

fn key(name: &str) -> String {
    format!("tagged/{MARKER}-{name}")
}

/// Everything that is kept, and the directory of the socket.
fn is_nowhere(sandbox: &Sandbox) -> usize {
    let (_, kept) = marks(&sandbox.path(".local"));
    marks(&sandbox.path("../run"));
    kept
}

/// The state of the newest change of a key, which must name the marker: it was there to be found.
fn state(sandbox: &Sandbox, name: &str) -> String {
    let all = sandbox.stellar(&["queue", "list", "--state", STATES, "--json"]).expect(0).payloads();
    let of_key: Vec<&Value> = all.iter().filter(|command| command["key"] == key(name)).collect();
    let last = of_key.last().unwrap_or_else(|| panic!("no change of {name} in {all:?}"));
    assert!(last["value"].to_string().contains(MARKER), "{last}");
    last["state"].as_str().expect("a state").to_owned()
}

const STATES: &str = "queued,in_flight,delivered,confirmed,parked,blocked,dead,cancelled";

#[test]
fn a_marker_in_changes_of_every_end_is_found_nowhere() {
    let (sandbox, target) = scene();
    let set = |name: &str, how: &[&str]| {
        let (key, value) = (key(name), format!("{MARKER} for {name}"));
        sandbox.stellar(&[&["set", &key, &value], how].concat())
    };
    sandbox.stellar(&["refresh"]).expect(0);
    // Without an engine: taken, refused with the marker in the answer, asked for from stdin, a note, a lock.
    set("taken", &["--wait", "60s"]).expect(0);
    set("refused", &["--wait", "60s"]);
    let row = format!("{}\n", json!({"key": key("waiting"), "value": format!("{MARKER} from stdin")}));
    Ran::fed(sandbox.stellar_command(&["set", "-", "--offline"]), row.as_bytes()).expect(0);
    sandbox.stellar(&["submit", &format!("{MARKER} was seen"), "--key", &key("taken")]).expect(0);
    sandbox.stellar(&["lock", &key("waiting")]).expect(0);
    assert!(matches!(state(&sandbox, "taken").as_str(), "delivered" | "confirmed"));
    assert_eq!((state(&sandbox, "refused"), state(&sandbox, "waiting")), ("dead".to_owned(), "queued".to_owned()));
    is_nowhere(&sandbox);
    // Its target holds a third value.
    set("disputed", &["--offline"]).expect(0);
    target.put(&key("disputed"), format!("{MARKER} of somebody else").into());
    let serve = sandbox.start(&["serve", "--log-level", "info"]);
    serve.wait_for(|line| line.contains(".sock"));
    sandbox.stellar(&["queue", "flush", "--wait", "60s"]);
    assert_eq!(state(&sandbox, "disputed"), "blocked");
    let dead = sandbox.stellar(&["queue", "list", "--state", "dead", "--json"]).expect(0).payloads();
    let shown = sandbox.stellar(&["queue", "show", dead[0]["id"].as_str().expect("an id"), "--json"]).expect(0).stdout;
    assert!(shown.contains(&format!("{MARKER} cannot be had")), "the answer is kept: {shown}");
    // Through the engine: the same again, and its log.
    set("taken", &["--string", "--wait", "60s"]);
    set("refused", &["--wait", "60s"]);
    sandbox.stellar(&["submit", &format!("{MARKER} was seen again")]).expect(0);
    sandbox.stellar(&["unlock", &key("waiting")]).expect(0);
    sandbox.stellar(&["queue", "hold"]).expect(0);
    set("waiting", &[]).expect(0);
    sandbox.stellar(&["undo"]).expect(0);
    set("waiting", &[]).expect(0);
    is_nowhere(&sandbox);
    serve.kill();
    is_nowhere(&sandbox);
    // The log of record under another key, then a database set aside.
    sandbox.stellar(&["cache", "rekey"]).expect(0);
    assert_eq!(state(&sandbox, "waiting"), "queued");
    is_nowhere(&sandbox);
    // As after a database that failed in use: it is set aside as a whole.
    fs::write(sandbox.data_dir().join("opening"), "failed\n").expect("a marker");
    assert_eq!((state(&sandbox, "waiting"), state(&sandbox, "refused")), ("queued".to_owned(), "dead".to_owned()), "the log is whole");
    let aside = fs::read_dir(sandbox.data_dir().join("damaged")).expect("what was set aside").count();
    assert!(aside > 0 && is_nowhere(&sandbox) > 10);
    let log = fs::read_to_string(sandbox.path(".local/state/stellar/log/stellar.log")).expect("a log");
    assert!(!log.is_empty());
}
