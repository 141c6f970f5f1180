//! Faults on the running engine, with the real binary: what is tried, what is refused, and that it is over.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Reply, Running, Sandbox, Server, Target};

struct Scene {
    sandbox: Sandbox,
    server: Server,
    target: Target,
}

const KEY: &str = "service/s3/replicas";

impl Scene {
    fn new() -> Self {
        let server = Server::start();
        let services: Vec<Value> = (0..20).map(|at| json!({ "name": format!("s{at}"), "replicas": at })).collect();
        server.on("/services", Reply::json(&json!({ "items": services })));
        let target = Target::start(&["keyed/a"], None);
        let url = target.url("/keyed");
        let sandbox = Sandbox::with_config(&format!(
            "[[source]]\nname = \"cluster\"\nkind = \"http\"\nurl = \"{}\"\ninterval = \"1s\"\n[[source.map]]\n\
             items = \"$.items[*]\"\nkey = \"service/{{$.name}}/replicas\"\nvalue = \"$.replicas\"\n\
             [[source]]\nname = \"keyed\"\nkind = \"http\"\nurl = \"{url}\"\nwritable = true\nprefix = \"keyed\"\n\
             [[source.map]]\nitems = \"$.items[*]\"\nkey = \"{{$.name}}\"\nvalue = \"$.is\"\n\
             [[source.write]]\nmatch = \"keyed/*\"\nmethod = \"PUT\"\nurl = \"{url}/{{1}}\"\nbody = '{{\"is\": {{value}}}}'\n",
            server.url("/services")
        ));
        Self { sandbox, server, target }
    }

    /// Serves once every source has answered.
    fn serve(&self) -> Running {
        let serving = self.sandbox.serve();
        self.sandbox.stellar(&["refresh"]).expect(0);
        serving
    }

    /// What the audit has of faults.
    fn recorded(&self) -> Vec<Value> {
        self.sandbox.stellar(&["audit", "list", "--what", "chaos_run", "--json"]).expect(0).payloads()
    }
}

fn until(mut done: impl FnMut() -> bool) {
    let came = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        done()
    });
    assert!(came, "it did not come");
}

#[test]
fn faults_of_the_network_are_tried_on_the_running_engine_nothing_is_sent_meanwhile_and_they_are_over() {
    let scene = Scene::new();
    let serving = scene.serve();
    let running = scene.sandbox.start(&["chaos", "run", "network-drop", "--live", "--for", "6s", "--yes", "--json"]);
    until(|| scene.recorded().len() == 1);
    assert_eq!(scene.sandbox.stellar(&["set", "keyed/a", "7", "--wait", "1s"]).code, 8, "it waits");
    assert!(scene.target.effects().is_empty(), "nothing is sent meanwhile");
    let line = running.wait_for(|line| line.contains("core.chaos.live"));
    let report = &serde_json::from_str::<Value>(&line).unwrap()["payload"];
    assert_eq!((&report["passed"], &report["complete"]), (&json!(true), &json!(true)), "{report}");
    assert!(report["failed_fetches"].as_u64().unwrap() > 0, "{report}");
    assert!(report["reads"].as_u64().unwrap() > 0 && report["reads"] == report["served"], "{report}");
    assert_eq!((&report["answered_before"], &report["answered_after"]), (&json!(2), &json!(2)), "{report}");
    until(|| scene.target.value("keyed/a") == json!(7));
    let asked = scene.server.requests().len();
    until(|| scene.server.requests().len() > asked);
    let fact = scene.sandbox.stellar(&["get", KEY, "--json"]).expect(0).fact(KEY);
    assert_eq!((&fact["value"], &fact["state"]), (&json!(3), &json!("fresh")));
    let recorded = scene.recorded();
    assert_eq!(recorded.len(), 2, "its beginning and its end: {recorded:?}");
    assert!(recorded.iter().all(|record| record["about"] == "network-drop"), "{recorded:?}");
    serving.terminate();
}

#[test]
fn they_are_over_when_whoever_asked_has_left() {
    let scene = Scene::new();
    let serving = scene.serve();
    let running = scene.sandbox.start(&["chaos", "run", "network-drop", "--live", "--for", "5m", "--yes", "--json"]);
    until(|| scene.recorded().len() == 1);
    running.kill();
    until(|| scene.recorded().len() == 2);
    assert_eq!(scene.sandbox.stellar(&["set", "keyed/a", "7", "--wait", "20s"]).code, 0);
    serving.terminate();
}

#[test]
fn what_cannot_be_taken_back_and_what_nobody_said_yes_to_is_not_tried() {
    let scene = Scene::new();
    let live = |args: &[&str]| scene.sandbox.stellar(&[&["chaos", "run"], args, &["--json"]].concat());
    assert_eq!(live(&["flapping", "--live"]).expect(4).error_code(), "decision_needed");
    assert_eq!(live(&["flapping", "--live", "--yes"]).expect(1).error_code(), "engine_unavailable");
    let serving = scene.serve();
    for profile in ["disk-full", "crash", "clock-skew", "no-such"] {
        assert_eq!(live(&[profile, "--live", "--yes"]).expect(2).error_code(), "bad_arguments", "{profile}");
    }
    assert_eq!(live(&["flapping", "--live", "--yes", "--for", "11m"]).expect(2).error_code(), "bad_arguments");
    assert_eq!(live(&["flapping", "--for", "1m"]).expect(2).error_code(), "bad_arguments");
    let denied = live(&["flapping", "--live", "--yes", "--persona", "partner-developer"]);
    assert_eq!(denied.expect(6).error_code(), "denied");
    assert!(scene.target.effects().is_empty());
    serving.terminate();
}
