//! Command lines are read, answers printed, exit codes given.

use std::{ffi::OsString, io, ops::ControlFlow};

use serde_json::{Map, Value as Json, json};

use crate::{
    action,
    cli::{
        ask::{Asker, Port, ask, fail},
        command::command,
        exit_code, generate,
        invocation::{Asked, parse},
        live::live,
        messages::Failure,
        print::printer_for,
        run::{Surroundings, run_with},
        sink::{Sink, Size},
        testing::{AT, Canned, checkout, error_line, fact, line, sink},
    },
    runtime::{Reply, Request, RuntimeError},
    text::is_hostile,
};

fn words(text: &str) -> Vec<OsString> {
    std::iter::once("stellar").chain(text.split_whitespace()).map(OsString::from).collect()
}

fn asked(text: &str) -> (String, Json) {
    match parse(&words(text)) {
        Ok(Asked::Run(invocation)) => {
            (invocation.spec.map(|spec| spec.id).unwrap_or_default().to_owned(), Json::Object(invocation.args.clone()))
        }
        other => panic!("{text}: {other:?}"),
    }
}

fn refused(text: &str) -> Failure {
    parse(&words(text)).expect_err(text)
}

fn asker() -> Asker {
    Asker { persona: "sre".to_owned(), offline: false, reveal: false }
}

/// Prints canned replies to an action; gives stdout, stderr, exit code.
fn printed(action: &str, args: &Json, replies: Vec<Reply>, json: bool, terminal: bool) -> (String, String, u8) {
    let (mut sink, out, err) = sink(terminal);
    sink.set_form(json, false);
    let args = args.as_object().cloned().unwrap_or_default();
    let request = asker().request(action, args.clone(), action == "core.insight.watch");
    let exit = ask(&Canned(replies), &request, printer_for(action, &args).as_mut(), &mut sink);
    let _ = sink.flush();
    (out.text(), err.text(), exit)
}

fn snapshot(name: &str, text: &str) {
    let settings = {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/cli"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings
    };
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Nobody answers.
struct Silent;

impl Port for Silent {
    fn call(&self, _: &Request, _: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<(), RuntimeError> {
        Err(RuntimeError::Busy("it does not answer".to_owned()))
    }
}

#[test]
fn that_there_is_nothing_is_said_only_where_that_was_answered() {
    for (action, nothing) in [
        ("core.conflict.read", "no conflicts\n"),
        ("core.queue.read", "no changes\n"),
        ("core.audit.read", "no records\n"),
        ("core.insight.list", ""),
    ] {
        let no_args = Map::new();
        let (mut silent, out, err) = sink(false);
        let request = asker().request(action, no_args.clone(), false);
        assert_eq!(ask(&Silent, &request, printer_for(action, &no_args).as_mut(), &mut silent), 1);
        let _ = silent.flush();
        assert_eq!((out.text().as_str(), err.text().as_str()), ("", "stellar: it does not answer\n"), "{action}");
        let (told, _, exit) = printed(action, &json!({}), vec![error_line(1, action, "io", "it broke")], false, false);
        assert!(told.is_empty() && exit == 1, "{action}: {told}");
        let (told, _, exit) = printed(action, &json!({}), Vec::new(), false, false);
        assert_eq!((exit, told.as_str()), (0, nothing), "{action}");
    }
}

#[test]
fn of_a_deletion_both_sides_are_listed() {
    let conflict = json!({
        "id": "c-dshwaym8n8", "key": "s/x", "class": "delete", "digest": "8273580410602ee0", "resolution": "pending",
        "candidates": [{"value": 10, "sources": ["local"], "score": 0.0}], "winner": "local", "margin": 0.0, "confidence": 0.0,
        "reason_codes": ["change_base_moved"], "last_updated": "2026-01-05T10:00:00.000Z", "would_send": [],
        "change": {"command_id": "q-1", "source": "cluster", "base": {"known": "value", "value": 1}, "mine": 10, "theirs": {"known": "absent"}},
    });
    let (told, _, _) = printed("core.conflict.read", &json!({}), vec![line(1, "core.conflict.read", &conflict)], false, false);
    assert!(told.contains("not there (cluster) | 10 (local)"), "{told}");
}

#[test]
fn a_fact_of_a_thousand_sources_is_told_in_a_line_that_can_be_read() {
    let mut many = checkout();
    let (agrees, differs) = (many.sources[1].clone(), many.sources[2].clone());
    for at in 0..500 {
        for one in [&agrees, &differs] {
            let source = crate::fact::SourceId::new(&format!("{}-{at}", one.source)).unwrap();
            many.sources.push(crate::wire::SourceViewPayload { source, ..one.clone() });
        }
    }
    let (told, _, _) = printed("core.insight.read", &json!({}), vec![line(1, "core.insight.read", &many)], false, false);
    assert!(
        told.contains("; 491 more agree") && told.contains("and 492 more, which stellar why service/checkout/replicas shows"),
        "{told}"
    );
    assert!(told.len() < 2_000, "{told}");
}

#[test]
fn the_shells_can_read_their_completions() {
    for (shell, args) in [("bash", &["--norc", "-n"][..]), ("zsh", &["-f", "-n"]), ("fish", &["--no-execute"])] {
        let script = generate::completions(shell).unwrap().text;
        assert!(script.contains("conflicts") && script.contains("max-age"), "{shell}");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("completions");
        std::fs::write(&file, script).unwrap();
        // A shell that is not here cannot be asked.
        let Ok(ran) = std::process::Command::new(shell).args(args).arg(&file).output() else { continue };
        assert!(ran.status.success() && ran.stderr.is_empty(), "{shell}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}

#[test]
fn every_line_this_program_makes_itself_names_an_action_of_the_registry() {
    let env = |_: &str| None;
    for words in [&["stellar", "--json", "nosuch"][..], &["stellar", "--json"], &["stellar", "list", "--json"]] {
        let (mut sink, out, _) = sink(false);
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        run_with(&words, &Surroundings { env: &env, current_dir: None }, &mut sink);
        let line: Json = serde_json::from_str(out.text().lines().next().unwrap()).unwrap();
        assert!(action::find(line["action"].as_str().unwrap()).is_some(), "{line}");
        assert_eq!(line["outcome"], "error", "there is no home: {line}");
    }
}

#[test]
fn clap_finds_nothing_wrong_with_the_command_line() {
    command().debug_assert();
}

#[test]
fn every_subcommand_leads_to_its_action() {
    for spec in action::all().filter(|spec| !spec.command.is_empty()) {
        let required: Vec<&str> = spec
            .args
            .iter()
            .filter(|arg| arg.required)
            .map(|arg| match arg.name {
                "shell" => "bash",
                "capacity" => "--capacity 10",
                _ => "x",
            })
            .collect();
        for path in [spec.command, spec.alias].into_iter().filter(|path| !path.is_empty()) {
            assert_eq!(asked(&format!("{} {}", path.join(" "), required.join(" "))).0, spec.id);
        }
    }
    assert_eq!(asked("--json").0, "");
}

#[test]
fn arguments_become_those_of_the_json_form() {
    for (line, action, args) in [
        ("get a/b c --max-age 30s --strict", "core.insight.read", json!({"keys": ["a/b", "c"], "max_age_ms": 30_000, "strict": true})),
        ("get --value a --json", "core.insight.read", json!({"keys": ["a"], "value": true})),
        (
            "list service/** --state stale,gone --mark drift --sort age --json",
            "core.insight.list",
            json!({"pattern": "service/**", "states": ["stale", "gone"], "marks": ["drift"], "sort": "age"}),
        ),
        ("why host/load/1m", "core.insight.confidence", json!({"key": "host/load/1m"})),
        ("insight confidence host/load/1m", "core.insight.confidence", json!({"key": "host/load/1m"})),
        ("--offline refresh", "core.source.refresh", json!({})),
        ("conflicts list --all --limit 3", "core.conflict.read", json!({"all": true, "limit": 3})),
        ("conflicts show c-7f", "core.conflict.show", json!({"id": "c-7f"})),
        (
            "set a/b -5 --source s --expires 1h --wait 3s --string",
            "core.input.set",
            json!({"key": "a/b", "value": "-5", "source": "s", "expires_ms": 3_600_000, "wait_ms": 3_000, "string": true}),
        ),
        ("set -", "core.input.set", json!({"key": "-"})),
        ("undo 8w2k --yes", "core.input.undo", json!({"which": "8w2k", "yes": true})),
        ("resilience flush", "core.queue.flush", json!({})),
        ("queue list --state dead,parked", "core.queue.read", json!({"states": ["dead", "parked"]})),
        ("queue edit 8w2k -1", "core.queue.edit", json!({"id": "8w2k", "value": "-1"})),
        ("queue release", "core.queue.release", json!({})),
        (
            "conflicts resolve c-7f --value -3 --digest 00ff",
            "core.conflict.resolve",
            json!({"id": "c-7f", "value": "-3", "digest": "00ff"}),
        ),
        ("action core.cache.read --payload {}", "core.action.invoke", json!({"id": "core.cache.read", "payload": {}})),
    ] {
        assert_eq!(asked(line), (action.to_owned(), args), "{line}");
    }
}

#[test]
fn global_flags_stand_anywhere() {
    for line in ["--offline --data-dir /d list --json --persona operator", "list --json --offline --data-dir /d --persona operator"] {
        let Ok(Asked::Run(invocation)) = parse(&words(line)) else { panic!("{line}") };
        let overrides = &invocation.overrides;
        assert!(overrides.switches.offline && overrides.switches.json && !overrides.switches.reveal);
        assert_eq!(overrides.data_dir.as_deref(), Some(std::path::Path::new("/d")));
        assert_eq!(overrides.persona.as_deref(), Some("operator"));
    }
}

#[test]
fn bad_usage_is_a_sentence_and_two() {
    for (line, part) in [
        ("get", "KEY"),
        ("lst", "list"),
        ("list --sort size", "confidence"),
        ("get a --max-age soon", "250ms"),
        ("list --jsn", "--json"),
        ("action x --payload [1]", "not a JSON object"),
        ("source", "subcommand"),
        ("completions tcsh", "fish"),
    ] {
        let failure = refused(line);
        assert_eq!((failure.exit, failure.body.code.as_str()), (2, "usage"), "{line}");
        assert!(failure.body.message.contains(part), "{line}: {}", failure.body.message);
        assert!(!failure.body.message.contains('\n'), "{line}");
    }
}

#[test]
fn what_is_not_in_this_build_says_so() {
    for line in ["reader", "runbook list", "prefetch status", "telemetry export"] {
        let failure = refused(line);
        assert_eq!((failure.exit, failure.body.code.as_str()), (2, "not_in_this_build"), "{line}");
    }
    let help = match parse(&words("--help")) {
        Ok(Asked::Text(text)) => text,
        other => panic!("{other:?}"),
    };
    for hidden in ["resilience", "insight"] {
        assert!(!help.contains(hidden), "{hidden} is offered");
    }
}

#[test]
fn exit_codes_follow_the_table() {
    for (code, exit) in [
        ("io", 1),
        ("never_heard_of", 1),
        ("usage", 2),
        ("no_such_key", 3),
        ("conflict_undecided", 4),
        ("nothing_cached", 5),
        ("too_old", 5),
        ("denied", 6),
        ("store_damaged", 7),
        ("wait_expired", 8),
        ("locked", 1),
        ("schema_violation", 1),
        ("not_writable", 1),
        ("several_sources", 2),
        ("command_not_found", 3),
        ("would_send", 4),
        ("conflict_moved", 4),
        ("change_blocked", 4),
        ("change_dead", 1),
    ] {
        assert_eq!(exit_code(code), exit, "{code}");
    }
}

#[test]
fn several_keys_are_all_printed_and_the_highest_code_wins() {
    let action = "core.insight.read";
    let replies = vec![
        line(1, action, &checkout()),
        error_line(2, action, "no_such_key", "there is no a/b"),
        error_line(3, action, "nothing_cached", "nothing is cached for c"),
    ];
    let (out, err, exit) = printed(action, &json!({"keys": ["service/checkout/replicas", "a/b", "c"]}), replies.clone(), true, false);
    assert_eq!(exit, 5);
    let lines: Vec<Json> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[2]["error"]["code"], "nothing_cached");
    assert_eq!(err, "stellar: there is no a/b\nstellar: nothing is cached for c\n");
    let (out, _, exit) = printed(action, &json!({"keys": ["x", "a/b", "c"]}), replies, false, false);
    assert_eq!((exit, out.contains("there is no")), (5, false));
}

#[test]
fn one_fact_reads_as_designed() {
    let action = "core.insight.read";
    let (out, ..) = printed(action, &json!({"keys": ["service/checkout/replicas"]}), vec![line(1, action, &checkout())], false, false);
    snapshot("get", &out);
    let mut stale = checkout();
    stale.state = "stale".into();
    stale.observed_at = "2026-01-05T09:40:00.000Z".to_owned();
    stale.marks.clear();
    stale.sources.truncate(1);
    let (out, ..) =
        printed(action, &json!({"keys": ["a", "b"]}), vec![line(1, action, &stale), line(2, action, &fact("b", "\"on\""))], false, false);
    snapshot("get_several", &out);
}

#[test]
fn a_bare_value_is_only_the_value() {
    let action = "core.insight.read";
    let args = json!({"keys": ["a", "b", "c"], "value": true});
    let replies =
        vec![line(1, action, &fact("a", "3.25")), line(2, action, &fact("b", "\"on\"")), line(3, action, &fact("c", "{\"x\":[1]}"))];
    assert_eq!(printed(action, &args, replies, false, false).0, "3.25\non\n{\"x\":[1]}\n");
}

#[test]
fn tables_line_up() {
    let action = "core.insight.list";
    let mut offline = fact("host/memory/available", "13314398618");
    offline.unit = "bytes".to_owned();
    offline.state = "offline".into();
    offline.marks.clear();
    let long = fact("note/λ", &serde_json::to_string(&"漢字".repeat(30)).unwrap());
    let replies = [checkout(), offline, long].iter().zip(1..).map(|(fact, seq)| line(seq, "core.insight.read", fact)).collect();
    let (out, ..) = printed(action, &Json::Null, replies, false, false);
    snapshot("list", &out);
}

#[test]
fn an_explanation_gives_the_cause_first_and_sums() {
    let action = "core.insight.confidence";
    let (out, ..) = printed(action, &Json::Null, vec![line(1, action, &checkout())], false, false);
    snapshot("why", &out);
}

#[test]
fn conflicts_sources_and_the_cache_are_printed() {
    let conflict = json!({"id": "c-7f3ak2m9qd", "key": "service/checkout/replicas", "class": "value", "digest": "00112233aabbccdd", "resolution": "pending",
        "candidates": [{"value": 3, "sources": ["prom", "cluster"], "score": 0.7405}, {"value": 4, "sources": ["wiki"], "score": 0.66}],
        "winner": "prom", "margin": 0.0805, "confidence": 0.7405, "reason_codes": ["narrow_margin"], "last_updated": "2026-01-05T08:00:00.000Z", "would_send": []});
    let list = printed("core.conflict.read", &Json::Null, vec![line(1, "core.conflict.read", &conflict)], false, false).0;
    let show = printed("core.conflict.show", &Json::Null, vec![line(1, "core.conflict.read", &conflict)], false, false).0;
    let none = printed("core.conflict.read", &Json::Null, Vec::new(), false, false).0;
    snapshot("conflicts", &format!("{list}\n{show}\n{none}"));

    let source = json!({"source": "cluster", "kind": "http", "role": "observed", "trust": 0.8, "enabled": true, "writable": false, "state": "failing",
        "failing_since": "2026-01-05T09:56:00.000Z", "complete_at": "2026-01-05T09:55:00.000Z", "asked_at": "2026-01-05T09:59:58.000Z", "keys": 12, "availability": 0.5,
        "interval_ms": 30000, "skipped": [{"reason": "key template: $.name is no scalar", "count": 2}], "duplicates": ["a/b"], "rejected_keys": 1,
        "error": {"code": "refused", "message": "127.0.0.1:8080 refuses the connection"}});
    let list = printed("core.source.read", &Json::Null, vec![line(1, "core.source.read", &source)], false, false).0;
    let test = json!({"source": "cluster", "ms": 80, "keys": 12, "complete": false, "sample": [{"key": "service/a/replicas", "value": 3}],
        "skipped": [{"reason": "key template: $.name is no scalar", "count": 1}], "duplicates": [], "rejected_keys": 0});
    let test = printed("core.source.test", &Json::Null, vec![line(1, "core.source.test", &test)], false, false).0;
    let refresh = json!({"source": "prom", "keys": 12, "changed": 1, "failed": 0, "ms": 80});
    let refresh = printed("core.source.refresh", &Json::Null, vec![line(1, "core.source.refresh", &refresh)], false, false).0;
    snapshot("sources", &format!("{list}\n{test}\n{refresh}"));

    let cache = json!({"backend": "sled", "data_dir": "/d/stellar", "facts": 52, "entries": 104, "live_bytes": 20480, "disk_bytes": 524288, "quarantined": 0,
        "hot": {"limit": 33_554_432, "bytes": 65536, "keys": 52, "hits": 9, "misses": 1},
        "protection": "file: not against a stolen disk", "notes": ["the store was rebuilt"], "polled_at": "2026-01-05T09:59:00.000Z",
        "key": {"kind": "auto", "data_key": 2, "sealed": 104, "limit": 4_294_967_296_u64, "retired": [1], "resealing": {"done": 512, "total": 2048}}});
    snapshot("cache", &printed("core.cache.read", &Json::Null, vec![line(1, "core.cache.read", &cache)], false, false).0);
}

#[test]
fn upkeep_is_printed() {
    let one = |action: &str, payload: &Json| printed(action, &Json::Null, vec![line(1, action, payload)], false, false).0;
    let whole = one("core.cache.verify", &json!({"checked": 104, "damaged": 0, "wrong_key": 0, "complete": true}));
    let not = one("core.cache.verify", &json!({"checked": 104, "damaged": 2, "wrong_key": 1, "complete": false}));
    let rekeyed = json!({"kind": "passphrase", "data_key": 2, "resealed": true, "retired": [1], "protection": "sealed under a passphrase"});
    let resealed = one("core.cache.rekey", &rekeyed);
    let wrapped = json!({"kind": "file", "data_key": 2, "resealed": false, "retired": [], "protection": "sealed, key file /k"});
    let wrapped = one("core.cache.rekey", &wrapped);
    let copy = json!({"id": "2026-01-05T10-00-00.000Z", "path": "/d/damaged/2026-01-05T10-00-00.000Z", "holds": ["cache", "manifest"], "bytes": 524288});
    let listed = one("core.cache.damaged", &copy);
    let dropped = one("core.cache.discard", &copy);
    snapshot("upkeep", &[whole, not, resealed, wrapped, listed, dropped].join("\n"));
}

#[test]
fn a_watch_tells_changes_in_a_line_each() {
    let mut changed = checkout();
    changed.value = fact("x", "4").value;
    let replies = vec![
        line(1, "core.insight.read", &checkout()),
        line(2, "core.watch.ready", &json!({})),
        line(3, "core.insight.changed", &changed),
        line(4, "core.conflict.opened", &json!({"id": "c-7f3ak2m9qd", "key": "service/checkout/replicas"})),
        line(5, "core.source.refreshed", &json!({"source": "prom", "keys": 1, "changed": 1, "failed": 0, "ms": 3})),
        line(6, "core.watch.missed", &json!({"missed": 4})),
        line(7, "core.event.of.tomorrow", &json!({})),
    ];
    let (out, err, exit) = printed("core.insight.watch", &Json::Null, replies, false, false);
    snapshot("watch", &out);
    assert_eq!((err.as_str(), exit), ("", 0));
}

#[test]
fn without_a_subcommand_the_facts_and_what_to_do_next() {
    let (mut plain, out, _) = sink(false);
    plain.set_form(false, false);
    live(&Canned(vec![line(1, "core.insight.read", &checkout())]), &asker(), true, &mut plain);
    snapshot("live_once", &out.text());
    let (mut terminal, out, _) = sink(true);
    terminal.set_form(false, true);
    let replies = vec![line(1, "core.insight.read", &checkout()), line(2, "core.watch.ready", &json!({}))];
    live(&Canned(replies), &asker(), false, &mut terminal);
    assert!(out.text().starts_with("\u{1b}[?1049h\u{1b}[?25l\u{1b}[H") && out.text().contains("stellar why KEY"), "{}", out.text());
    assert!(out.text().ends_with("\u{1b}[?25h\u{1b}[?1049l"), "the terminal is given back: {}", out.text());
    assert_eq!(out.text().matches("\u{1b}[H").count(), 1, "what comes at once is drawn once");
}

#[test]
fn the_live_view_keeps_within_its_terminal_and_shows_what_needs_a_look() {
    for rows in 1..40 {
        let (terminal, out, err) = sink(true);
        let mut terminal = terminal.sized(Size { rows, columns: 50 });
        terminal.set_form(false, true);
        let mut replies: Vec<Reply> = (0..30)
            .map(|at| {
                let mut fact = fact(&format!("service/{at:02}/replicas/and/a/long/name/that/does/not/fit/a/narrow/terminal"), "1");
                if at != 29 {
                    fact.marks.clear();
                }
                line(at + 1, "core.insight.read", &fact)
            })
            .collect();
        // The error first: what comes behind the first drawing may or may not be drawn with it.
        replies.push(error_line(31, "core.insight.watch", "io", "something\u{1b}[2J\nfailed"));
        replies.push(line(32, "core.watch.ready", &json!({})));
        let exit = live(&Canned(replies), &asker(), true, &mut terminal);
        assert_eq!((exit, err.text().contains("something\\x1b[2J")), (1, true), "what went wrong is said when the screen is gone");
        let text = out.text();
        assert_eq!(text.matches('\n').count() + 1, rows.min(36), "{text}");
        let widest = text.split("\r\n").map(|line| crate::text::width(line.split("\u{1b}[").next().unwrap_or_default())).max();
        assert!(widest <= Some(50), "{text}");
        if rows > 2 {
            assert!(text.contains("service/29"), "{rows}: {text}");
        }
        assert_eq!(text.contains("of 30 facts"), (1..35).contains(&rows), "{rows}: {text}");
    }
}

#[test]
fn nothing_a_source_says_can_drive_the_terminal() {
    let evil = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\u{2066}\r\n\u{7f}";
    let mut hostile = fact("a/b", &serde_json::to_string(evil).unwrap());
    hostile.state = evil.into();
    hostile.marks = vec![evil.into()];
    hostile.reason_codes = vec![evil.into()];
    hostile.conflict_id = Some(evil.to_owned());
    hostile.unit = evil.to_owned();
    for factor in &mut hostile.factors {
        factor.signal = evil.to_owned();
    }
    for source in &mut hostile.sources {
        source.same_origin = Some(evil.to_owned());
    }
    for action in ["core.insight.read", "core.insight.list", "core.insight.confidence", "core.insight.watch"] {
        for json in [false, true] {
            let replies = vec![
                line(1, if action == "core.insight.confidence" { action } else { "core.insight.read" }, &hostile),
                Reply::Note(evil.to_owned()),
                error_line(2, action, "io", evil),
            ];
            let (out, err, _) = printed(action, &json!({"keys": ["a/b"]}), replies, json, false);
            assert!(!out.is_empty());
            for text in [out, err] {
                assert!(!text.chars().any(|char| is_hostile(char) && char != '\n'), "{action} {json}: {text:?}");
            }
        }
    }
}

#[test]
fn long_work_is_counted_where_somebody_watches_and_nowhere_else() {
    let replies =
        || vec![Reply::Progress { step: "writ\u{1b}ing".to_owned(), done: 7, total: 9 }, error_line(1, "core.cache.snapshot", "io", "no")];
    let asked = |watched: bool, json: bool| {
        let (mut sink, out, err) = sink(true);
        if watched {
            sink = sink.watched();
        }
        sink.set_form(json, true);
        let request = asker().request("core.cache.snapshot", Map::new(), false);
        ask(&Canned(replies()), &request, printer_for("core.cache.snapshot", &Map::new()).as_mut(), &mut sink);
        (out.text(), err.text())
    };
    assert_eq!(asked(true, false).1, "\rwrit\\x1bing 7 of 9\u{1b}[K\r\u{1b}[Kstellar: no\n");
    assert_eq!(asked(false, false).1, "stellar: no\n");
    let (out, err) = asked(true, true);
    assert_eq!((out.lines().count(), err.as_str()), (1, "stellar: no\n"));
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    for (terminal, no_color, coloured) in [(true, false, true), (true, true, false), (false, false, false)] {
        let (mut sink, out, _) = sink(terminal);
        sink.set_form(false, no_color);
        let request = asker().request("core.insight.list", Map::new(), false);
        ask(
            &Canned(vec![line(1, "core.insight.read", &checkout())]),
            &request,
            printer_for("core.insight.list", &Map::new()).as_mut(),
            &mut sink,
        );
        assert_eq!(out.text().contains('\u{1b}'), coloured);
    }
}

struct Broken(io::ErrorKind);

impl io::Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

#[test]
fn a_closed_stdout_stops_quietly_and_a_full_disk_does_not() {
    for (kind, failed) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
        let (_, _, err) = sink(false);
        let mut sink = Sink::new(Box::new(Broken(kind)), Box::new(err.clone()), false);
        sink.set_form(true, true);
        assert_eq!(sink.json("{}"), ControlFlow::Break(()));
        assert!(sink.is_done());
        assert_eq!(sink.failure().is_some(), failed);
        assert_eq!(err.text(), "");
    }
}

/// Runs a whole command line in a home of its own.
fn in_home(line: &str, home: &std::path::Path) -> (String, String, u8) {
    let (mut sink, out, err) = sink(false);
    let home_text = home.to_str().unwrap().to_owned();
    let env = move |name: &str| match name {
        "HOME" => Some(home_text.clone()),
        "STELLAR_JSON" => line.starts_with("config path").then(|| "1".to_owned()),
        _ => None,
    };
    let around = Surroundings { env: &env, current_dir: Some(home.to_owned()) };
    let exit = run_with(&words(line), &around, &mut sink);
    let _ = sink.flush();
    let home = home.to_str().unwrap();
    (out.text().replace(home, "~"), err.text().replace(home, "~"), exit)
}

#[test]
fn the_configuration_can_be_found_made_checked_shown_and_trusted() {
    let home = tempfile::tempdir().unwrap();
    let (out, _, exit) = in_home("config path", home.path());
    let first: Json = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (exit, first["payload"]["config"].as_str(), first["payload"]["exists"].as_bool()),
        (0, Some("~/.config/stellar/config.toml"), Some(false))
    );
    assert_eq!((first["action"].as_str(), first["seq"].as_u64()), (Some("core.config.path"), Some(1)));

    assert_eq!(in_home("config init", home.path()).2, 0);
    let (_, err, exit) = in_home("config init", home.path());
    assert_eq!((exit, err.contains("already there")), (1, true), "{err}");
    let (out, _, exit) = in_home("config check", home.path());
    assert_eq!((exit, out.contains("is sound")), (0, true), "{out}");
    let (out, _, exit) = in_home("config show --theme dark", home.path());
    assert_eq!((exit, out.contains("app.theme = \"dark\"   flag --theme")), (0, true), "{out}");

    std::fs::write(home.path().join("other.toml"), "[app]\nthme = \"x\"\n").unwrap();
    let (out, err, exit) = in_home("config check --json --config other.toml", home.path());
    let last: Json = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((exit, last["outcome"].as_str(), last["payload"]["sound"].as_bool()), (2, Some("error"), Some(false)));
    assert_eq!(last["payload"]["problems"][0]["line"], 2);
    assert!(err.contains("other.toml:2:"), "{err}");
    let (_, err, _) = in_home("config check --config other.toml", home.path());
    assert!(err.contains("other.toml:2:") && !err.contains("config check"), "{err}");
    let (_, err, exit) = in_home("list --config other.toml", home.path());
    assert_eq!((exit, err.contains("stellar config check shows every fault")), (2, true), "{err}");
    let (out, err, exit) = in_home("config trust other.toml", home.path());
    assert_eq!((exit, out.contains("is trusted as it is now")), (0, true), "{out}{err}");
}

#[test]
fn failures_before_anything_runs_are_lines_too() {
    let home = tempfile::tempdir().unwrap();
    for (line, exit, code) in [
        ("list --json --sort size", 2, "usage"),
        ("--json telemetry export", 2, "not_in_this_build"),
        ("--json set a", 2, "usage"),
        ("--json set a//b 5", 2, "bad_arguments"),
        ("serve --json --install --status", 2, "usage"),
        ("list --json --persona root", 2, "bad_flag"),
        ("get --json a//b", 2, "bad_arguments"),
        ("action core.insight.lst --json", 2, "unknown_action"),
        ("action core.palette.open --json", 2, "not_an_engine_action"),
        ("list --json --record x", 2, "usage"),
    ] {
        let (out, err, got) = in_home(line, home.path());
        let last: Json = serde_json::from_str(out.lines().last().unwrap_or_default()).unwrap();
        assert_eq!((got, last["error"]["code"].as_str(), last["payload"].clone()), (exit, Some(code), json!({})), "{line}: {out}{err}");
        assert!(err.starts_with("stellar: "), "{line}: {err}");
    }
}

#[test]
fn generated_text_is_generated() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (out, _, exit) = in_home(&format!("completions {shell}"), home.path());
        assert!(exit == 0 && out.contains("stellar") && out.contains("conflicts"), "{shell}");
    }
    let manual = generate::manual().unwrap().text;
    assert!(manual.contains(".TH stellar") && manual.contains("\\fBstellar conflicts show\\fR \\fIID\\fR"), "{manual}");
    assert!(manual.lines().all(|line| !line.starts_with('\'')));
    let (out, ..) = in_home("action", home.path());
    assert!(action::all().all(|spec| out.contains(spec.id)));
    let (out, _, exit) = in_home("--version", home.path());
    assert_eq!((exit, out), (0, format!("stellar {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_failure_without_an_answer_ends_the_stream() {
    let (mut sink, out, err) = sink(false);
    sink.set_form(true, true);
    let request = asker().request("core.insight.list", Map::new(), false);
    let exit = fail(&request, 3, &Failure::new("store_damaged", "the store is damaged").hint("stellar doctor"), &mut sink);
    let line: Json = serde_json::from_str(&out.text()).unwrap();
    assert_eq!((exit, line["seq"].as_u64(), line["error"]["hint"].as_str()), (7, Some(3), Some("stellar doctor")));
    assert_eq!(err.text(), "stellar: the store is damaged\nstellar: stellar doctor\n");
    assert!(AT.as_millis() > 0);
}
