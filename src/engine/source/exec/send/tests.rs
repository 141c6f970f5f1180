//! Changes handed to real commands.

use std::{path::Path, time::Duration};

use super::*;
use crate::{
    config::{ExecSource as ExecConfig, OutputFormat, SourceConfig, SourceKind},
    engine::source::{
        Source,
        exec::ExecSource,
        support::{self, change, short},
    },
    fact::Base,
};

/// A source that reads `state` and writes by this command.
fn source(dir: &Path, command: &[&str], shape: impl FnOnce(&mut SourceConfig)) -> ExecSource {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let exec = ExecConfig {
        command: texts(&["cat", "state"]),
        format: OutputFormat::Json,
        env: vec!["LISTED".to_owned(), "API_TOKEN".to_owned()],
        max_output: 4096,
        depth: 0,
    };
    let mut config = support::config("tool", SourceKind::Exec(exec.clone()));
    config.writable = true;
    config.writes = vec![WriteConfig {
        pattern: Pattern::new("s/*").unwrap(),
        method: String::new(),
        url: String::new(),
        body: String::new(),
        command: texts(command),
    }];
    shape(&mut config);
    let environment = [("PATH", "/usr/bin:/bin"), ("LISTED", "yes"), ("SECRET", "no"), ("STELLAR_ID", "forged"), ("API_TOKEN", "s3cret")];
    let environment: Vec<(String, String)> = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    ExecSource::new(&config, &exec, dir.to_path_buf(), &environment).unwrap()
}

fn home(state: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("state"), state).unwrap();
    dir
}

async fn deliver(source: &ExecSource, change: &Change) -> String {
    short(&source.deliver(change).unwrap().await)
}

#[tokio::test]
async fn the_value_is_on_stdin_and_the_names_in_the_environment() {
    let dir = home(r#"{"s":{"a b":3}}"#);
    let script = "{ cat; env | sort; printf '%s|' \"$@\"; } > got";
    let source = source(dir.path(), &["sh", "-c", script, "sh", "{1}", "--to={value}", "{base};$(id)"], |_| ());
    assert_eq!(deliver(&source, &change("s/a b", Some("3"), "-4")).await, "accepted");
    let got = std::fs::read_to_string(dir.path().join("got")).unwrap();
    assert!(got.starts_with("-4\n"), "{got}");
    for line in ["LISTED=yes", "STELLAR_ID=0199-x", "STELLAR_IDEMPOTENCY_KEY=0199-key", "STELLAR_KEY=s/a b", "a b|--to=-4|3;$(id)|"] {
        assert!(got.lines().any(|got| got == line), "{line} in {got}");
    }
    assert!(!got.contains("SECRET") && !got.contains("forged"), "{got}");
}

#[tokio::test]
async fn every_end_has_its_outcome() {
    let dir = home(r#"{"s":{"a":3}}"#);
    let table = [
        ("exit 0", "accepted"),
        ("echo no such thing >&2; exit 64", "refused: the command ended with exit code 64: no such thing"),
        ("exit 65", "refused: the command ended with exit code 65"),
        ("exit 69", "unavailable maybe: exec_failed"),
        ("exit 75", "unavailable maybe: exec_failed"),
        ("exit 77", "denied: the command ended with exit code 77"),
        ("echo what; exit 1", "poison maybe: the command ended with exit code 1: what"),
        ("exit 127", "poison maybe: the command ended with exit code 127"),
        ("kill -9 $$", "poison maybe: the command was ended by signal: 9 (SIGKILL)"),
        ("yes | head -c 1000000; exit 0", "accepted"),
        ("exec 0<&-; exit 0", "accepted"),
    ];
    for (script, expected) in table {
        assert_eq!(deliver(&source(dir.path(), &["sh", "-c", script], |_| ()), &change("s/a", Some("3"), "4")).await, expected, "{script}");
    }
    let tells = source(dir.path(), &["sh", "-c", "echo $API_TOKEN is wrong >&2; exit 65"], |_| ());
    assert_eq!(deliver(&tells, &change("s/a", Some("3"), "4")).await, "refused: the command ended with exit code 65: (secret) is wrong");
    let secret = Change { secret: true, ..change("s/a", Some("3"), "\"hunter2\"") };
    assert_eq!(
        deliver(&source(dir.path(), &["sh", "-c", "cat; exit 1"], |_| ()), &secret).await,
        "poison maybe: the command ended with exit code 1"
    );
    assert_eq!(deliver(&source(dir.path(), &["no-such-command"], |_| ()), &change("s/a", Some("3"), "4")).await, "unavailable: not_found");
    assert!(deliver(&source(dir.path(), &["./state"], |_| ()), &change("s/a", Some("3"), "4")).await.starts_with("denied: "));
}

#[tokio::test]
async fn the_time_out_ends_it_and_it_may_have_done_its_work() {
    let dir = home(r#"{"s":{"a":3}}"#);
    let slow = source(dir.path(), &["sh", "-c", "echo $$ > leader; sleep 1000"], |config| config.timeout = Duration::from_millis(300));
    assert_eq!(deliver(&slow, &change("s/a", Some("3"), "4")).await, "unavailable maybe: timeout");
    let leader = std::fs::read_to_string(dir.path().join("leader")).unwrap().trim().parse().unwrap();
    while rustix::process::test_kill_process_group(rustix::process::Pid::from_raw(leader).unwrap()).is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_base_is_checked_before_anything_is_run() {
    let dir = home(r#"{"s":{"a":3}}"#);
    let write = source(dir.path(), &["sh", "-c", "echo ran >> ran; printf '{\"s\":{\"a\":%s}}' \"$(cat)\" > state"], |_| ());
    assert_eq!(deliver(&write, &change("s/a", Some("2"), "4")).await, "moved to 3");
    assert_eq!(deliver(&write, &change("s/a", None, "4")).await, "moved to 3");
    assert_eq!(deliver(&write, &change("s/b", Some("2"), "4")).await, "moved to nothing");
    assert_eq!(deliver(&write, &change("s/a", Some("2"), "3")).await, "accepted confirmed");
    assert!(!dir.path().join("ran").exists());
    assert_eq!(deliver(&write, &change("s/a", Some("3"), "4")).await, "accepted");
    let key = Key::new("s/a").unwrap();
    assert_eq!(write.reread(&key).unwrap().await.unwrap().unwrap().as_json_text(), "4");
    let blind = Change { base: Base::Unknown, ..change("s/a", None, "5") };
    assert_eq!(deliver(&write, &blind).await, "accepted");
    std::fs::write(dir.path().join("state"), "<html>").unwrap();
    assert!(deliver(&write, &change("s/a", Some("3"), "4")).await.starts_with("poison: "), "a base nobody can read");
}

#[tokio::test]
async fn names_that_would_be_options_are_refused_and_nothing_is_run() {
    let dir = home(r#"{"s":{"-rf":1}}"#);
    let source = source(dir.path(), &["sh", "-c", "echo ran > ran", "sh", "{1}"], |_| ());
    let outcome = deliver(&source, &change("s/-rf", Some("1"), "2")).await;
    assert!(outcome.starts_with("refused: [[source.write]]") && outcome.contains("take for an option"), "{outcome}");
    assert!(!dir.path().join("ran").exists());
}

#[test]
fn only_what_is_configured_is_written() {
    let dir = home("{}");
    let writes = |shape: fn(&mut SourceConfig), key: &str| {
        let source = source(dir.path(), &["true"], shape);
        source.deliver(&change(key, None, "1")).is_some()
    };
    assert!(writes(|_| (), "s/a") && !writes(|_| (), "t/a") && !writes(|config| config.writable = false, "s/a"));
    assert!(!writes(|config| config.keys = vec![Pattern::new("t/*").unwrap()], "s/a"));
}
