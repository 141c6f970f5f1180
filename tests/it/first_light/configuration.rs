//! A configuration that is wrong, or not ours: one sentence with its place, exit 2, and nothing run.

use std::{fs, os::unix::fs::PermissionsExt as _};

use super::scene::{Scene, UNDISPUTED};
use crate::support::{Reply, Sandbox, Server};

/// Runs `list` with this configuration and returns what stderr says; the exit code is 2 and the file is named.
#[track_caller]
fn refused(config: &str) -> String {
    let sandbox = Sandbox::with_config(config);
    let ran = sandbox.stellar(&["list", "--json"]).expect(2);
    ran.error_code();
    assert!(ran.stderr.contains("config.toml"), "{}", ran.stderr);
    let check = sandbox.stellar(&["config", "check"]).expect(2);
    format!("{}{}{}", ran.stderr, check.stdout, check.stderr)
}

#[test]
fn mistakes_are_named_with_line_found_and_expected() {
    let said = refused("version = 1\n\n[cache]\nttl = \"soon\"\n");
    assert!(said.contains("4") && said.contains("soon") && said.contains("15m"), "{said}");
    let said = refused("[cache\n");
    assert!(said.contains('1'), "{said}");
    let said = refused("[cache]\nttll = \"5m\"\n");
    assert!(said.contains("ttll") && said.contains("ttl"), "{said}");
    let said = refused("version = 2\n");
    assert!(said.contains("version") && said.contains('2'), "{said}");
    let source = "[[source]]\nname = \"wiki\"\nkind = \"file\"\npath = \"a.json\"\n";
    let said = refused(&format!("{source}{source}"));
    assert!(said.contains("wiki"), "{said}");
}

#[test]
fn what_this_build_does_not_have_is_named() {
    let sandbox =
        Sandbox::with_config("[[source]]\nname = \"team\"\nkind = \"nats\"\nurl = \"nats://127.0.0.1:4222\"\nbucket = \"facts\"\n");
    assert_eq!(sandbox.stellar(&["list", "--json"]).expect(2).error_code(), "not_in_this_build");
}

#[test]
fn a_file_that_others_may_write_is_refused() {
    let sandbox = Sandbox::with_config("version = 1\n");
    for mode in [0o666, 0o620] {
        fs::set_permissions(sandbox.config_file(), fs::Permissions::from_mode(mode)).expect("its mode");
        let ran = sandbox.stellar(&["list", "--json"]).expect(2);
        assert!(
            ran.stderr.contains("can be written by") && ran.stderr.contains("chmod go-w") && ran.stderr.contains("config.toml"),
            "{}",
            ran.stderr
        );
    }
    fs::set_permissions(sandbox.config_file(), fs::Permissions::from_mode(0o600)).expect("its mode");
    sandbox.stellar(&["list"]).expect(0);
}

#[test]
fn a_foreign_configuration_runs_nothing_until_it_is_trusted() {
    let scene = Scene::new();
    let marker = scene.sandbox.path("marker");
    scene.server.on("/public", Reply::text("application/json", r#"{"public": {"value": 1}}"#));
    let config = format!(
        "[[source]]\nname = \"open\"\nkind = \"http\"\nurl = \"{}\"\n\
         [[source]]\nname = \"tool\"\nkind = \"exec\"\ncommand = [\"sh\", \"-c\", 'echo ran >> {}; echo \"{{\\\"tool\\\": {{\\\"ran\\\": true}}}}\"']\n\
         [[source]]\nname = \"token\"\nkind = \"http\"\nurl = \"{}\"\nheaders = {{ Authorization = \"env:LANG\" }}\n",
        scene.server.url("/public"),
        marker.display(),
        scene.server.url("/private"),
    );
    let file = scene.sandbox.write("elsewhere/stellar.toml", config);
    let file = file.to_str().expect("UTF-8");
    let facts = scene.sandbox.stellar(&["--config", file, "list", "--json"]).expect(0);
    assert_eq!(facts.fact("public/value")["value"], 1);
    let reports = scene.sandbox.stellar(&["--config", file, "refresh", "--json"]).expect(0).payloads();
    for name in ["tool", "token"] {
        let report = reports.iter().find(|report| report["source"] == name).expect("a report of each");
        assert_eq!(report["error"]["code"], "untrusted", "{report}");
    }
    assert!(!marker.exists(), "the command ran");
    assert!(!scene.server.requests().contains(&"/private".to_owned()), "the secret was resolved and sent");

    scene.sandbox.stellar(&["config", "trust", file]).expect(0);
    scene.sandbox.stellar(&["--config", file, "refresh"]).expect(0);
    assert!(marker.exists(), "trusted, and yet it did not run");
    assert_eq!(scene.sandbox.stellar(&["--config", file, "get", "tool/ran", "--json"]).expect(0).fact("tool/ran")["value"], true);

    // Trust is in the digest: an edit takes it away.
    fs::remove_file(&marker).expect("the marker");
    let edited = fs::read_to_string(file).expect("the file") + "\n# one more line\n";
    fs::write(file, edited).expect("the edit");
    scene.sandbox.stellar(&["--config", file, "refresh"]).expect(0);
    assert!(!marker.exists(), "an edited file is no longer trusted");
}

#[test]
fn the_current_directory_is_never_read() {
    let sandbox = Sandbox::new();
    for name in ["config.toml", "stellar.toml", ".stellar.toml", "stellar/config.toml"] {
        sandbox.write(name, "this is no TOML");
    }
    let mut command = sandbox.stellar_command(&["list"]);
    command.current_dir(sandbox.path(""));
    crate::support::Ran::of(command).expect(0);
}

#[test]
fn secrets_are_never_shown() {
    let server = Server::start();
    server.on("/", Reply::text("application/json", r#"{"db": {"password": "hunter2", "name": "orders"}}"#));
    let sandbox = Sandbox::with_config(&format!(
        "[[source]]\nname = \"api\"\nkind = \"http\"\nurl = \"{}\"\nheaders = {{ Authorization = \"letmein\" }}\n",
        server.url("/")
    ));
    sandbox.stellar(&["list"]).expect(0);
    for args in [
        &["list", "--json"][..],
        &["list"],
        &["get", "db/password", "--json"],
        &["why", "db/password"],
        &["config", "show", "--json"],
        &["config", "show"],
        &["source", "test", "api", "--json"],
        &["doctor"],
    ] {
        let ran = sandbox.stellar(args).expect(0);
        for secret in ["hunter2", "letmein"] {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{args:?} shows {secret}: {}", ran.stdout);
        }
    }
    assert!(sandbox.stellar(&["get", "db/password", "--value", "--reveal"]).expect(0).stdout.contains("hunter2"));
}

#[test]
fn init_writes_a_file_that_checks_and_keeps_what_is_there() {
    let sandbox = Sandbox::new();
    sandbox.stellar(&["config", "init"]).expect(0);
    sandbox.stellar(&["config", "check"]).expect(0);
    let before = fs::read(sandbox.config_file()).expect("the file");
    sandbox.stellar(&["config", "init", "--json"]).expect(1);
    assert_eq!(fs::read(sandbox.config_file()).expect("the file"), before);
    sandbox.stellar(&["list"]).expect(0);
}

#[test]
fn a_source_taken_out_of_the_configuration_no_longer_counts() {
    let scene = Scene::new();
    scene.sandbox.stellar(&["list"]).expect(0);
    let text = fs::read_to_string(scene.sandbox.config_file()).expect("the file");
    let without = text.split("[[source]]\nname = \"wiki\"").next().expect("the part before").to_owned();
    scene.sandbox.write(".config/stellar/config.toml", without);
    assert_eq!(scene.sandbox.stellar(&["conflicts", "list", "--json"]).expect(0).stdout, "");
    assert_eq!(scene.sandbox.stellar(&["get", UNDISPUTED, "--json"]).expect(0).fact(UNDISPUTED)["value"], 9);
}
