//! What a start with many facts shows first, and that the rest follows.

use super::terminal::Terminal;
use crate::support::Sandbox;

const CONFIG: &str = "version = 1\n[[source]]\nname = \"facts\"\nkind = \"file\"\npath = \"facts.json\"\n";
const FACTS: usize = 10_000;

/// A directory that holds many facts, nobody running.
fn many() -> Sandbox {
    let sandbox = Sandbox::with_config(CONFIG);
    let services: Vec<String> = (0..FACTS).map(|at| format!(r#""s{at:05}":{{"replicas":{at}}}"#)).collect();
    sandbox.write(".config/stellar/facts.json", format!(r#"{{"service":{{{}}}}}"#, services.join(",")));
    sandbox.stellar(&["refresh"]).expect(0);
    sandbox
}

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
    terminal.send(b"q");
    assert_eq!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
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
    terminal.send(b"q");
    assert_eq!(terminal.wait_for_end(), 0);
}
