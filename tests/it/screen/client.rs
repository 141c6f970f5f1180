//! A second screen: it is told by whoever owns the directory, and goes on when that one is gone.

use crate::support::Sandbox;

use super::{
    terminal::Terminal,
    walk::{opened, scene, through_the_panes},
};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixListener,
};

#[test]
fn a_screen_beside_serve_shows_the_same_and_outlives_it() {
    let sandbox = scene();
    let serve = sandbox.serve();
    let mut terminal = opened(&sandbox, 120, 36);
    through_the_panes(&mut terminal);
    terminal.close("1 of 3");
    // What changes there is seen here; asking the sources is asked there.
    let prom =
        |owner: &str| format!(r#"{{"service":{{"checkout":{{"replicas":3}},"cart":{{"replicas":2}},"search":{{"owner":"{owner}"}}}}}}"#);
    for name in ["prom", "wiki", "git"] {
        sandbox.write(&format!(".config/stellar/{name}.json"), prom("grace"));
    }
    terminal.wait_for_text("grace");
    terminal.wait_until_gone("needs you");
    terminal.send(b"R");
    terminal.wait_for_text("3 sources answered");
    serve.kill();
    terminal.wait_for_text("this screen owns the directory now");
    terminal.wait_until_gone("engine stopped");
    // It answers others, and sees what changes, as any owner.
    sandbox.stellar(&["get", "service/search/owner", "--json"]).expect(0);
    for name in ["prom", "wiki", "git"] {
        sandbox.write(&format!(".config/stellar/{name}.json"), prom("hopper"));
    }
    terminal.wait_for_text("hopper");
    terminal.quit();
}

#[test]
fn a_fact_of_many_sources_is_shown_with_all_of_them_whoever_owns_the_directory() {
    let name = |at: u32| format!("site-{at}");
    let source = |at| format!("[[source]]\nname = \"{0}\"\nkind = \"file\"\npath = \"{0}.json\"\n", name(at));
    let sandbox = Sandbox::with_config(&format!("version = 1\n{}", (0..9).map(source).collect::<String>()));
    let write = |at: u32, owner: &str| {
        sandbox.write(&format!(".config/stellar/{}.json", name(at)), format!(r#"{{"a":{{"owner":"{owner}"}}}}"#));
    };
    (0..9).for_each(|at| write(at, "ada"));
    let serve = sandbox.serve();
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 140, 50);
    terminal.wait_for_text("a/owner");
    let all_of_them = |terminal: &mut Terminal| {
        let shown = |text: &str| (0..9).all(|at| text.contains(&name(at))) && !text.contains("being read");
        terminal.wait_for("all sources", |screen| shown(&screen.contents()));
    };
    all_of_them(&mut terminal);
    // The one that stands last is none of those that come with the list: what it says is seen all the same.
    write(8, "grace");
    terminal.wait_for_text("grace");
    all_of_them(&mut terminal);
    serve.kill();
    terminal.wait_for_text("this screen owns the directory now");
    all_of_them(&mut terminal);
    write(7, "hopper");
    terminal.wait_for_text("hopper");
    terminal.send(b"c");
    terminal.wait_for_text("It sends nothing.");
    terminal.wait_until_gone("not read yet");
    terminal.close("It sends nothing.");
    terminal.quit();
}

#[test]
fn a_screen_beside_serve_goes_along_with_another_configuration() {
    let sandbox = scene();
    let serve = sandbox.serve();
    let mut terminal = opened(&sandbox, 120, 36);
    terminal.wait_for_text("1 needs you");
    let before = std::fs::read_to_string(sandbox.config_file()).expect("the configuration");
    let rule = "[[key]]\nmatch = \"service/checkout/replicas\"\npolicy = \"prefer:wiki\"\n";
    sandbox.write(".config/stellar/config.toml", format!("{before}\n{rule}"));
    terminal.wait_until_gone("1 needs you");
    terminal.wait_until_gone("engine stopped");
    let fact = sandbox.stellar(&["get", "service/checkout/replicas", "--json"]).expect(0).fact("service/checkout/replicas");
    assert_eq!(fact["value"], 4, "{fact}");
    terminal.quit();
    drop(serve);
}

#[test]
fn when_the_screen_that_owns_leaves_the_other_takes_over() {
    let sandbox = scene();
    let mut first = opened(&sandbox, 100, 30);
    let mut second = opened(&sandbox, 100, 30);
    first.quit();
    second.wait_for_text("this screen owns the directory now");
    second.quit();
    let log = std::fs::read_dir(sandbox.path(".local/state/stellar/log"))
        .expect("a log")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a file"));
    let log: String = log.collect();
    assert_eq!((log.matches("engine started").count(), log.matches("engine stopped").count()), (2, 2), "{log}");
}

#[test]
fn garbled_lines_do_not_crash_the_screen() {
    let sandbox = scene();
    let serve = sandbox.serve();
    let socket = socket_of(&sandbox);
    {
        // It is the socket, and it refuses nonsense itself.
        let stream = std::os::unix::net::UnixStream::connect(&socket).expect("the socket");
        (&stream).write_all(b"nonsense\n").expect("a line");
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).expect("an answer");
        assert!(line.contains("refused"), "{line}");
    }
    serve.kill();
    std::fs::remove_file(&socket).expect("the socket of the dead");
    let listener = UnixListener::bind(&socket).expect("a false owner");
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 100, 30);
    let (stream, _) = listener.accept().expect("the screen");
    let mut asked = BufReader::new(&stream);
    let mut hello = String::new();
    asked.read_line(&mut hello).expect("its greeting");
    let empty = r#"{"reply":{"line":{"v":1,"seq":1,"ts":"2026-01-05T10:00:00.000Z","action":"core.view.changed","via":"tui","persona":"sre","outcome":"ok","payload":{"sources":[],"complete":true}}}}"#;
    (&stream).write_all(hello.as_bytes()).expect("a greeting");
    (&stream).write_all(format!("{empty}\n").as_bytes()).expect("a moment");
    terminal.wait_for_text("0 facts");
    (&stream).write_all(b"{\"reply\":{\"line\":\x1b]0;evil\x07\xff\xfe}}\n").expect("nonsense");
    terminal.wait_for_text("engine stopped");
    assert!(!terminal.text().contains("evil"));
    drop(listener);
    drop(stream);
    std::fs::remove_file(&socket).expect("the false socket");
    terminal.wait_for_text("service/search/owner");
    terminal.wait_for_text("this screen owns the directory now");
    terminal.quit();
}

/// Where the owner of the scene listens.
fn socket_of(sandbox: &Sandbox) -> std::path::PathBuf {
    let paths = sandbox.stellar(&["config", "path", "--json"]).expect(0).payloads();
    let text = serde_json::to_string(&paths).expect("text");
    let socket = paths.iter().find_map(|payload| payload.get("socket").and_then(|socket| socket.as_str()).map(Into::into));
    socket.unwrap_or_else(|| panic!("no socket in {text}"))
}

#[test]
fn a_fact_turns_stale_on_the_screen_without_an_event() {
    let sandbox = Sandbox::with_config(
        "version = 1\n[[source]]\nname = \"prom\"\nkind = \"file\"\npath = \"prom.json\"\ninterval = \"1h\"\nttl = \"2s\"\n",
    );
    sandbox.write(".config/stellar/prom.json", r#"{"service":{"search":{"owner":"ada"}}}"#);
    let mut terminal = Terminal::start(&sandbox.stellar_command(&[]), 120, 36);
    terminal.wait_for_text("service/search/owner");
    terminal.wait_for_text("stale");
    terminal.wait_for_text("limit 2 s.");
    terminal.quit();
}
