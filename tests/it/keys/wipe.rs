//! `wipe`: what it says it removes, and that nothing else goes.

use std::fs;

use crate::{screen::terminal::Terminal, support::Sandbox};

#[test]
fn it_asks_says_what_goes_and_leaves_nothing_but_what_is_yours() {
    let sandbox = Sandbox::with_config("[app]\npersona = \"sre\"\n");
    assert_eq!(sandbox.stellar(&["wipe"]).expect(0).stdout.lines().count(), 1, "there is nothing");
    sandbox.serve().terminate();
    sandbox.stellar(&["list"]).expect(0);
    let mine = sandbox.write(".local/share/stellar/mine.txt", "mine");
    let before = sandbox.data_files();
    let refused = sandbox.stellar(&["wipe", "--json"]).expect(4);
    assert_eq!(refused.error_code(), "decision_needed");
    for words in ["keyslots", ".key", "cache", "/log", "The configuration", "mine.txt"] {
        assert!(refused.stderr.to_lowercase().contains(&words.to_lowercase()), "{words}: {}", refused.stderr);
    }
    sandbox.stellar(&["wipe", "--yes", "--persona", "operator"]).expect(6);
    let mut terminal = Terminal::start(&sandbox.stellar_command(&["wipe"]), 200, 50);
    terminal.wait_for_text("Type yes");
    terminal.send(b"no\r");
    assert_eq!(terminal.wait_for_end(), 4);
    let after = sandbox.data_files();
    let changed: Vec<_> = before.iter().filter(|file| !after.contains(file)).map(|(path, _)| path.display().to_string()).collect();
    // That it was refused stands in the audit, which is in the log; the cache keeps its head.
    let noted =
        |path: &String| ["lock", "journal.log", "cache", "window", "manifest"].iter().any(|name| path.contains(&format!("/{name}")));
    assert!(changed.iter().all(noted), "{changed:?}");
    let wiped = sandbox.stellar(&["wipe", "--yes", "--json"]).expect(0).payloads().remove(0);
    let removed = wiped["removed"].as_array().expect("a list");
    assert!(removed[0].as_str().is_some_and(|first| first.ends_with(".key")), "the key goes first: {removed:?}");
    assert_eq!(sandbox.data_files(), [(mine, b"mine".to_vec())]);
    assert_eq!(fs::read_dir(sandbox.path(".local/state/stellar/keys")).expect("keys").count(), 0);
    assert!(!sandbox.path(".local/state/stellar/log").exists());
    assert!(sandbox.config_file().exists());
    sandbox.stellar(&["list"]).expect(0);
}

#[test]
fn while_another_process_owns_it_nothing_is_removed() {
    let sandbox = Sandbox::new();
    let serve = sandbox.serve();
    let ran = sandbox.stellar(&["wipe", "--yes", "--json"]).expect(1);
    assert_eq!(ran.error_code(), "store_busy");
    assert!(ran.stderr.contains(&serve.pid().to_string()), "{}", ran.stderr);
    sandbox.stellar(&["list"]).expect(0);
    assert_eq!(serve.terminate(), 0);
}

#[test]
fn a_directory_that_is_not_stellars_is_left_alone() {
    let sandbox = Sandbox::new();
    let mine = sandbox.write("mine/cache", "mine");
    let dir = mine.parent().expect("a directory").to_str().expect("UTF-8").to_owned();
    let ran = sandbox.stellar(&["wipe", "--yes", "--data-dir", &dir]).expect(7);
    assert!(ran.stderr.contains("nothing was removed"), "{}", ran.stderr);
    assert_eq!(fs::read(mine).expect("mine"), b"mine");
}
