//! Real commands: what they are given, how they fail, and that nothing of them stays.

use std::time::Duration;

use super::*;
use crate::{
    config::SourceKind,
    engine::source::support::{self, lines as shown},
};

fn source(command: &[&str], change: impl FnOnce(&mut SourceConfig, &mut ExecConfig)) -> Result<ExecSource, String> {
    let mut exec = ExecConfig {
        command: command.iter().map(ToString::to_string).collect(),
        format: OutputFormat::Json,
        env: Vec::new(),
        max_output: 1 << 20,
        depth: 0,
    };
    let mut config = support::config("tool", SourceKind::Host);
    change(&mut config, &mut exec);
    config.kind = SourceKind::Exec(exec.clone());
    let environment =
        [("PATH", "relative:/usr/bin:.:/bin"), ("HOME", "/home/somebody"), ("LANG", "C"), ("LISTED", "yes"), ("SECRET", "no")];
    let environment: Vec<(String, String)> = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    ExecSource::new(&config, &exec, std::env::temp_dir(), &environment)
}

fn shell(script: &str, change: impl FnOnce(&mut SourceConfig, &mut ExecConfig)) -> ExecSource {
    source(&["sh", "-c", script], change).unwrap()
}

async fn error_of(script: &str, change: impl FnOnce(&mut SourceConfig, &mut ExecConfig)) -> SourceError {
    shell(script, change).fetch().await.unwrap_err()
}

#[tokio::test]
async fn json_becomes_facts() {
    let fetched = shell(r#"printf '{"service":{"a":{"replicas":3}}}'"#, |_, _| ()).fetch().await.unwrap();
    assert_eq!(shown(&fetched), ["service/a/replicas=3"]);
    assert!(fetched.complete);
}

#[tokio::test]
async fn lines_become_items() {
    let source = shell("printf 'one\\n\\ntwo\\n'", |config, exec| {
        exec.format = OutputFormat::Lines;
        config.maps = vec![support::map("", "line/{$.line}", "$.text")];
    });
    assert_eq!(shown(&source.fetch().await.unwrap()), ["line/1=\"one\"", "line/3=\"two\""]);
    let why = source_error(|_, exec| exec.format = OutputFormat::Lines);
    assert!(why.contains("[[source.map]]"), "{why}");
}

fn source_error(change: impl FnOnce(&mut SourceConfig, &mut ExecConfig)) -> String {
    source(&["true"], change).err().unwrap()
}

#[tokio::test]
async fn only_the_listed_environment_is_passed_on() {
    let source = source(&["env"], |config, exec| {
        exec.format = OutputFormat::Lines;
        exec.env = vec!["LISTED".to_owned()];
        config.maps = vec![support::map("", "{$.line}", "$.text")];
    });
    let fetched = source.unwrap().fetch().await.unwrap();
    let mut variables: Vec<String> = fetched.items.iter().map(|item| item.value.plain_text().into_owned()).collect();
    variables.sort();
    assert_eq!(variables, ["HOME=/home/somebody", "LANG=C", "LISTED=yes", "PATH=/usr/bin:/bin"]);
}

#[tokio::test]
async fn arguments_are_no_shell_text_and_stdin_is_empty() {
    let fetched = source(&["printf", "{\"x\":\"%s\"}", "$(id); `id` *"], |_, _| ()).unwrap().fetch().await.unwrap();
    assert_eq!(shown(&fetched), ["x=\"$(id); `id` *\""]);
    let fetched = shell("cat; printf '{\"cwd\":\"%s\"}' \"$PWD\"", |_, _| ()).fetch().await.unwrap();
    let here = std::env::temp_dir();
    assert_eq!(shown(&fetched), [format!("cwd={:?}", here.to_string_lossy().trim_end_matches('/'))]);
}

#[tokio::test]
async fn failures_say_what_happened() {
    let error = error_of("echo 'no such context: prod' >&2; echo more >&2; exit 3", |_, _| ()).await;
    assert_eq!(error.code, "exec_failed");
    assert!(error.message.contains("exit code 3: no such context: prod") && !error.message.contains("more"), "{error}");
    let error = error_of("kill -9 $$", |_, _| ()).await;
    assert!(error.message.contains("signal: 9"), "{error}");
    let error = source(&["no-such-program-here"], |_, _| ()).unwrap().fetch().await.unwrap_err();
    assert_eq!(error.code, "not_found");
    let error = source(&["/etc"], |_, _| ()).unwrap().fetch().await.unwrap_err();
    assert_eq!(error.code, "denied");
    assert_eq!(error_of("echo '<html>'", |_, _| ()).await.code, "not_json");
    assert_eq!(error_of("printf '\\377'", |_, _| ()).await.code, "not_utf8");
    assert_eq!(error_of("true", |_, _| ()).await.code, "not_json");
}

#[tokio::test]
async fn endless_output_is_stopped_at_the_limit() {
    let error = error_of("yes", |_, exec| exec.max_output = 4096).await;
    assert_eq!(error.code, "too_large");
    let fetched = shell("i=0; while [ $i -lt 3000 ]; do echo 'a long line on standard error' >&2; i=$((i+1)); done; echo '{}'", |_, _| ());
    assert!(fetched.fetch().await.is_ok(), "standard error without end does not block the command");
}

/// Whether any process of the group is alive.
fn is_alive(leader: i32) -> bool {
    rustix::process::test_kill_process_group(rustix::process::Pid::from_raw(leader).unwrap()).is_ok()
}

async fn leader_in(path: &std::path::Path) -> i32 {
    loop {
        if let Some(leader) = std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()) {
            return leader;
        }
        tokio::task::yield_now().await;
    }
}

async fn wait_until_dead(leader: i32) {
    while is_alive(leader) {
        tokio::task::yield_now().await;
    }
}

/// A shell that ignores SIGTERM, with a child that does too, and leaves its id in a file.
fn stubborn(path: &std::path::Path) -> String {
    format!("trap '' TERM; sleep 1000 & echo $$ > {0}.new; mv {0}.new {0}; wait; sleep 1000", path.display())
}

#[tokio::test]
async fn the_whole_group_ends_at_the_time_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("leader");
    let error = error_of(&stubborn(&path), |config, _| config.timeout = Duration::from_millis(300)).await;
    assert_eq!(error.code, "timeout");
    wait_until_dead(leader_in(&path).await).await;
}

#[tokio::test]
async fn the_whole_group_ends_with_its_caller() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("leader");
    let source = shell(&stubborn(&path), |_, _| ());
    let leader = {
        let fetch = source.fetch();
        tokio::select! {
            _ = fetch => panic!("it does not end by itself"),
            leader = leader_in(&path) => leader,
        }
    };
    wait_until_dead(leader).await;
}
