//! How changes and the queue are printed, and how an undo finds what it means.

use std::{cell::RefCell, ops::ControlFlow};

use serde_json::{Map, Value as Json, json};

use crate::{
    cli::{
        ask::{Asker, Port, ask},
        changes::settle_undo,
        print::printer_for,
        testing::{checkout, error_line, line, sink},
    },
    runtime::{Reply, Request, RuntimeError},
    text::is_hostile,
    wire::InsightPayload,
};

const ID: &str = "q-01m8mf39hremx8pkeqnvrp8w2k";

/// Answers each request with what its action and arguments ask for, and keeps the requests.
struct Answers<'a> {
    with: &'a dyn Fn(&Request) -> Vec<Reply>,
    asked: RefCell<Vec<Request>>,
}

impl Port for Answers<'_> {
    fn call(&self, request: &Request, take: &mut dyn FnMut(Reply) -> ControlFlow<()>) -> Result<(), RuntimeError> {
        self.asked.borrow_mut().push(request.clone());
        let _ = (self.with)(request).into_iter().try_for_each(take);
        Ok(())
    }
}

fn asker() -> Asker {
    Asker { persona: "sre".to_owned(), offline: false, reveal: false }
}

fn printed(action: &str, args: &Json, replies: &[Reply]) -> (String, String, u8) {
    let (mut sink, out, err) = sink(false);
    sink.set_form(false, true);
    let args = args.as_object().cloned().unwrap_or_default();
    let answers = Answers { with: &|_| replies.to_vec(), asked: RefCell::default() };
    let exit = ask(&answers, &asker().request(action, args.clone(), false), printer_for(action, &args).as_mut(), &mut sink);
    let _ = sink.flush();
    (out.text(), err.text(), exit)
}

fn command(changes: &Json) -> Json {
    let mut command = json!({"id": ID, "shown": "q-8w2k", "key": "service/search/replicas", "source": "cluster", "operation": "set", "state": "queued",
        "value": 9, "base": {"known": "value", "value": 2}, "attempts": [], "tries": 0, "charged": 0, "next_at": null,
        "deadline": "2026-01-06T10:00:00.000Z", "created_at": "2026-01-05T09:56:00.000Z", "since": "2026-01-05T09:56:00.000Z", "user": "anna", "persona": "sre",
        "message": "cluster is unreachable since 09:56Z. The running engine sends it when it answers."});
    command.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    command
}

fn lines(commands: &[Json]) -> Vec<Reply> {
    commands.iter().zip(1..).map(|(command, seq)| line(seq, "core.queue.read", command)).collect()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/cli"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Commands in every state that says something of its own.
fn several() -> Vec<Json> {
    vec![
        command(&json!({"reason": "unreachable", "tries": 4, "next_at": "2026-01-05T10:00:04.000Z", "attempts": [
            {"at": "2026-01-05T09:57:00.000Z", "code": "refused", "said": "nobody is there"},
            {"at": "2026-01-05T09:58:00.000Z", "code": "unavailable", "status": 503, "said": "try later"}]})),
        command(&json!({"state": "delivered", "guarded": false, "message": "cluster accepted it. Checked, not guarded."})),
        command(
            &json!({"state": "blocked", "reason": "base_moved", "theirs": {"known": "value", "value": 4}, "message": "cluster holds another value."}),
        ),
        command(
            &json!({"state": "dead", "reason": "refused", "tries": 1, "charged": 1, "uncertain": true, "message": "The target refuses it; edit it or drop it."}),
        ),
        command(&json!({"state": "cancelled", "reason": "taken_back", "message": "It was taken back before it was delivered."})),
        command(
            &json!({"operation": "note", "state": "confirmed", "source": "local", "key": "note", "value": "hello", "message": "It stays here.", "shown": null}),
        ),
    ]
}

#[test]
fn a_change_is_told_as_designed() {
    let (out, err, exit) =
        printed("core.input.set", &json!({"key": "service/search/replicas", "value": "9"}), &lines(&[command(&json!({}))]));
    assert_eq!(
        out,
        "queued q-8w2k: cluster is unreachable since 09:56Z. The running engine sends it when it answers. Undo: stellar undo q-8w2k\n"
    );
    assert_eq!((err.as_str(), exit), ("", 0));
    let plan = json!({"key": "a/b", "source": "cluster", "value": 9, "base": {"known": "value", "value": 2}, "deadline": "2026-01-06T10:00:00.000Z", "behind": 1});
    let planned = printed("core.input.set", &json!({"dry_run": true}), &[line(1, "core.queue.plan", &plan)]).0;
    snapshot("changes", &format!("{planned}\n{}", printed("core.input.undo", &json!({}), &lines(&several())).0));
}

#[test]
fn many_changes_are_counted_and_the_wait_that_ran_out_is_eight() {
    let mut many: Vec<Json> = (0..30).map(|_| command(&json!({"shown": null}))).collect();
    many.extend((0..20).map(|_| command(&json!({"state": "delivered"}))));
    let mut replies = lines(&many);
    replies.push(error_line(51, "core.input.set", "wait_expired", "30 changes are not delivered after 3 s"));
    let (out, err, exit) = printed("core.input.set", &json!({"changes": []}), &replies);
    assert_eq!((out.lines().count(), exit, err.as_str()), (21, 8, "stellar: 30 changes are not delivered after 3 s\n"));
    assert!(out.ends_with("and 30 more: 10 queued, 20 delivered. stellar queue list shows what waits\n"), "{out}");
}

#[test]
fn the_queue_is_listed_shown_and_told() {
    let list = printed("core.queue.read", &json!({}), &lines(&several())).0;
    let none = printed("core.queue.read", &json!({}), &[]).0;
    let shown: String =
        several().iter().map(|one| printed("core.queue.show", &json!({}), &lines(std::slice::from_ref(one))).0 + "\n").collect();
    let status = json!({"depth": 3, "states": [{"state": "queued", "count": 2}, {"state": "dead", "count": 1}], "oldest_ms": 240_000, "needs_you": 1,
        "held": true, "held_by": "anna", "sends": false,
        "sources": [{"source": "cluster", "depth": 2, "breaker": "open", "next_at": "2026-01-05T10:00:04.000Z", "reason": "unreachable"},
            {"source": "wiki", "depth": 1, "breaker": "closed", "next_at": null}]});
    let status = printed("core.queue.status", &json!({}), &[line(1, "core.queue.status", &status)]).0;
    let empty = json!({"depth": 0, "states": [], "oldest_ms": null, "needs_you": 0, "held": false, "sends": true, "sources": [], "closed": "the disk is full"});
    let released = printed("core.queue.release", &json!({}), &[line(1, "core.queue.status", &empty)]).0;
    let lock = |locked: bool| line(1, "core.input.field_lock", &json!({"key": "a/b", "locked": locked, "value": 3}));
    let locked =
        printed("core.input.field_lock", &json!({}), &[lock(true)]).0 + &printed("core.input.field_unlock", &json!({}), &[lock(false)]).0;
    snapshot("queue", &[list, none, shown, status, released, locked].join("\n"));
}

#[test]
fn a_conflict_of_a_change_shows_all_three_values() {
    let conflict = json!({"id": "c-7f3ak2m9qd", "key": "service/search/replicas", "class": "change", "digest": "00112233aabbccdd", "resolution": "pending",
        "candidates": [{"value": 4, "sources": ["cluster"], "score": 0.7}, {"value": 9, "sources": ["local"], "score": 0.0}],
        "winner": "cluster", "margin": 0.0, "confidence": 0.7, "reason_codes": ["change_base_moved"], "last_updated": "2026-01-05T09:58:00.000Z",
        "would_send": [9], "change": {"command_id": ID, "source": "cluster", "base": {"known": "value", "value": 2}, "mine": 9,
            "theirs": {"known": "absent"}}});
    let shown = printed("core.conflict.show", &json!({}), &[line(1, "core.conflict.read", &conflict)]).0;
    let dry = printed("core.conflict.resolve", &json!({}), &[line(1, "core.conflict.read", &conflict)]).0;
    snapshot("conflict_of_a_change", &format!("{shown}\n{dry}"));
}

fn pending() -> InsightPayload {
    let mut fact = checkout();
    fact.pending =
        serde_json::from_value(json!({"value": 9, "command_id": ID, "since": "2026-01-05T09:56:00.000Z", "state": "queued"})).ok();
    fact.marks = vec!["pending".into(), "locked".into()];
    fact.conflict_id = None;
    fact
}

#[test]
fn a_fact_shows_what_is_on_its_way_and_that_it_is_locked() {
    let get = printed("core.insight.read", &json!({"keys": ["a"]}), &[line(1, "core.insight.read", &pending())]).0;
    let list = printed("core.insight.list", &json!({}), &[line(1, "core.insight.read", &pending())]).0;
    let watch =
        [line(1, "core.watch.ready", &json!({})), line(2, "core.queue.parked", &command(&json!({"state": "parked", "reason": "too_old"})))];
    let watch = printed("core.insight.watch", &json!({}), &watch).0;
    snapshot("pending", &format!("{get}\n{list}\n{watch}"));
}

#[test]
fn nothing_a_target_says_can_drive_the_terminal() {
    let evil = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\r\n\u{7f}";
    let attempt = json!({"at": "2026-01-05T09:57:00.000Z", "code": evil, "status": 500, "said": evil});
    let hostile = command(&json!({"value": evil, "state": evil, "reason": evil, "shown": evil, "user": evil, "message": evil,
        "attempts": [attempt], "theirs": {"known": "value", "value": evil}, "undoes": evil, "persona": evil}));
    let plan = json!({"key": "a", "source": "s", "value": evil, "base": {"known": "value", "value": evil}, "deadline": evil, "behind": 0});
    let status = json!({"depth": 1, "states": [{"state": evil, "count": 1}], "oldest_ms": 1, "needs_you": 0, "held": true, "held_by": evil, "sends": true,
        "sources": [{"source": "s", "depth": 1, "breaker": evil, "next_at": evil, "reason": evil}], "closed": evil});
    let mut fact = pending();
    fact.pending = serde_json::from_value(json!({"value": evil, "command_id": evil, "since": evil, "state": evil})).ok();
    for (action, reply) in [
        ("core.input.set", line(1, "core.queue.read", &hostile)),
        ("core.queue.read", line(1, "core.queue.read", &hostile)),
        ("core.queue.show", line(1, "core.queue.read", &hostile)),
        ("core.insight.watch", line(1, "core.queue.dead", &hostile)),
        ("core.input.set", line(1, "core.queue.plan", &plan)),
        ("core.queue.status", line(1, "core.queue.status", &status)),
        ("core.input.field_lock", line(1, "core.input.field_lock", &json!({"key": "a", "locked": true, "value": evil}))),
        ("core.insight.read", line(1, "core.insight.read", &fact)),
    ] {
        let (out, err, _) = printed(action, &json!({}), &[reply]);
        assert!(!out.is_empty(), "{action}");
        assert!(!(out + &err).chars().any(|char| is_hostile(char) && char != '\n'), "{action}");
    }
}

#[test]
fn an_undo_names_what_it_takes_back_before_it_does() {
    let (mut to, ..) = sink(false);
    let found = Answers { with: &|_| lines(&[command(&json!({}))]), asked: RefCell::default() };
    let mut request = asker().request("core.input.undo", Map::new(), false);
    settle_undo(&found, &mut request, false, &mut to).unwrap();
    assert_eq!(request.args["which"], ID, "asking again does not take back another one");
    assert_eq!(found.asked.borrow()[0].args["dry_run"], true);
    assert!(!request.args.contains_key("dry_run"));
    // Nobody is there to be asked: nothing happens.
    let with = |_: &Request| {
        vec![error_line(1, "core.input.undo", "would_send", "q-8w2k was delivered: taking it back sends 2; say --yes to do it")]
    };
    let refused = Answers { with: &with, asked: RefCell::default() };
    let mut request = asker().request("core.input.undo", Map::new(), false);
    let failure = settle_undo(&refused, &mut request, false, &mut to).unwrap_err();
    assert_eq!((failure.exit, failure.body.code.as_str()), (4, "would_send"));
    assert!(!request.args.contains_key("yes"));
}
