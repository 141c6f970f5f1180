//! What a start with many facts shows first, and that the rest follows.

use std::num::NonZero;

use rustix::process::Signal;

use super::terminal::Terminal;
use crate::support::Sandbox;

const CONFIG: &str = "version = 1\n[[source]]\nname = \"facts\"\nkind = \"file\"\npath = \"facts.json\"\n";
const FACTS: usize = 10_000;

/// A directory that holds many facts, nobody running.
fn many() -> Sandbox {
    let sandbox = Sandbox::with_config(CONFIG);
    write(&sandbox, 0);
    sandbox.stellar(&["refresh"]).expect(0);
    sandbox
}

/// Every service has as many replicas as its number, and `more`.
fn write(sandbox: &Sandbox, more: usize) {
    let services: Vec<String> = (0..FACTS).map(|at| format!(r#""s{at:05}":{{"replicas":{}}}"#, at + more)).collect();
    sandbox.write(".config/stellar/facts.json", format!(r#"{{"service":{{{}}}}}"#, services.join(",")));
}

/// The row of a fact in every frame that has it.
fn painted(terminal: &Terminal, key: &str) -> Vec<String> {
    let mut parser = vt100::Parser::new(NonZero::new(36).expect("rows"), NonZero::new(120).expect("columns"), 0);
    let written = String::from_utf8_lossy(&terminal.written);
    // A frame ends with the cursor shown.
    let frames = written.split_inclusive("\x1b[?25h").map(|frame| {
        parser.process(frame.as_bytes());
        parser.screen().contents().lines().find(|row| row.contains(key)).map(str::to_owned)
    });
    frames.flatten().collect()
}

const WINDOW: &str = ".local/share/stellar/window";

#[test]
fn the_first_facts_stand_there_while_the_rest_is_read_and_keys_hold() {
    let sandbox = many();
    let mut terminal = Terminal::start(&sandbox.stellar_command(&["--offline"]), 120, 36);
    terminal.wait_for("the first facts", |screen| {
        let text = screen.contents();
        text.contains("reading facts") && text.contains("the first 64") && text.contains("service/s00020/replicas")
    });
    terminal.send(b"\x1b[F");
    terminal.wait_for_text("service/s09999/replicas");
    terminal.wait_for_text("10000 facts");
    assert!(!terminal.text().contains("reading facts"), "{}", terminal.text());
    terminal.quit();
}

#[test]
fn what_went_since_is_not_among_them() {
    let sandbox = many();
    sandbox.stellar(&["cache", "evict", "service/s00000/**"]).expect(0);
    let mut terminal = Terminal::start(&sandbox.stellar_command(&["--offline"]), 120, 36);
    terminal.wait_for("the first facts", |screen| screen.contents().contains("service/s00020/replicas"));
    assert!(!terminal.text().contains("service/s00000"), "{}", terminal.text());
    terminal.wait_for_text("9999 facts");
    assert!(!terminal.text().contains("service/s00000"), "{}", terminal.text());
    terminal.quit();
}

#[test]
fn what_is_asked_for_before_anybody_answers_is_done_then() {
    let sandbox = many();
    assert!(sandbox.path(WINDOW).exists());
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 120, 36);
    // Keys that wait in the terminal before the first frame.
    terminal.send(b"R\x1b[F");
    terminal.wait_for_text("1 source answered");
    terminal.wait_for_text("service/s09999/replicas");
    terminal.quit();
    assert!(sandbox.path(WINDOW).exists(), "for the next start");
}

#[test]
fn a_screen_that_is_killed_leaves_nothing_old_to_be_shown_first() {
    let sandbox = many();
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 120, 36);
    terminal.wait_for_text("10000 facts");
    write(&sandbox, 700_000);
    terminal.wait_for_text("700003");
    assert!(!sandbox.path(WINDOW).exists(), "it went before the change was written");
    terminal.signal(Signal::KILL);
    terminal.wait_for_end();
    let mut again = Terminal::start(&sandbox.stellar_command(&["--offline"]), 120, 36);
    again.wait_for_text("10000 facts");
    again.wait_for_text("700003");
    let rows = painted(&again, "service/s00003/replicas");
    assert!(!rows.is_empty() && rows.iter().all(|row| row.contains("700003")), "{rows:?}");
    again.quit();
}

#[test]
fn a_window_that_cannot_be_read_is_no_obstacle() {
    let sandbox = many();
    sandbox.write(WINDOW, "nonsense");
    let mut terminal = Terminal::start(&sandbox.stellar_command(&["--offline"]), 120, 36);
    terminal.wait_for_text("service/s00020/replicas");
    terminal.wait_for_text("10000 facts");
    terminal.quit();
}
