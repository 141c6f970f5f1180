//! The made-up system, run as a person runs it: in an empty home, found, asked, out and well again, gone at the end.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    screen::terminal::Terminal,
    support::{Ran, Running, Sandbox},
};

/// How long a thing may not be so before the test calls it stuck; a loop of the script is two minutes.
const STUCK: Duration = Duration::from_secs(240);

struct Scene {
    sandbox: Sandbox,
    temp: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let temp = sandbox.path("temp");
        fs::create_dir(&temp).expect("a directory");
        Self { sandbox, temp }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.stellar_command(args);
        command.env("TMPDIR", &self.temp);
        command
    }

    /// The upstreams, and what they said of themselves.
    fn serve(&self) -> (Running, Value) {
        let running = Running::start(self.command(&["demo", "--serve-only", "--json"]));
        let line = running.wait_for(|line| line.contains("core.app.demo"));
        let envelope: Value = serde_json::from_str(&line).expect("one envelope");
        assert_eq!((&envelope["seq"], &envelope["outcome"]), (&json!(1), &json!("ok")));
        (running, envelope["payload"].clone())
    }

    fn is_clean(&self) -> bool {
        fs::read_dir(&self.temp).expect("the directory").next().is_none()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Asks again until it is so. Each try is a process or a request of its own, so it does not spin.
#[track_caller]
fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(started.elapsed() < STUCK, "it never was so: {what}");
    }
}

/// One request on a connection of its own: status and body; none when nobody answers.
fn ask(base: &str, method: &str, path: &str, headers: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(base.strip_prefix("http://")?).ok()?;
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: demo\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

fn get(base: &str, path: &str) -> Option<Value> {
    let (status, body) = ask(base, "GET", path, "", "")?;
    (status == 200).then(|| serde_json::from_str(&body).ok())?
}

#[test]
fn facts_conflict_drift_an_outage_and_its_end_come_out_of_an_empty_home_and_nothing_stays() {
    let scene = Scene::new();
    let (running, demo) = scene.serve();
    let (address, config) = (text(&demo["address"]), text(&demo["config"]));
    let directory = Path::new(text(&demo["directory"])).to_owned();
    assert_eq!(fs::metadata(&directory).expect("the directory").permissions().mode() & 0o777, 0o700);
    assert!(Path::new(config).starts_with(&directory));
    assert!(get(address, "/script").expect("the script")["steps"].as_array().is_some_and(|steps| steps.len() == 16));

    // The configuration by its name, in an empty home.
    let list = |pattern: &str| scene.sandbox.stellar(&["--config", config, "list", pattern, "--json"]);
    let refresh = || scene.sandbox.stellar(&["--config", config, "refresh", "--json"]);
    let cluster = |ran: &Ran| {
        let reports = ran.payloads();
        reports.iter().find(|report| report["source"] == "cluster").expect("cluster was asked")["error"]["code"].clone()
    };
    until("the cluster answers", || {
        let ran = refresh();
        (ran.code == 0 && cluster(&ran).is_null()).then_some(())
    });
    let facts = list("**").expect(0).payloads();
    assert!(facts.len() >= 40, "{} facts", facts.len());
    let marked = |mark: &str| facts.iter().any(|fact| fact["marks"].as_array().is_some_and(|marks| marks.contains(&json!(mark))));
    assert!(marked("conflict") && marked("drift"), "{facts:?}");
    let wanted = facts.iter().find(|fact| fact["key"] == "service/checkout/replicas").expect("checkout");
    assert_eq!((&wanted["wanted"], &wanted["sources"].as_array().map(Vec::len)), (&json!(5), &Some(4)), "{wanted}");

    // The script begins with the cluster gone; everything it said stays, marked.
    until("the cluster is out", || (cluster(&refresh()) == "refused").then_some(()));
    let region = list("service/cart/region").expect(0).fact("service/cart/region");
    assert_eq!((&region["value"], &region["state"]), (&json!("eu-central-1"), &json!("offline")));
    until("the cluster is back", || cluster(&refresh()).is_null().then_some(()));
    assert_eq!(list("service/cart/region").expect(0).fact("service/cart/region")["state"], "fresh");

    assert_eq!(running.terminate(), 0);
    assert!(!directory.exists() && scene.is_clean());
    assert!(TcpStream::connect(address.strip_prefix("http://").expect("http")).is_err(), "nobody listens any more");
}

#[test]
fn the_command_it_writes_runs_on_its_own_data_and_trusts_its_configuration() {
    let scene = Scene::new();
    let (running, demo) = scene.serve();
    let command = Path::new(text(&demo["command"])).to_owned();
    let run = |args: &[&str]| {
        let mut command = scene.sandbox.command(&command);
        command.args(args);
        Ran::of(command)
    };
    let facts = run(&["list", "demo/**", "--json"]).expect(0);
    assert_eq!(facts.stderr, "");
    assert_eq!(facts.fact("demo/applied_twice")["value"], 0);
    assert!(!scene.sandbox.data_dir().exists(), "the home stays empty");
    assert_eq!(run(&["config", "check"]).expect(0).code, 0);
    assert_eq!(running.terminate(), 0);
    assert!(scene.is_clean());
}

#[test]
fn what_is_done_twice_is_seen_on_the_side_of_the_server() {
    let scene = Scene::new();
    let (running, demo) = scene.serve();
    let upstreams = demo["upstreams"].as_array().expect("upstreams");
    let cluster = text(&upstreams.iter().find(|upstream| upstream["name"] == "cluster").expect("the cluster")["address"]);
    let put = |path: &str, headers: &str, body: &str| ask(cluster, "PUT", path, headers, body);
    for _ in 0..2 {
        until("the flag is taken", || {
            put("/flags/dark-mode", "idempotency-key: f\r\n", r#"{"enabled": false}"#).filter(|(status, _)| *status == 200)
        });
    }
    until("an old tag is refused", || {
        put("/services/cart/replicas", "idempotency-key: c\r\nif-match: \"cart-0\"\r\n", r#"{"replicas": 5}"#)
            .filter(|(status, _)| *status == 412)
    });
    let effects = get(text(&demo["address"]), "/effects").expect("the effects");
    assert_eq!(
        (&effects["applied_twice"], &effects["effects"][0]["key"], &effects["effects"][0]["applied"]),
        (&json!(1), &json!("c"), &json!(0))
    );
    assert_eq!((&effects["effects"][1]["key"], &effects["effects"][1]["asked"]), (&json!("f"), &effects["effects"][1]["applied"]));
    assert_eq!(running.terminate(), 0);
}

#[test]
fn the_screen_opens_on_it_and_leaves_nothing() {
    let scene = Scene::new();
    let mut terminal = Terminal::start(&scene.command(&["demo"]), 140, 50);
    terminal.wait_for_text("service/checkout/replicas");
    terminal.wait_for_text("demo/scenario");
    terminal.wait_for_text("cluster unreachable");
    terminal.wait_until_gone("cluster unreachable");
    assert!(!scene.is_clean());
    terminal.send(b"q");
    assert_eq!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
    assert!(scene.is_clean());
    assert!(!scene.sandbox.data_dir().exists(), "the home stays empty");
}

#[test]
fn a_signal_ends_the_screen_and_leaves_nothing() {
    let scene = Scene::new();
    let mut terminal = Terminal::start(&scene.command(&["demo"]), 100, 30);
    terminal.wait_for_text("demo/scenario");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(scene.is_clean());
}

#[test]
fn without_a_terminal_the_facts_are_lines_and_nothing_stays() {
    let scene = Scene::new();
    let ran = Ran::of(scene.command(&["demo", "--seed", "7"])).expect(0);
    assert!(ran.stdout.contains("service/checkout/replicas") && ran.stderr.contains("seed 7"), "{ran:?}");
    assert!(scene.is_clean());
}

#[test]
fn what_would_lead_out_of_it_is_refused() {
    let scene = Scene::new();
    let elsewhere = scene.sandbox.path("elsewhere");
    let ran = Ran::of(scene.command(&["demo", "--data-dir", elsewhere.to_str().expect("UTF-8"), "--json"])).expect(2);
    assert_eq!(ran.error_code(), "usage");
    assert!(!elsewhere.exists() && scene.is_clean());
}
