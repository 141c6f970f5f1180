//! A conflict of two files is decided with keys: belief follows, it is taken back, and what changes underneath is said before it counts.

use serde_json::Value;

use super::{
    terminal::Terminal,
    walk::{opened, scene},
};
use crate::support::Sandbox;

const KEY: &str = "service/checkout/replicas";

/// What is believed, as a shell is told by whoever owns the directory.
fn believed(sandbox: &Sandbox) -> Value {
    sandbox.stellar(&["get", KEY, "--json"]).expect(0).fact(KEY)["value"].clone()
}

fn at_the_conflict(terminal: &mut Terminal) {
    terminal.wait_for_text("1 needs you");
    terminal.send(b"c");
    terminal.wait_for_text("It sends nothing.");
}

/// Decides for the value that is not believed, sees it believed, and takes it back.
fn decide_and_undo(sandbox: &Sandbox, terminal: &mut Terminal) {
    let before = believed(sandbox);
    let other = if before == 3 { 4 } else { 3 };
    at_the_conflict(terminal);
    terminal.send(b"2");
    terminal.wait_for_text(&format!("\u{25b8} 2  {other}"));
    terminal.send(b"\r");
    terminal.wait_for_text(&format!("{KEY}: {other} is believed."));
    terminal.wait_for_text("Nothing needs a decision.");
    terminal.wait_for_text("decided: 1; u undo");
    terminal.wait_until_gone("1 needs you");
    assert_eq!(believed(sandbox), other);
    terminal.send(b"u");
    terminal.wait_for_text("the decision is taken");
    terminal.wait_for_text("1 of 1");
    terminal.wait_for_text("1 needs you");
    assert_eq!(believed(sandbox), before);
    terminal.close("It sends nothing.");
}

#[test]
fn a_conflict_is_decided_and_taken_back() {
    let sandbox = scene();
    let mut terminal = opened(&sandbox, 120, 36);
    terminal.wait_for_text("drift 1");
    decide_and_undo(&sandbox, &mut terminal);
    terminal.quit();
}

#[test]
fn a_conflict_is_decided_through_the_owner_behind_the_socket() {
    let sandbox = scene();
    let serve = sandbox.serve();
    let mut terminal = opened(&sandbox, 80, 24);
    decide_and_undo(&sandbox, &mut terminal);
    terminal.quit();
    serve.kill();
}

#[test]
fn what_changed_while_it_was_looked_at_is_said_and_decides_nothing() {
    let sandbox = scene();
    let mut terminal = opened(&sandbox, 120, 36);
    at_the_conflict(&mut terminal);
    sandbox.write(".config/stellar/wiki.json", r#"{"service":{"checkout":{"replicas":7},"cart":{"replicas":2},"search":{"owner":"ada"}}}"#);
    terminal.wait_for_text("It changed while you looked.");
    terminal.send(b"a");
    terminal.wait_for_text("nothing was decided. Look again, then decide.");
    terminal.send(b"r");
    terminal.wait_for_text("none is right.");
    terminal.wait_until_gone("1 needs you");
    terminal.send(b"q");
    terminal.quit();
}

#[test]
fn the_value_that_is_believed_is_sent_where_it_is_missing_after_it_was_shown() {
    let sandbox = scene();
    let config = std::fs::read_to_string(sandbox.path(".config/stellar/config.toml")).expect("the configuration");
    let writable = config.replace("path = \"wiki.json\"", "path = \"wiki.json\"\nwritable = true");
    sandbox.write(".config/stellar/config.toml", &writable);
    let mut terminal = opened(&sandbox, 120, 36);
    at_the_conflict(&mut terminal);
    // Prom's value, which wiki does not have.
    let key = if believed(&sandbox) == 3 { b"1" } else { b"2" };
    terminal.send(key);
    terminal.send(b"s");
    terminal.wait_for_text(&format!("{KEY} = 3 is sent to wiki, in place of 4."));
    terminal.send(b"\r");
    // The line below may tell of the delivery already.
    terminal.wait_for_text(&format!("{KEY}, 3 is believed."));
    terminal.wait_until_gone("1 needs you");
    // Whoever leaves while it is under way is asked about it.
    while sandbox.stellar(&["queue", "status", "--json"]).expect(0).payloads()[0]["depth"] != 0 {}
    terminal.wait_until_gone("queue 1");
    let wiki = || std::fs::read_to_string(sandbox.path(".config/stellar/wiki.json")).expect("the file");
    terminal.send(b"q");
    terminal.wait_for_text("service/search/owner");
    terminal.quit();
    sandbox.stellar(&["queue", "flush"]).expect(0);
    assert!(wiki().contains(r#""replicas":3"#), "{}", wiki());
}
