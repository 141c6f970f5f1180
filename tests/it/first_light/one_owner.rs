//! One process owns a data directory; everybody else is answered all the same.

use std::thread;

use serde_json::Value;

use super::scene::{DISPUTED, Scene, UNDISPUTED};
use crate::support::{Ran, Sandbox};

#[test]
fn fifty_at_once_are_answered_through_a_running_instance() {
    let scene = Scene::new();
    let serve = scene.sandbox.serve();
    scene.sandbox.stellar(&["refresh"]).expect(0);
    let answers: Vec<Ran> = thread::scope(|scope| {
        let asked: Vec<_> = (0..50).map(|_| scope.spawn(|| scene.sandbox.stellar(&["get", DISPUTED, "--json"]))).collect();
        asked.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    assert_eq!(answers.len(), 50);
    for answer in answers {
        assert_eq!(answer.expect(0).fact(DISPUTED)["sources"].as_array().map(Vec::len), Some(2));
    }
    assert_eq!(serve.terminate(), 0);
}

#[test]
fn one_shot_commands_at_the_same_moment_all_succeed() {
    let scene = Scene::new();
    let answers: Vec<Ran> = thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| scene.sandbox.stellar(&["list", "--json"]))).collect();
        asked.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    for answer in answers {
        assert_eq!(answer.expect(0).fact(UNDISPUTED)["value"], 9);
    }
}

#[test]
fn after_kill_9_the_next_command_succeeds() {
    let scene = Scene::new();
    let serve = scene.sandbox.serve();
    scene.sandbox.stellar(&["refresh"]).expect(0);
    serve.kill();
    let facts = scene.sandbox.stellar(&["list", "--json", "--offline"]).expect(0);
    assert_eq!(facts.fact(UNDISPUTED)["value"], 9);
    // A second instance takes over the socket that the dead one left.
    let serve = scene.sandbox.serve();
    scene.sandbox.stellar(&["get", UNDISPUTED]).expect(0);
    assert_eq!(serve.terminate(), 0);
}

#[test]
fn kill_9_at_the_first_breath_loses_nothing_that_was_there() {
    let scene = Scene::new();
    scene.sandbox.stellar(&["list"]).expect(0);
    for _ in 0..5 {
        scene.sandbox.start(&["serve"]).kill();
        assert_eq!(scene.sandbox.stellar(&["get", UNDISPUTED, "--offline", "--json"]).expect(0).fact(UNDISPUTED)["value"], 9);
    }
}

#[test]
fn an_answer_through_the_socket_is_the_answer_without_it() {
    let scene = Scene::new();
    scene.sandbox.stellar(&["list"]).expect(0);
    let commands = [
        &["get", UNDISPUTED, "--json"][..],
        &["conflicts", "list", "--json"],
        &["get", "no/such", "--json"],
        &["source", "list", "--json"],
    ];
    let alone: Vec<Ran> = commands.iter().map(|args| scene.sandbox.stellar(args)).collect();
    let serve = scene.sandbox.serve();
    for (args, alone) in commands.iter().zip(alone) {
        let through = scene.sandbox.stellar(args).expect(alone.code);
        let shapes =
            |ran: &Ran| ran.lines().iter().map(|line| (line["action"].clone(), line["via"].clone(), shape(line))).collect::<Vec<_>>();
        assert_eq!(shapes(&alone), shapes(&through), "{args:?}");
        assert_eq!(alone.stderr, through.stderr, "{args:?}");
    }
    assert_eq!(serve.terminate(), 0);
}

#[test]
fn a_running_instance_notices_a_changed_file() {
    let scene = Scene::new();
    let serve = scene.sandbox.serve();
    scene.sandbox.stellar(&["refresh"]).expect(0);
    let watch = scene.sandbox.start(&["watch", "service/**", "--json"]);
    watch.wait_for(|line| line.contains("core.watch.ready"));
    scene.sandbox.write(".config/stellar/wiki.json", r#"{"service": {"checkout": {"replicas": 7}}}"#);
    let event = watch.wait_for(|line| line.contains("core.insight.changed") && line.contains(DISPUTED));
    let event: Value = serde_json::from_str(&event).expect("JSON");
    assert_eq!(event["payload"]["key"], DISPUTED);
    drop(watch);
    assert_eq!(serve.terminate(), 0);
}

#[test]
fn a_second_instance_says_who_is_first() {
    let sandbox = Sandbox::new();
    let serve = sandbox.serve();
    let second = sandbox.stellar(&["serve", "--json"]).expect(1);
    assert!(second.stderr.contains(&serve.pid().to_string()), "{}", second.stderr);
    assert_eq!(serve.terminate(), 0);
}

#[test]
fn serve_says_once_that_it_answers_and_logs_without_keys_and_values() {
    let scene = Scene::new();
    let serve = scene.sandbox.start(&["serve", "--json"]);
    let ready = serve.wait_for(|line| line.contains("core.app.serve"));
    let ready: Value = serde_json::from_str(&ready).expect("one envelope");
    assert_eq!((&ready["seq"], &ready["outcome"]), (&Value::from(1), &Value::from("ok")));
    assert!(ready["payload"]["socket"].as_str().is_some_and(|socket| socket.ends_with(".sock")), "{ready}");
    scene.sandbox.stellar(&["refresh"]).expect(0);
    assert_eq!(serve.terminate(), 0);
    let log = std::fs::read_to_string(scene.sandbox.path(".local/state/stellar/log/stellar.log")).expect("a log");
    assert!(log.contains(" engine started ") && log.contains(" refreshed source=") && log.ends_with(" engine stopped\n"), "{log}");
    assert!(!log.contains("checkout") && !log.contains("replicas"), "{log}");
}

/// The names in a line, without its values: ages and scores move between two answers.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(members.iter().map(|(name, value)| (name.clone(), shape(value))).collect()),
        Value::Array(items) => Value::Array(items.iter().map(shape).collect()),
        _ => Value::Null,
    }
}

#[test]
fn what_is_followed_goes_on_when_its_owner_takes_up_another_configuration_and_when_it_leaves() {
    let scene = Scene::new();
    let serve = scene.sandbox.serve();
    let watch = scene.sandbox.start(&["watch", "--json"]);
    let ready = |line: &str| line.contains("core.watch.ready");
    watch.wait_for(ready);
    let before = std::fs::read_to_string(scene.sandbox.config_file()).expect("the configuration");
    scene.sandbox.write(".config/stellar/config.toml", format!("{before}\n[[key]]\nmatch = \"x/**\"\nunit = \"bytes\"\n"));
    watch.wait_for(ready);
    // Whoever owns the directory now has the new configuration, as this command has.
    scene.sandbox.stellar(&["get", UNDISPUTED, "--json"]).expect(0);
    assert_eq!(serve.terminate(), 0);
    watch.wait_for(ready);
    scene.sandbox.stellar(&["get", UNDISPUTED, "--json"]).expect(0);
    assert_eq!(watch.terminate(), 0);
}
