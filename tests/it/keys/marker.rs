//! A marker in ten thousand keys and values, from sources of every kind, is found nowhere that stellar keeps anything.

use std::{fmt::Write as _, fs, path::Path};

use serde_json::{Value, json};

use crate::support::{Reply, Sandbox, Server};

pub(super) const MARKER: &str = "xyzzyMARKERplugh";

/// How often the marker stands in files below, their names included, in either case; and how many files there are.
pub(super) fn marks(dir: &Path) -> (usize, usize) {
    let (mut open, mut found, mut files) = (vec![dir.to_owned()], Vec::new(), 0);
    let finder = |bytes: &[u8]| bytes.windows(MARKER.len()).any(|window| window.eq_ignore_ascii_case(MARKER.as_bytes()));
    // As UTF-16 every letter is followed by a zero.
    let wide: Vec<u8> = MARKER.bytes().flat_map(|byte| [byte, 0]).collect();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("a directory").flatten() {
            let path = entry.path();
            if path.to_string_lossy().contains(MARKER) {
                found.push(path.clone());
            }
            if path.is_dir() {
                open.push(path);
                continue;
            }
            // A socket keeps nothing but its name.
            if !path.is_file() {
                continue;
            }
            files += 1;
            let bytes = fs::read(&path).expect("a file");
            if finder(&bytes) || bytes.windows(wide.len()).any(|window| window == wide) {
                found.push(path);
            }
        }
    }
    assert!(found.is_empty(), "{found:?}");
    (found.len(), files)
}

fn items(range: std::ops::Range<usize>) -> Vec<Value> {
    range.map(|at| json!({"name": format!("{MARKER}{at}"), "is": format!("{MARKER} {at} {MARKER}")})).collect()
}

/// 2,500 facts from each of four kinds of source.
fn scene() -> (Sandbox, Server) {
    let server = Server::start();
    server.on("/items", Reply::json(&json!({"items": items(2500..5000)})));
    let series: Vec<Value> = (7500..10_000)
        .map(|at| json!({"metric": {"name": format!("{MARKER}{at}")}, "value": [1_767_607_200.5, format!("{at}")]}))
        .collect();
    let vector = json!({"status": "success", "data": {"resultType": "vector", "result": series}});
    server.on(&format!("/prom/api/v1/query?query={MARKER}"), Reply::json(&vector));
    let sandbox = Sandbox::new();
    let own = sandbox.write("exec.json", json!({"items": items(5000..7500)}).to_string());
    let mut config = String::new();
    let mapped = "[[source.map]]\nitems = \"$.items[*]\"\nkey = \"KIND/{$.name}\"\nvalue = \"$.is\"\n";
    let _ = write!(config, "[[source]]\nname = \"files\"\nkind = \"file\"\npath = \"facts.json\"\n");
    let _ = write!(
        config,
        "[[source]]\nname = \"web\"\nkind = \"http\"\nurl = \"{}\"\n{}",
        server.url("/items"),
        mapped.replace("KIND", "web")
    );
    let command = format!("[[source]]\nname = \"run\"\nkind = \"exec\"\ncommand = [\"cat\", {own:?}]\n");
    let _ = write!(config, "{command}{}", mapped.replace("KIND", "run"));
    let _ = write!(
        config,
        "[[source]]\nname = \"prom\"\nkind = \"prometheus\"\nurl = \"{}\"\n[[source.query]]\nexpr = \"{MARKER}\"\nkey = \"prom/{{name}}\"\n",
        server.url("/prom")
    );
    sandbox.write(".config/stellar/config.toml", config);
    let files: serde_json::Map<String, Value> =
        (0..2500).map(|at| (format!("{MARKER}{at}"), format!("{MARKER} {at} {MARKER}").into())).collect();
    sandbox.write(".config/stellar/facts.json", json!({ "files": files }).to_string());
    (sandbox, server)
}

#[test]
fn a_marker_from_sources_of_every_kind_is_found_nowhere() {
    let (sandbox, _server) = scene();
    let kept = sandbox.path(".local");
    let count = |sandbox: &Sandbox| {
        let listed = sandbox.stellar(&["list", "--json", "--offline"]).expect(0);
        listed.stdout.lines().filter(|line| line.contains(MARKER)).count()
    };
    let serve = sandbox.serve();
    sandbox.stellar(&["refresh"]).expect(0);
    assert_eq!(count(&sandbox), 10_000, "it was there to be found");
    marks(&kept);
    sandbox.stellar(&["cache", "rekey"]).expect(0);
    marks(&kept);
    let snapshot = sandbox.path(".local/share/out.snapshot");
    sandbox.stellar(&["cache", "snapshot", snapshot.to_str().expect("UTF-8")]).expect(0);
    assert_eq!(serve.terminate(), 0);
    marks(&kept);
    let serve = sandbox.start(&["serve", "--log-level", "info"]);
    serve.wait_for(|line| line.contains(".sock"));
    // Asked for, its order of use is written down; changed, so is its history.
    sandbox.stellar(&["get", &format!("files/{MARKER}7")]).expect(0);
    sandbox.write(".config/stellar/facts.json", json!({ "files": { format!("{MARKER}7"): format!("{MARKER} other") } }).to_string());
    sandbox.stellar(&["refresh", "files"]).expect(0);
    sandbox.stellar(&["cache", "compact"]).expect(0);
    assert_eq!(serve.terminate(), 0);
    marks(&kept);
    let shelf = sandbox.data_dir().join("snapshots");
    fs::DirBuilder::new().recursive(true).create(&shelf).expect("a shelf");
    fs::copy(&snapshot, shelf.join("2026-01-05T10-00-00.000Z.snap")).expect("a snapshot on it");
    // As after a database that failed in use: it is set aside as a whole.
    fs::write(sandbox.data_dir().join("opening"), "failed\n").expect("a marker");
    assert_eq!(count(&sandbox), 10_000, "set aside and taken over");
    assert_eq!(fs::read_dir(sandbox.data_dir().join("damaged")).expect("what was set aside").count(), 1);
    let (_, files) = marks(&kept);
    assert!(files > 10, "{files}");
    let log = fs::read_to_string(sandbox.path(".local/state/stellar/log/stellar.log")).expect("a log");
    assert!(log.contains("refreshed"), "{log}");
}

#[test]
fn at_debug_the_log_says_that_it_names_values() {
    let (sandbox, _server) = scene();
    let serve = sandbox.start(&["serve", "--log-level", "debug"]);
    serve.wait_for(|line| line.contains(".sock"));
    assert_eq!(serve.terminate(), 0);
    let log = fs::read_to_string(sandbox.path(".local/state/stellar/log/stellar.log")).expect("a log");
    assert!(log.lines().next().is_some_and(|first| first.contains("this log names keys and values")), "{log}");
    let doctor = sandbox.stellar(&["doctor", "--log-level", "debug", "--json"]);
    let check = doctor.payloads().into_iter().find(|check| check["check"] == "log").expect("a check");
    assert!(check["message"].as_str().is_some_and(|message| message.contains("names keys and values")), "{check}");
}
