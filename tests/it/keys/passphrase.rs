//! A cache behind a passphrase: from a variable, from a file, from a terminal.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::{
    screen::terminal::Terminal,
    support::{Ran, Running, Sandbox},
};

const PASSPHRASE: &str = "correct horse battery staple";

fn sandbox() -> Sandbox {
    Sandbox::with_config("[cache]\nkey = \"passphrase\"\n")
}

fn with(sandbox: &Sandbox, passphrase: &str, args: &[&str]) -> Ran {
    let mut command = sandbox.stellar_command(args);
    command.env("STELLAR_PASSPHRASE", passphrase);
    Ran::of(command)
}

/// Every byte stellar keeps in this home.
fn kept(sandbox: &Sandbox) -> Vec<u8> {
    let mut open = vec![sandbox.path(".local")];
    let mut all = Vec::new();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).expect("a directory").flatten() {
            if entry.path().is_dir() { open.push(entry.path()) } else { all.extend(fs::read(entry.path()).expect("a file")) }
        }
    }
    all
}

#[test]
fn without_a_terminal_it_comes_from_a_variable_or_a_private_file() {
    let sandbox = sandbox();
    let nobody = sandbox.stellar(&["list", "--json"]).expect(1);
    assert_eq!(nobody.error_code(), "key_unavailable");
    assert!(nobody.stderr.contains("STELLAR_PASSPHRASE_FILE") && nobody.stderr.contains("no terminal"), "{}", nobody.stderr);
    assert!(!sandbox.data_dir().exists(), "nothing was made");
    with(&sandbox, PASSPHRASE, &["list"]).expect(0);
    assert!(!sandbox.path(".local/state/stellar/keys").exists(), "there is no key file");
    let file = sandbox.write("pass", format!("{PASSPHRASE}\n"));
    let from_file = || {
        let mut command = sandbox.stellar_command(&["list", "--offline", "--json"]);
        command.env("STELLAR_PASSPHRASE_FILE", &file);
        Ran::of(command)
    };
    assert!(!from_file().expect(0).payloads().is_empty());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("a mode");
    assert!(from_file().expect(1).stderr.contains("open to others"));
    let status = with(&sandbox, PASSPHRASE, &["cache", "status"]).expect(0).stdout;
    assert!(status.contains("Argon2id, 64 MiB, 3 passes") && status.contains("not against"), "{status}");
}

#[test]
fn a_mistyped_one_changes_nothing_and_is_in_no_file() {
    let sandbox = sandbox();
    with(&sandbox, PASSPHRASE, &["list"]).expect(0);
    let before = fs::read(sandbox.data_dir().join("keyslots")).expect("keyslots");
    let wrong = with(&sandbox, "correct house battery staple", &["list", "--json"]).expect(1);
    assert_eq!(wrong.error_code(), "key_unavailable");
    assert!(wrong.stderr.contains("that is not the passphrase of this cache") && wrong.stderr.contains("nothing was changed"));
    assert!(!wrong.stderr.contains("house") && !wrong.stdout.contains("house"));
    assert_eq!(fs::read(sandbox.data_dir().join("keyslots")).expect("keyslots"), before);
    with(&sandbox, PASSPHRASE, &["get", "host/load/1m", "--offline"]).expect(0);
    let kept = kept(&sandbox);
    for words in [PASSPHRASE.as_bytes(), b"correct house"] {
        assert!(!kept.windows(words.len()).any(|window| window == words));
    }
}

#[test]
fn a_terminal_is_asked_without_echo_and_three_times() {
    let sandbox = sandbox();
    let mut first = Terminal::start(&sandbox.stellar_command(&["list"]), 100, 30);
    first.wait_for_text("New passphrase for the cache:");
    first.send(b"one\r");
    first.wait_for_text("The same again:");
    first.send(b"two\r");
    first.wait_for_text("The two differ.");
    first.send(b"hunter2\r");
    first.wait_for("the second question", |screen| screen.contents().matches("The same again:").count() == 2);
    assert!(!first.is_cooked(), "nothing is echoed");
    first.send(b"hunterq\x7f2\r");
    first.wait_for_text("host/");
    assert_eq!(first.wait_for_end(), 0);
    assert!(!first.text().contains("hunter2") && !String::from_utf8_lossy(&first.written).contains("hunter"));

    let mut again = Terminal::start(&sandbox.stellar_command(&["list", "--offline"]), 100, 30);
    again.wait_for_text("Passphrase of the cache:");
    again.send(b"hunter3\r");
    again.wait_for_text("That is not it.");
    again.send(b"hunter2\r");
    again.wait_for_text("host/");
    assert_eq!(again.wait_for_end(), 0);

    let mut never = Terminal::start(&sandbox.stellar_command(&["list", "--offline"]), 100, 30);
    never.wait_for_text("Passphrase of the cache:");
    for times in 1..=3 {
        never.send(b"no\r");
        never.wait_for("an answer", |screen| screen.contents().matches("That is not").count() >= times.min(2));
    }
    never.wait_for_text("that is not the passphrase of this cache");
    assert_eq!(never.wait_for_end(), 1);

    let mut interrupted = Terminal::start(&sandbox.stellar_command(&["list", "--offline"]), 100, 30);
    interrupted.wait_for_text("Passphrase of the cache:");
    interrupted.send(b"hun\x03");
    interrupted.wait_for_text("interrupted");
    assert_eq!(interrupted.wait_for_end(), 1);
    assert!(interrupted.is_cooked(), "the terminal is as it was");
}

#[test]
fn serve_asks_once_and_everybody_else_is_answered_without() {
    let sandbox = sandbox();
    let mut command = sandbox.stellar_command(&["serve"]);
    command.env("STELLAR_PASSPHRASE", PASSPHRASE);
    let serve = Running::start(command);
    serve.wait_for(|line| line.contains(".sock"));
    sandbox.stellar(&["refresh"]).expect(0);
    sandbox.stellar(&["list"]).expect(0);
    // A change to another passphrase goes through the socket too; the running one goes on without asking.
    let mut change = sandbox.stellar_command(&["cache", "rekey", "--key", "passphrase", "--wrap-only"]);
    change.env("STELLAR_NEW_PASSPHRASE", "quite another");
    let changed = Ran::of(change).expect(0);
    assert!(changed.stdout.contains("wrapped anew"), "{}", changed.stdout);
    sandbox.stellar(&["list"]).expect(0);
    assert_eq!(serve.terminate(), 0);
    with(&sandbox, PASSPHRASE, &["list", "--offline"]).expect(1);
    with(&sandbox, "quite another", &["list", "--offline"]).expect(0);
    let kept = kept(&sandbox);
    assert!(!kept.windows(13).any(|window| window == b"quite another"));
}

#[test]
fn the_screen_asks_before_it_draws() {
    let sandbox = sandbox();
    with(&sandbox, "hunter2", &["list"]).expect(0);
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 100, 30);
    terminal.wait_for_text("Passphrase of the cache:");
    assert!(!terminal.screen().alternate_screen());
    terminal.send(b"hunter2\r");
    terminal.wait_for("the screen", |screen| screen.alternate_screen() && screen.contents().contains("host/"));
    terminal.send(b"q");
    assert_eq!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
}

#[test]
fn a_passphrase_on_the_command_line_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.stellar(&["list"]).expect(0);
    let payload = r#"{"key":"passphrase","passphrase":"hunter2"}"#;
    let ran = sandbox.stellar(&["action", "core.cache.rekey", "--payload", payload, "--json"]).expect(2);
    assert!(ran.stderr.contains("does not belong on a command line"), "{}", ran.stderr);
}
