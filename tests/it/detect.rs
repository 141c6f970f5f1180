//! `source detect` and `source add` of the real binary: what is suggested, what is written, what is refused.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Reply, Sandbox, Server};

const COMPOSE: &str = "services:\n  web:\n    image: nginx:1.27\n    environment:\n      PASSWORD: hunter2\n";

fn suggestion<'a>(found: &'a [Value], detector: &str) -> &'a Value {
    found.iter().find(|one| one["detector"] == detector).unwrap_or_else(|| panic!("no {detector} in {found:?}"))
}

#[test]
fn a_directory_is_looked_at_and_nothing_of_it_is_secret_or_written() {
    let sandbox = Sandbox::new();
    sandbox.write("shop/compose.yaml", COMPOSE);
    sandbox.write("shop/.env", "API_KEY=hunter2\n");
    sandbox.write("shop/bad.json", "{");
    let ran = sandbox.stellar(&["source", "detect", "home/shop", "--json"]).expect(0);
    let found = ran.payloads();
    assert_eq!(suggestion(&found, "compose")["source"], "compose-shop");
    assert!(suggestion(&found, "compose")["reasons"].as_array().expect("reasons").iter().any(|one| one["code"] == "secrets_left_out"));
    suggestion(&found, "dotenv");
    let seen = found.last().expect("the last line");
    assert_eq!((&seen["suggestions"], &seen["looked_into"], &seen["left_out"][0]["count"]), (&json!(2), &json!(3), &json!(1)));
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"));
    let plain = sandbox.stellar(&["source", "detect", "home/shop"]).expect(0);
    for text in ["compose-shop", "[[source]]", "values_left_out", "left out 1:", "source add --from"] {
        assert!(plain.stdout.contains(text), "{text}: {}", plain.stdout);
    }
    assert!(!plain.stdout.contains("hunter2") && !sandbox.config_file().exists());
    for (path, bytes) in sandbox.data_files() {
        assert!(!bytes.windows(7).any(|part| part == b"hunter2"), "{}", path.display());
    }
}

#[test]
fn a_dotenv_that_is_added_brings_names_and_never_a_value() {
    let sandbox = Sandbox::new();
    sandbox.write("shop/.env", "API_KEY=hunter2\nEMPTY=\n");
    sandbox.stellar(&["source", "add", "--from", "home/shop/.env", "--yes"]).expect(0);
    let facts = sandbox.stellar(&["list", "env/**", "--json", "--reveal"]).expect(0);
    assert_eq!(facts.fact("env/shop/API_KEY")["value"], "set");
    assert_eq!(facts.fact("env/shop/EMPTY")["value"], "empty");
    for (path, bytes) in sandbox.data_files() {
        assert!(!bytes.windows(7).any(|part| part == b"hunter2"), "{}", path.display());
    }
}

#[test]
fn adding_shows_asks_and_keeps_every_comment() {
    let config = "# mine\nversion = 1\n[app] # kept\ntheme   = \"default\"\n";
    let sandbox = Sandbox::with_config(config);
    sandbox.write("shop/compose.yaml", COMPOSE);
    let read = || fs::read_to_string(sandbox.config_file()).expect("the configuration");
    let add = |more: &[&str]| sandbox.stellar(&[&["source", "add", "--from", "home/shop"], more].concat());
    // Nobody is there to be asked.
    let asked = add(&[]).expect(4);
    assert!(asked.stdout.contains("+name = \"compose-shop\"") && asked.stderr.contains("--yes"), "{}{}", asked.stdout, asked.stderr);
    assert_eq!(add(&["--json"]).expect(4).error_code(), "decision_needed");
    let dry = add(&["--dry-run", "--json"]).expect(0).payloads();
    assert_eq!((&dry[0]["added"], &dry[0]["sources"]), (&json!(false), &json!(["compose-shop"])));
    assert!(dry[0]["diff"].as_str().expect("a diff").contains("after line 4"), "{}", dry[0]["diff"]);
    assert_eq!(read(), config);
    add(&["--yes"]).expect(0);
    let after = read();
    assert!(after.starts_with(config), "{after}");
    // What was watched before is watched still.
    let facts = sandbox.stellar(&["list", "--json"]).expect(0);
    assert!(facts.payloads().iter().any(|fact| fact["key"].as_str().is_some_and(|key| key.starts_with("host/"))));
    assert_eq!(facts.fact("compose/shop/services/web/image")["wanted"], "nginx:1.27");
    // Once is enough.
    let again = add(&["--yes", "--json"]).expect(1);
    assert_eq!(again.error_code(), "source_exists");
    assert_eq!(read(), after);
    add(&["--yes", "--pick", "compose-shop", "--dry-run"]).expect(1);
    sandbox.stellar(&["source", "add", "other", "--from", "home/shop", "--yes"]).expect(0);
    assert!(read().starts_with(&after) && read().contains("name = \"other\""));
    sandbox.stellar(&["config", "check"]).expect(0);
}

#[test]
fn sources_come_from_flags_and_texts_too() {
    let sandbox = Sandbox::new();
    let facts = sandbox.write("facts.json", r#"{"a": 1}"#);
    sandbox.stellar(&["source", "add", "mine", "--kind", "file", "--path", "home/facts.json", "--prefix", "mine", "--yes"]).expect(0);
    assert_eq!(sandbox.stellar(&["get", "mine/a", "--json"]).expect(0).fact("mine/a")["value"], 1);
    let block = sandbox.write(
        "block.toml",
        format!("# of a friend\n[[source]]\nname = \"two\"\nkind = \"file\"\npath = {:?}\nprefix = \"two\"\n", facts.display()),
    );
    sandbox.stellar(&["source", "add", "--block", "home/block.toml", "--yes"]).expect(0);
    assert!(fs::read_to_string(sandbox.config_file()).expect("the configuration").contains("# of a friend"));
    assert_eq!(sandbox.stellar(&["get", "two/a", "--json"]).expect(0).fact("two/a")["value"], 1);
    let block = block.display().to_string();
    for (args, code, exit) in [
        (vec!["--kind", "file", "--path", "x"], "usage", 2),
        (vec!["x"], "usage", 2),
        (vec!["x", "--kind", "http", "--url", "nonsense", "--yes"], "", 2),
        (vec!["x", "--kind", "file", "--block", block.as_str(), "--yes"], "usage", 2),
        (vec!["--block", "home/facts.json", "--yes"], "bad_block", 2),
        (vec!["--block", "home/none.toml", "--yes"], "bad_block", 2),
        (vec!["--from", "home/nowhere", "--yes"], "no_such_target", 3),
        (vec!["--from", "home/facts.json", "--pick", "zzz", "--yes"], "no_suggestion", 3),
        (vec!["--from", "ftp://x/", "--yes"], "bad_target", 2),
    ] {
        let ran = sandbox.stellar(&[&["source", "add", "--json"], args.as_slice()].concat()).expect(exit);
        let found = ran.error_code();
        assert!(code.is_empty() || found == code, "{args:?}: {found}");
    }
}

#[test]
fn several_suggestions_are_named_and_none_is_guessed() {
    let sandbox = Sandbox::new();
    sandbox.write("shop/compose.yaml", COMPOSE);
    sandbox.write("shop/package.json", r#"{"name":"site","version":"1.2.3"}"#);
    let asked = sandbox.stellar(&["source", "add", "--from", "home/shop", "--yes"]).expect(4);
    assert!(
        asked.stderr.contains("compose-shop") && asked.stderr.contains("package-site") && asked.stderr.contains("--pick"),
        "{}",
        asked.stderr
    );
    assert!(!sandbox.config_file().exists());
    sandbox.stellar(&["source", "add", "--from", "home/shop", "--pick", "package-site", "--yes"]).expect(0);
    assert_eq!(sandbox.stellar(&["get", "package/site/version", "--json"]).expect(0).fact("package/site/version")["value"], "1.2.3");
}

#[test]
fn a_name_that_would_move_the_cursor_reaches_nobody_raw() {
    let sandbox = Sandbox::new();
    sandbox.write("evil/compose.json", "{\"name\":\"a\\u001b[2J\\u202eb\",\"services\":{\"w\\u001b[31m\":{\"image\":\"x\"}}}");
    sandbox.write("evil/b\u{1b}[2J.json", "{}");
    for args in [
        ["source", "detect", "home/evil"].as_slice(),
        &["source", "detect", "home/evil", "--json"],
        &["source", "add", "--from", "home/evil", "--dry-run"],
    ] {
        let ran = sandbox.stellar(args).expect(0);
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        }
    }
}

#[test]
fn a_running_engine_takes_up_what_is_added_and_leaves_a_bad_edit_alone() {
    let server = Server::start();
    server.on("/services", Reply::json(&json!({"items": [{"name": "cart", "replicas": 2}]})));
    let sandbox = Sandbox::with_config("# mine\n");
    let running = sandbox.serve();
    sandbox.stellar(&["source", "add", "cluster", "--from", &server.url("/services"), "--yes"]).expect(0);
    // Who asks meanwhile waits until the one that serves has it too.
    let listed = sandbox.stellar(&["source", "list", "--json"]).expect(0).payloads();
    assert!(listed.iter().any(|source| source["source"] == "cluster"));
    assert_eq!(sandbox.stellar(&["get", "services/cart/replicas", "--json"]).expect(0).fact("services/cart/replicas")["value"], 2);
    let good = fs::read_to_string(sandbox.config_file()).expect("the configuration");
    sandbox.write(".config/stellar/config.toml", format!("{good}\n[[source]\n"));
    let log = sandbox.path(".local/state/stellar/log/stellar.log");
    let noticed = (0..600).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        fs::read_to_string(&log).is_ok_and(|text| text.contains("cannot be used"))
    });
    assert!(noticed, "{}", fs::read_to_string(&log).unwrap_or_default());
    sandbox.write(".config/stellar/config.toml", &good);
    assert_eq!(sandbox.stellar(&["get", "services/cart/replicas", "--json"]).expect(0).fact("services/cart/replicas")["value"], 2);
    assert_eq!(running.terminate(), 0);
}

#[test]
fn a_running_engine_takes_up_a_schema_file_that_changes() {
    let source = "[[source]]\nname = \"one\"\nkind = \"file\"\npath = \"one.json\"\n";
    let sandbox = Sandbox::with_config(&format!("{source}[[key]]\nmatch = \"a\"\nschema = \"file:schema.json\"\n"));
    sandbox.write(".config/stellar/one.json", r#"{"a": "x"}"#);
    sandbox.write(".config/stellar/schema.json", r#"{"type": "integer"}"#);
    let running = sandbox.serve();
    let fits = || {
        let fact = sandbox.stellar(&["get", "a", "--json"]).expect(0).fact("a");
        !fact["reason_codes"].as_array().expect("reasons").contains(&json!("schema_invalid"))
    };
    assert!(!fits());
    sandbox.write(".config/stellar/schema.json", r#"{"type": "string"}"#);
    assert!(fits());
    assert_eq!(running.terminate(), 0);
}

#[test]
fn a_running_engine_remembers_what_it_saw_and_reads_rules_again() {
    let server = Server::start();
    server.on("/services", Reply::json(&json!({"items": [{"name": "cart", "replicas": 2}]})));
    let sandbox = Sandbox::with_config("# mine\n");
    let running = sandbox.serve();
    let look = |more: &[&str]| {
        let url = server.url("/services");
        let found = sandbox.stellar(&[&["source", "detect", url.as_str(), "--json"], more].concat()).expect(0).payloads();
        let seen = found.last().expect("the last line").clone();
        (found[0]["detector"].clone(), seen["remembered"].clone(), server.requests().len())
    };
    assert_eq!(look(&[]), (json!("http-json"), json!(0), 1));
    assert_eq!(look(&[]), (json!("http-json"), json!(1), 1));
    assert_eq!(look(&["--refresh"]), (json!("http-json"), json!(0), 2));
    sandbox.write(
        ".config/stellar/detectors.toml",
        "[[detector]]\nname = \"mine\"\nurl = \"http://127.0.0.1*\"\nconfidence = 1.0\n[detector.source]\n",
    );
    assert_eq!(look(&[]), (json!("mine"), json!(0), 3));
    // A rule that makes no sound source suggests nothing, and says so.
    sandbox.write(
        ".config/stellar/detectors.toml",
        "[[detector]]\nname = \"mine\"\nurl = \"http://*\"\nconfidence = 1.0\n[detector.source]\ntrust = 7\n",
    );
    assert_eq!(look(&[]), (json!("http-json"), json!(0), 4));
    let plain = sandbox.stellar(&["source", "detect", &server.url("/services")]).expect(0);
    assert!(plain.stdout.contains("the suggestion of mine"), "{}", plain.stdout);
    assert_eq!(running.terminate(), 0);
}
