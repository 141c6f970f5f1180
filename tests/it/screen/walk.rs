//! Open, move, filter, palette, help, conflicts, resize, quit; and input nobody would type.

use super::terminal::Terminal;
use crate::support::Sandbox;

const CONFIG: &str = r#"
version = 1
[[source]]
name = "prom"
kind = "file"
path = "prom.json"
[[source]]
name = "wiki"
kind = "file"
path = "wiki.json"
[[source]]
name = "git"
kind = "file"
path = "git.json"
role = "declared"
"#;

/// Three sources that differ on one key.
pub fn scene() -> Sandbox {
    let sandbox = Sandbox::with_config(CONFIG);
    let replicas =
        |count: u32| format!(r#"{{"service":{{"checkout":{{"replicas":{count}}},"cart":{{"replicas":2}},"search":{{"owner":"ada"}}}}}}"#);
    for (name, count) in [("prom", 3), ("wiki", 4), ("git", 5)] {
        sandbox.write(&format!(".config/stellar/{name}.json"), replicas(count));
    }
    sandbox
}

/// The screen of that scene, its facts on it.
pub fn opened(sandbox: &Sandbox, columns: u16, rows: u16) -> Terminal {
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), columns, rows);
    terminal.wait_for_text("service/search/owner");
    // Conflicts and sources come with the facts; the last of the three sources may come later.
    terminal.wait_for_text("sources 3/3");
    terminal
}

/// The list, the canvas, a conflict, and what is typed into the filter.
pub fn through_the_panes(terminal: &mut Terminal) {
    terminal.wait_for_text("1 needs you");
    terminal.send(b"j");
    terminal.wait_for_text("wanted    5 (git)");
    terminal.send(b"c");
    terminal.wait_for_text("It sends nothing.");
    terminal.close("It sends nothing.");
    terminal.send(b"/own");
    terminal.wait_for_text("1 of 3");
}

#[test]
fn a_person_walks_through_every_screen() {
    let sandbox = scene();
    let mut terminal = opened(&sandbox, 120, 36);
    assert!(terminal.screen().alternate_screen() && !terminal.is_cooked());
    through_the_panes(&mut terminal);
    terminal.wait_for("the cursor behind what was typed", |screen| {
        let (row, column) = screen.cursor_position();
        row == 1 && screen.contents_between(1, 0, 1, column).ends_with("/ own")
    });
    terminal.close("1 of 3");
    terminal.send(b"\x0bsort");
    terminal.wait_for_text("Sort the list");
    terminal.send(b"\r");
    terminal.wait_for_text("oldest first");
    terminal.send(b"?");
    terminal.wait_for_text("Keys of the list");
    terminal.resize(60, 20);
    terminal
        .wait_for("the help on a smaller screen", |screen| screen.contents().contains("Keys of the list") && screen.size().1.get() == 60);
    terminal.send(b"q");
    terminal.wait_for_text("[Facts]");
    terminal.resize(30, 8);
    terminal.wait_for_text("Too small: 30x8");
    terminal.resize(80, 24);
    terminal.wait_for_text("[Facts]");
    terminal.quit();
}

#[test]
fn what_a_file_says_is_shown_when_it_changes() {
    let sandbox = scene();
    let mut terminal = opened(&sandbox, 120, 36);
    sandbox.write(".config/stellar/prom.json", r#"{"service":{"search":{"owner":"grace"}}}"#);
    terminal.wait_for_text("grace");
}

#[test]
fn input_nobody_types_does_no_harm() {
    let sandbox = scene();
    let mut terminal = opened(&sandbox, 100, 30);
    // Answers that come late, sequences nobody knows, a key in pieces.
    terminal.send(b"\x1b]11;rgb:1111/2222/3333\x1b\\\x1b[?62;4c\x1b[?1u\x1b[?2026;2$y\x1bP+r\x1b\\\x1b[999;999z\xff\xfe");
    terminal.send(b"\x1b");
    terminal.send(b"[");
    terminal.send(b"B/");
    terminal.wait_for_text("/ ");
    terminal.send(b"\x1b[200~");
    let chunk = vec![b'x'; 1024 * 1024];
    for _ in 0..10 {
        terminal.send(&chunk);
    }
    terminal.send(b"\x1b[201~");
    terminal.wait_for_text("Not all of what was pasted was taken");
    terminal.close("None of 3 facts fits");
    let text = terminal.text();
    assert!(!text.contains("rgb:") && !text.contains("2026"), "{text}");
    terminal.send(b"\x03");
    terminal.wait_for_text("Ctrl+C again leaves");
    terminal.send(b"\x03");
    assert_eq!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
}

#[test]
fn a_bad_theme_and_a_bad_keymap_are_said_and_the_screen_is_there() {
    let sandbox = scene();
    sandbox.write(".config/stellar/config.toml", format!("{CONFIG}\n[app]\ntheme = \"mine\"\n"));
    sandbox.write(".config/stellar/themes/mine.toml", "name = \"mine\"\n[drak]\n");
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 100, 30);
    terminal.wait_for_text("themes/mine.toml, line 2: \"drak\" is not known here; did you mean dark?");
    terminal.wait_for_text("service/search/owner");
}

#[test]
fn a_keymap_that_clashes_is_said_with_both_actions_and_the_default_keys_act() {
    let sandbox = scene();
    sandbox.write(".config/stellar/config.toml", format!("{CONFIG}\n[app]\nkeymap = \"mine\"\n"));
    sandbox.write(".config/stellar/keymaps/mine.toml", "[global]\n\"core.app.quit\" = [\"x\"]\n\"core.view.sort\" = [\"x\"]\n");
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 140, 30);
    terminal.wait_for_text("keymaps/mine.toml, line 3: x asks for core.view.sort and for core.app.quit (line 2); a key has one action");
    terminal.wait_for_text("service/search/owner");
    terminal.send(b"?");
    terminal.wait_for_text("Keys of the list");
    terminal.close("Keys of the list");
    terminal.quit();
    let listed = sandbox.stellar(&["keymap", "list", "--json"]);
    assert_eq!(listed.code, 2, "{}", listed.stderr);
    assert!(listed.stderr.contains("line 3: x asks for core.view.sort and for core.app.quit"), "{}", listed.stderr);
    assert!(listed.stdout.contains("\"chord\":\"q\""), "what is in force is listed all the same");
}

#[test]
fn a_personas_keymap_acts_for_that_persona() {
    let sandbox = scene();
    sandbox.write(".config/stellar/keymaps/secops.toml", "[global]\n\"core.app.quit\" = [\"F4\"]\n");
    let mut terminal = Terminal::start(&sandbox.stellar_command(&["--persona", "secops"]), 120, 30);
    terminal.wait_for_text("service/search/owner");
    terminal.wait_for_text("F4 quit");
    terminal.send(b"\x1bOS");
    assert_eq!(terminal.wait_for_end(), 0);
    terminal.assert_restored();
}

#[test]
fn a_recorded_session_replays_to_the_screen_it_ended_with() {
    let sandbox = scene();
    let record = sandbox.path("session.jsonl");
    let mut terminal = Terminal::start(&sandbox.stellar_command(&["--record", record.to_str().expect("a path")]), 100, 30);
    terminal.wait_for_text("sources 3/3");
    terminal.wait_for_text("service/search/owner");
    terminal.send(b"jj?");
    terminal.wait_for_text("Keys of the list");
    terminal.close("Keys of the list");
    terminal.quit();
    let text = std::fs::read_to_string(&record).expect("the recording");
    assert!(!text.contains("ada"), "a value was written");
    let (model, count) = stellar::runtime::replay(&text).expect("it can be read");
    assert!(count >= 6, "{count}");
    assert_eq!(model.size, (100, 30));
    assert_eq!(model.current().map(|insight| insight.key.to_string()), Some("service/search/owner".to_owned()));
}

#[test]
fn a_resize_storm_ends_in_the_right_size() {
    let sandbox = scene();
    let mut terminal = opened(&sandbox, 120, 36);
    for step in 0..60_u16 {
        terminal.resize(20 + step * 2, 5 + step / 2);
    }
    terminal.resize(91, 27);
    terminal.wait_for("hints on the last line", |screen| {
        (screen.size().0.get(), screen.size().1.get()) == (27, 91) && screen.contents_between(26, 0, 26, 91).starts_with(" Enter open")
    });
}
