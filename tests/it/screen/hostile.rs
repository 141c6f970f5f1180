//! Terminals that can do little, or more than most, and values nobody expects: no garbage, and it stays usable.

use super::{
    terminal::Terminal,
    walk::{opened, scene},
};

#[test]
fn one_cell_is_survived_and_a_screen_that_grows_is_filled() {
    let sandbox = scene();
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 1, 1);
    terminal.wait_for("a first frame on one cell", vt100::Screen::alternate_screen);
    for (columns, rows) in [(80, 24), (1, 1), (39, 10), (120, 36)] {
        terminal.resize(columns, rows);
        let text = if columns < 39 { "T" } else { "" };
        terminal.wait_for("something in every size", |screen| !screen.contents().trim().is_empty() && screen.contents().contains(text));
    }
    terminal.wait_for_text("service/search/owner");
    terminal.quit();
}

#[test]
fn a_value_of_a_mebibyte_costs_a_screen_and_not_a_mebibyte() {
    let sandbox = scene();
    let long = "x".repeat(1 << 20);
    sandbox.write(".config/stellar/prom.json", format!(r#"{{"service":{{"search":{{"owner":"{long}"}}}}}}"#));
    let mut terminal = opened(&sandbox, 120, 36);
    terminal.wait_for_text("xxxxxxxx");
    terminal.send(b"G");
    terminal.wait_for("its detail beside it", |screen| screen.contents_between(1, 60, 1, 120).contains("service/search/owner"));
    terminal.send(b"\t");
    for _ in 0..50 {
        terminal.send(b"\x1b[6~");
    }
    terminal.send(b"?");
    terminal.wait_for_text("Keys of");
    assert!(terminal.written.len() < 300_000, "{} bytes were written", terminal.written.len());
    terminal.send(b"\x1bq");
    terminal.send(b"\x11");
    assert_eq!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
}

#[test]
fn a_dumb_terminal_gets_lines_and_no_escapes() {
    let sandbox = scene();
    let mut command = sandbox.stellar_command(&[]);
    command.env("TERM", "dumb");
    let mut terminal = Terminal::start(&command, 80, 24);
    assert_eq!(terminal.wait_for_end(), 0);
    assert!(terminal.text().contains("service/search/owner"), "{}", terminal.text());
    assert!(!terminal.written.contains(&0x1b), "{}", String::from_utf8_lossy(&terminal.written));
    assert!(terminal.is_cooked());
}

#[test]
fn without_a_terminal_the_facts_are_printed_and_it_ends() {
    let sandbox = scene();
    let ran = sandbox.stellar(&[]).expect(0);
    assert!(ran.stdout.contains("service/search/owner") && !ran.stdout.contains('\x1b'), "{}", ran.stdout);
}

#[test]
fn what_a_terminal_can_do_is_used_and_taken_back() {
    let sandbox = scene();
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 100, 30);
    terminal.wait_for("the questions", vt100::Screen::alternate_screen);
    // The kitty protocol, synchronised updates, a light background; then what every terminal says, in two pieces.
    terminal.send(b"\x1b[?1u\x1b[?2026;2$y\x1b]11;rgb:ffff/ffff/f0f0\x1b\\\x1b[?6");
    terminal.send(b"2;4c");
    terminal.wait_for_text("service/search/owner");
    let has = |written: &[u8], wanted: &[u8]| written.windows(wanted.len()).any(|window| window == wanted);
    // Ctrl+I is told from Tab only where the protocol is on.
    terminal.send(b"\x1b[105;5u");
    terminal.wait_for("the list over the whole width", |screen| !screen.contents().contains("right about"));
    assert!(has(&terminal.written, b"\x1b[>1u"), "the protocol was not asked for");
    assert!(has(&terminal.written, b"\x1b[?2026h") && has(&terminal.written, b"\x1b[?2026l"), "frames are not synchronised");
    terminal.quit();
    assert!(has(&terminal.written, b"\x1b[<u"), "the protocol stayed");
}

#[test]
fn a_bad_keymap_is_said_and_the_keys_of_the_default_work() {
    let sandbox = scene();
    let config = sandbox.path(".config/stellar/config.toml");
    let text = std::fs::read_to_string(config).expect("the configuration");
    sandbox.write(".config/stellar/config.toml", format!("{text}\n[app]\nkeymap = \"mine\"\n"));
    sandbox.write(".config/stellar/keymaps/mine.toml", "[global]\n\"core.app.quit\" = [\"x\"]\n\"core.help.open\" = [\"x\"]\n");
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 160, 30);
    terminal.wait_for_text("keymaps/mine.toml");
    terminal.wait_for_text("service/search/owner");
    terminal.quit();
}
